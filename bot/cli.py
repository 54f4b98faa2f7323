"""The `sahti` command. Each subcommand stands in a module of `bot.commands` and is loaded when it is called."""

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "understand": ("bot.commands.language", "understand", "what a text means: language, intent, entities, danger"),
    "when": ("bot.commands.language", "when", "the date, time or number that a text says"),
    "segments": ("bot.commands.language", "segments", "how many SMS a text costs"),
    "talk": ("bot.commands.talk", "talk", "hold a conversation through the real door"),
    "flow": ("bot.commands.flow", "flow", "lint a flow or run its tests"),
    "channel": ("bot.commands.channel", "channel", "what a channel reads from a request, or sends for a message"),
    "channels": ("bot.commands.channel", "channels", "the configured channels and their webhook addresses"),
    "outbox": ("bot.commands.outbox", "outbox", "what waits or failed, in numbers; failed messages queued again"),
    "migrate": ("bot.commands.operate", "migrate", "bring the database's schema to its current form"),
    "seed": ("bot.commands.operate", "seed", "put the demonstration's places in"),
    "keys": ("bot.commands.keys", "keys", "rotate the encryption keys"),
    "first-administrator": ("bot.commands.operate", "first_administrator", "make the first staff account"),
    "check-settings": ("bot.commands.operate", "check_settings", "list every problem of the settings"),
    "web": ("bot.commands.serve", "web", "run the web process"),
    "worker": ("bot.commands.serve", "worker", "run the sending worker"),
    "clock": ("bot.commands.serve", "clock", "run the clock: reminders, campaigns, sweeper"),
    "smpp": ("bot.commands.smpp", "smpp", "run the links to SMPP message centres"),
    "evaluate": ("bot.commands.evaluate", "evaluate", "measure understanding on a set of texts"),
    "demo": ("bot.commands.demo", "demo", "play the demonstration story and check it"),
    "bench": ("bot.commands.bench", "bench", "measure the hot path beside the database's own limit"),
    "up": ("bot.commands.up", "up", "start every process and watch over them"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; its exit status is returned. 2 for wrong usage, 1 with one clear sentence for what failed."""
    parser = argparse.ArgumentParser(prog="sahti", description="Sahti: a health bot for Morocco.")
    adding = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (_, _, text) in COMMANDS.items():
        adding.add_parser(name, help=text, add_help=False)
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in {"-h", "--help"}:
        parser.print_help()
        return 0 if words else 2
    if words[0] not in COMMANDS:
        parser.error(f"there is no command {words[0]!r}; see sahti --help")
    module, function, text = COMMANDS[words[0]]
    command = getattr(importlib.import_module(module), function)
    from bot.commands.failing import Failed, explained  # noqa: PLC0415 (help needs nothing else)

    try:
        return int(command(argparse.ArgumentParser(prog=f"sahti {words[0]}", description=text), words[1:]))
    except BrokenPipeError:
        return 0
    except Failed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1
    except Exception as failed:
        if (known := explained(failed)) is None:
            raise
        sys.stderr.write(f"{known}\n")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
