"""Names of the languages, as people write them to ask for one: a whole message, with or without a word for "in".

The letters choose the alphabet where the name alone does not. `zgh` stands for Tamazight named in Arabic letters, in
which nothing is written: the alphabet is asked for.
"""

from collections.abc import Mapping, Sequence

LANGUAGE_NAMES: Mapping[str, Sequence[str]] = {
    "fr": (
        "français", "en français", "le français", "lfrançais", "parler français", "parlez français", "parlez-moi en français",
        "langue française", "french", "fransawiya", "lfransawiya", "bl fransawiya", "b lfransawiya", "bel fransawiya",
        "fransiya", "b fransiya", "lfransiya", "b lfransiya", "lfransia", "b lfransia", "b français", "b lfrançais",
        "الفرنسية", "بالفرنسية", "فرنسية", "فرنسي", "بالفرنسي", "اللغة الفرنسية", "باللغة الفرنسية", "الفرونسي", "بالفرونسي",
        "tafransist", "s tfransist", "tarumit", "s trumit", "ⵜⴰⴼⵕⴰⵏⵙⵉⵙⵜ", "ⵙ ⵜⴼⵕⴰⵏⵙⵉⵙⵜ", "ⵜⴰⴼⵔⴰⵏⵙⵉⵙⵜ", "ⵙ ⵜⴼⵔⴰⵏⵙⵉⵙⵜ",
    ),
    "ar": (
        "العربية", "بالعربية", "عربية", "عربي", "بالعربي", "اللغة العربية", "باللغة العربية", "العربية الفصحى", "الفصحى",
        "arabe", "en arabe", "l'arabe", "langue arabe", "arabic", "arabe classique", "l3arabiya", "l3arbiya", "3arbiya",
        "b l3arbiya", "bl 3arbiya", "bel 3arbiya", "b l3arabiya", "al arabiya", "ta3rabt", "taɛrabt", "s ta3rabt", "s tɛrabt", "ⵜⴰⵄⵔⴰⴱⵜ",
        "ⵙ ⵜⴰⵄⵔⴰⴱⵜ", "ⵙ ⵜⵄⵔⴰⴱⵜ",
    ),
    "ary-Arab": ("دارجة", "الدارجة", "بالدارجة", "هضر معايا بالدارجة", "الدارجة المغربية"),
    "ary-Latn": (
        "darija", "b darija", "bdarija", "bddarija", "b ddarija", "eddarija", "ddarija", "la darija", "en darija", "darija marocaine",
        "hder m3aya b darija",
    ),
    "zgh-Tfng": ("ⵜⴰⵎⴰⵣⵉⵖⵜ", "ⵙ ⵜⵎⴰⵣⵉⵖⵜ", "ⵜⴰⵛⵍⵃⵉⵜ", "ⵙ ⵜⵛⵍⵃⵉⵜ", "ⵜⴰⵔⵉⴼⵉⵜ", "tifinagh", "en tifinagh", "s tifinagh"),
    "zgh-Latn": (
        "tamazight", "tamaziɣt", "s tmazight", "s tmaziɣt", "en tamazight", "amazigh", "en amazigh", "b tamazight", "berbère",
        "tachelhit", "tacelhit", "tachlhit", "tachel7it", "en tachelhit", "s tchelhit", "s tachelhit", "chel7a", "b chel7a", "chelha",
        "tarifit", "s tarifit", "tarifiyt", "en tarifit",
    ),
    "zgh": (
        "الأمازيغية", "أمازيغية", "بالأمازيغية", "اللغة الأمازيغية", "تمازيغت", "تامازيغت", "بتمازيغت", "تشلحيت", "تاشلحيت",
        "بتشلحيت", "الشلحة", "شلحة", "بالشلحة", "تاريفيت", "تريفيت", "الريفية",
    ),
}  # fmt: skip
