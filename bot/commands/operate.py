"""Commands of the operator: schema, demonstration data, the first account, settings."""

import argparse
import sys
from collections.abc import Sequence

from bot.commands.failing import Failed, services, settings
from bot.service import demo
from bot.settings import SettingsError
from bot.wiring import make_channels


def migrate(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Bring the database's schema to its current form."""
    parser.parse_args(arguments)
    made = services()
    made.database.migrate()
    _ = made.vault  # the key file is made at the first run
    sys.stdout.write("The database is up to date.\n")
    return 0


def seed(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Put the demonstration's places in, once."""
    parser.parse_args(arguments)
    made = services()
    with made.database.write() as connection:
        fresh = demo.seed(connection)
    sys.stdout.write("Demonstration places are in.\n" if fresh else "There are places already; nothing was changed.\n")
    return 0


def first_administrator(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """Make the first staff account and print its one-time password; says so when there is one already."""
    parser.parse_args(arguments)
    from bot.service.staffing import first_administrator as make_account  # noqa: PLC0415 (argon2 is loaded by nobody else)

    made = services()
    with made.database.write() as connection:
        account = make_account(connection, made.clock(), made.new_id)
    if account is None:
        sys.stdout.write("There is an administrator already.\n")
    else:
        sys.stdout.write(f"login: {account[0]}\none-time password: {account[1]}\n")
    return 0


def check_settings(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> int:
    """List every problem of the settings and of the channels file."""
    parser.parse_args(arguments)
    found = settings()
    try:
        channels = make_channels(found)
    except SettingsError as wrong:
        raise Failed("The settings cannot be used:\n" + "\n".join(f"  - {line}" for line in wrong.problems)) from wrong
    sys.stdout.write(f"The settings are fine; {len(channels.by_name)} channels.\n")
    return 0
