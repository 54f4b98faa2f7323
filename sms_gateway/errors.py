"""What can go wrong at a channel's edge: a closed list, each saying what it costs.

ForbiddenRequest        an inbound request whose signature or token is wrong: 403, nothing stored
MalformedRequest        an inbound request that cannot be read: 400
InvalidSettings         a channel's settings cannot be used; every problem is listed
ChannelError            a send went wrong
├── Misconfigured       permanent; someone must act
├── InvalidUrn          permanent; the URN is marked
├── Rejected            permanent; the provider's code is kept
├── OutsideWindow       permanent for free text; a template or another channel may do
├── ContactOptedOut     permanent; the opt-out is recorded
├── Unreachable         the request did not reach the provider, or it said that it did not take it: retry
├── Throttled           retry, after `wait` seconds
└── OutcomeUnknown      the request left and no answer came: never retried blindly
"""

from collections.abc import Iterable


class InvalidSettings(ValueError):
    """A channel's settings cannot be used. `problems` names each one, without quoting values."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class ForbiddenRequest(Exception):
    """Bad or missing signature or token. The message never carries what was expected."""


class MalformedRequest(Exception):
    """The request is signed but cannot be read; the text says what is wrong without quoting it."""


class ChannelError(Exception):
    """A send failed. `code` is the provider's own word for it, where it gave one."""

    name = "error"
    retry = False

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        super().__init__(detail or self.name)
        self.code = code


class Misconfigured(ChannelError):
    """Wrong credentials or settings: someone must act."""

    name = "misconfigured"


class InvalidUrn(ChannelError):
    """The address can never work on this channel."""

    name = "invalid_urn"


class Rejected(ChannelError):
    """The provider refused this message for good."""

    name = "rejected"


class OutsideWindow(ChannelError):
    """Free text is not allowed now (WhatsApp's 24 hours); a template may be."""

    name = "outside_window"


class ContactOptedOut(ChannelError):
    """The provider says the contact asked to be left alone."""

    name = "opted_out"


class Unreachable(ChannelError):
    """The message was not taken: no connection, or a 503 that says so. Safe to try again."""

    name = "unreachable"
    retry = True


class Throttled(ChannelError):
    """Too fast: try again after `wait` seconds (None: the caller's own back-off)."""

    name = "throttled"
    retry = True

    def __init__(self, detail: str = "", *, code: str | None = None, wait: float | None = None) -> None:
        super().__init__(detail, code=code)
        self.wait = wait


class OutcomeUnknown(ChannelError):
    """The request left and nothing came back: it may have been sent. Settled by a report or a look-up only."""

    name = "outcome_unknown"
