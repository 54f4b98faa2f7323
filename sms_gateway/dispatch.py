"""Sending one message: the channel builds, the transport talks, the channel reads."""

from sms_gateway.channel import Channel
from sms_gateway.http import Transport
from sms_gateway.types import Accepted, Outbound


def dispatch(channel: Channel, message: Outbound, transport: Transport) -> Accepted:
    """Hand one message to its provider, once. Raises a ChannelError, each of which says what it costs."""
    return channel.read_send(transport.send(channel.build_send(message)))
