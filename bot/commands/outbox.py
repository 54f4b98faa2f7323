"""`sahti outbox`: what waits, what failed and why; and what failed by our own mistake, sent again once that is mended."""

import argparse
import json
import sys
from collections.abc import Sequence

from bot.commands.failing import Failed, services
from bot.store import outbox_health, outbox_lists
from bot.wiring import Services


def outbox(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """List the outbox by state, reason and channel in numbers, show the channels' circuits, or queue failed rows anew."""
    adding = parser.add_subparsers(dest="what", required=True, metavar="list|channels|requeue")
    listing = adding.add_parser("list", help="how many messages are where, and why")
    listing.add_argument("--state", help="only this state, for example failed, unknown or queued")
    listing.add_argument("--reason", help="only this reason, for example misconfigured")
    listing.add_argument("--channel", help="only this channel")
    circuits = adding.add_parser("channels", help="which channels pause or stand still, and since when")
    again = adding.add_parser("requeue", help="send again what failed by a mistake of ours that is mended")
    again.add_argument("channel")
    again.add_argument("--reason", default="misconfigured", choices=outbox_lists.BROKEN_BY_US)
    for one in (listing, circuits):
        one.add_argument("--jsonl", action="store_true", help="JSON lines instead of a table")
    given = parser.parse_args(arguments)
    made = services()
    if given.what == "requeue":
        return _requeue(made, given.channel, given.reason)
    rows = _list(made, given) if given.what == "list" else _channels(made)
    if given.jsonl:
        sys.stdout.writelines(json.dumps(row) + "\n" for row in rows)
    else:
        sys.stdout.write(_table(rows) if rows else "Nothing.\n")
    return 0


def _list(made: Services, given: argparse.Namespace) -> list[dict[str, object]]:
    with made.database.read() as connection:
        found = outbox_lists.groups(connection, state=given.state, reason=given.reason, channel=given.channel)
    return [
        {
            "channel": one.channel,
            "state": one.state,
            "reason": one.reason,
            "code": one.code,
            "count": one.count,
            "oldest": one.oldest_at.isoformat(timespec="seconds"),
        }
        for one in found
    ]


def _channels(made: Services) -> list[dict[str, object]]:
    with made.database.read() as connection:
        circuits = outbox_health.all_of(connection)
    return [
        {
            "channel": name,
            "state": circuit.state.value,
            "reason": circuit.reason,
            "since": circuit.since.isoformat(timespec="seconds"),
        }
        for name, circuit in circuits.items()
    ]


def _table(rows: Sequence[dict[str, object]]) -> str:
    cells = [list(rows[0]), *(["—" if value is None else str(value) for value in row.values()] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join(lines) + "\n"


def _requeue(made: Services, channel: str, reason: str) -> int:
    if channel not in made.channels:
        raise Failed(f"There is no channel called {channel}. The channels are: {', '.join(sorted(made.channels))}.")
    with made.database.write() as connection:
        number = outbox_lists.requeue(connection, channel, reason, made.clock())
    # not woken from here: the clock finds them within a second, and this process ends
    sys.stdout.write(f"{number} messages are queued again.\n")
    return 0
