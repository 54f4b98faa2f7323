"""A Flask route that does nothing, on the server that serves the hub: what HTTP alone costs. `python -m bench.bare PORT`."""

import sys

from flask import Flask, Response, request

application = Flask("bench.bare")


@application.post("/channels/tw/inbound")
def nothing() -> Response:
    request.get_data()
    return Response("<Response/>", content_type="text/xml")


if __name__ == "__main__":
    from granian.constants import Interfaces
    from granian.server import Server

    Server(
        "bench.bare:application",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=40,
        backlog=1024,
        log_enabled=False,
    ).serve()
