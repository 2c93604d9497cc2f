"""What the engine is measured against: ASGI applications that answer the same signed callback.

`uvicorn benchmarks.peers:NAME`. Each verifies the signature but `bare` and `static`.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

PATH = "/callbacks/sinch"
KEY = "669E367E-6BBA-48AB-AF15-266871C28135"
SECRET = "BeIukql3pTKJ8RGL5zo0DA=="
REPLY = {
    "instructions": [{"name": "setCookie", "key": "st", "value": "main"}],
    "action": {
        "name": "runMenu",
        "barge": True,
        "locale": "en-US",
        "mainMenu": "main",
        "enableVoice": False,
        "menus": [
            {
                "id": "main",
                "mainPrompt": "#tts[Welcome back Ada. Press 1 for sales, 2 for support, 3 again.]",
                "repeatPrompt": "#tts[Sorry, I did not get that. Press 1, 2 or 3.]",
                "repeats": 3,
                "timeoutMills": 8000,
                "maxDigits": 1,
                "options": [
                    {"dtmf": "1", "action": "return(sales)"},
                    {"dtmf": "2", "action": "return(support)"},
                    {"dtmf": "3", "action": "menu(main)"},
                ],
            }
        ],
    },
}
REPLY_BYTES = json.dumps(REPLY).encode()


def signature(body: bytes, content_type: str, timestamp: str) -> str:
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    text = f"POST\n{digest}\n{content_type}\nx-timestamp:{timestamp}\n{PATH}"
    mac = hmac.digest(base64.b64decode(SECRET), text.encode(), "sha256")
    return base64.b64encode(mac).decode()


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Constant bytes: what uvicorn itself costs."""
    if scope["type"] == "lifespan":
        return
    await receive()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": REPLY_BYTES})


async def _static(request: Request) -> Response:
    return JSONResponse(REPLY)


static = Starlette(routes=[Route(PATH, _static, methods=["POST"])])
"""S, the unit of all ratios: a Starlette route with a static JSONResponse."""


def _verified(request: Request, body: bytes) -> bool:
    headers = request.headers
    expected = signature(body, headers["content-type"], headers["x-timestamp"])
    _, _, given = headers["authorization"].partition(":")
    return hmac.compare_digest(expected, given)


def _stepped(session: dict[str, Any] | None, event: dict[str, Any]) -> dict[str, Any]:
    session = session or {"rev": 0, "state": "main", "vars": {"tries": 0}}
    session["rev"] += 1
    session["state"] = "sales" if event["menuResult"]["value"].startswith("1") else "main"
    session["vars"]["tries"] += 1
    return session


class _PerRequest:
    """The usual durable handler: one SQLite transaction a request, synchronous=FULL."""

    def __init__(self) -> None:
        self.connection: sqlite3.Connection | None = None

    def open(self) -> sqlite3.Connection:
        if self.connection is None:
            self.connection = sqlite3.connect(os.environ["BENCH_DB"], isolation_level=None)
            self.connection.execute("pragma journal_mode=wal")
            self.connection.execute("pragma synchronous=full")
            self.connection.execute("create table if not exists session(id text primary key, data)")
        return self.connection

    async def handle(self, request: Request) -> Response:
        body = await request.body()
        if not _verified(request, body):
            return Response(status_code=401)
        event = json.loads(body)
        connection = self.open()
        connection.execute("begin immediate")
        row = connection.execute("select data from session where id=?", (event["callid"],))
        found = row.fetchone()
        session = _stepped(json.loads(found[0]) if found else None, event)
        connection.execute(
            "insert into session values(?,?) on conflict(id) do update set data=excluded.data",
            (event["callid"], json.dumps(session)),
        )
        connection.execute("commit")
        return JSONResponse(REPLY)


sqlite_per_request = Starlette(routes=[Route(PATH, _PerRequest().handle, methods=["POST"])])


def fastapi() -> Any:
    """A hand-written FastAPI handler with a pydantic model, nothing stored (`--factory`)."""
    from fastapi import FastAPI, HTTPException
    from pydantic import BaseModel

    class MenuResult(BaseModel):
        menuId: str
        type: str
        value: str | None = None
        inputMethod: str | None = None

    class Callback(BaseModel):
        event: str
        callid: str
        timestamp: str
        version: int
        custom: str = ""
        applicationKey: str = ""
        menuResult: MenuResult

    app = FastAPI()
    sessions: dict[str, dict[str, Any]] = {}

    @app.post(PATH)
    async def callback(event: Callback, request: Request) -> Any:
        if not _verified(request, await request.body()):
            raise HTTPException(401)
        sessions[event.callid] = _stepped(sessions.get(event.callid), event.model_dump())
        return REPLY

    return app
