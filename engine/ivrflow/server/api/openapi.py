"""The API as OpenAPI 3.1 has it: made from the table of operations, and the types they name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import msgspec

from ivrflow.server.api.operation import JSON, Operation
from ivrflow.server.api.problems import MEDIA, ProblemShown

Json = dict[str, Any]
"""A part of the document, which is of any shape."""

REF = "#/components/schemas/{name}"
PROBLEM_REF = "#/components/responses/Problem{}"

TITLE = "ivrflow"
VERSION = "1"
"""The version of the API, which is that in its paths."""

DESCRIPTION = (
    "The management API of ivrflow. Lists are read page by page: `next` of a page is the `cursor` "
    "of the one that follows, null behind the last. Times are ISO 8601 in UTC. Whatever is refused "
    "is a problem as RFC 9457 has it."
)

ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
OF_BODIES = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)

MEANING_BY_STATUS = {
    HTTPStatus.BAD_REQUEST: "A parameter or the body can't be read.",
    HTTPStatus.UNAUTHORIZED: "The token is missing or another.",
    HTTPStatus.FORBIDDEN: "The API is off: the server was started without a token.",
    HTTPStatus.NOT_FOUND: "There is nothing of that name.",
    HTTPStatus.CONFLICT: "It is not in a state for that.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 1 MiB.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is no `application/json`.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "It can be read, but not be done.",
    HTTPStatus.TOO_MANY_REQUESTS: "It has enough to do: ask again later.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "A fault of the engine.",
    HTTPStatus.BAD_GATEWAY: "The Voice API refused, or nobody knows what it did.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store or the Voice API takes nothing just now.",
}


def describe(table: Sequence[Operation]) -> Json:
    """Return the document of a table of operations."""
    types = list(dict.fromkeys(_contents(table)))
    schemas, components = msgspec.json.schema_components(
        types, schema_hook=_anything, ref_template=REF
    )
    schema_by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, Json] = {}
    for each in table:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schema_by_type)
    document: Json = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": {name: each for name, each in components.items() if "enum" not in each},
            "responses": _problems(schema_by_type[ProblemShown]),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }
    words = {REF.format(name=name): each for name, each in components.items() if "enum" in each}
    return cast(Json, _written(document, words))


def _contents(table: Iterable[Operation]) -> Iterator[object]:
    """Yield the types of all that is sent, either way."""
    yield ProblemShown
    for each in table:
        yield from (kind for kind in (each.body, _sent(each)) if kind is not None)


def _sent(operation: Operation) -> object:
    """Return the type of an answer, None for one without content."""
    return None if operation.status is HTTPStatus.NO_CONTENT else operation.answer


def _anything(kind: type) -> Json:
    """The schema of types that msgspec knows none for: any JSON value."""
    return {"description": "any JSON value"}


# -- one operation --------------------------------------------------------------------------------


def _operation(operation: Operation, schema_by_type: Mapping[object, Json]) -> Json:
    shown: Json = {
        "operationId": operation.id,
        "tags": [operation.path.split("/")[2].removesuffix(".json")],
        "summary": operation.summary,
        "parameters": list(_parameters(operation)),
        "responses": _responses(operation, schema_by_type),
    }
    if operation.description:
        shown["description"] = operation.description
    if operation.body is not None:
        content = {JSON: {"schema": schema_by_type[operation.body]}}
        shown["requestBody"] = {"required": operation.needs_body, "content": content}
    if operation.is_public:
        shown["security"] = []
    return shown


def _parameters(operation: Operation) -> Iterator[Json]:
    whole = msgspec.json.schema(operation.asked, schema_hook=_anything)
    held = whole["$defs"]
    for name, schema in held[operation.asked.__name__]["properties"].items():
        is_of_path = f"{{{name}}}" in operation.path
        own = held[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        told = {key: own[key] for key in ("description",) if key in own}
        yield {
            "name": name,
            "in": "path" if is_of_path else "query",
            "required": is_of_path,
            **told,
            "schema": {key: each for key, each in own.items() if key != "description"},
        }


def _responses(operation: Operation, schema_by_type: Mapping[object, Json]) -> Json:
    always = (HTTPStatus.INTERNAL_SERVER_ERROR,) if operation.is_public else ALWAYS
    of_body = () if operation.body is None else OF_BODIES
    problems = sorted({HTTPStatus.BAD_REQUEST, *always, *of_body, *operation.problems})
    refused = {str(each.value): {"$ref": PROBLEM_REF.format(each.value)} for each in problems}
    return {str(operation.status.value): _answer(operation, schema_by_type), **refused}


def _problems(schema: Json) -> Json:
    return {
        PROBLEM_REF.format(status.value).rpartition("/")[2]: {
            "description": meaning,
            "content": {MEDIA: {"schema": schema}},
        }
        for status, meaning in MEANING_BY_STATUS.items()
    }


def _answer(operation: Operation, schema_by_type: Mapping[object, Json]) -> Json:
    answer = _sent(operation)
    if answer is None:
        return {"description": "Done."}
    content = {operation.media: {"schema": schema_by_type[answer]}}
    return {"description": operation.status.phrase + ".", "content": content}


# -- as it is written -----------------------------------------------------------------------------


def _written(value: object, words: Mapping[str, Json]) -> object:
    """Return a part of the document with sets of `words` in their places, not by their names, and
    descriptions as running text."""
    if isinstance(value, list):
        return [_written(each, words) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("$ref") in words:
        return {"enum": words[value["$ref"]]["enum"]}
    return {name: _told(name, _written(each, words)) for name, each in value.items()}


def _told(name: str, value: object) -> object:
    if name == "description" and isinstance(value, str):
        return " ".join(value.split())
    return value
