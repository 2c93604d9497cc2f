"""Look-ups on the way of a walk.

Without `meanwhile` the walk asks for the answer as a fact and goes on in the same reply. With it
the reply goes at once: a menu that nobody can answer says the prompt. When that is over the walk
asks whether the answer is there by now; if not, the prompt is said again.
"""

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import Scope, bounded_value
from ivrflow.machine.environment import without_marks
from ivrflow.machine.lookups import Form, Json, LookedUp, Lookup, Pending, failed
from ivrflow.machine.program import Request, State, Transition, handler_of
from ivrflow.machine.walk import Walk
from ivrflow.model.outcomes import OK


def look_up(walk: Walk, state: State, request: Request) -> Transition | None:
    """Look up what `state` asks for; returns the way on, None where the caller hears `meanwhile`
    first."""
    try:
        lookup = prepare(request, walk.names)
    except EvaluationError as fault:
        return receive(walk, state, request, failed(str(fault)))
    if request.meanwhile:
        walk.pending = Pending(lookup=lookup, number=walk.session.offer + 1)
        return None
    return receive(walk, state, request, walk.told.looked_up(lookup))


def receive(walk: Walk, state: State, request: Request, found: LookedUp) -> Transition:
    """Keep an answer, and return the transition of its outcome."""
    if found.outcome == OK and request.into is not None:
        walk.assign(request.into, found.value)
    return handler_of(state, found.outcome)


def prepare(request: Request, names: Scope) -> Lookup:
    """Return a look-up with the values of one call; raises `EvaluationError`."""
    given = dict(request.defaults)
    for name, value in request.params.items():
        given[name] = without_marks(bounded_value(value(names)))
    return fill(request, given)


def fill(request: Request, given: Scope) -> Lookup:
    """Return a look-up with the values of its parameters; raises `EvaluationError`."""
    return Lookup(
        name=request.name,
        method=request.method,
        url=str(request.url(given)),
        headers={name: str(value(given)) for name, value in request.headers.items()},
        body=_body(request, given),
        timeout=request.timeout,
        retries=request.retries,
        status=request.status,
        returns=request.returns,
    )


def _body(request: Request, given: Scope) -> Json | Form | None:
    if request.json is not None:
        return Json(value=request.json(given))
    if request.form is not None:
        return Form(fields={name: str(value(given)) for name, value in request.form.items()})
    return None
