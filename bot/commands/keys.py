"""`sahti keys`: which keys seal what, and a new key in place of the old while the service runs."""

import argparse
import sys
import time
from collections.abc import Sequence

from bot.commands.failing import Failed, services
from bot.store import rotation
from bot.store import vault as vaults
from bot.store.vault import LOOK_SECONDS, Vault
from bot.wiring import Services


def keys(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Show the keys, or rotate them."""
    parser.description = "Show which keys seal the data, or put a new key in place of the old while the service runs."
    adding = parser.add_subparsers(dest="what", metavar="status|rotate", required=True)
    adding.add_parser("status", help="how many values each key seals")
    rotate = adding.add_parser("rotate", help="seal everything under a new key; an interrupted run goes on")
    rotate.add_argument("--drop-old", action="store_true", help="then take keys that seal nothing off the ring")
    rotate.add_argument(
        "--only-add",
        action="store_true",
        help="add the new key without using it: with several machines, copy the key file to all of them before rotating",
    )
    given = parser.parse_args(arguments)
    made = services()
    try:
        return _run(made, given)
    finally:
        made.database.close()


def _run(made: Services, given: argparse.Namespace) -> int:
    ring = made.vault
    if given.what == "status":
        _say(status(made, ring))
        return 0
    if given.only_add:
        ring = _spare(ring)
        vaults.save(ring, made.settings.keys)
        _say(f"Key {max(ring.keys)} is on the ring. Copy {made.settings.keys.name} to every machine, then rotate.")
        return 0
    ring = _begun(made, ring)
    done = _reseal(made, ring)
    if given.drop_old:
        _drop(made, ring)
    elif not done.unreadable:
        _say(
            "When every machine has this key file: sahti keys rotate --drop-old. Backups made before need the old file."
        )
    return 0


def status(made: Services, ring: Vault) -> str:
    """One line a key."""
    counted = rotation.census(made.database)
    waiting = made.spool.keys()
    lines = []
    for number in sorted({*ring.keys, *counted, *waiting}):
        role = "seals" if number == ring.current else "opens only" if number in ring.keys else "NOT ON THE RING"
        spooled = " and requests in the spool" if number in waiting else ""
        lines.append(f"key {number}: {role}, {counted.get(number, 0)} values{spooled}")
    return "\n".join(lines)


def _spare(ring: Vault) -> Vault:
    spare = [number for number in ring.keys if number > ring.current]
    return ring if spare else ring.with_new_key()


def _begun(made: Services, ring: Vault) -> Vault:
    """The ring with the key in force that all is to be sealed under: a new one, unless a rotation is under way."""
    if len(ring.keys) > 1 and not any(number > ring.current for number in ring.keys):
        _say(f"Going on: everything is being sealed under key {ring.current}.")
        return ring
    ring = _spare(ring)
    ring = ring.sealing_with(max(ring.keys))
    vaults.save(ring, made.settings.keys)
    _say(f"Key {ring.current} seals from now on.")
    time.sleep(LOOK_SECONDS)  # every running process has looked by then
    return ring


def _reseal(made: Services, ring: Vault) -> rotation.Progress:
    total = 0

    def tell(column: str, count: int) -> None:
        nonlocal total
        total += count
        _say(f"{column}: {count} ({total} in all)")

    done = rotation.reseal(made.database, ring, tell)
    _say(f"{done.resealed} values sealed anew.")
    if done.unreadable:
        where = ", ".join(sorted({column for column, _ in done.unreadable}))
        _say(f"{len(done.unreadable)} values cannot be opened with any key on the ring and were left: {where}")
    return done


def _drop(made: Services, ring: Vault) -> None:
    time.sleep(LOOK_SECONDS * 2)  # what was being written under an old key is there by now
    old = set(ring.keys) - {ring.current}
    left = {number: count for number, count in rotation.census(made.database).items() if number in old}
    if left:
        raise Failed(f"{sum(left.values())} values are still under an old key; nothing was dropped. Rotate again.")
    if made.spool.keys() & old:
        raise Failed(
            "Requests in the spool are under an old key; nothing was dropped. Start the clock, then try again."
        )
    vaults.save(ring.without_old_keys(), made.settings.keys)
    _say(f"Key {ring.current} is the only one on the ring. Backups made before need the old key file.")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
