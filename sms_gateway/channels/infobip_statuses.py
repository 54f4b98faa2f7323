"""What Infobip's statuses and errors mean for a message, and what they cost. PURE.

A message has a status (`groupName`, `name`) and, where the network or WhatsApp gave one, an error (`name`). Names come
and go; the five groups stay. Tables: www.infobip.com/docs, Message status codes, Response status and error codes.
"""

from sms_gateway.errors import (
    ChannelError,
    ContactOptedOut,
    InvalidUrn,
    Misconfigured,
    OutcomeUnknown,
    OutsideWindow,
    Rejected,
    Throttled,
    Unreachable,
)
from sms_gateway.types import Status

GROUPS = {
    "OK": Status.SENT,
    "PENDING": Status.SENT,
    "DELIVERED": Status.DELIVERED,
    "EXPIRED": Status.FAILED,
    "REJECTED": Status.FAILED,
    "UNDELIVERABLE": Status.FAILED,
}

NAMES = {
    "PENDING_ACCEPTED": Status.QUEUED,  # waits inside the platform
    "DELIVERED_TO_OPERATOR": Status.SENT,  # "intermediate": the phone may follow
    "EXPIRED_DLR_UNKNOWN": Status.UNKNOWN,  # the network never said what became of it
}
"""Statuses that mean something else than the rest of their group."""

Kind = type[ChannelError]


def _names(kind: Kind, *names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, kind)


ERRORS: dict[str, Kind] = {
    # the person, or the operator for the person, wants no more
    **_names(ContactOptedOut, "REJECTED_DND", "EC_CONTENT_BLOCKED", "EC_SC_BLOCKED_BY_END_USER"),
    **_names(ContactOptedOut, "EC_BLOCKED_USER", "EC_MARKETING_OPT_OUT"),
    # nobody there, or not on WhatsApp
    **_names(InvalidUrn, "REJECTED_DESTINATION", "REJECTED_PREFIX_MISSING", "MISSING_TO", "EC_UNKNOWN_USER"),
    **_names(InvalidUrn, "EC_UNKNOWN_SUBSCRIBER", "EC_ILLEGAL_SUBSCRIBER", "EC_DEACTIVATED_LIST"),
    **_names(InvalidUrn, "EC_TELESERVICE_NOT_PROVISIONED", "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS"),
    **_names(InvalidUrn, "EC_INVALID_DESTINATION_ADDRESS", "EC_INVALID_REQUEST_DESTINATION"),
    # switched off, full, out of reach
    **_names(Unreachable, "EC_ABSENT_SUBSCRIBER", "EC_ABSENT_SUBSCRIBER_SM", "EC_SUBSCRIBER_BUSY_FOR_MT_SMS"),
    **_names(Unreachable, "EC_SM_DELIVERY_FAILURE", "EC_SM_DF_MEMORYCAPACITYEXCEEDED", "EC_SYSTEM_FAILURE"),
    **_names(Unreachable, "EC_MESSAGE_WAITING_LIST_FULL", "EC_NO_RESPONSE", "EC_ROAMING_NOT_ALLOWED"),
    # WhatsApp: the 24 hours are over, or never began
    "EC_NO_SESSION": OutsideWindow,
    # this message, for good
    **_names(Rejected, "REJECTED_MESSAGE_TOO_LONG", "EC_MSG_TEXT_TOO_LONG", "REJECTED_DESTINATION_BLOCKLISTED"),
    **_names(Rejected, "EC_INVALID_TEMPLATE_ARGS", "EC_BAD_REQUEST", "EC_BLOCKED_CONTENT", "EC_MEDIA_UNSUPPORTED"),
    **_names(Rejected, "EC_TEMPLATE_BLOCKED_BY_USER", "EC_FREQUENCY_CAPPING", "EC_REJECTED_SPAM_BY_OPERATOR"),
    **_names(Rejected, "EC_UNSUPPORTED_DEVICE", "EC_UNSUPPORTED_MOBILE_APP_VERSION"),
    # too much at once
    **_names(Throttled, "REJECTED_FLOODING_FILTER", "EC_LIMIT_REACHED", "EC_TOO_MANY_REQUESTS", "EC_SPAM_RATE"),
    **_names(Throttled, "TOO_MANY_REQUESTS", "E429"),
    # our account, our sender, our templates
    **_names(Misconfigured, "UNAUTHORIZED", "REJECTED_SOURCE", "REJECTED_SENDER", "REJECTED_NETWORK"),
    **_names(Misconfigured, "REJECTED_NOT_ENOUGH_CREDITS", "REJECTED_PREPAID_PACKAGE_EXPIRED"),
    **_names(Misconfigured, "REJECTED_ROUTE_NOT_AVAILABLE", "REJECTED_DESTINATION_NOT_REGISTERED"),
    **_names(Misconfigured, "EC_INVALID_SOURCE_ADDRESS", "EC_SENDER_NOT_REGISTERED", "EC_ACCOUNT_ISSUE"),
    **_names(Misconfigured, "EC_ACCOUNT_ACCESS_DENIED", "EC_MONTHLY_LIMIT_REACHED", "EC_PROVIDER_BILLING_ERROR"),
    **_names(Misconfigured, "EC_UNKNOWN_APPLICATION", "EC_UNAUTHORIZED_ACCESS", "EC_FORBIDDEN_ACCESS"),
    **_names(Misconfigured, "EC_INVALID_TEMPLATE", "EC_TEMPLATE_NOT_AVAILABLE", "EC_INVALID_WA_ACCOUNT_TYPE"),
    **_names(Misconfigured, "EC_CONFIGURATION_ERROR", "EC_SERVICE_NOT_ACTIVATED", "EC_MISSING_SENDER_METADATA"),
    # it may have gone
    **_names(OutcomeUnknown, "REJECTED_SYSTEM_ERROR", "EC_INTERNAL_ERROR", "EC_PROVIDER_INTERNAL_ERROR"),
    "EC_PROVIDER_TIMEOUT": OutcomeUnknown,
    # our own id is already there: an earlier try was taken, and its report settles what became of it
    **_names(OutcomeUnknown, "REJECTED_DUPLICATE_MESSAGE_ID", "EC_DUPLICATE_REQUEST"),
}
