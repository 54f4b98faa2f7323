"""USSD as some gateways speak it: every hop carries all inputs so far, joined by `*`. PURE."""

JOINT = "*"


def new_input(accumulated: str, seen: str | None) -> str:
    """What the person typed on this hop.

    `seen` is the accumulated text of the hop before, None on the first: then everything is new (a code dialled with a
    suffix, `*384*7*2#`, arrives as `7*2`). A typed `*` stays in the input, because only the known text is taken away.
    The same text again is a repeat and gives the empty string. Where the known text is not at the front (the gateway
    began anew) the last piece is taken.
    """
    if not seen:
        return accumulated
    if accumulated == seen:
        return ""
    if accumulated.startswith(seen + JOINT):
        return accumulated[len(seen) + len(JOINT) :]
    return accumulated.rpartition(JOINT)[2]
