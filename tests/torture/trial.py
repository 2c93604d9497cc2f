"""What must hold of any text: findings with places, soon; what is good can be called."""

import asyncio
import resource
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from pathlib import Path
from random import Random
from time import process_time
from types import FrameType

import msgspec
from exploring import CALL, CALLERS, MOMENTS, answers, events_after, sample
from torture.inputs import Files

from ivrflow.checking import Checked, check_application
from ivrflow.cli.reporters import FORMATS, Shown, report
from ivrflow.compiler.compile import compile_flow, load_program
from ivrflow.diagnostics import Diagnostic, Span
from ivrflow.errors import UsageError
from ivrflow.gathering import Gathered, as_text
from ivrflow.library import compile_catalog
from ivrflow.machine.events import Event, Incoming
from ivrflow.machine.outcome import Answer, Facts, Step
from ivrflow.machine.program import Program
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.model.flow import Flow, runs
from ivrflow.scenarios.application import UnderTest
from ivrflow.scenarios.build import build
from ivrflow.scenarios.run import run
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.sinch.svaml import Svaml
from ivrflow.source.fixes import apply, fix_of
from ivrflow.source.format import format_text
from ivrflow.source.lines import lines_of

TODAY = date(2026, 11, 24)
SCENARIOS = ".calltest.yaml"

SECONDS = 2.0
"""How long an input may take, in CPU time: a busy machine is slow, and that is no fault."""

PATIENCE = 20
"""After how many seconds of CPU time an input is stopped."""

MEGABYTES = 256
"""By how much an input may let the memory of the process grow."""

MOST_TURNS = 12
MOST_TOLD = 40
MOST_SCENARIOS = 2


class TooLongError(Exception):
    """An input that would go on for ever, or nearly."""


def attempt(files: Files, dice: Random) -> None:
    """Do with `files` all that people do; raises what should not be."""
    began, largest = process_time(), _memory()
    with _stopped():
        _judge(files, dice)
    took, grown = process_time() - began, _memory() - largest
    assert took < SECONDS, f"took {took:.1f} s"
    assert grown < MEGABYTES, f"took {grown} MB"


def _judge(files: Files, dice: Random) -> None:
    scenarios = {path: text for path, text in files.items() if path.endswith(SCENARIOS)}
    flows = {path: text for path, text in files.items() if path not in scenarios}
    checked = checked_of(tuple(flows.items()))
    _examine(checked.diagnostics, checked.texts, dice)
    for each in checked.texts.values():
        _lay_out(each)
    if checked.is_good and checked.flows:
        for program, session, incoming in _calls(checked, dice):
            _call(program, session, incoming, dice)
        for path, text in scenarios.items():
            _play(path, text, checked, dice)


@lru_cache(maxsize=16)
def checked_of(flows: tuple[tuple[str, bytes], ...]) -> Checked:
    """Check an application; those that scenarios are about come again and again."""
    contents = dict(flows)
    gathered = Gathered(contents=contents, unreadable={}, wanted=frozenset(contents))
    return check_application(gathered, PLATFORM, today=TODAY)


def _examine(findings: Iterable[Diagnostic], texts: Mapping[str, str], dice: Random) -> None:
    """Each finding is about something that is there, can be shown, and may have a repair."""
    findings = list(findings)
    lines = {path: lines_of(text) for path, text in texts.items()}
    for each in findings:
        _place(each, each.span, lines[each.path])
        for other in each.related:
            _place(each, other.span, lines[other.path])
        fix = fix_of(each, lines[each.path], [one for one in findings if one.path == each.path])
        if fix is not None:
            apply(texts[each.path], [fix])
    report(dice.choice(FORMATS), Shown(findings=findings, texts=texts)).encode("utf-8", "replace")


def _place(finding: Diagnostic, span: Span, lines: list[str]) -> None:
    assert (span.line, span.column) <= (span.end_line, span.end_column), finding
    for line, column in ((span.line, span.column), (span.end_line, span.end_column)):
        assert 1 <= line <= len(lines), finding
        # A finding about what is missing, or empty, points behind what is there.
        assert 1 <= column <= len(lines[line - 1]) + 2, finding


def _lay_out(text: str) -> None:
    once = format_text(text)
    assert format_text(once) == once


def _calls(checked: Checked, dice: Random) -> Iterator[tuple[Program, Session, Incoming]]:
    """Yield a call to each flow that the application lets people call."""
    incoming = Incoming(**CALL, caller=dice.choice(CALLERS), called="+46850000100", custom="12")
    try:
        catalog = compile_catalog(checked, PLATFORM)
    except UsageError:  # nobody says which flow answers
        run_by_others = {each.flow.name for flow in checked.flows.values() for each in runs(flow)}
        for flow in checked.flows.values():
            program = compile_flow(flow, checked.app, PLATFORM, checked.all_flows)
            if flow.name not in run_by_others:
                yield program, begin(program, incoming, params=_params(flow), locale=""), incoming
        return
    for route in catalog.routes:
        program = catalog.programs[route.flow]
        yield program, begin(program, incoming, params=route.params, locale=route.locale), incoming


def _params(flow: Flow) -> dict[str, object]:
    return {name: sample(each.type) for name, each in flow.params.items() if not each.has_default}


def _call(program: Program, session: Session, event: Event, dice: Random) -> None:
    assert load_program(program.closure, PLATFORM).id == program.id
    for _ in range(MOST_TURNS):
        taken = _step(program, session, event, dice)
        if taken.reply is None:
            return
        msgspec.json.decode(render(taken.reply), type=Svaml)
        session = taken.session
        event = dice.choice(list(events_after(session, taken.reply, ["10[01]X"])))


def _step(program: Program, session: Session, event: Event, dice: Random) -> Step:
    told: list[Answer] = []
    for _ in range(MOST_TOLD):
        facts = Facts(now=dice.choice(MOMENTS), answers=tuple(told))
        taken = step(program, session, event, facts)
        if isinstance(taken, Step):
            return taken
        told.append(dice.choice(answers(program, taken)))
    raise AssertionError("a step that asks for ever")


def _play(path: str, content: bytes, checked: Checked, dice: Random) -> None:
    tested = UnderTest(Path(), checked, PLATFORM, lambda program: program)
    file, findings = build(path, content, tested.application)
    _examine(findings, {path: as_text(content)}, dice)
    _lay_out(as_text(content))
    if file is not None:
        for scenario in file.scenarios[:MOST_SCENARIOS]:
            asyncio.run(run(scenario, tested))


def _memory() -> int:
    """Return how many megabytes this process has held at most."""
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest // (1024 if sys.platform != "darwin" else 1024 * 1024)


@contextmanager
def _stopped() -> Iterator[None]:
    """Raise `TooLongError` where the block takes too long."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooLongError(f"not done after {PATIENCE} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
