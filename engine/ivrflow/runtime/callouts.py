"""Outgoing calls in turns: those that a turn places, and those whose events come in."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

import msgspec
import structlog

from ivrflow.callouts import Callout, State
from ivrflow.clock import as_milliseconds
from ivrflow.library import Library
from ivrflow.machine.callouts import begin_callout
from ivrflow.machine.effects import OrderCallout
from ivrflow.machine.events import Answered, Ended, Event, Incoming, Unreached
from ivrflow.machine.fail import apology
from ivrflow.machine.orders import Order
from ivrflow.machine.outcome import Step
from ivrflow.machine.program import Callout as Declared
from ivrflow.machine.program import Program
from ivrflow.machine.sorry import not_needed
from ivrflow.model.app import DEFAULT_LOCALE
from ivrflow.runtime.live import Live
from ivrflow.runtime.mailbox import Key
from ivrflow.runtime.token import read_token, token
from ivrflow.runtime.tries import live, over, turned_away, unanswered
from ivrflow.runtime.vault import Vault
from ivrflow.sinch.render import render
from ivrflow.store.base import Records, Store

TOLD = "callout-"
"""How the call id begins under which a flow is told that nobody was reached."""

MAX_GENERATIONS = 10
"""Callouts that may follow from each other, each within an hour of the order before."""

SOON = 3_600_000
"""Milliseconds; what is ordered for later than that is no haste, and its generations are not
counted."""

FARTHEST = 366 * 86_400_000
"""Milliseconds; nobody is called later than that."""

CIRCLE = f"callouts order each other, {MAX_GENERATIONS} times over"
TOO_FAR = "`at` is more than a year away"

log = structlog.get_logger()

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Order)


def _as_ordered(effect: OrderCallout, call: Key, generation: int) -> Order:
    """Return what a turn of `call` ordered, with what only the call knows."""
    order = msgspec.structs.replace(effect.order, generation=generation)
    return msgspec.structs.replace(order, parent=call[1], leg=effect.leg) if effect.leg else order


class Callouts:
    """The callouts of a store, and the programs that they run on."""

    def __init__(self, library: Library, store: Store, vault: Vault) -> None:
        self._library = library
        self._store = store
        self._vault = vault

    # -- that a turn places -----------------------------------------------------------------------

    def ordered(self, call: Key, key: bytes, at: int, taken: Step) -> Iterator[Callout]:
        """Yield the callouts among the effects of a turn at `at`, that of the event `key`.

        However often the turn is made, they are the same.
        """
        effects, generation = taken.effects, taken.session.generation
        for number, effect in enumerate(effects):
            if isinstance(effect, OrderCallout):
                name = b"leg/%d" % effect.leg if effect.leg else b"%b/%d" % (key, number)
                due = as_milliseconds(datetime.fromisoformat(effect.at)) if effect.at else at
                soon = generation if due < at + SOON else 0
                order = _as_ordered(effect, call, soon)
                yield self.wanted(call[0], order, id=self._id(call, name), at=at, due=due)

    def wanted(self, app: str, order: Order, *, id: str, at: int, due: int) -> Callout:
        """Return a callout that is to be placed as `app` at `due`; one that can't be dialled is
        unreached already, and one that callouts led to which order each other is over: who would
        be told could order the next one."""
        callout = Callout(
            id=id,
            app=app,
            flow=order.flow,
            name=order.name,
            key=order.key,
            order=self._sealed(app, id, order),
            made=at,
            due=max(due, at),
            parent=order.parent,
            leg=order.leg,
        )
        fault = order.fault if due <= at + FARTHEST else TOO_FAR
        refused = msgspec.structs.replace(callout, result="refused", reason=fault, due=at, key="")
        if order.generation > MAX_GENERATIONS:
            log.error("callouts order each other", callout=order.name, flow=order.flow)
            return msgspec.structs.replace(refused, state=State.OVER, reason=CIRCLE)
        return msgspec.structs.replace(refused, state=State.UNREACHED) if fault else callout

    def leg(self, call: Key, number: int) -> str:
        """Return the id of the callout that is a leg of `call`."""
        return self._id(call, b"leg/%d" % number)

    def _id(self, call: Key, name: bytes) -> str:
        text = "\x1f".join(call).encode("utf-8", "surrogatepass") + name
        return hashlib.blake2b(text, digest_size=16, key=self._store.identity_key).hexdigest()

    def _sealed(self, app: str, id: str, order: Order) -> bytes:
        program = self.program(order.flow)
        content = _encode(order)
        sealed = program is not None and program.secret
        return self._vault.seal((app, id), content) if sealed else content

    # -- whose events come in ---------------------------------------------------------------------

    def is_own(self, event: Incoming) -> bool:
        """Whether a call that is said to come in is one that we placed: how it is to be placed is
        said with the request, so nobody needs to be asked."""
        return read_token(self._store.identity_key, event.custom) is not None

    async def of(self, event: Event) -> Callout | None:
        """Return the callout that an event belongs to: by what it carries, else by its call id."""
        if isinstance(event, Unreached):
            return await self._store.callout(event.call.removeprefix(TOLD))
        if not isinstance(event, Answered | Ended):
            return None
        read = read_token(self._store.identity_key, event.custom)
        if read is None:
            return await self._store.callout_of(event.app, event.call)
        id, attempt = read
        found = await self._store.callout(id)
        known = found is not None and found.app == event.app and found.attempt == attempt
        return found if known else None

    def begin(self, callout: Callout, event: Answered | Unreached) -> Live | None:
        """Return the call that a callout becomes, None where nothing can run."""
        order = self.order(callout)
        declared = self.declared(order)
        program = None if declared is None else self.program(declared.flow)
        if program is None:
            return None
        return Live(program, begin_callout(program, order, event, callout.id))

    async def ended(self, callout: Callout, event: Ended, at: int) -> None:
        """A call is over that nobody answered, or whose answer never came here."""
        declared = self.declared(self.order(callout))
        retry = None if declared is None else declared.retry

        def decide(known: Callout, records: Records) -> Callout | None:
            if known.attempt != callout.attempt:
                return None
            return unanswered(known, retry, event.result, event.reason, at)

        await self._store.amend(callout.id, at, decide)

    async def turn_away(self, callout: Callout, event: Answered, at: int) -> bytes:
        """Somebody answered whom nobody wants to talk to any more, a leg that is not needed or one
        that was given up: return what they are told."""

        def decide(known: Callout, records: Records) -> Callout | None:
            return turned_away(known, event.call, at)

        await self._store.amend(callout.id, at, decide)
        return self.farewell(callout)

    def farewell(self, callout: Callout) -> bytes:
        """Return the reply to somebody whom nobody wants to talk to any more."""
        program = self.program(self.order(callout).flow)
        locale = "" if program is None else program.flow.locale
        return render(apology(not_needed(locale), locale or DEFAULT_LOCALE, answer=False))

    async def over(self, id: str, at: int) -> Callout | None:
        """Return what a callout becomes when its call is over, None where nothing changes."""
        known = await self._store.callout(id)
        return None if known is None else over(known, at)

    def become(self, callout: Callout, event: Answered | Unreached, at: int) -> Callout | None:
        """Return what a callout is with the first turn of its call, None where it can't be, or is
        not wanted to be."""
        if isinstance(event, Unreached):
            return over(callout, at)
        return None if callout.unwanted else live(callout, event.call, at)

    # -- what they are ----------------------------------------------------------------------------

    def token(self, callout: Callout) -> str:
        """Return what the present try carries."""
        return token(self._store.identity_key, callout.id, callout.attempt)

    def order(self, callout: Callout) -> Order:
        """Return what was ordered; raises `StoreUnavailableError` without the key."""
        return _decoder.decode(self._vault.open((callout.app, callout.id), callout.order))

    def declared(self, order: Order) -> Declared | None:
        """Return the callout as it is declared now, None where it is no more."""
        program = self.program(order.flow)
        return None if program is None else program.flow.callouts.get(order.name)

    def program(self, flow: str) -> Program | None:
        """Return the newest program of a flow."""
        return self._library.current.programs.get(flow)
