"""Whether look-ups can be sent with what the environment holds: asked before the first call."""

from collections.abc import Iterator, Mapping

from ivrflow.errors import EvaluationError, ExchangeError
from ivrflow.machine.ask import fill
from ivrflow.machine.program import Program, Request
from ivrflow.outbound.writing import write


class _Anything(dict[str, object]):
    """Parameters that all have a value."""

    def __missing__(self, name: str) -> object:
        return "x"


def unsendable(program: Program, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield why look-ups of `program` can never be sent, whatever the values of a call are."""
    for flow in program.flows.values():
        for state in flow.states.values():
            if isinstance(state.action, Request):
                name, reason = state.action.name, _reason(state.action, environment)
                if reason:
                    yield f'"{name}" in the flow "{flow.name}" can\'t be sent: {reason}'


def _reason(request: Request, environment: Mapping[str, str]) -> str:
    try:
        write(fill(request, _Anything()), environment, key="")
    except EvaluationError:  # it needs the values of a call
        return ""
    except ExchangeError as error:
        return str(error)
    return ""
