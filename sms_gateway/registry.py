"""Which channel types exist: one line each, the only place besides its own file that knows a provider's name."""

from collections.abc import Callable, Mapping

from sms_gateway.channel import Channel
from sms_gateway.channels.africastalking import africas_talking
from sms_gateway.channels.clickatell import Clickatell
from sms_gateway.channels.dialog360 import Dialog360
from sms_gateway.channels.external import External
from sms_gateway.channels.highconnection import HighConnection
from sms_gateway.channels.hubtel_ussd import HubtelUssd
from sms_gateway.channels.infobip import Infobip
from sms_gateway.channels.jasmin import Jasmin
from sms_gateway.channels.kannel import Kannel
from sms_gateway.channels.mtarget import Mtarget
from sms_gateway.channels.simulator import Simulator
from sms_gateway.channels.smpp import Smpp
from sms_gateway.channels.turn import Turn
from sms_gateway.channels.twilio import Twilio
from sms_gateway.channels.vonage import Vonage
from sms_gateway.channels.whatsapp_cloud import WhatsAppCloud
from sms_gateway.errors import InvalidSettings

TYPES: Mapping[str, Callable[[str, Mapping[str, str]], Channel]] = {
    "africastalking": africas_talking,
    "clickatell": Clickatell,
    "dialog360": Dialog360,
    "external": External,
    "highconnection": HighConnection,
    "hubtel_ussd": HubtelUssd,
    "infobip": Infobip,
    "jasmin": Jasmin,
    "kannel": Kannel,
    "mtarget": Mtarget,
    "simulator": Simulator,
    "smpp": Smpp,
    "turn": Turn,
    "twilio": Twilio,
    "vonage": Vonage,
    "whatsapp_cloud": WhatsAppCloud,
}


def make(type_name: str, name: str, config: Mapping[str, str]) -> Channel:
    """The channel called `name`. Raises InvalidSettings for an unknown type or for settings it cannot use."""
    if type_name not in TYPES:
        raise InvalidSettings([f"type: must be one of {', '.join(sorted(TYPES))}"])
    return TYPES[type_name](name, config)
