"""The phone page and the doors of the simulated network behind it, for demonstrations only.

What the page sends goes signed through the real `/channels/<channel>/inbound`, and what Sahti sends comes back here as
to any provider.
"""

import base64
import json
import re
import secrets
import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import (
    BadGateway,
    BadRequest,
    Forbidden,
    HTTPException,
    NotFound,
    RequestEntityTooLarge,
    TooManyRequests,
    UnsupportedMediaType,
)

from bot.core import numbers
from bot.web.access import open_to
from bot.web.handsets import FormReport, JsonReport, Network
from sms_gateway.channels.simulator import Simulator
from sms_gateway.encoding import GSM7_BASIC, GSM7_EXTENDED
from sms_gateway.errors import ChannelError, ForbiddenRequest, MalformedRequest
from sms_gateway.msisdn import e164, may_sms
from sms_gateway.reading import form, json_object, string
from sms_gateway.segments import CONCATENATED, SINGLE, count
from sms_gateway.types import HttpRequest
from sms_gateway.verify import same

SERVICE_CODE = "*789#"
MOST_SAID = 32 * 1024
MOST_SENT = 32 * 1024
"""Octets of a body: from the page, and from a channel."""
LONGEST_TEXT = 4096
"""Characters one may type: WhatsApp's own limit."""
LANGUAGES = ("fr", "ar")
PHRASES = (
    ("ary-Latn", "ltr", "Darija", "salam, bghit rendez-vous"),
    ("ary-Arab", "rtl", "الدارجة", "بغيت موعد غدا فالصباح"),
    ("fr", "ltr", "Français", "je voudrais un rdv demain à 10h"),
    ("ar", "rtl", "العربية", "أريد موعدا عند الطبيب"),
    ("zgh-Tfng", "ltr", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "ⵔⵉⵖ ⴰⵙⵉⵀⴰⵔ ⴷⴰⵔ ⵓⵎⵙⵓⵊⵊⵉ"),
    ("zgh-Latn", "ltr", "Tamazight", "righ rendez-vous dar tbib azekka"),
)
"""Something to try in each form: tag, direction, name, text."""
WORDS = Path(__file__).parent / "templates" / "phone" / "words.json"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_SESSION = re.compile(r"[A-Za-z0-9-]{1,64}")
_PROVIDER = re.compile(r"[a-z]{1,20}")

phone = Blueprint(
    "phone",
    __name__,
    url_prefix="/phone",
    static_folder="static/phone",
    static_url_path="/static",
    template_folder="templates",
)


@phone.record
def _begin(state: BlueprintSetupState) -> None:
    state.app.extensions["sahti_phone"] = Network(state.app.extensions["sahti"])


def network() -> Network:
    """The simulated network of this application."""
    made: Network = current_app.extensions["sahti_phone"]
    return made


