"""Serves one trained model on 127.0.0.1. Runs inside Rasa's own environment; `python -m nlu.serve` starts it.

Rasa's command line would show the token to everybody who lists processes, and its loggers print every text at debug
level until they are told not to.
"""
# ruff: noqa: INP001, E402 - a script of another environment, which must be told what not to do before it is loaded

import argparse
import logging
import os
import threading
import time
from functools import partial
from pathlib import Path

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
# warnings about Rasa's own dependencies are its makers' business; they would bury what an operator must see
logging.captureWarnings(capture=True)
logging.getLogger("py.warnings").setLevel(logging.CRITICAL)

import rasa.core.run
from rasa.core.utils import AvailableEndpoints
from rasa.utils.common import configure_logging_and_warnings
from rasa.utils.log_utils import configure_structlog


def main() -> None:
    """Reads the arguments, loads the model and serves until it is ended."""
    parser = argparse.ArgumentParser(description="Serve a trained model on the loopback interface.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    given = parser.parse_args()
    token = given.token_file.read_text(encoding="ascii").strip()
    if not token:
        parser.error("the token file is empty")
    threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
    configure_logging_and_warnings(log_level=logging.ERROR, warn_only_once=True, filter_repeated_logs=True)
    configure_structlog(logging.ERROR)
    logging.getLogger("sanic.root").setLevel(logging.WARNING)
    endpoints = AvailableEndpoints()
    app = rasa.core.run.configure_app(auth_token=token, enable_api=True, port=given.port, endpoints=endpoints)
    app.register_listener(
        partial(rasa.core.run.load_agent_on_start, str(given.model), endpoints, None), "before_server_start"
    )
    app.run(host="127.0.0.1", port=given.port, workers=1, access_log=False, debug=False, motd=False)


def end_with_parent(parent: int) -> None:
    """A server whose parent was killed would keep the port from the next one; it ends itself within two seconds."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    main()
