"""The serving process: opens the store, watches the flows, runs uvicorn, stops gracefully."""

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import structlog

from ivrflow.clock import as_milliseconds, now
from ivrflow.errors import StoreError
from ivrflow.library import Library
from ivrflow.listening import let_signals_pass, listen, serve, url_of
from ivrflow.outbound.http import Http
from ivrflow.outbound.placing import Clients, Placing
from ivrflow.outbound.requests import Requests
from ivrflow.outbound.webhooks import Webhooks
from ivrflow.runtime.dialler import Dialler, Limits
from ivrflow.runtime.kinds import do_by_kind
from ivrflow.runtime.line import write_line
from ivrflow.runtime.rescue import LastWords
from ivrflow.runtime.turn import Policy, Turns, Witness
from ivrflow.runtime.worker import Worker
from ivrflow.server.accepting import readable, secrets_are_sealed
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.serving import Api
from ivrflow.server.app import PATH, Probe, create_app
from ivrflow.server.callbacks import Callbacks
from ivrflow.server.watch import reload_now, watch
from ivrflow.settings import Settings
from ivrflow.sinch.signing import Keyring
from ivrflow.store.base import Store
from ivrflow.store.opening import open_store
from ivrflow.telemetry.logs import configure

GRACE = 10
"""Seconds that requests get to finish when the server is told to stop."""

CLOSING = 2
"""Seconds that connections get to close after that."""

PROBE_SECONDS = 1.0
SWEEP_SECONDS = 3600
SWEEP_ROWS = 500
KEEP = timedelta(days=7)
"""How long a call and its journal are kept after its end; late news come within a day."""

Act = Callable[[], Awaitable[None]]

log = structlog.get_logger()


def run(library: Library, settings: Settings, environment: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code.

    Raises `UsageError` or `StoreError` for what keeps the server from starting.
    """
    configure(settings.log_format)
    keyring = _keyring(settings)
    allowed = readable(library, settings, environment)
    let_signals_pass()
    _spare_the_collector()
    with (
        listen(settings.host, settings.port) as listener,
        asyncio.Runner(loop_factory=new_loop) as runner,
    ):
        runner.run(_serve(library, settings, keyring, allowed, listener))
    return 0


async def _serve(
    library: Library,
    settings: Settings,
    keyring: Keyring | None,
    environment: Mapping[str, str],
    listener: socket.socket,
) -> None:
    voice = Clients(settings.secret_by_key, region=settings.voice_region, url=settings.voice_url)
    async with answering(library, settings, environment, voice) as (answers, probe, hang_back):
        callbacks = Callbacks(answers, keyring, path=settings.callback_path)
        api = _api(answers, settings, voice)
        async with _background(library, settings):
            _announce(library, settings, listener)
            app = create_app(callbacks, library, probe, api)
            await serve(app, listener, GRACE, hang_back=hang_back)
    log.info("stopped")


def _api(answers: Turns | LastWords, settings: Settings, voice: Clients) -> Api | None:
    if isinstance(answers, LastWords):
        return None
    engine = Engine(turns=answers, platform=voice, applications=settings.application_key)
    return Api(engine, settings.api_token)


@asynccontextmanager
async def answering(
    library: Library,
    settings: Settings,
    environment: Mapping[str, str],
    voice: Clients,
    tell: Witness = write_line,
) -> AsyncIterator[tuple[Turns | LastWords, Probe, Act]]:
    """Yield what answers events, on an open store, and dials callouts by `voice`; `tell` is told of
    every turn. The last one stops the dialling: who is called must still be answered then."""
    if settings.fallback:
        yield LastWords(library, environment), _ready, _nothing
        return
    store = await open_store(settings.store)
    http = Http()
    policy = Policy(
        role=settings.role,
        environment=environment,
        who=f"{socket.gethostname()}:{os.getpid()}",
        secret_key=settings.sealing_key,
    )
    turns = Turns(library, store, policy, asker=Requests(http, environment), tell=tell)
    limits = Limits(per_second=settings.callouts_per_second, at_once=settings.max_callouts)
    dialler = Dialler(turns, Placing(voice, environment), limits)
    webhooks = Webhooks(http, lambda: library.current.app.webhooks, environment)
    worker = Worker(store, turns.outbox, do_by_kind(turns, webhooks.send, voice))
    doing = (_sweep(store), dialler.run(), worker.run())
    beside = [asyncio.create_task(each) for each in doing]
    try:
        library.accept(secrets_are_sealed(turns.vault))
        yield turns, lambda: _probe(store), dialler.stop
    finally:
        await dialler.stop()
        for task in beside:
            task.cancel()
        until = asyncio.get_running_loop().time() + GRACE
        for ending in (turns.drain, worker.drain):
            await _ended(ending, until)
        for ending in (http.close, voice.close):
            await _ended(ending, until + CLOSING)
        await store.close()


async def _ended(end: Act, until: float) -> None:
    """End something by a time of the loop; whether that works or not, what is left ends too."""
    try:
        async with asyncio.timeout_at(until):
            await end()
    except Exception as error:  # what comes next must end too
        log.warning("not ended in order", reason=str(error) or type(error).__name__)


async def _nothing() -> None:
    """Nobody is dialled."""


async def _ready() -> str:
    return ""


async def _probe(store: Store) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await store.probe()
    except (StoreError, TimeoutError) as error:
        return str(error) or "the store does not answer"
    return ""


async def _sweep(store: Store) -> None:
    while True:
        moment = now()
        before = as_milliseconds(moment - KEEP)
        try:
            while await store.sweep(before, SWEEP_ROWS, now=as_milliseconds(moment)) == SWEEP_ROWS:
                await asyncio.sleep(0)
        except StoreError as error:
            log.error("old calls and records stay", reason=str(error))
        except Exception:  # a bug of ours must not let the store grow for ever
            log.exception("old calls and records stay")
        await asyncio.sleep(SWEEP_SECONDS)


@asynccontextmanager
async def _background(library: Library, settings: Settings) -> AsyncIterator[None]:
    """Take edits: when the files change (`--reload`), and when SIGHUP asks for it."""
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def start_reload() -> None:
        task = asyncio.create_task(reload_now(library))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    with suppress(AttributeError, NotImplementedError):  # Windows has no SIGHUP
        loop.add_signal_handler(signal.SIGHUP, start_reload)
    if settings.reload:
        tasks.add(asyncio.create_task(watch(library)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _keyring(settings: Settings) -> Keyring | None:
    if settings.insecure and not settings.application_key:
        return None
    return Keyring(settings.secret_by_key)


def _spare_the_collector() -> None:
    """Keep the garbage collector off what lives as long as the process, and from pausing calls."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def new_loop() -> asyncio.AbstractEventLoop:
    """The fast loop where it is installed (extra `fast`)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _announce(library: Library, settings: Settings, listener: socket.socket) -> None:
    log.info(
        "serving",
        url=url_of(listener) + PATH,
        flows=sorted(library.current.programs),
        store="none" if settings.fallback else settings.store,
        role=settings.role,
        signed=bool(settings.application_key),
    )
    if not settings.application_key:
        log.warning("unsigned callbacks are believed: anybody on this machine can move calls")
    sys.stderr.flush()
