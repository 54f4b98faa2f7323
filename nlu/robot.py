"""Whether somebody asks if a machine is answering: they are told so, and not passed on to a person for it."""

import re

from nlu.fold import fold

LONGEST = 9
"""Words; longer texts say more than that."""

_THING = "robots?|bots?|machine|makina|automate|ordinateur|logiciel|programme|ia|ai|chatbot"
_BEING = "humain|humaine|etre humain|vraie personne|vrai personne|bnadem|bnadm|insan|afgan"
_ASKED = re.compile(
    # fr
    rf"(?:\b(?:es tu|tu es|t es|etes vous|vous etes|c est|est ce|suis je avec|je parle (?:a|avec|bien a)|parle je)\b.*"
    rf"\b(?:{_THING}|{_BEING})\b)"
    # ary-Latn, zgh-Latn
    rf"|(?:\b(?:wach|wash|wch|wesh|is)\b.*\b(?:nta|nti|ntina|ntoma|ntouma|hada|hadi|kanhder|kanhdar|kanhdr|kyyi|kiyi|kmmi|tgit|tgid|tgam)\b"
    rf".*\b(?:{_THING}|{_BEING})\b)"
    # ary-Arab, ar
    r"|(?:\b(?:واش|هل)\b.*\b(?:نتا|نت|نتي|نتوما|هادا|هاد|هادي|كنهضر|كنهدر|انت|انتم|اتحدث|اتكلم|هذا)\b"
    r".*(?:روبو|روبوت|بوت|ماكينه|الي|اله|برنامج|بنادم|انسان|بشر)(?:\b|$))"
    # zgh-Tfng
    r"|(?:\bⵉⵙ\b.*(?:ⵜⴳⵉⵜ|ⵜⴳⵉⴷ|ⵜⴳⴰⵎ|ⴽⵢⵢⵉ|ⴽⵎⵎⵉ).*(?:ⵕⵓⴱⵓ|ⵔⵓⴱⵓ|ⴰⴼⴳⴰⵏ))"
)


def asks(text: str) -> bool:
    """Whether a cleaned text asks if it is a machine, or a human being, that answers. A wish for a person is none."""
    folded = fold(text)
    return len(folded.tokens) <= LONGEST and _ASKED.search(folded.light) is not None
