"""One scenario, from the first ring to what is expected in the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import msgspec
from structlog.testing import capture_logs
from structlog.typing import EventDict

from ivrflow.diagnostics import Span
from ivrflow.machine.callouts import order
from ivrflow.rehearsal.engine import Open
from ivrflow.scenarios.application import UnderTest
from ivrflow.scenarios.disk import IDENTITY, Disk
from ivrflow.scenarios.expect import Told, callouts, ended_in, entered, unmet, visited
from ivrflow.scenarios.memory import occupy, remember
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.play import play
from ivrflow.scenarios.player import NotSoError, Player
from ivrflow.scenarios.stage import Stage
from ivrflow.scenarios.story import Line, place_of, story
from ivrflow.scenarios.values import flow_style
from ivrflow.store.base import Store
from ivrflow.store.memory import MemoryStore


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What is not so. `at` is its place in the scenario's file, `place` that of the state in which
    the call was then. `instead` is the YAML that would make it so at `at`."""

    at: Span
    message: str
    help: str = ""
    place: str = ""
    instead: str | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a scenario; it passed if nothing failed. `seconds` are real ones. `ended`,
    `visited` and `callouts` are what an expectation could say; `entered` are flow and state of all
    states that any of its calls entered."""

    path: str
    name: str
    at: Span
    failures: tuple[Failure, ...] = ()
    story: tuple[Line, ...] = ()
    seconds: float = 0.0
    ended: str = ""
    visited: tuple[str, ...] = ()
    callouts: tuple[str, ...] = ()
    entered: tuple[tuple[str, str], ...] = ()


async def run(scenario: Scenario, tested: UnderTest, *, tells: bool = False) -> Result:
    """Play a scenario. Its story is told if it fails, or if `tells`."""
    with _store(scenario) as open_store:
        stage = Stage(scenario, tested.library(scenario), open_store)
        return await run_on(stage, tested, tells=tells)


async def run_on(stage: Stage, tested: UnderTest, *, tells: bool = False) -> Result:
    """Play the scenario of a stage."""
    begun = perf_counter()
    scenario, flows = stage.scenario, tested.checked.all_flows
    with capture_logs() as logged:
        await stage.engine.start()
        try:
            failures = await _play(stage, tested)
            called = tuple([flow_style(_briefly(each)) for each in await callouts(stage)])
        finally:
            await stage.engine.stop()
    failures = [*_unanswered(scenario, stage), *failures, *_faults(scenario, stage, logged)]
    return Result(
        path=scenario.path,
        name=scenario.name,
        at=scenario.at,
        failures=tuple(failures),
        story=story(stage, flows) if failures or tells else (),
        seconds=perf_counter() - begun,
        ended=ended_in(stage) if stage.is_over else "",
        visited=tuple(visited(stage)),
        callouts=called,
        entered=tuple(entered(stage)),
    )


async def _play(stage: Stage, tested: UnderTest) -> list[Failure]:
    scenario, flows = stage.scenario, tested.checked.all_flows
    if scenario.records:
        await remember(stage.store, scenario.records, scenario.begins)
    if scenario.rooms:
        await occupy(stage.store, stage.app, scenario.rooms, scenario.begins)
    wrong = await _begin(stage)
    if wrong is not None:
        return [wrong]
    player = Player(stage)
    try:
        for step in scenario.steps:
            await play(player, step)
        await player.rest()
        errors = await unmet(stage, scenario.expect)
    except NotSoError as error:
        errors = [error]
    return [_failure(error, place_of(stage, flows)) for error in errors] or _unasked(stage)


async def _begin(stage: Stage) -> Failure | None:
    """Let the call come in, or order the callout; returns why that can't be."""
    wanted = stage.scenario.callout
    if wanted is None:
        await stage.begin()
        return _wrong_flow(stage)
    program = stage.library.current.programs[wanted.flow]
    made = order(program, program.flow, wanted.name, wanted.params)
    if made.dial is None:
        message = f'"{wanted.name}" makes no call: {made.fault}'
        return Failure(at=wanted.at, message=message)
    await stage.place(made, wanted.due or stage.platform.now)
    return None


def _briefly(callout: Told) -> Told:
    return {name: callout[name] for name in ("name", "result", "attempts")}


def _failure(error: NotSoError, place: str) -> Failure:
    return Failure(
        at=error.at, message=error.message, help=error.help, place=place, instead=error.instead
    )


def _wrong_flow(stage: Stage) -> Failure | None:
    """A dialled number may be answered by another flow than the one that is tested."""
    scenario = stage.scenario
    flow = stage.seen[0].flow if stage.seen else "nobody"
    if flow == scenario.flow:
        return None
    message = f'"{scenario.call.to}" is answered by {flow}, not by {scenario.flow}'
    help = "the routes of app.yaml say so; without `to` the flow is called directly"
    return Failure(at=scenario.at, message=message, help=help)


def _unanswered(scenario: Scenario, stage: Stage) -> list[Failure]:
    """A look-up that nobody answers would be the flow's `error`, which the author didn't mean."""
    return [
        Failure(
            at=scenario.at,
            message=f'"{name}" is looked up, and the scenario has no answer for it',
            help=f"add `requests: {{{name}: {{status: 200, json: {{...}}}}}}`, or `fails: ...`",
        )
        for name in dict.fromkeys(stage.answers.missing)
    ]


def _unasked(stage: Stage) -> list[Failure]:
    """Answers that nobody has asked for: the flow does not look up, or send, any more what it
    did."""
    at_by_name = {each.name: each.at for each in stage.scenario.requests}
    unsent = [
        Failure(
            at=each.at,
            message=f'nothing is sent to the webhook "{each.name}"',
            help="leave out how it takes what is not sent",
        )
        for each in stage.scenario.webhooks
        if each.name in stage.received.unused
    ]
    return unsent + [
        Failure(
            at=at_by_name[name],
            message=f'nobody asks for {_answers(count)} of "{name}"',
            help="leave out what is not looked up",
        )
        for name, count in stage.answers.unasked.items()
    ]


def _is_meant(stage: Stage, logged: EventDict) -> bool:
    """Whether an author wanted it: a webhook that takes nothing."""
    deaf = {each.name for each in stage.scenario.webhooks}
    return bool(logged["event"] == "job given up" and logged["to"] in deaf)


def _answers(count: int) -> str:
    return "an answer" if count == 1 else f"{count} answers"


def _faults(scenario: Scenario, stage: Stage, logged: list[EventDict]) -> list[Failure]:
    """What no scenario may end in, whatever it expects."""
    told = [each for each in logged if each["log_level"] == "error" and not _is_meant(stage, each)]
    found = [f"the engine failed: {each['event']}: {each.get('reason', '')}" for each in told]
    if any(each.illegal for each in stage.platform.world.calls.values()):
        found.append("the platform could not carry out a reply")
    return [Failure(at=scenario.at, message=message) for message in found]


@contextmanager
def _store(scenario: Scenario) -> Iterator[Open]:
    """Where calls are kept: in memory, or, for an engine that is killed, on a disk."""
    if not scenario.restarts:
        yield _memory
        return
    with TemporaryDirectory(prefix="ivrflow-") as directory:
        yield Disk(Path(directory)).open


async def _memory() -> Store:
    return MemoryStore(IDENTITY)
