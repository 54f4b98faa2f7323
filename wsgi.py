"""The WSGI entry: the hub with the staff's part attached. Granian and any other WSGI server load it by `wsgi:application`."""

from admin.app import attach

from bot.observing import set_up_logging
from bot.settings import load
from bot.web.app import create_app
from bot.wiring import Services

settings = load()
set_up_logging(settings.log_format)
services = Services(settings)
application = create_app(services)
attach(application, services)
