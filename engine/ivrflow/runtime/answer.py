"""What goes back over HTTP."""

import re
from collections.abc import Mapping

import msgspec

_ENVIRONMENT = re.compile(rb"\\u0001([A-Za-z_][A-Za-z0-9_]*)\\u0001")


class Answer(msgspec.Struct, frozen=True):
    """What goes back over HTTP."""

    status: int
    body: bytes = b""


def fill(body: bytes, environment: Mapping[str, str]) -> bytes:
    """Put the values of environment variables where a reply names them; see `replies.Record`."""
    if b"\\u0001" not in body:
        return body

    def value(match: re.Match[bytes]) -> bytes:
        return msgspec.json.encode(environment.get(match.group(1).decode(), ""))[1:-1]

    return _ENVIRONMENT.sub(value, body)
