"""What a scenario expects in the end, held against the call as it is."""

from collections.abc import Iterator

import msgspec

from ivrflow.emulator.look import NEEDS
from ivrflow.machine.session import Session
from ivrflow.scenarios.memory import recall
from ivrflow.scenarios.model import Ended, Expectation, Reply, Value, Visited
from ivrflow.scenarios.player import NotSoError
from ivrflow.scenarios.stage import Stage
from ivrflow.scenarios.values import differences, equals, value_of, written
from ivrflow.source.node import Scalar

Values = dict[tuple[str, str], object]
"""What variables, visits and records are, by what they are of and their name."""


async def unmet(stage: Stage, expected: tuple[Expectation, ...]) -> list[NotSoError]:
    """Return each expectation that is not met."""
    values = {**_values(stage), **await _recorded(stage, expected)}
    return [error for each in expected for error in _unmet(stage, each, values)]


def _unmet(stage: Stage, each: Expectation, values: Values) -> Iterator[NotSoError]:
    match each:
        case Ended():
            yield from _ended(stage, each)
        case Visited():
            yield from _visited(stage, each)
        case Value():
            yield from _value(each, values)
        case Reply():
            yield from _reply(stage, each)


def ended_in(stage: Stage) -> str:
    """Return the state in which the call is, in the notation of `visited`."""
    session = _session(stage)
    if session is None:
        return ""
    frame = session.frame
    return f"{frame.flow}:{frame.state}" if len(session.frames) > 1 else frame.state


def visited(stage: Stage) -> list[str]:
    """Return every state that was entered, in order."""
    return [state for seen in stage.seen for state in seen.step.trace.visited]


def _session(stage: Stage) -> Session | None:
    return None if stage.step is None else stage.step.session


def _ended(stage: Stage, expected: Ended) -> Iterator[NotSoError]:
    state = ended_in(stage)
    if stage.waits_for != "over":
        help = "let somebody hang up, or leave `ended` out"
        message = f'the call is not over: in "{state}" {NEEDS[stage.waits_for]}'
        yield NotSoError(expected.at, message, help=help)
    elif state != expected.state:
        message = f'the call ended in "{state}", not "{expected.state}"'
        yield NotSoError(expected.at, message, instead=state)


def _visited(stage: Stage, expected: Visited) -> Iterator[NotSoError]:
    found = visited(stage)
    if found != list(expected.states):
        shown = ", ".join(found) or "none"
        yield NotSoError(expected.at, f"visited {shown}", instead=f"[{', '.join(found)}]")


def _value(expected: Value, values: Values) -> Iterator[NotSoError]:
    value = values.get((expected.of, expected.key), 0 if expected.of == "visits" else None)
    if not equals(expected.value, value):
        wanted = written(value_of(expected.value))
        message = f"{_name(expected)} is {written(value)}, not {wanted}"
        yield NotSoError(expected.at, message, instead=written(value))


def _name(value: Value) -> str:
    if value.of in ("variables", "visits"):
        return f'"{value.key}"'
    return f'"{value.key}" of "{value.of}"' if value.key else f'"{value.of}"'


def _values(stage: Stage) -> Values:
    """Return the variables and visits of the flow that is tested."""
    session = _session(stage)
    if session is None:
        return {}
    frame = session.frames[0]
    return {("variables", name): value for name, value in frame.vars.items()} | {
        ("visits", name): count for name, count in frame.visits.items()
    }


async def _recorded(stage: Stage, expected: tuple[Expectation, ...]) -> Values:
    wanted = [
        each
        for each in expected
        if isinstance(each, Value) and each.of not in ("variables", "visits")
    ]
    return await recall(stage.store, wanted, stage.platform.now) if wanted else {}


def _reply(stage: Stage, expected: Reply) -> Iterator[NotSoError]:
    found = msgspec.json.decode(stage.reply) if stage.reply else {}
    help = f"the last reply was {msgspec.json.encode(found).decode()}"
    for path, node, value in differences(expected.svaml, found):
        is_text = isinstance(node, Scalar)
        message = f'"{path}" of the last reply is {written(value)}, not {written(value_of(node))}'
        yield NotSoError(node.span, message, help=help, instead=written(value) if is_text else None)
