"""What goes back over HTTP."""

import re
from collections.abc import Mapping

import msgspec

from ivrflow.machine.environment import fill_json

_CREDENTIALS = re.compile(rb'"credentials":"(?:[^"\\]|\\.)*"')


class Answer(msgspec.Struct, frozen=True):
    """A status and a body of JSON."""

    status: int
    body: bytes = b""


def fill(body: bytes, environment: Mapping[str, str]) -> bytes:
    """Put the values of environment variables into the credentials of a reply.

    Nowhere else: a mark that a caller managed to bring into another text stays as it is.
    """
    if b'"credentials":"' not in body:
        return body

    def value(name: str) -> str:
        return environment.get(name, "")

    return _CREDENTIALS.sub(lambda found: fill_json(found.group(), value), body)
