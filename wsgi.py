"""The web application: `application` for any WSGI server, `front` (the same with the short way before it) for ASGI.

`sahti web` serves `front` with granian. Raises bot.settings.SettingsError, which names every problem, when the
environment cannot be used.
"""

import gc

from admin.app import attach
from bot.observing import set_up_logging
from bot.settings import load
from bot.web.app import create_app, in_front
from bot.wiring import Services

_settings = load()
set_up_logging(_settings.log_format)
_services = Services(_settings)
application = create_app(_services)
attach(application, _services)
front = in_front(application, _services)

# Texts, flows and the table are made before the first person waits for them, and stay as long as the process: searching
# them again and again for cycles took a twentieth of a message's time.
_services.warm_up()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
_services.outage.resume()  # what an earlier process kept on this machine's disk and nobody took yet
