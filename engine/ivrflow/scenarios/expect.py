"""What a scenario expects in the end, held against the call as it is."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec

from ivrflow.machine.session import Session
from ivrflow.scenarios.model import Ended, Expectation, Reply, Value, Visited
from ivrflow.scenarios.play import WAITS, NotSoError
from ivrflow.scenarios.stage import Stage
from ivrflow.scenarios.values import equals, value_of, written


def unmet(stage: Stage, expected: tuple[Expectation, ...]) -> Iterator[NotSoError]:
    """Yield each expectation that is not met."""
    for each in expected:
        match each:
            case Ended():
                yield from _ended(stage, each)
            case Visited():
                yield from _visited(stage, each)
            case Value():
                yield from _value(stage, each)
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
        message = f'the call is not over: in "{state}" {WAITS[stage.waits_for]}'
        yield NotSoError(expected.at, message, help=help)
    elif state != expected.state:
        message = f'the call ended in "{state}", not "{expected.state}"'
        yield NotSoError(expected.at, message, instead=state)


def _visited(stage: Stage, expected: Visited) -> Iterator[NotSoError]:
    found = visited(stage)
    if found != list(expected.states):
        shown = ", ".join(found) or "none"
        yield NotSoError(expected.at, f"visited {shown}", instead=f"[{', '.join(found)}]")


def _value(stage: Stage, expected: Value) -> Iterator[NotSoError]:
    value = _values(stage, expected.of).get(expected.key)
    if not equals(expected.value, value):
        wanted = written(value_of(expected.value))
        message = f'"{expected.key}" is {written(value)}, not {wanted}'
        yield NotSoError(expected.at, message, instead=written(value))


def _values(stage: Stage, of: str) -> Mapping[str, object]:
    session = _session(stage)
    if session is None:
        return {}
    return session.frames[0].vars if of == "variables" else _visits(session)


def _visits(session: Session) -> Mapping[str, object]:
    return defaultdict(int, session.frames[0].visits)


def _reply(stage: Stage, expected: Reply) -> Iterator[NotSoError]:
    found = msgspec.json.decode(stage.reply) if stage.reply else {}
    if not equals(expected.svaml, found):
        shown = msgspec.json.encode(found).decode()
        yield NotSoError(expected.at, f"the last reply was {shown}", instead=None)
