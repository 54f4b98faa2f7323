"""A message rendered for one channel, as the same message in plain text for another. PURE."""

from sms_gateway.channel import Capabilities
from sms_gateway.segments import count
from sms_gateway.types import Part

ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
"""Unicode's direction isolates: of use on a screen, and on SMS each costs a unit and may cost the alphabet."""

REASONS = frozenset({"outside_window", "invalid_urn", "rejected"})
"""Why another channel may be tried: the first one says that it did not take the message, and that it never will."""


def as_text(part: Part, capabilities: Capabilities) -> Part | None:
    """The part as one text with numbered choices; None where it says nothing without its form, or is too long."""
    text = part.text.translate(ISOLATES).strip()
    if not text or part.media:
        return None
    choices = part.buttons or (part.menu.rows if part.menu else ())
    lines = [text, *(f"{number}. {one.title.translate(ISOLATES)}" for number, one in enumerate(choices, 1))]
    whole = "\n".join(lines)
    return Part(whole) if count(whole).units <= capabilities.max_units else None
