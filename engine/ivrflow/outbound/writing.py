"""Look-ups as they are sent, the values of environment variables filled in."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from ivrflow import __version__
from ivrflow.addresses import LOOPBACK, fault
from ivrflow.errors import ExchangeError
from ivrflow.machine.environment import MARK_IN_JSON, MARKED, fill
from ivrflow.machine.lookups import Form, Json, Lookup
from ivrflow.outbound.http import Outgoing

BODIED = frozenset({"POST", "PUT", "PATCH"})
"""Methods of which servers expect a body, if only an empty one."""

_NO_TEXT = re.compile(r"[\ud800-\udfff]")
"""What stands for bytes of the environment that are no UTF-8."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_SERVER = re.compile(rf"{MARKED.pattern}|https?://[^/?#]*")

OWN_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": f"ivrflow/{__version__}",
}


def write(lookup: Lookup, environment: Mapping[str, str], key: str) -> Outgoing:
    """Return a look-up as it is sent, the values of environment variables filled in.

    Raises `ExchangeError` for what must not be sent.
    """

    def value(name: str) -> str:
        return environment_value(environment, name)

    def filled(text: str) -> str:
        return fill(text, value)

    server, place = _parted(lookup.url)
    url = filled(server).rstrip("/") + fill(place, lambda name: quote(value(name), ""))
    _require_address(url, server)
    _require_privacy(lookup, url)
    kind, body = _body(lookup.method, lookup.body, filled)
    own = {**OWN_HEADERS, "Idempotency-Key": key, **({"Content-Type": kind} if kind else {})}
    written = {name.lower() for name in lookup.headers}
    headers = {name: value for name, value in own.items() if name.lower() not in written}
    headers |= {name: _line(name, each, value) for name, each in lookup.headers.items()}
    return Outgoing(method=lookup.method, url=url, headers=headers, body=body)


def environment_value(environment: Mapping[str, str], name: str) -> str:
    """Return a variable's value; raises `ExchangeError` where it is no text."""
    value = environment.get(name, "").strip()
    if _NO_TEXT.search(value):
        raise ExchangeError(f"env.{name} is no text in UTF-8")
    return value


def _line(name: str, text: str, value: Callable[[str], str]) -> str:
    """Return the value of a header; the reason against it names variables, and quotes none."""
    for variable in MARKED.findall(text):
        if _CONTROL.search(value(variable)):
            raise ExchangeError(f"env.{variable} breaks the line of the header {name}")
    filled = fill(text, value).strip(" \t")
    if _CONTROL.search(filled):
        raise ExchangeError(f"the header {name} holds a control character")
    return filled


def _parted(url: str) -> tuple[str, str]:
    """Part the server's address, which the environment may hold as a whole, from the place there,
    where a variable is one piece."""
    server = _SERVER.match(url)
    end = server.end() if server else 0
    return url[:end], url[end:]


def _body(
    method: str, body: Json | Form | None, fill: Callable[[str], str]
) -> tuple[str, bytes | None]:
    """Return a body's content type and bytes."""
    match body:
        case None:
            return "", b"" if method in BODIED else None
        case Json(value=value):
            return "application/json", msgspec.json.encode(_filled(value, fill))
        case Form(fields=fields):
            filled = {name: fill(value) for name, value in fields.items()}
            return "application/x-www-form-urlencoded", urlencode(filled, errors="replace").encode(
                "ascii"
            )


def _filled(value: object, fill: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return fill(value)
    if isinstance(value, list):
        return [_filled(each, fill) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, fill) for name, each in value.items()}
    return value


def _require_address(url: str, server: str) -> None:
    reason = fault(url)
    if reason:
        variables = ", ".join(f"env.{name}" for name in MARKED.findall(server))
        raise ExchangeError(f"{reason} ({variables})" if variables else reason)


def _require_privacy(lookup: Lookup, url: str) -> None:
    """What the environment holds is taken for a secret: it goes over https, or stays here."""
    parts = urlsplit(url)
    if parts.scheme == "https" or LOOPBACK.fullmatch(parts.hostname or ""):
        return
    _, place = _parted(lookup.url)
    texts = msgspec.json.encode([place, lookup.headers, lookup.body])
    if MARK_IN_JSON in texts:
        raise ExchangeError("an environment variable may be sent over https only")
