"""Who asks, and who signed: callbacks to an application, REST requests of one (section 5)."""

import base64
import binascii
import hmac
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from ivrflow.clock import from_milliseconds
from ivrflow.emulator.callbacks import stamp
from ivrflow.emulator.setup import Application
from ivrflow.emulator.switches import Switches
from ivrflow.emulator.world import Delivery, World
from ivrflow.errors import RestError, SettingsError
from ivrflow.sinch.signing import content_md5, decode_secret, is_fresh, seal, signature

FOREIGN = b"somebody else"

KIND_OF_KEY = "application\\"
"""What documents of 2014 to 2021 put before the key of a Basic authorisation."""


class Request(Struct, frozen=True, kw_only=True):
    """A REST request as it came. `path` may have a query; the names of `headers` any casing."""

    method: str
    path: str
    headers: dict[str, str] = {}
    body: bytes = b""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers.items() if key.lower() == name), "")


def headers_for(
    delivery: Delivery, app: Application, switches: Switches, now: int
) -> dict[str, str]:
    """Return the headers of a callback that leaves at `now`; signed, if there is a secret."""
    headers = {**delivery.headers, "content-type": switches.content_type}
    if not app.secret:
        return headers
    parts = urlsplit(delivery.url)
    path = parts.path or "/"
    path = unquote(path) if switches.signed_path == "decoded" else path
    signed = signature(
        FOREIGN if delivery.forged else decode_secret(app.secret),
        verb="POST",
        path=f"{path}?{parts.query}" if switches.sign_query and parts.query else path,
        timestamp=(at := stamp(now, "ticks")),
        content_type=switches.content_type,
        body=delivery.body,
    )
    headers["x-timestamp"] = at
    headers["authorization"] = f"{switches.scheme} {app.key}:{signed}"
    return headers


def who_asks(world: World, request: Request, now: int) -> Application:
    """Return the application that a request is of; raises `RestError`."""
    if not any(each.secret for each in world.apps.values()):
        return next(iter(world.apps.values()))
    scheme, _, credentials = request.header("authorization").strip().partition(" ")
    match scheme.lower():
        case "basic":
            return _basic(world, credentials)
        case "application":
            return _signed(world, request, credentials, now)
        case _:
            raise RestError(40_100, "Authorization header")


def _basic(world: World, credentials: str) -> Application:
    if not world.switches.basic:
        raise RestError(40_301, "Invalid authorization scheme for calling the method")
    try:
        given = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise RestError(40_100, "Authorization header") from None
    key, _, secret = given.removeprefix(KIND_OF_KEY).partition(":")
    app = world.app(key)
    if app is None or not hmac.compare_digest(app.secret.encode(), secret.encode()):
        raise RestError(40_108, "Invalid credentials")
    return app


def _signed(world: World, request: Request, credentials: str, now: int) -> Application:
    key, _, given = credentials.strip().partition(":")
    timestamp = request.header("x-timestamp")
    window = timedelta(seconds=world.switches.skew_seconds)
    if not given:
        raise RestError(40_100, "Authorization header")
    if not is_fresh(timestamp, from_milliseconds(now), window):
        raise RestError(40_101, "Timestamp header")
    app = world.app(key)
    if app is None:
        raise RestError(40_108, "Invalid credentials")
    lenient = world.switches.request_signatures == "lenient"
    expected = _expected(app, request, timestamp, lenient=lenient)
    if not any(hmac.compare_digest(each.encode(), given.encode()) for each in expected):
        raise RestError(40_102, "Invalid signature")
    return app


def _expected(
    app: Application, request: Request, timestamp: str, *, lenient: bool
) -> Iterator[str]:
    """Yield the documented signature; `lenient`: and what else SDKs of Sinch's make of a request.

    Those for Node, Python and Java sign the path before it is escaped, that for .NET the MD5 of an
    empty body where documents leave the line empty.
    """
    try:
        key = decode_secret(app.secret)
    except SettingsError:
        raise RestError(40_108, "Invalid credentials") from None
    sent = request.path.partition("?")[0]
    md5 = content_md5(request.body)
    forms = [(sent, md5 if request.body else "")]
    if lenient:
        forms += [(unquote(sent), forms[0][1]), (sent, md5)]
    for path, line in forms:
        yield seal(
            key,
            verb=request.method,
            md5=line,
            content_type=request.header("content-type"),
            timestamp=timestamp,
            path=path,
        )
