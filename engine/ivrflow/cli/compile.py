"""`ivrflow compile`: what a flow becomes, as a program or as the SVAML of one of its states."""

from pathlib import Path

import click
import msgspec

from ivrflow.cli.flows import read_flow
from ivrflow.compiler.compile import compile_flow
from ivrflow.diagnostics import did_you_mean
from ivrflow.errors import UsageError
from ivrflow.machine.asking import answered
from ivrflow.machine.events import Incoming
from ivrflow.machine.lookups import Lookup, Pending
from ivrflow.machine.outcome import Answer, Facts, Join, Need, Question, Recorded
from ivrflow.machine.preview import ANSWER_FIRST, preview
from ivrflow.machine.program import Program
from ivrflow.machine.replies import Reply
from ivrflow.model.context import Context
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.store.memory_records import MemoryRecords, MemoryTurn

SAMPLE = Incoming(app="", call="call-id", caller="+15550100", called="+15550199")
"""The call that a preview is for."""

NOON = "2026-01-01T12:00:00Z"


@click.command("compile")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--flow", "name", help="which flow, where PATH holds several")
@click.option("--state", help="show the reply that this state gives, as SVAML")
@click.option(
    "--context",
    type=click.Choice([Context.ICE.value, Context.MENU.value, Context.BRIDGED.value]),
    default=Context.ICE.value,
    show_default=True,
    help="what the reply answers: an incoming call, a menu, the called party",
)
def command(path: Path, name: str | None, state: str | None, context: str) -> None:
    """Compile the flow in PATH and print its program: its id and canonical closure.

    With --state, print the SVAML of that state for a sample call instead, which is the first that
    records know of.
    """
    checked, flow = read_flow(path, name)
    program = compile_flow(flow, checked.app, PLATFORM, checked.all_flows)
    shown = _program(program) if state is None else _svaml(program, state, Context(context))
    click.echo(msgspec.json.format(shown).decode())


def _program(program: Program) -> bytes:
    return msgspec.json.encode({"id": program.id, "closure": msgspec.Raw(program.closure)})


def _svaml(program: Program, state: str, context: Context) -> bytes:
    if state not in program.flow.states:
        remedy = did_you_mean(state, program.flow.states)
        raise UsageError(f'the flow "{program.flow.name}" has no state "{state}"; {remedy}')
    records = MemoryTurn(MemoryRecords(), (SAMPLE.app, SAMPLE.call), at=0)

    def show(facts: Facts) -> Reply | Need:
        return preview(program, state, context, SAMPLE, facts)

    def answer(ordinal: int, question: Question) -> Answer:
        if isinstance(question, Lookup | Pending | Join):
            raise UsageError(f'"{state}" {ANSWER_FIRST}')
        return Recorded(records.perform(question))

    return render(answered(show, Facts(), lambda: NOON, answer).taken)
