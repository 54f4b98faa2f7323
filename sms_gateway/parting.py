"""One message in as many requests as its provider needs: long texts in pieces, attachments with a caption or alone. PURE.

Nothing is ever cut away, and a piece ends between lines, else between words.
"""

from collections.abc import Sequence
from dataclasses import replace

from sms_gateway.channel import Capabilities
from sms_gateway.segments import count
from sms_gateway.types import Button, Part


def pieces(text: str, limit: int) -> list[str]:
    """The text in pieces of at most `limit` units (septets or UTF-16), never cut within a character."""
    if count(text).units <= limit:
        return [text]
    found, current = [], ""
    for word in _words(text):
        if current and count(current + word).units > limit:
            found.append(current.strip())
            current = ""
        current += word
        while count(current).units > limit:
            head = _fitting(current, limit)
            found.append(current[:head])
            current = current[head:]
    if current.strip():
        found.append(current.strip())
    return found


def parted(part: Part, capabilities: Capabilities) -> tuple[Part, ...]:
    """The part as parts that each fit one request of the channel, in the order in which they are read.

    Where no attachment can be sent, its address stands under the text. What is pressed stays with the last piece.
    """
    if part.template:
        return (part,)
    part = _numbered(part, capabilities)
    if part.media and not capabilities.media:
        addresses = [one.url for one in part.media if one.url]
        part = replace(part, text="\n".join([part.text, *addresses] if part.text else addresses), media=())
    rich = bool(part.buttons or part.menu)
    first: list[Part] = []
    if part.media:
        size = capabilities.media
        groups = [part.media[start : start + size] for start in range(0, len(part.media), size)]
        speaks = any(one.type.partition("/")[0] == "audio" for one in groups[0])  # nobody shows a caption there
        if not rich and not speaks and count(part.text).units <= capabilities.caption_units:
            return tuple(
                replace(part, text="" if number else part.text, media=group) for number, group in enumerate(groups)
            )
        first = [Part("", media=group) for group in groups]
        if not part.text and not rich:
            return tuple(first)
    limit = capabilities.rich_units if rich and capabilities.rich_units else capabilities.max_units
    *before, last = pieces(part.text, limit) or [""]
    return (*first, *(Part(piece) for piece in before), replace(part, text=last, media=()))


def _numbered(part: Part, capabilities: Capabilities) -> Part:
    """What cannot be pressed on this channel stands as numbered lines under the text."""
    if len(part.buttons) > capabilities.buttons:
        part = replace(part, text="\n".join([part.text, *_lines(part.buttons)]), buttons=())
    if part.menu and len(part.menu.rows) > capabilities.list_rows:
        part = replace(part, text="\n".join([part.text, *_lines(part.menu.rows)]), menu=None)
    return part


def _lines(choices: Sequence[Button]) -> list[str]:
    return [f"{number}. {choice.title}" for number, choice in enumerate(choices, 1)]


def _fitting(text: str, limit: int) -> int:
    head = len(text)
    while head > 1 and count(text[:head]).units > limit:
        head -= 1
    return head


def _words(text: str) -> list[str]:
    words: list[str] = []
    for line in text.splitlines(keepends=True):
        for number, word in enumerate(line.split(" ")):
            words.append(f" {word}" if number else word)
    return words
