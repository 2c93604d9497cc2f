"""The management API, `/v1`: outgoing calls for the programs of those who run the engine.

Every request carries `Authorization: Bearer TOKEN`. Errors are problems as RFC 9457 has them.
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import uuid4

import structlog
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ivrflow.callouts import Callout, State
from ivrflow.clock import as_milliseconds, as_text, from_milliseconds
from ivrflow.errors import StoreError
from ivrflow.machine.callouts import order
from ivrflow.machine.orders import Order
from ivrflow.machine.program import Program
from ivrflow.model.literals import read_literal
from ivrflow.runtime.callouts import FARTHEST, TOO_FAR
from ivrflow.runtime.tries import cancelled
from ivrflow.runtime.turn import Turns
from ivrflow.server.problems import Problem, as_json, as_problem, read_json
from ivrflow.store.base import CalloutFilter, Records

log = structlog.get_logger()

PREFIX = "/v1/"
MAX_ORDERS = 500
"""Callouts in one request."""

PAGE = 100

Id = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class Wanted(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"given": "with"}
):
    """A callout that is to be placed: `name`, or `flow.name` where several flows have one of that
    name. Values of `with` that are texts are read by the type of the parameter. Who asks again with
    the same `id` asks for nothing new. `at`: when, with its offset; else at once."""

    name: str
    given: dict[str, object] = {}
    id: Id = ""
    at: datetime | None = None
    application: str = ""


class Orders(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    callouts: Annotated[tuple[Wanted, ...], Meta(min_length=1, max_length=MAX_ORDERS)]


class Shown(Struct, frozen=True, kw_only=True):
    """A callout. Times are ISO 8601 in UTC; at `due` something is to be done for it, or it was
    over. `call` is the call id of its last try."""

    id: str
    flow: str
    name: str
    to: str
    state: State
    attempts: int
    result: str
    reason: str
    made: str
    due: str
    call: str


class Ordered(Struct, frozen=True, kw_only=True):
    """What became of an order. `status`: `ordered`; `known`, the same was ordered with that id
    before; `other`, something else was, which `callout` shows; `taken`, another of its key waits
    or is live; `refused`, for the `reason`."""

    status: str
    callout: Shown | None = None
    reason: str = ""


class Page(Struct, frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, null behind the last."""

    callouts: list[Shown]
    next: str | None = None


