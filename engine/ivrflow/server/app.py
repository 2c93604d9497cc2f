"""The HTTP application: callbacks, and what operators ask."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ivrflow.library import Library
from ivrflow.server.api.serving import PREFIX, Api
from ivrflow.server.callbacks import Callbacks

PATH = "/callbacks/sinch"

Probe = Callable[[], Awaitable[str]]
"""Returns why calls can't be served now, "" if they can."""


def create_app(
    callbacks: Callbacks, library: Library, probe: Probe, api: Api | None = None
) -> ASGIApp:
    """Return the ASGI application.

    `POST /callbacks/sinch` answers the platform. `/healthz` says that the process runs; `/readyz`
    whether calls can be served (503 if not), on which programs, and what an operator should see to.
    `/v1/` is the management API, if there is one.
    """

    async def healthz(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> JSONResponse:
        failure = await probe()
        problem = failure or library.problem or callbacks.doubt
        programs = {name: each.id for name, each in library.current.programs.items()}
        shown = {"ready": not failure, "problem": problem, "programs": programs}
        return JSONResponse(shown, status_code=503 if failure else 200)

    pages = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Callbacks go past Starlette's middleware, which costs as much as a step does.
        hot = scope["type"] == "http" and scope["path"] == PATH
        await (callbacks if hot else others)(scope, receive, send)

    async def others(scope: Scope, receive: Receive, send: Send) -> None:
        is_managed = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        await (api if api is not None and is_managed else pages)(scope, receive, send)

    return app
