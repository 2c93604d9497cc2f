"""Requests by the types of what they ask; what can't be read is a `Problem`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct, inspect
from starlette.requests import Request

from ivrflow.server.api.operation import JSON, Operation
from ivrflow.server.api.problems import Problem

MAX_BODY = 1024 * 1024
"""Bytes of a request."""

NO_BODY = b"{}"
"""What a body says that is not there."""

PLACE = re.compile(r"\(byte [0-9]{1,9}\)")
INTEGER = re.compile(r"-?[0-9]{1,18}")


def read_asked(operation: Operation, path: Mapping[str, str], query: bytes) -> Struct:
    """Return the parameters of a request: those in its `path`, and those of its `query`."""
    asked = operation.asked
    try:
        given = _gathered(parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict"))
        unknown = given.keys() - _kinds(asked).keys() | given.keys() & path.keys()
        if unknown:
            raise _unreadable(f'there is no parameter "{min(unknown)}"')
        values = {name: _typed(asked, name, each) for name, each in given.items()}
        return msgspec.convert({**values, **path}, asked)
    except (msgspec.ValidationError, UnicodeDecodeError) as error:
        raise _unreadable(str(error)) from None


async def read_body(operation: Operation, request: Request) -> Struct | None:
    """Return the body of a request, None where none is taken."""
    if operation.body is None:
        return None
    media = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if media != JSON:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f'"{media}": send {JSON}')
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MAX_BODY} bytes")
    try:
        return msgspec.json.decode(body or NO_BODY, type=operation.body)
    except msgspec.ValidationError as error:
        raise _unreadable(str(error)) from None
    except RecursionError:
        raise _unreadable("the body is JSON within JSON, too deep to be read") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(f"the body is no JSON{_place(error)}") from None


def _place(error: Exception) -> str:
    """Return where JSON is broken, "" where nobody says."""
    found = PLACE.search(str(error))
    return "" if found is None else f" {found[0]}"


def _gathered(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _typed(asked: type[Struct], name: str, given: list[str]) -> object:
    """Return a parameter as JSON would have it; what is none of its type stays text, and is refused
    with the rest."""
    kinds = _kinds(asked)[name]
    if inspect.VarTupleType in kinds:
        return given
    if len(given) > 1:
        raise _unreadable(f'"{name}" is given {len(given)} times')
    is_integer = inspect.IntType in kinds and INTEGER.fullmatch(given[0])
    return int(given[0]) if is_integer else given[0]


@cache
def _kinds(asked: type[Struct]) -> dict[str, set[type]]:
    """Return the kinds of values that each parameter may have."""
    info = inspect.type_info(asked)
    assert isinstance(info, inspect.StructType)  # noqa: S101  it is a Struct
    return {each.encode_name: set(map(type, _alternatives(each.type))) for each in info.fields}


def _alternatives(info: inspect.Type) -> Iterator[inspect.Type]:
    match info:
        case inspect.Metadata(type=inner):
            yield from _alternatives(inner)
        case inspect.UnionType(types=types):
            for each in types:
                yield from _alternatives(each)
        case _:
            yield info


def _unreadable(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)
