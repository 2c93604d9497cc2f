"""Server and emulated platform in one process: `ivrflow dev`.

They speak over HTTP, and callbacks are signed, as if one were far from the other.
"""

import asyncio
import base64
import secrets
import sys
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from ivrflow.beside import beside
from ivrflow.diagnostics import Diagnostic
from ivrflow.emulator.control import PREFIX
from ivrflow.emulator.http import create_app as create_platform
from ivrflow.emulator.http import poster
from ivrflow.emulator.realtime import RealTime
from ivrflow.emulator.setup import KEPT_CALLS, Application, Setup
from ivrflow.library import Library
from ivrflow.listening import let_signals_pass, listen, serve, url_of
from ivrflow.outbound.placing import Clients
from ivrflow.rehearsal.notes import Notes
from ivrflow.rehearsal.screen import Aspect, Screen
from ivrflow.server.accepting import readable
from ivrflow.server.app import PATH, create_app
from ivrflow.server.callbacks import Callbacks
from ivrflow.server.run import answering, new_loop
from ivrflow.server.watch import watch
from ivrflow.settings import Settings
from ivrflow.sinch.signing import Keyring

PLATFORM_PATHS = (PREFIX, "/calling/", "/v1/calling/", "/v1/configuration/")
GRACE = 1
"""Seconds that requests get to finish: somebody may be following the transcript."""

FOLLOW = 0.05
"""Seconds between two looks at the transcript."""


@dataclass(frozen=True, kw_only=True)
class Console:
    """Where people read. `ready` is told the address, `report` shows findings, `tell` a line;
    `aspects` of calls are shown."""

    ready: Callable[[str], None]
    report: Callable[[Collection[Diagnostic]], None]
    tell: Callable[[str], None]
    aspects: Collection[Aspect]


def run(
    library: Library, settings: Settings, environment: Mapping[str, str], console: Console
) -> int:
    """Serve and emulate until SIGTERM or SIGINT; returns the exit code.

    Raises `UsageError` or `StoreError` for what keeps the server from starting.
    """
    allowed = readable(library, settings, environment, emulated=True)
    let_signals_pass()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_run(library, settings, allowed, console))
    return 0


async def _run(
    library: Library, settings: Settings, environment: Mapping[str, str], console: Console
) -> None:
    ending = asyncio.Event()
    with listen(settings.host, settings.port) as listener:
        address = url_of(listener)
        application = _application(address)
        setup = Setup(
            applications=(application,),
            resource=address,
            seed=secrets.token_hex(8),
            keeps=KEPT_CALLS,
        )
        async with poster() as post:
            platform = RealTime(setup, post)
            notes = Notes(lambda: platform.platform)
            voice = Clients({application.key: application.secret}, url=address)
            serving = answering(library, settings, environment, voice, notes.tell)
            async with serving as (answers, probe, hang_back):
                keyring = Keyring({application.key: application.secret})
                engine = create_app(Callbacks(answers, keyring), library, probe)
                app = _both(engine, create_platform(platform, ending))
                following = _follow(notes, console)
                watching = watch(library, lambda library: _reload(library, console))
                with notes.overheard():
                    async with beside(platform.run(), following, watching):
                        console.ready(address)
                        await serve(app, listener, GRACE, ending.set, hang_back)


def _application(address: str) -> Application:
    secret = base64.b64encode(secrets.token_bytes(24)).decode()
    return Application(key=str(uuid.uuid4()), secret=secret, primary=address + PATH)


def _both(engine: ASGIApp, platform: ASGIApp) -> ASGIApp:
    """Return an application that is the platform at the platform's paths, else the engine."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_platforms = scope["type"] == "http" and scope["path"].startswith(PLATFORM_PATHS)
        await (platform if is_platforms else engine)(scope, receive, send)

    return app


async def _follow(notes: Notes, console: Console) -> None:
    """Show calls as they go."""
    screen = Screen(sys.stdout, console.aspects, names=True)
    while True:
        for told in notes.take():
            screen.show(told)
        await asyncio.sleep(FOLLOW)


async def _reload(library: Library, console: Console) -> None:
    try:
        findings = await asyncio.to_thread(library.reload)
    except Exception as error:  # a bug of ours must not end the watch: the last good flows stay
        console.tell(f"the flows can't be read: {error}")
        return
    if findings:
        console.report(findings)
    if library.problem:
        console.tell(f"the last good flows stay: {library.problem}")
    else:
        console.tell("taken: the next call is answered by the flows as they are now")
