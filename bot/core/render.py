"""Turns what is to be said into messages for one channel, language and script. PURE.

A flow says what; this says how: a numbered menu on SMS, buttons or a list on WhatsApp, pages on USSD. Nothing is ever
cut: what does not fit one message becomes two, what does not fit one screen becomes pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flows.types import Choice, Say
from locales.catalog import Catalog
from sms_gateway.channel import Capabilities
from sms_gateway.encoding import smart_encode
from sms_gateway.parting import pieces
from sms_gateway.segments import count
from sms_gateway.types import Button, Menu, Part

Overrides = Mapping[str, Mapping[str, str]] | None
GSM7 = "GSM-7"


@dataclass(frozen=True, slots=True)
class Rendered:
    """Messages in order; on USSD also every page, of which the first is the message."""

    parts: tuple[Part, ...]
    pages: tuple[str, ...] = field(default=(), repr=False)


def form_on(form: str, capabilities: Capabilities) -> str:
    """The form a channel can show: handsets rarely have Tifinagh, so USSD gets the same language in Latin letters."""
    return "zgh-Latn" if form == "zgh-Tfng" and not capabilities.tifinagh else form


def labels(choices: Sequence[Choice], form: str, catalog: Catalog, overrides: Overrides = None) -> dict[str, str]:
    """Label of each choice by its id, as it is shown."""
    return {choice.id: catalog.text(choice.key, form, choice.params, overrides) for choice in choices}


def render(
    says: Sequence[Say], form: str, capabilities: Capabilities, catalog: Catalog, overrides: Overrides = None
) -> Rendered:
    """The messages that say all of `says`, in order."""
    if not says:
        return Rendered(())
    form = form_on(form, capabilities)
    if capabilities.page_gsm7 is not None:
        return _paged(says, form, capabilities, catalog, overrides)
    if capabilities.buttons or capabilities.list_rows:
        return _tappable(says, form, capabilities, catalog, overrides)
    texts = [spelt(_numbered(say, form, catalog, overrides), capabilities) for say in says]
    return Rendered(tuple(Part(text) for text in _joined(texts, capabilities)))


def spelt(text: str, capabilities: Capabilities) -> str:
    """The text as this channel sends it: respelt for the cheap SMS alphabet where the operator asked for that."""
    return smart_encode(text) if capabilities.smart and capabilities.medium == "sms" else text


def _numbered(say: Say, form: str, catalog: Catalog, overrides: Overrides) -> str:
    lines = [catalog.text(say.key, form, say.params, overrides)]
    shown = labels(say.choices, form, catalog, overrides)
    lines.extend(f"{number}. {label}" for number, label in enumerate(shown.values(), 1))
    return "\n".join(lines)


def _joined(texts: Sequence[str], capabilities: Capabilities) -> list[str]:
    """As few messages as the channel's longest text allows: on SMS every message is paid for."""
    joined: list[str] = []
    for text in texts:
        for piece in pieces(text, capabilities.max_units):
            if joined and count(f"{joined[-1]}\n{piece}").units <= capabilities.max_units:
                joined[-1] = f"{joined[-1]}\n{piece}"
            else:
                joined.append(piece)
    return joined


def _tappable(
    says: Sequence[Say], form: str, capabilities: Capabilities, catalog: Catalog, overrides: Overrides
) -> Rendered:
    parts: list[Part] = []
    beside = capabilities.rich_units or capabilities.max_units
    for say in says:
        text = catalog.text(say.key, form, say.params, overrides, isolate=True)
        shown = labels(say.choices, form, catalog, overrides)
        if not shown:
            parts.extend(Part(piece) for piece in pieces(text, capabilities.max_units))
        elif _fits(shown, capabilities.buttons, capabilities.button_title):
            *before, asked = pieces(text, beside)
            parts.extend(Part(piece) for piece in before)
            parts.append(Part(asked, buttons=tuple(Button(id_, label) for id_, label in shown.items())))
        elif _fits(shown, capabilities.list_rows, capabilities.row_title):
            *before, asked = pieces(text, beside)
            parts.extend(Part(piece) for piece in before)
            rows = tuple(Button(id_, label) for id_, label in shown.items())
            parts.append(Part(asked, menu=Menu(catalog.text("wa.open_list", form, {}), rows)))
        else:
            parts.extend(
                Part(piece) for piece in pieces(_numbered(say, form, catalog, overrides), capabilities.max_units)
            )
    return Rendered(tuple(parts))


def _fits(shown: Mapping[str, str], most: int, longest: int) -> bool:
    # lengths as the provider counts them: UTF-16 units (docs/channels.md)
    return 0 < len(shown) <= most and all(len(label.encode("utf-16-le")) // 2 <= longest for label in shown.values())


def _paged(
    says: Sequence[Say], form: str, capabilities: Capabilities, catalog: Catalog, overrides: Overrides
) -> Rendered:
    asks = bool(says[-1].choices)
    lines: list[str] = []
    for say in says:
        lines.extend(line for line in _numbered(say, form, catalog, overrides).splitlines() if line.strip())
    whole = "\n".join(lines)
    if _fits_screen(whole, capabilities):
        return Rendered((Part(whole),), (whole,))
    more, back = (catalog.text(key, form, {}) for key in ("ussd.more", "ussd.back"))
    menu = f"\n00 {catalog.text('ussd.menu', form, {})}" if asks else ""
    # the way to the menu stands on the last page only: on a screen of 70 letters it would cost a choice on every other
    pages = _pages(lines, capabilities, f"\n0 {more}", f"\n0 {back}{menu}")
    return Rendered((Part(pages[0]),), tuple(pages))


def _pages(lines: Sequence[str], capabilities: Capabilities, next_line: str, last_line: str) -> list[str]:
    pages: list[list[str]] = [[]]
    waiting = list(lines)
    while waiting:
        line = waiting.pop(0)
        tail = next_line if waiting else last_line
        if _fits_screen("\n".join([*pages[-1], line]) + tail, capabilities):
            pages[-1].append(line)
        elif pages[-1]:
            pages.append([])
            waiting.insert(0, line)
        else:
            first, rest = _cut_line(line, tail, capabilities)
            pages[-1].append(first)
            pages.append([])
            waiting.insert(0, rest)
    return ["\n".join(page) + (next_line if page is not pages[-1] else last_line) for page in pages if page]


def _cut_line(line: str, tail: str, capabilities: Capabilities) -> tuple[str, str]:
    words = line.split(" ")
    for size in range(len(words) - 1, 0, -1):
        first = " ".join(words[:size])
        if _fits_screen(first + tail, capabilities):
            return first, " ".join(words[size:])
    head = len(line)
    while head > 1 and not _fits_screen(line[:head] + tail, capabilities):
        head -= 1
    return line[:head], line[head:]


def _fits_screen(text: str, capabilities: Capabilities) -> bool:
    counted = count(text)
    budget = capabilities.page_gsm7 if counted.encoding == GSM7 else capabilities.page_ucs2
    return budget is None or counted.units <= budget
