"""What is sent to the REST API, as bytes, and never beyond its limits."""

from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import Struct

from ivrflow.errors import RequestError

S = TypeVar("S", bound=Struct)


def encode(body: Struct) -> bytes:
    """Return a body as JSON; raises `RequestError` for one beyond the API's limits."""
    try:
        encoded = msgspec.json.encode(body)
        _decoder(type(body)).decode(encoded)
    except UnicodeEncodeError:
        raise RequestError("the body holds half a character, which no JSON can carry") from None
    except msgspec.ValidationError as error:
        raise RequestError(_in_words(error)) from None
    return encoded


@lru_cache
def _decoder(kind: type[S]) -> msgspec.json.Decoder[S]:
    return msgspec.json.Decoder(kind)


def _in_words(error: msgspec.ValidationError) -> str:
    """`Expected X - at `$.a.b`` as `a.b: expected X`."""
    what, _, place = str(error).partition(" - at `$")
    where = place.rstrip("`").lstrip(".") or "the body"
    return f"{where}: {what[:1].lower()}{what[1:]}"
