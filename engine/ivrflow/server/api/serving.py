"""The API over HTTP: from a request to its operation, past the token, and back."""

import hmac
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import unquote

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ivrflow.errors import RequestError, StoreError
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.operation import Operation
from ivrflow.server.api.problems import Problem, as_problem, unfit
from ivrflow.server.api.reading import read_asked, read_body
from ivrflow.server.api.routes import TABLE

log = structlog.get_logger()

PREFIX = "/v1/"

Pieces = tuple[str, ...]
Found = tuple[Mapping[str, Operation], dict[str, str]]
"""The operations of a path by their methods, and the values in it."""


class Api:
    """The ASGI application below `/v1/`. Without a `token` it answers nobody."""

    def __init__(self, engine: Engine, token: str) -> None:
        self._engine = engine
        self._token = token
        self._paths = _by_path(TABLE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            operation, values = self._operation(request)
            if not operation.is_public:
                self._require_token(request)
            return await self._answer(operation, values, request)
        except Problem as problem:
            return as_problem(problem)
        except RequestError as error:  # what the platform could never take
            return as_problem(unfit(str(error)))
        except StoreError as error:
            return as_problem(Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)))
        except Exception:  # a bug of ours; the client gets a problem all the same
            log.exception("request failed", path=request.url.path)
            message = "a fault of the engine; its log says more"
            return as_problem(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, message))

    async def _answer(
        self, operation: Operation, values: dict[str, str], request: Request
    ) -> Response:
        asked = read_asked(operation, values, request.scope["query_string"])
        body = await read_body(operation, request)
        given = {} if body is None else {"body": body}
        answer = await operation.handle(self._engine, asked, **given)
        if operation.status is HTTPStatus.NO_CONTENT:
            return Response(status_code=operation.status)
        content = answer if isinstance(answer, str) else msgspec.json.encode(answer)
        return Response(content, operation.status, media_type=operation.media)

    # -- who and what -----------------------------------------------------------------------------

    def _operation(self, request: Request) -> tuple[Operation, dict[str, str]]:
        path = request.scope["raw_path"].partition(b"?")[0].decode("ascii", "replace")
        found = self._find(tuple(path.split("/")))
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f'there is nothing at "{path}"')
        operations, values = found
        method = "GET" if request.method == "HEAD" else request.method
        if method not in operations:
            allowed = ", ".join(sorted({*operations, *(("HEAD",) if "GET" in operations else ())}))
            message = f"{request.method} does nothing here: {allowed}"
            raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, message, {"allow": allowed})
        return operations[method], values

    def _find(self, pieces: Pieces) -> Found | None:
        """Return what is at a path as it was sent: a name may hold an escaped slash."""
        for shape, operations in self._paths.items():
            values = _match(shape, pieces)
            if values is not None:
                return operations, values
        return None

    def _require_token(self, request: Request) -> None:
        if not self._token:
            message = "the API is off: start the server with IVRFLOW_API_TOKEN"
            raise Problem(HTTPStatus.FORBIDDEN, message)
        given = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            message = "the token is missing or another"
            raise Problem(HTTPStatus.UNAUTHORIZED, message, {"www-authenticate": "Bearer"})


def _by_path(table: Iterable[Operation]) -> dict[Pieces, dict[str, Operation]]:
    paths: dict[Pieces, dict[str, Operation]] = {}
    for each in table:
        paths.setdefault(tuple(each.path.split("/")), {})[each.method] = each
    return paths


def _match(shape: Pieces, pieces: Pieces) -> dict[str, str] | None:
    """Return the values that stand in a path of that shape, None if it is of another."""
    if len(shape) != len(pieces):
        return None
    values = {}
    for wanted, given in zip(shape, pieces, strict=True):
        if wanted.startswith("{") and given:
            values[wanted[1:-1]] = unquote(given)
        elif wanted != given:
            return None
    return values
