"""What a request to the API has wrong, and how it is told: RFC 9457."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from msgspec import Struct
from starlette.responses import Response

MEDIA = "application/problem+json"


LONGEST = 400
"""Characters of a detail: what was sent may be quoted in it, however long that is."""


class Problem(Exception):
    """What a request has wrong; `headers` go with the response."""

    def __init__(
        self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = _cut(detail)
        self.headers = headers or {}


class ProblemShown(Struct, frozen=True, kw_only=True, rename={"kind": "type"}):
    """What was wrong, as RFC 9457 has it: `detail` says it in words, `title` by its status."""

    kind: str = "about:blank"
    title: str
    status: int
    detail: str


def missing(what: str, name: str) -> Problem:
    """Return the problem that there is nothing of that name."""
    return Problem(HTTPStatus.NOT_FOUND, f'there is no {what} "{name}"')


def forgotten(cursor: str) -> Problem:
    """Return the problem that a list can't be gone on with: its cursor is no row, or no longer."""
    detail = f'nothing follows "{cursor}", or it is forgotten: begin the list anew'
    return Problem(HTTPStatus.NOT_FOUND, detail)


def unfit(detail: str) -> Problem:
    """Return the problem that a request can be read, but not done."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


def as_problem(problem: Problem) -> Response:
    """Return the response that tells a problem."""
    status = problem.status
    shown = ProblemShown(title=status.phrase, status=status, detail=problem.detail)
    body = msgspec.json.encode(shown)
    return Response(body, status, headers=dict(problem.headers), media_type=MEDIA)


def _cut(detail: str) -> str:
    """Return a detail without the middle of one that is too long: it begins with what was sent, and
    ends with what is wrong with it."""
    half = LONGEST // 2
    return detail if len(detail) <= LONGEST else f"{detail[:half]} ... {detail[-half:]}"
