"""What goes back over HTTP."""

import re
from collections.abc import Mapping

import msgspec

_CREDENTIALS = re.compile(rb'"credentials":"(?:[^"\\]|\\.)*"')
_ENVIRONMENT = re.compile(rb"\\u0001([A-Za-z_][A-Za-z0-9_]*)\\u0001")


class Answer(msgspec.Struct, frozen=True):
    """A status and a body of JSON."""

    status: int
    body: bytes = b""


def fill(body: bytes, environment: Mapping[str, str]) -> bytes:
    """Put the values of environment variables into the credentials of a reply.

    Nowhere else: a mark that a caller managed to bring into another text stays as it is. See
    `machine.replies.Record`.
    """
    if b'"credentials":"' not in body:
        return body

    def value(match: re.Match[bytes]) -> bytes:
        return msgspec.json.encode(environment.get(match.group(1).decode(), ""))[1:-1]

    return _CREDENTIALS.sub(lambda found: _ENVIRONMENT.sub(value, found.group()), body)
