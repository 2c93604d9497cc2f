"""`ivrflow call`: be the caller, in a terminal or by a script."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path

import click
import msgspec
from msgspec import Struct

from ivrflow.cli import FINDINGS
from ivrflow.cli.aspects import aspects
from ivrflow.cli.parameters import parameters
from ivrflow.cli.reporters import Shown, report
from ivrflow.diagnostics import did_you_mean
from ivrflow.dotenv import with_dotenv
from ivrflow.emulator.setup import Inbound
from ivrflow.errors import EmulatorError, MissedError, UsageError
from ivrflow.library import Library
from ivrflow.model.locales import is_locale
from ivrflow.numbers import is_e164
from ivrflow.rehearsal.conversation import converse
from ivrflow.rehearsal.flows import ANY_NUMBER, number_of, open_flows, requests_of, usual_path
from ivrflow.rehearsal.keyboard import HAS_KEYS, STOP, Keyboard
from ivrflow.rehearsal.line import Line
from ivrflow.rehearsal.player import Player, play
from ivrflow.rehearsal.screen import Aspect, Screen
from ivrflow.rehearsal.scripts import Acts, from_file, from_stdin
from ivrflow.settings import Settings, read_settings

CALLER = "+46701234567"
WITHHELD = "withheld"
INTERRUPTED = 130


class Options(Struct, frozen=True, kw_only=True):
    """What the command line says."""

    flow: Path | None
    caller: str
    called: str
    locale: str
    show: tuple[Aspect, ...]
    script: Path | None
    fast: bool | None
    url: str
    store: str
    lookups: tuple[str, ...]
    callout: str
    given: tuple[str, ...]
    as_json: bool

    @property
    def is_fast(self) -> bool:
        """Whether time is skipped: nobody listens, or nobody wants to wait."""
        return not self.has_person if self.fast is None else self.fast

    @property
    def has_person(self) -> bool:
        return self.script is None and sys.stdin is not None and sys.stdin.isatty()


@click.command("call")
@click.argument("flow", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--from", "caller", default=CALLER, show_default=True, help="who calls; or withheld")
@click.option("--to", "called", default="", help="whom they dial  [default: one that is answered]")
@click.option("--locale", default="", help="the language of the call  [default: the flow's]")
@click.option("--show", default="", callback=aspects, help="besides: svaml,state,vars,events")
@click.option(
    "--script",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="a file of acts, instead of stdin",
)
@click.option("--fast/--real-time", "fast", default=None, help="skip the time that passes")
@click.option("--url", default="", help="call what `ivrflow dev` or `emulate` runs there instead")
@click.option("--store", default="memory:", show_default=True, help="or sqlite:PATH")
@click.option("--lookup", "lookups", multiple=True, help="NAME=FILE.json: what it is answered")
@click.option("--callout", default="", help="be called by this callout, or FLOW.NAME, instead")
@click.option("--with", "given", multiple=True, help="PARAMETER=VALUE of its flow; repeatable")
@click.option("--json", "as_json", is_flag=True, help="the transcript as JSON, a line an entry")
def command(**flags: object) -> int:
    """Call FLOW, a file or a directory, and be the people on the phone.

    With --callout nobody calls: the engine calls somebody, as its flows declare it. Whom it calls
    meanwhile, too, is `phone`, `phone2` and so on.

    In a terminal the keys of the keyboard are those of the phone. Otherwise each line of stdin, or
    of --script, is an act: `press 1`, `silence`, `speak yes`, `wait 5s`, `hear Goodbye`, `answer`,
    `busy`, `hang up`; time is skipped. The transcript goes to stdout. Exit code 1: what was to be
    heard was not, or nobody listened.
    """
    options = msgspec.convert(flags, Options, dec_hook=lambda kind, value: value)
    if options.locale and not is_locale(options.locale):
        raise UsageError(f'--locale "{options.locale}" is no locale: en-US, sv-SE')
    acts = from_file(options.script) if options.script else from_stdin()
    if options.url:
        _require_no_flow(options)
        return _run(_call_there(options, acts))
    _require_callout(options)
    path, is_called = options.flow or usual_path(), not options.callout
    library, checked = open_flows(path, options.locale, is_called=is_called)
    if library is None:
        findings = [each for each in checked.diagnostics if each.is_error]
        click.echo(report("full", Shown(findings=findings, texts=checked.texts)), err=True)
        return FINDINGS
    answers = _answers(options, requests_of(checked))
    given = {"insecure": True, "host": "127.0.0.1", "store": options.store}
    environment = with_dotenv(os.environ, Path.cwd())
    settings = read_settings(given, environment, Path.cwd())
    return _run(_call_here(options, acts, library, settings, environment, answers))


def _require_no_flow(options: Options) -> None:
    """The other side has flows, their language and a store of its own, and keeps its thoughts."""
    given = {
        "FLOW": options.flow is not None,
        "--locale": bool(options.locale),
        "--store": options.store != "memory:",
        "--lookup": bool(options.lookups),
        "--callout": bool(options.callout),
        "--with": bool(options.given),
        "--fast": options.fast is True and options.has_person,
        "--show state": "state" in options.show,
        "--show vars": "vars" in options.show,
    }
    wrong = next((name for name, is_given in given.items() if is_given), None)
    if wrong is not None:
        raise UsageError(f"{wrong} is for calls within this process: leave it out, or --url")


def _require_callout(options: Options) -> None:
    if options.given and not options.callout:
        raise UsageError("--with gives a callout its values: name one by --callout")


def _run(call: Coroutine[None, None, int]) -> int:
    try:
        return asyncio.run(call)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED


async def _call_there(options: Options, acts: Acts) -> int:
    from ivrflow.rehearsal.remote import Remote, connect

    async with connect(options.url) as client:
        try:
            line = await Remote.dial(client, _inbound(options, ANY_NUMBER))
            return await _talk(options, acts, line)
        except EmulatorError as error:
            raise UsageError(f"{options.url}: {error}") from error


async def _call_here(
    options: Options,
    acts: Acts,
    library: Library,
    settings: Settings,
    environment: Mapping[str, str],
    answers: Mapping[str, bytes],
) -> int:
    # The store and what runs it cost as much to import as a whole lint takes.
    from ivrflow.cli.rehearsing import rehearsed

    async with rehearsed(
        library, settings, environment, answers, fast=options.is_fast
    ) as rehearsal:
        if options.callout:
            line = await rehearsal.call_out(options.callout, parameters(options.given))
        else:
            line = await rehearsal.dial(_inbound(options, number_of(library.current)))
        return await _talk(options, acts, line)


def _answers(options: Options, known: set[str]) -> dict[str, bytes]:
    """Return what look-ups are answered, by their name; raises `UsageError`."""
    answers: dict[str, bytes] = {}
    for each in options.lookups:
        name, equals, file = each.partition("=")
        if not equals:
            raise UsageError(f'--lookup "{each}": write NAME=FILE.json')
        if name not in known:
            remedy = did_you_mean(name, known) or "they have none"
            raise UsageError(f'--lookup "{each}": the flows have no look-up "{name}"; {remedy}')
        try:
            answers[name] = Path(file).read_bytes()
            msgspec.json.decode(answers[name])
        except OSError as error:
            raise UsageError(f"--lookup: {file} can't be read: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"--lookup: {file} is no JSON: {error}") from None
    return answers


async def _talk(options: Options, acts: Acts, line: Line) -> int:
    """Be on the phone, as a person or by a script; returns the exit code."""
    player = Player(line, Screen(sys.stdout, options.show, as_json=options.as_json).show)
    if options.has_person and HAS_KEYS:
        await _converse(player, Keyboard(sys.stdin.fileno()), fast=options.is_fast)
        return 0
    try:
        await play(player, acts)
    except MissedError as missed:
        click.echo(f"ivrflow: {missed}", err=True)
        return FINDINGS
    return 0


async def _converse(player: Player, keyboard: Keyboard, *, fast: bool) -> None:
    loop, person = asyncio.get_running_loop(), asyncio.current_task()
    assert person is not None  # noqa: S101  a coroutine runs in a task

    def interrupt() -> None:
        """The first Ctrl-C hangs up; the next one doesn't wait for anything."""
        keyboard.press(STOP)
        loop.add_signal_handler(signal.SIGINT, person.cancel)

    with keyboard.taken():
        loop.add_signal_handler(signal.SIGINT, interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, person.cancel)
        await converse(player, keyboard, lambda text: click.echo(text, err=True), fast=fast)


def _inbound(options: Options, called: str) -> Inbound:
    """Return the call that comes in; raises `UsageError` for a caller that can't be."""
    caller = options.caller
    to = options.called or called
    if not is_e164(to) and to.startswith("+"):
        raise UsageError(f'--to "{to}" is no number: +46850000000')
    if caller == WITHHELD:
        return Inbound(withheld=True, to=to)
    if "@" in caller:
        return Inbound(caller=caller, origin="sip", to=to)
    if not caller.startswith("+"):
        return Inbound(caller=caller, origin="app", to=to, to_kind="number")
    if not is_e164(caller):
        raise UsageError(f'--from "{caller}" is no number: {CALLER}')
    return Inbound(caller=caller, to=to)
