"""The web application for any WSGI server: `application`. `sahti web` serves it with granian.

Raises bot.settings.SettingsError, which names every problem, when the environment cannot be used.
"""

from admin.app import attach
from bot.observing import set_up_logging
from bot.settings import load
from bot.web.app import create_app
from bot.wiring import Services

_settings = load()
set_up_logging(_settings.log_format)
_services = Services(_settings)
application = create_app(_services)
attach(application, _services)
_services.outage.resume()  # what an earlier process kept on this machine's disk and nobody took yet