@phone.after_request
def _guard(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store" if request.endpoint != "phone.static" else "no-cache"
    return response


@phone.errorhandler(HTTPException)
def _refused(failed: HTTPException) -> tuple[Response, int]:
    return jsonify({"error": failed.name.lower().replace(" ", "_")}), failed.code or 500


@phone.get("")
@open_to("demonstration")
def page() -> str:
    """The page, in the language asked for by `?lang=`, else by the browser, else French."""
    # `ar-MA` is Arabic: werkzeug's own matching would prefer a French that stands further down
    asked = [request.args.get("lang", ""), *(tag.partition("-")[0] for tag in request.accept_languages.values())]
    language = next((tag for tag in asked if tag in LANGUAGES), LANGUAGES[0])
    words = page_words()[language]
    counting = {
        "basic": "".join(sorted(GSM7_BASIC)),
        "extended": "".join(sorted(GSM7_EXTENDED)),
        "single": SINGLE,
        "joined": CONCATENATED,
    }
    services = network().services
    danger = words["not_doctor"].format(**numbers.in_force(services.today().date()))
    return render_template(
        "phone/page.html",
        lang=language,
        words=words,
        danger=danger,
        phrases=PHRASES,
        counting=counting,
        code=SERVICE_CODE,
        longest=LONGEST_TEXT,
    )


@cache
def page_words() -> dict[str, dict[str, Any]]:
    """The page's own texts by language and key."""
    words: dict[str, dict[str, Any]] = json.loads(WORDS.read_text(encoding="utf-8"))
    return words


@phone.get("/messages")
@open_to("demonstration")
def messages() -> Response:
    """Messages of a handset that are new or changed: `number` (or the header X-Phone-Number) and `after`."""
    number = _number(request.headers.get("X-Phone-Number") or request.args.get("number", ""))
    after = request.args.get("after", default=0, type=int)
    handsets = network().handsets
    notes, upto = handsets.since(number, after)
    return jsonify({"run": handsets.run, "after": upto, "messages": [note.as_json() for note in notes]})


@phone.post("/say")
@open_to("demonstration")
def say() -> Response:
    """Send what was typed or tapped: {channel, number, text, choice?, session?, end?}.

    SMS and WhatsApp: {message}. USSD: {page, goes_on, session, coding, units}; without `session` a new one is opened.
    """
    _same_origin()
    body = _json_body()
    channel = network().services.channels.get(string(body, "channel"))
    if not isinstance(channel, Simulator):
        raise NotFound
    number, text = _number(string(body, "number")), string(body, "text")
    if len(text) > LONGEST_TEXT:
        raise RequestEntityTooLarge
    if not network().handsets.may_say(number, time.monotonic()):
        raise TooManyRequests
    said = {"id": f"phone-{secrets.token_hex(12)}", "from": number, "text": text, "sent_at": network().now()}
    if channel.capabilities.medium == "ussd":
        return _dial(channel, body, said)
    choice = string(body, "choice")
    medium = channel.capabilities.medium
    note = network().handsets.put(number, medium, text, mine=True, state="queued", at=network().now())
    try:
        _through_the_door(channel, said | ({"choice": choice} if choice else {}))
    except BadGateway:
        network().handsets.mark(number, note.id, "failed")
        raise
    network().handsets.mark(number, note.id, "delivered")
    return jsonify({"message": note.as_json() | {"state": "delivered"}})


def _dial(channel: Simulator, body: dict[str, Any], said: dict[str, Any]) -> Response:
    given, ended = string(body, "session"), body.get("end") is True
    if given and not _SESSION.fullmatch(given):
        raise BadRequest
    if ended and not given:
        raise BadRequest
    session = {"id": given or f"ussd-{secrets.token_hex(8)}", "new": not given, "ended": ended}
    text = said["text"] if given and not ended else ""
    answer = _through_the_door(channel, said | {"text": text, "session": session})
    replies = answer.get("replies") or [{"text": "", "end": True}]
    shown, goes_on = str(replies[0].get("text", "")), not ended and replies[0].get("end") is not True
    counted = count(shown)
    return jsonify({
        "page": shown, "goes_on": goes_on, "session": session["id"], "coding": counted.encoding, "units": counted.units,
    })  # fmt: skip


def _through_the_door(channel: Simulator, said: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = network().say(channel, said)
        if answer.status != 200:  # noqa: PLR2004 (the simulated provider knows one success)
            raise BadGateway
        return json_object(answer.body)
    except (ChannelError, MalformedRequest) as failed:
        raise BadGateway from failed


@phone.post("/network")
@open_to("provider")
def taken() -> tuple[Response, int]:
    """What the simulated channels send, signed; a delivery report follows."""
    body = _body(MOST_SENT)
    channel = _simulated(body)
    sent = json_object(body)
    address = string(sent, "to")
    number = e164(address if address.startswith("+") else f"+{address}")
    if number is None or not may_sms(number):
        return jsonify({"error": "invalid_urn"}), 400
    shown: dict[str, Any] = {key: sent[key] for key in ("buttons", "menu", "template") if key in sent}
    note = network().take(number, channel.capabilities.medium, string(sent, "text"), shown)
    path = f"/channels/{channel.name}/status"
    network().report(number, note, JsonReport(path, channel.settings.secret, string(sent, "reference")))
    return jsonify({"id": note.id}), 200


def _simulated(body: bytes) -> Simulator:
    """The simulated channel that signed this and sends for this service; Forbidden when there is none."""
    headers = {name.lower(): value for name, value in request.headers}
    for channel in network().services.channels.values():
        if not isinstance(channel, Simulator):
            continue
        try:
            channel.verify(HttpRequest("POST", "", headers, body))
        except ForbiddenRequest:
            continue
        if string(json_object(body), "service") == channel.settings.service:
            return channel
    raise Forbidden


@phone.post("/network/<provider>/2010-04-01/Accounts/<account>/Messages.json")
@open_to("provider")
def taken_as_form(provider: str, account: str) -> tuple[Response, int]:
    """What a demonstration account of a real provider type sends as a form, answered as that provider answers."""
    settings = _account(account)
    if settings is None or not _PROVIDER.fullmatch(provider):
        return jsonify({"code": 20003, "message": "Authenticate", "status": 401}), 401
    fields = form(_body(MOST_SENT))
    medium = "whatsapp" if fields.get("To", "").startswith("whatsapp:") else "sms"
    number = e164(fields.get("To", "").removeprefix("whatsapp:"))
    if number is None or not may_sms(number):
        return jsonify({"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}), 400
    note = network().take(number, medium, fields.get("Body") or fields.get("ContentVariables", ""), {})
    network().report(number, note, _form_report(fields, provider, settings))
    answer = {"sid": note.id, "status": "queued", "account_sid": account, "to": fields["To"], "error_code": None}
    return jsonify(answer), 201


def _account(account: str) -> Any:  # noqa: ANN401 (settings of whichever channel type has accounts)
    """Settings of the channel whose account authenticated itself; None when there is none."""
    for channel in network().services.channels.values():
        settings: Any = getattr(channel, "settings", None)
        token = getattr(settings, "auth_token", "")
        if token and getattr(settings, "account_sid", "") == account:
            credentials = base64.b64encode(f"{account}:{token}".encode()).decode("ascii")
            if same(request.headers.get("Authorization", ""), f"Basic {credentials}"):
                return settings
    return None


def _form_report(fields: dict[str, str], provider: str, settings: Any) -> FormReport | None:  # noqa: ANN401 (as above)
    """Reports go where they were asked for, and only to our own channels: never to an address out of a request."""
    url, own = fields.get("StatusCallback", ""), network().services.settings.base_url
    if not url.startswith(f"{own}/channels/"):
        return None
    parts = urlsplit(url)
    path = f"{parts.path.removeprefix(urlsplit(own).path)}?{parts.query}" if parts.query else parts.path
    return FormReport(path, url, f"x-{provider}-signature", settings.auth_token, fields["To"])


def _same_origin() -> None:
    """Another site's page must not write in a handset's name. Programs send neither header and may."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site not in {None, "same-origin"} or (origin is not None and urlsplit(origin).netloc != request.host):
        raise Forbidden


def _json_body() -> dict[str, Any]:
    if not request.is_json:
        raise UnsupportedMediaType
    return json_object(_body(MOST_SAID))


def _body(most: int) -> bytes:
    if (request.content_length or 0) > most:
        raise RequestEntityTooLarge
    body = request.get_data(cache=False)
    if len(body) > most:
        raise RequestEntityTooLarge
    return body


def _number(written: str) -> str:
    number = e164(written)
    if number is None or not may_sms(number):
        raise BadRequest
    return number


@phone.errorhandler(MalformedRequest)
def _malformed(_failed: MalformedRequest) -> tuple[Response, int]:
    return jsonify({"error": "bad_request"}), 400
