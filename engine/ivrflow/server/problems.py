"""What a request to the API has wrong, and how it is told: RFC 9457."""

from http import HTTPStatus
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

MAX_BODY = 1024 * 1024
"""Bytes of a request."""

S = TypeVar("S", bound=msgspec.Struct)


class Problem(Exception):
    """What a request has wrong."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


async def read_json(request: Request, kind: type[S]) -> S:
    """Return the body of a request; raises `Problem`."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MAX_BODY} bytes")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None


def as_json(status: HTTPStatus, body: object) -> Response:
    """Return a response."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def as_problem(problem: Problem) -> Response:
    """Return the response that tells a problem."""
    status = problem.status
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": problem.detail,
    }
    response = Response(msgspec.json.encode(body), status, media_type="application/problem+json")
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = "Bearer"
    return response
