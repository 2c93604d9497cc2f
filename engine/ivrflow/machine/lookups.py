"""Look-ups over HTTP as values: what is asked, and what an answer means to the flow.

Nothing here asks anybody: the runtime sends a `Lookup` and gives back what `read_answer` makes of
the reply. Whatever goes wrong on the way is the outcome `error`, which every author handles.
"""

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import bounded_value
from ivrflow.expr.parse import MAX_NUMBER
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import patience
from ivrflow.model.given import expected
from ivrflow.model.literals import fits, read_duration
from ivrflow.model.outcomes import ERROR, OK

REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
"""Methods that may be sent twice without the author's word."""

BUDGET = 2_000
"""Milliseconds that all look-ups of one turn may take together: lint lets no flow need more."""

MAX_KEPT = 16_384
"""Bytes of JSON that an answer may leave in the session."""


class Json(msgspec.Struct, frozen=True, kw_only=True, tag="json", gc=False):
    """A body of JSON."""

    value: object


class Form(msgspec.Struct, frozen=True, kw_only=True, tag="form", gc=False):
    """A body as forms send it."""

    fields: dict[str, str]


class Lookup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One look-up, with the values of one call.

    `timeout` bounds one try, in milliseconds; `retries` is None where the author wrote none.
    `status` names outcomes by status code. `returns` types the answer: an object; None reads
    nothing of it.

    In `url`, `headers` and `body` marks stand for environment variables, see `environment`.
    """

    name: str
    method: str
    url: str
    headers: dict[str, str] = {}
    body: Json | Form | None = None
    timeout: int
    retries: int | None = None
    status: dict[int, str] = {}
    returns: Type | None = None

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again where nobody knows what became of it."""
        return self.method in REPEATABLE or bool(self.retries)

    @property
    def patience(self) -> int:
        """The milliseconds within which the answer is there, or is `error`."""
        return patience(self.timeout, self.retries)


class Pending(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A look-up under way since the call's reply `number`, while the caller hears a prompt; as a
    question, what became of it."""

    lookup: Lookup
    number: int


class LookedUp(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="looked_up", gc=False
):
    """What became of a look-up. `value` is the answer where the outcome is `ok`; `fault` says why
    the outcome is `error`, without any value of the call."""

    outcome: str
    value: object = None
    fault: str = ""


class Waiting(msgspec.Struct, frozen=True, tag="waiting", gc=False):
    """Nothing became of a pending look-up yet."""


def failed(fault: str) -> LookedUp:
    """Return the outcome of a look-up that brought nothing."""
    return LookedUp(outcome=ERROR, fault=fault)


def read_answer(lookup: Lookup, status: int, body: bytes) -> LookedUp:
    """Return what an answer means: `ok` for 2xx, a name of the author's, else `error`."""
    outcome = lookup.status.get(status, OK if 200 <= status < 300 else ERROR)
    if outcome == ERROR:
        return failed(f"status {status}")
    if outcome != OK or lookup.returns is None:
        return LookedUp(outcome=outcome)
    try:
        return LookedUp(outcome=OK, value=_read(_decode(body), lookup.returns, "the answer"))
    except ValueError as error:
        return failed(str(error))


def _decode(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("the answer is no JSON") from None


def _read(value: object, type_: Type, place: str) -> object:
    """Return `value` as a value of `type_`; raises `ValueError` naming its `place`, not itself."""
    if value is None and type_.nullable:
        return None
    if value is None:
        raise ValueError(f'"{place}" is missing')
    match type_.name:
        case T.OBJECT if isinstance(value, dict):
            return _read_object(value, type_)
        case T.LIST if isinstance(value, list):
            of = type_.of
            if of is None:
                return _read_open(value, place)
            return [_read(each, of, place) for each in value]
        case T.DURATION if isinstance(value, str) and read_duration(value) is not None:
            return read_duration(value)
        case _ if fits(value, type_):
            return value
        case _:
            wanted = f"one of {', '.join(type_.enum)}" if type_.enum else expected(type_)
            raise ValueError(f'"{place}" is not {wanted}')


def _read_object(value: dict[str, object], type_: Type) -> object:
    """Read the declared properties and drop the others; without declared ones keep them all."""
    if type_.properties is None:
        _read_open(value, "the answer")
    else:
        value = {
            name: _read(value.get(name), property_, name)
            for name, property_ in type_.properties.items()
        }
    _bounded(value)
    if len(msgspec.json.encode(value)) > MAX_KEPT:
        raise ValueError(f"the answer is too large to be kept: more than {MAX_KEPT:,} bytes")
    return value


def _read_open(value: object, place: str) -> object:
    """Return a value in which anything may be, within bounds."""
    _bounded(value)
    parts = [value]
    for part in parts:  # it grows by what is found
        if isinstance(part, list | dict):
            parts += part.values() if isinstance(part, dict) else part
        elif isinstance(part, int | float) and not -MAX_NUMBER <= part <= MAX_NUMBER:
            raise ValueError(f'"{place}" holds a number that is too large')
    return value


def _bounded(value: object) -> None:
    try:
        bounded_value(value)
    except EvaluationError as error:
        raise ValueError(f"the answer is too large: {error}") from None
