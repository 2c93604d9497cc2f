"""Outgoing calls in turns: those that a turn places, and those whose events come in."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

import msgspec

from ivrflow.callouts import Callout, State
from ivrflow.clock import as_milliseconds
from ivrflow.library import Library
from ivrflow.machine.callouts import begin_callout
from ivrflow.machine.effects import Effect, PlaceCallout
from ivrflow.machine.events import Answered, Ended, Event, Unreached
from ivrflow.machine.orders import Order
from ivrflow.machine.program import Callout as Declared
from ivrflow.machine.program import Program
from ivrflow.runtime.live import Live
from ivrflow.runtime.mailbox import Key
from ivrflow.runtime.token import read_token, token
from ivrflow.runtime.tries import live, over, unanswered
from ivrflow.runtime.vault import Vault
from ivrflow.store.base import Records, Store

TOLD = "callout-"
"""How the call id begins under which a flow is told that nobody was reached."""

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Order)


class Callouts:
    """The callouts of a store, and the programs that they run on."""

    def __init__(self, library: Library, store: Store, vault: Vault) -> None:
        self._library = library
        self._store = store
        self._vault = vault

    # -- that a turn places -----------------------------------------------------------------------

    def placed(
        self, call: Key, key: bytes, at: int, effects: tuple[Effect, ...]
    ) -> Iterator[Callout]:
        """Yield the callouts among the effects of a turn at `at`, that of the event `key`.

        However often the turn is made, they are the same.
        """
        for number, effect in enumerate(effects):
            if isinstance(effect, PlaceCallout):
                name = b"%b/%d" % (key, number)
                due = as_milliseconds(datetime.fromisoformat(effect.at)) if effect.at else at
                yield self.wanted(call[0], effect.order, id=self._id(call, name), at=at, due=due)

    def wanted(self, app: str, order: Order, *, id: str, at: int, due: int) -> Callout:
        """Return a callout that is to be placed as `app` at `due`; one that can't be dialled is
        unreached already."""
        callout = Callout(
            id=id,
            app=app,
            flow=order.flow,
            name=order.name,
            key=order.key,
            order=self._sealed(app, id, order),
            made=at,
            due=max(due, at),
        )
        if order.dial is not None:
            return callout
        return msgspec.structs.replace(
            callout, state=State.UNREACHED, result="refused", reason=order.fault, due=at, key=""
        )

    def _id(self, call: Key, name: bytes) -> str:
        text = "\x1f".join(call).encode("utf-8", "surrogatepass") + name
        return hashlib.blake2b(text, digest_size=16, key=self._store.identity_key).hexdigest()

    def _sealed(self, app: str, id: str, order: Order) -> bytes:
        program = self.program(order.flow)
        content = _encode(order)
        sealed = program is not None and program.secret
        return self._vault.seal((app, id), content) if sealed else content

    # -- whose events come in ---------------------------------------------------------------------

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

    async def over(self, id: str, at: int) -> Callout | None:
        """Return what a callout becomes when its call is over, None where nothing changes."""
        known = await self._store.callout(id)
        return None if known is None else over(known, at)

    def become(self, callout: Callout, event: Answered | Unreached, at: int) -> Callout | None:
        """Return what a callout is with the first turn of its call, None where it can't be."""
        return live(callout, event.call, at) if isinstance(event, Answered) else over(callout, at)

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
