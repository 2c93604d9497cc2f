"""What a scenario expects in the end, held against the call as it is."""

from collections.abc import Iterator

import msgspec

from ivrflow.callouts import Callout
from ivrflow.machine.events import Unreached
from ivrflow.machine.session import Session
from ivrflow.model.reader import entries, items
from ivrflow.scenarios.memory import recall
from ivrflow.scenarios.model import Called, Ended, Expectation, Reply, Value, Visited
from ivrflow.scenarios.player import NotSoError
from ivrflow.scenarios.stage import Stage
from ivrflow.scenarios.values import differences, equals, flow_style, value_of, written
from ivrflow.source.node import Scalar

Values = dict[tuple[str, str], object]
"""What variables, visits and records are, by what they are of and their name."""

Told = dict[str, object]
"""A callout, as expectations tell of it."""


async def unmet(stage: Stage, expected: tuple[Expectation, ...]) -> list[NotSoError]:
    """Return each expectation that is not met."""
    values = {**_values(stage), **await _recorded(stage, expected)}
    called = await callouts(stage)
    return [error for each in expected for error in _unmet(stage, each, values, called)]


def _unmet(
    stage: Stage, each: Expectation, values: Values, called: list[Told]
) -> Iterator[NotSoError]:
    match each:
        case Ended():
            yield from _ended(stage, each)
        case Visited():
            yield from _visited(stage, each)
        case Value():
            yield from _value(each, values)
        case Reply():
            yield from _reply(stage, each)
        case Called():
            yield from _called(each, called)


def ended_in(stage: Stage) -> str:
    """Return the state in which the call is, in the notation of `visited`."""
    session = _session(stage)
    if session is None:
        return ""
    frame = session.frame
    return f"{frame.flow}:{frame.state}" if len(session.frames) > 1 else frame.state


def visited(stage: Stage) -> list[str]:
    """Return every state that was entered, in order."""
    return [state for seen in stage.own for state in seen.step.trace.visited]


def entered(stage: Stage) -> Iterator[tuple[str, str]]:
    """Yield flow and state of every state that any call of the scenario entered."""
    for seen in stage.seen:
        for visited_ in seen.step.trace.visited:
            flow, _, state = visited_.rpartition(":")
            yield flow or seen.flow, state


async def callouts(stage: Stage) -> list[Told]:
    """Return what there is to tell of each callout that was ordered, in order."""
    return [_told(stage, each) for each in await stage.callouts()]


def _told(stage: Stage, callout: Callout) -> Told:
    order = stage.engine.turns.callouts.order(callout)
    return {
        "name": callout.name,
        "flow": callout.flow,
        "to": "" if order.dial is None else order.dial.to,
        "with": order.params,
        "key": callout.key,
        "state": callout.state.value,
        "result": callout.result,
        "reason": callout.reason,
        "attempts": callout.attempt,
    }


def _session(stage: Stage) -> Session | None:
    return None if stage.step is None else stage.step.session


def _ended(stage: Stage, expected: Ended) -> Iterator[NotSoError]:
    state = ended_in(stage)
    if not stage.own or isinstance(stage.own[-1].event, Unreached):
        help = "of a callout that nobody answers, expect `callouts`"
        yield NotSoError(expected.at, f"no call began: {stage.state}", help=help)
    elif not stage.is_over:
        help = "let somebody hang up, or leave `ended` out"
        message = f'the call is not over: in "{state}" {stage.state}'
        yield NotSoError(expected.at, message, help=help)
    elif state != expected.state:
        message = f'the call ended in "{state}", not "{expected.state}"'
        yield NotSoError(expected.at, message, instead=state)


def _visited(stage: Stage, expected: Visited) -> Iterator[NotSoError]:
    found = visited(stage)
    if found != list(expected.states):
        shown = ", ".join(found) or "none"
        yield NotSoError(expected.at, f"visited {shown}", instead=f"[{', '.join(found)}]")


def _called(expected: Called, called: list[Told]) -> Iterator[NotSoError]:
    """Each callout is told by what is expected of it; of one too many, what became of it."""
    if equals(expected.callouts, called):
        return
    wanted = list(items(expected.callouts))
    keys = [{entry.key.text for entry in entries(each)} for each in wanted]
    keys += [{"name", "result", "attempts"}] * (len(called) - len(wanted))
    shown = [
        {name: value for name, value in each.items() if name in known}
        for each, known in zip(called, keys, strict=False)
    ]
    told = flow_style(shown)
    yield NotSoError(expected.at, f"the callouts are {told}", instead=told)


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
