"""An application of your own that answers calls beside its other pages.

    uvicorn main:app        (in this directory, with the credentials in the environment)

It does by hand what `ivrflow serve` does: opens the flows and the store, and mounts the endpoint
that Sinch calls. Everything is handed over, so it can be replaced: another store, another
clock, another way to ask other servers.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ivrflow.library import Library
from ivrflow.outbound.http import Http
from ivrflow.outbound.requests import Requests
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.server.callbacks import Callbacks
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.signing import Keyring
from ivrflow.store.sqlite import SqliteStore

HERE = Path(__file__).parent


async def home(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Call us: +46 8 500 000 00")


class Calls:
    """What Sinch's callback URL points at. (Starlette calls an instance as bare ASGI.)"""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["app"].state.callbacks(scope, receive, send)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    library, checked = Library.open(HERE / "flows", PLATFORM)
    if library is None:
        raise SystemExit("\n".join(each.message for each in checked.diagnostics))
    key, secret = os.environ["SINCH_APPLICATION_KEY"], os.environ["SINCH_APPLICATION_SECRET"]
    store = await SqliteStore.open(Path(os.environ.get("CALLS", "calls.db")))
    http = Http()
    turns = Turns(library, store, Policy(who="shop"), asker=Requests(http, environment={}))
    app.state.callbacks = Callbacks(turns, Keyring({key: secret}))
    yield
    await turns.drain()
    await http.close()
    await store.close()


app = Starlette(routes=[Route("/", home), Route("/sinch", Calls())], lifespan=lifespan)
