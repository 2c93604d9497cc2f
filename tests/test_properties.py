"""Whatever flow, whatever events: `step` is total, replies are legal, crashes lose nothing."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from generated import CALL, REFUSED, answers, flows, happenings, incoming
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow, load_program
from ivrflow.compiler.platform import Level
from ivrflow.library import Library
from ivrflow.machine.asking import answered
from ivrflow.machine.effects import OrderCallout
from ivrflow.machine.events import Chosen, Event, Incoming
from ivrflow.machine.lookups import LookedUp, Lookup, Pending, Waiting
from ivrflow.machine.outcome import Facts, Join, Need, Question, Recorded, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.replies import Answer, ConnectNumber, ConnectSip, Menu, Reply
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.model.context import Context
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.matrix import ACTIONS, INSTRUCTIONS
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.sinch.svaml import Svaml
from ivrflow.store.memory_records import MemoryRecords, MemoryTurn
from ivrflow.store.sqlite import SqliteStore

NOW = "2026-11-23T10:00:00Z"
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def program_of(text: str) -> Program | None:
    """Compile a generated flow; None for one that lint refuses: contexts, or nobody's patience."""
    checked = check_text("generated.flow.yaml", text, PLATFORM)
    if not checked.is_good:
        codes = {each.code for each in checked.diagnostics if each.is_error}
        assert codes <= REFUSED
        return None
    return compile_flow(checked.flows["generated"], checked.app, PLATFORM, checked.all_flows)


def facts_of(
    program: Program,
    session: Session,
    event: Event,
    records: MemoryRecords,
    at: int = 0,
    looked_up: Sequence[LookedUp | Waiting] = (),
) -> Facts:
    """Ask `records` what the step asks; each is another minute at `at`. Look-ups bring the answers
    in turn."""
    turn = MemoryTurn(records, ("key", session.call.id), at * 60_000)

    def answer(ordinal: int, question: Question) -> Recorded | LookedUp | Waiting:
        if isinstance(question, Join):
            return Recorded("")
        if isinstance(question, Lookup | Pending):
            return looked_up[ordinal % len(looked_up)]
        return Recorded(turn.perform(question))

    def take(facts: Facts) -> Step | Need:
        return step(program, session, event, facts)

    return answered(take, Facts(now=NOW), lambda: NOW, answer).facts


def event_of(happening: Event | int, last: Step) -> Event | None:
    """A happening as event: an odd one as it is, a number as a key of the menu on offer."""
    if not isinstance(happening, int):
        return happening
    action = last.reply.action if last.reply else None
    if not isinstance(action, Menu) or last.reply is None or not action.keys:
        return None
    key = action.keys[happening % len(action.keys)]
    return Chosen(**CALL, value=key.value, offer=last.reply.number, menu="main")


@MANY
@given(flows(), incoming, happenings, answers)
def test_step_is_total_and_every_reply_is_legal(
    text: str, first: Incoming, story: list[Event | int], told: list[LookedUp | Waiting]
) -> None:
    program = program_of(text)
    if program is None:
        return
    session, records = begin(program, first, params={}, locale=""), MemoryRecords()
    last = step(program, session, first, facts_of(program, session, first, records))
    assert isinstance(last, Step)
    judge(last)
    for at, happening in enumerate(story, 1):
        event = event_of(happening, last)
        if event is None:
            continue
        facts = facts_of(program, last.session, event, records, at, told)
        taken = step(program, last.session, event, facts)
        assert isinstance(taken, Step)
        again = step(program, last.session, event, facts)
        assert again == taken, "the same event on the same session is the same step"
        if taken.verdict in (Verdict.STALE, Verdict.IGNORED):
            assert taken.session == last.session, "what does not belong changes nothing"
        judge(taken)
        placed = [each.leg for each in taken.effects if isinstance(each, OrderCallout)]
        assert placed == list(range(last.session.placed + 1, taken.session.placed + 1))
        if taken.session.ended:
            left = taken.session
            assert (left.legs, left.inbox, left.due, left.moving) == ((), (), (), None)
        kept = msgspec.json.decode(msgspec.json.encode(taken.session), type=Session)
        assert kept == taken.session
        last = taken if taken.reply else msgspec.structs.replace(taken, reply=last.reply)


def judge(taken: Step) -> None:
    """A reply decodes as SVAML, and the matrix allows it in its context."""
    if taken.reply is None:
        return
    msgspec.json.decode(render(taken.reply), type=Svaml)
    if taken.verdict in (Verdict.STALE, Verdict.IGNORED):
        return
    context = taken.session.context
    word = word_of(taken.reply)
    assert word == "hangup" or ACTIONS[context][word].level is not Level.REJECT
    if any(isinstance(each, Answer) for each in taken.reply.instructions):
        assert INSTRUCTIONS[context]["answer"].level is Level.ACCEPT
        assert context is Context.ICE


def word_of(reply: Reply) -> str:
    match reply.action:
        case ConnectNumber():
            return "connect number"
        case ConnectSip():
            return "connect sip"
        case action:
            return type(action).__name__.lower()


@MANY
@given(flows())
def test_a_program_is_the_same_from_its_closure(text: str) -> None:
    program = program_of(text)
    if program is None:
        return
    again = load_program(program.closure, PLATFORM)
    assert (again.id, again.closure) == (program.id, program.closure)
    session = begin(program, Incoming(**CALL), params={}, locale="")
    facts = facts_of(program, session, Incoming(**CALL), MemoryRecords())
    taken = step(program, session, Incoming(**CALL), facts)
    assert step(again, session, Incoming(**CALL), facts) == taken


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_crash_at_any_point_loses_and_doubles_nothing(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, first_flow: str
) -> None:
    """The server dies between some commits and their answers; the platform asks again."""
    directory = tmp_path_factory.mktemp("crash")
    (directory / "f.flow.yaml").write_text(first_flow)
    library, _ = Library.open(directory, PLATFORM)
    assert library is not None
    keys = data.draw(st.lists(st.sampled_from(["main_menu", "odd"]), max_size=5))
    story: list[Event] = [Incoming(**CALL, at="0")]
    story += [
        Chosen(**CALL, at=str(number), value=key, offer=number, menu="main")
        for number, key in enumerate(keys, 1)
    ]
    crashes = [data.draw(st.booleans()) for _ in story]

    async def take(path: Path, event: Event) -> bytes:
        """A process that takes one event and ends."""
        store = await SqliteStore.open(path)
        answer = await Turns(library, store, Policy()).answer(event, arrived=monotonic())
        await store.close()
        return answer.body

    async def tell(name: str, crashes: list[bool]) -> tuple[list[bytes], list[Any]]:
        path = directory / name
        answers = []
        for event, crash in zip(story, crashes, strict=True):
            if crash:
                await take(path, event)  # committed, but the answer never left
            answers.append(await take(path, event))
        store = await SqliteStore.open(path)
        rows = await store.journal("key", "call-1")
        await store.close()
        return answers, [(row.flags, row.event, row.reply) for row in rows]

    calm = asyncio.run(tell("calm.db", [False] * len(story)))
    assert asyncio.run(tell("crashed.db", crashes)) == calm


def test_generated_flows_are_mostly_good() -> None:
    """Else the properties above would prove little."""
    good = [0, 0]

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(flows())
    def count(text: str) -> None:
        assert json.loads(text)
        good[program_of(text) is not None] += 1

    count()
    assert good[1] > good[0]