class Api:
    """The API on `turns`. Without a `token` it answers nobody. `applications` are the keys as which
    callouts may be placed."""

    def __init__(self, turns: Turns, token: str, applications: tuple[str, ...]) -> None:
        self._turns = turns
        self._token = token
        self._applications = applications

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/v1/callouts", self._endpoint(self.order), methods=["POST"]),
            Route("/v1/callouts", self._endpoint(self.listed), methods=["GET"]),
            Route("/v1/callouts/{id}", self._endpoint(self.one), methods=["GET"]),
            Route("/v1/callouts/{id}", self._endpoint(self.cancel), methods=["DELETE"]),
        ]

    # -- endpoints --------------------------------------------------------------------------------

    async def order(self, request: Request) -> list[Ordered]:
        """Order callouts."""
        orders = await read_json(request, Orders)
        made = [self._made(each) for each in orders.callouts]
        wanted = [each for each in made if isinstance(each, Callout)]
        kept = await self._turns.store.put_callouts(wanted)
        self._turns.notice()
        known = await self._known([each.id for each in wanted])
        ordered = map(self._ordered, wanted, known, kept)
        return [_refused(each) if isinstance(each, Problem) else next(ordered) for each in made]

    async def listed(self, request: Request) -> Page:
        """Return callouts: those of the given ids, or all of a flow and a name; of a state."""
        query = request.query_params
        state = query.get("state", "")
        if state not in ("", *State):
            raise Problem(HTTPStatus.BAD_REQUEST, f'"{state}" is no state: {", ".join(State)}')
        ids = query.getlist("id")
        if ids:
            found = [each for each in await self._known(ids[:PAGE]) if each is not None]
            return Page(callouts=[self._shown(e) for e in found if state in ("", e.state)])
        only = CalloutFilter(flow=query.get("flow", ""), name=query.get("name", ""), state=state)
        rows = await self._turns.store.callouts(only, query.get("before", ""), PAGE + 1)
        more = rows[PAGE - 1].id if len(rows) > PAGE else None
        return Page(callouts=[self._shown(each) for each in rows[:PAGE]], next=more)

    async def one(self, request: Request) -> Shown:
        """Return a callout."""
        found = await self._turns.store.callout(request.path_params["id"])
        if found is None:
            raise _no_callout(request)
        return self._shown(found)

    async def cancel(self, request: Request) -> Shown:
        """Cancel a callout that waits; one that rings or is live goes on."""
        at = as_milliseconds(self._turns.now())

        def decide(known: Callout, records: Records) -> Callout | None:
            return cancelled(known, "somebody cancelled it", at)

        found = await self._turns.store.amend(request.path_params["id"], at, decide)
        if found is None:
            raise _no_callout(request)
        if found.result != "cancelled":
            message = f"it is {found.state}: only a callout that waits can be cancelled"
            raise Problem(HTTPStatus.CONFLICT, message)
        self._turns.notice()
        return self._shown(found)

    # -- orders -----------------------------------------------------------------------------------

    def _made(self, wanted: Wanted) -> Callout | Problem:
        try:
            ordered = self._order(wanted)
            if ordered.dial is None:
                return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, ordered.fault)
            now = as_milliseconds(self._turns.now())
            due = now if wanted.at is None else as_milliseconds(_aware(wanted.at))
            if due > now + FARTHEST:
                return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, TOO_FAR)
            app = self._application(wanted.application)
        except Problem as problem:
            return problem
        id = wanted.id or uuid4().hex
        return self._turns.callouts.wanted(app, ordered, id=id, at=now, due=due)

    def _order(self, wanted: Wanted) -> Order:
        program, name = self._declaring(wanted.name)
        types = program.flow.callouts[name].params
        given: dict[str, object] = {}
        for key, value in wanted.given.items():
            try:
                is_text = isinstance(value, str) and key in types
                given[key] = read_literal(str(value), types[key]) if is_text else value
            except ValueError as error:
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f'"{key}": {error}') from None
        return order(program, program.flow, name, given)

    def _declaring(self, wanted: str) -> tuple[Program, str]:
        """Return the program that declares a callout, and the name it has there."""
        flow, _, name = wanted.rpartition(".")
        found = [
            program
            for program in self._turns.library.current.programs.values()
            if name in program.flow.callouts and flow in ("", program.flow.name)
        ]
        if not found:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f'no callout is called "{wanted}"')
        if len(found) > 1:
            flows = ", ".join(sorted(f"{each.flow.name}.{name}" for each in found))
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f'which "{name}" is meant: {flows}?')
        return found[0], name

    def _application(self, wanted: str) -> str:
        if wanted in self._applications:
            return wanted
        if not wanted and len(self._applications) == 1:
            return self._applications[0]
        known = ", ".join(self._applications) or "none: set SINCH_APPLICATION_KEY"
        message = f'"{wanted}" is none of the applications' if wanted else "name an `application`"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{message} ({known})")

    async def _known(self, ids: Sequence[str]) -> list[Callout | None]:
        return await self._turns.store.callouts_by_id(ids)

    def _ordered(self, made: Callout, known: Callout | None, is_kept: bool) -> Ordered:
        if known is None:
            return Ordered(status="taken", reason=f'"{made.key}" has a callout that is not over')
        if is_kept:
            return Ordered(status="ordered", callout=self._shown(known))
        same = self._asked_for(made) == self._asked_for(known)
        return Ordered(status="known" if same else "other", callout=self._shown(known))

    def _asked_for(self, callout: Callout) -> tuple[object, ...]:
        order = self._turns.callouts.order(callout)
        return callout.app, order.flow, order.name, order.params

    def _shown(self, callout: Callout) -> Shown:
        return Shown(
            id=callout.id,
            flow=callout.flow,
            name=callout.name,
            to=self._target(callout),
            state=callout.state,
            attempts=callout.attempt,
            result=callout.result,
            reason=callout.reason,
            made=_moment(callout.made),
            due=_moment(callout.due),
            call=callout.call,
        )

    def _target(self, callout: Callout) -> str:
        """Whom a callout calls; "" for nobody, and where this server lacks the key to read it."""
        try:
            dial = self._turns.callouts.order(callout).dial
        except StoreError:
            return ""
        return "" if dial is None else dial.to

    # -- HTTP -------------------------------------------------------------------------------------

    def _endpoint(
        self, handle: Callable[[Request], Awaitable[object]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                self._require_token(request)
                return as_json(HTTPStatus.OK, await handle(request))
            except Problem as problem:
                return as_problem(problem)
            except StoreError as error:
                return as_problem(Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)))
            except Exception:  # a bug of ours; the client gets a problem all the same
                log.exception("request failed", path=request.url.path)
                message = "a fault of the engine; its log says more"
                return as_problem(Problem(HTTPStatus.INTERNAL_SERVER_ERROR, message))

        return endpoint

    def _require_token(self, request: Request) -> None:
        if not self._token:
            message = "the API is off: start the server with IVRFLOW_API_TOKEN"
            raise Problem(HTTPStatus.FORBIDDEN, message)
        given = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            raise Problem(HTTPStatus.UNAUTHORIZED, "the token is missing or another")


def _refused(problem: Problem) -> Ordered:
    return Ordered(status="refused", reason=problem.detail)


def _no_callout(request: Request) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, f'there is no callout "{request.path_params["id"]}"')


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "`at` names no offset from UTC")
    return moment


def _moment(milliseconds: int) -> str:
    return as_text(from_milliseconds(milliseconds))
