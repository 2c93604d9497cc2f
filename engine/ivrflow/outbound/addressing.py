"""Whether look-ups can be sent with what the environment holds: asked before the first call."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from ivrflow.errors import EvaluationError, ExchangeError
from ivrflow.machine.ask import fill
from ivrflow.machine.program import Program, Request
from ivrflow.outbound.writing import write

NOWHERE = "https://localhost"


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
        for each in (request, *_headers(request)):
            with suppress(EvaluationError):  # it needs the values of a call
                write(fill(each, _Anything()), environment, key="")
    except ExchangeError as error:
        return str(error)
    return ""


def _headers(request: Request) -> Iterator[Request]:
    """Yield each header in a request of its own, for another part may need the values of a call."""
    for name, value in request.headers.items():
        yield replace(request, url=lambda _: NOWHERE, headers={name: value}, json=None, form=None)
