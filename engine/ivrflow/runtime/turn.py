"""The turn, as the whole product promises it: one event, one commit, one reply.

1. One event at a time a call (the mailbox); an event that the call has had gets its stored reply.
2. `step` runs on the session in hand; the facts that it asks for are fetched and kept. One that
   asks for records runs inside the transaction that commits it, and asks anew if that is undone.
   Look-ups are asked outside of any, and never twice for one event.
3. Call and journal are committed; only then the reply leaves.
4. A turn that is late is withdrawn, or, if it is being committed, answered with a rescue reply that
   replaces its own. Whatever fails, the caller is answered.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Literal

import msgspec
import structlog

from ivrflow import __version__
from ivrflow.clock import as_milliseconds, as_text, now
from ivrflow.errors import ConflictError, StoreError, StoreUnavailableError
from ivrflow.library import Library
from ivrflow.machine.events import (
    Answered,
    Ended,
    Event,
    Incoming,
    LegBridged,
    LegEnded,
    Moved,
    Own,
    Signal,
    Unreached,
    Woken,
)
from ivrflow.machine.lookups import Pending
from ivrflow.machine.outcome import Facts, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.routing import route
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin
from ivrflow.runtime.answer import Answer, fill
from ivrflow.runtime.callouts import Callouts
from ivrflow.runtime.deadline import Deadlines, LateError, before
from ivrflow.runtime.line import name_of, write_line
from ivrflow.runtime.live import Live, LiveCalls, revive
from ivrflow.runtime.lookups import (
    RESERVE,
    Asker,
    AskFirstError,
    LookUps,
    Nobody,
)
from ivrflow.runtime.mailbox import Key, Mailbox
from ivrflow.runtime.making import Arrival, Maker, Making
from ivrflow.runtime.outbox import Outbox
from ivrflow.runtime.programs import ProgramNeededError, Programs
from ivrflow.runtime.rescue import rescue, unrouted
from ivrflow.runtime.strain import Strain
from ivrflow.runtime.vault import Vault
from ivrflow.store.base import Commit, Place, Store, Turn

DEADLINE = 3.0
"""Seconds from a callback's first byte to its answer. The platform waits 5 at most."""

MAX_BACKLOG = 2_000
"""Turns that may wait for the store before new calls are turned away."""

MAX_CONFLICTS = 3

LAST = b'{"action":{"name":"hangup"}}'
"""The reply when nothing else can be made."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How to answer. `role` is `last` (always answers) or `primary` (503 where the store refuses,
    so that the platform asks the fallback URL). `environment` are the variables that flows may
    read, `who` names this process in the store. `deadline` is in seconds. `secret_key` seals what
    is stored of calls with secrets; without it the store's own does."""

    role: Literal["last", "primary"] = "last"
    environment: Mapping[str, str] = field(default_factory=dict)
    who: str = ""
    deadline: float = DEADLINE
    secret_key: bytes = field(default=b"", repr=False)


def _nothing() -> None:
    """Nobody dials what turns place."""


Witness = Callable[[Event, Program, Step], None]
"""Who is told of every turn, once it is committed."""


class Turns:
    """Answers events on the flows of a library, keeping calls in a store.

    Without an `asker` every look-up is the author's `error`. `notice` is called when something is
    to be done for a callout.
    """

    def __init__(
        self,
        library: Library,
        store: Store,
        policy: Policy,
        now: Callable[[], datetime] = now,
        asker: Asker | None = None,
        tell: Witness | None = None,
    ) -> None:
        self.library = library
        self.store = store
        self.policy = policy
        self.now = now
        self.vault = Vault(lambda: policy.secret_key or store.secret_key())
        self.callouts = Callouts(library, store, self.vault)
        self.outbox = Outbox(self.vault, store.identity_key)
        self.programs = Programs(library, store)
        self.maker = Maker(
            self.vault,
            self.callouts,
            self.outbox,
            self.programs,
            identity_key=store.identity_key,
            who=policy.who,
        )
        self.tell = tell or write_line
        self.notice: Callable[[], None] = _nothing
        self.mailbox = Mailbox()
        self.deadlines = Deadlines()
        self.strain = Strain()
        self.live = LiveCalls()
        self.look_ups = LookUps(asker or Nobody(), store.identity_key)
        self._replacements: set[asyncio.Task[None]] = set()

    async def answer(self, event: Event, *, arrived: float) -> Answer:
        """Return the answer to an event whose first byte came at the monotonic time `arrived`."""
        call = event.app, event.call
        arrival = Arrival(event, call, arrived + self.policy.deadline, self.now())
        try:
            body = await self._answer(arrival)
        except LateError as late:
            self.strain.note()
            body = self._rescue(arrival, str(late))
        except StoreError as error:
            self.strain.note()
            if self.policy.role == "primary":
                log.error(
                    "store refused", call=event.call, callback=name_of(event), reason=str(error)
                )
                return Answer(503)
            body = self._rescue(arrival, str(error))
        except Exception:  # a bug of ours must not cost the caller an answer
            log.exception("turn failed", call=event.call, callback=name_of(event))
            body = self._rescue(arrival, "a fault of the engine")
        return Answer(200, fill(body, self.policy.environment))

    async def bring(self, event: Own | Ended) -> Verdict | None:
        """Bring a call what the engine itself has for it, or has found out.

        Returns what became of it, None where there is no such call. Raises `StoreError` and
        `LateError`: bring it again.
        """
        arrival = Arrival(
            event, (event.app, event.call), monotonic() + self.policy.deadline, self.now()
        )
        await self._answer(arrival)
        return arrival.verdict

    async def session(self, app: str, call: str) -> Session | None:
        """Return a call as it is when the turn is over that is being made of it, if one is; None
        where there is no such call. Raises `StoreError` and `LateError`."""
        key, deadline = (app, call), monotonic() + self.policy.deadline
        await before(deadline, self.mailbox.enter(key))
        try:
            live = self.live.get(key) or await before(deadline, self._load(key))
        finally:
            self.mailbox.leave(key)
        return None if live is None else live.session

    async def drain(self) -> None:
        """Wait for what is still on its way, and give up look-ups that nobody waits for."""
        await self.look_ups.close()
        await asyncio.gather(*self._replacements, return_exceptions=True)

    def _rescue(self, arrival: Arrival, reason: str) -> bytes:
        event = arrival.event
        log.error("rescued", call=event.call, callback=name_of(event), reason=reason)
        self.live.drop(arrival.call)
        try:
            return rescue(event, self.library.current, Facts(now=as_text(arrival.at)))
        except Exception:  # even then the caller gets an answer
            log.exception("no last words", call=event.call)
            return LAST

    # -- one turn ---------------------------------------------------------------------------------

    async def _answer(self, arrival: Arrival) -> bytes:
        if isinstance(arrival.event, Incoming) and self.store.backlog > MAX_BACKLOG:
            raise StoreUnavailableError("too many turns wait for the store")
        call = arrival.call
        if not self.mailbox.try_enter(call):
            await before(arrival.deadline, self.mailbox.enter(call))
        try:
            body = await self._again_on_conflict(arrival)
        except LateError as late:
            if late.commit is None:
                self.mailbox.leave(call)
                raise
            self.strain.note()
            body = self._rescue(arrival, str(late))
            self._replace(arrival, late.commit, body)
            return body
        except BaseException:
            self.mailbox.leave(call)
            raise
        self.mailbox.leave(call)
        return body

    async def _again_on_conflict(self, arrival: Arrival) -> bytes:
        for _ in range(MAX_CONFLICTS):
            try:
                return await self._turn(arrival)
            except ConflictError:
                self.live.drop(arrival.call)
        raise StoreUnavailableError("other turns of this call keep coming first")

    async def _turn(self, arrival: Arrival) -> bytes:
        live = await self._live(arrival)
        if live is None:
            return await self._first(arrival)
        arrival.key = self.maker.key(arrival.event, live.program)
        if arrival.key not in live.recent:
            session = live.session
            if session.callout and isinstance(arrival.event, Ended) and not session.over:
                ending = self.callouts.over(session.callout, as_milliseconds(arrival.at))
                arrival.callout = await before(arrival.deadline, ending)
            return await self._take(arrival, live)
        event, arrival.verdict = arrival.event, Verdict.STALE
        log.info("again", call=event.call, callback=name_of(event), flow=live.program.flow.name)
        return live.answer if live.is_last(arrival.key) else await self._answered(arrival, live)

    async def _live(self, arrival: Arrival) -> Live | None:
        live = self.live.get(arrival.call)
        return live or await before(arrival.deadline, self._load(arrival.call))

    async def _answered(self, arrival: Arrival, live: Live) -> bytes:
        """Return what an event got that has come before."""
        stored = await before(arrival.deadline, self.store.load(*arrival.call))
        replies = {each.key: each.reply for each in stored.recent} if stored else {}
        return replies.get(arrival.key, b"") or live.reply

    async def _first(self, arrival: Arrival) -> bytes:
        """The first event of a call, or one of a call that nobody knows."""
        match arrival.event:
            case LegEnded() | LegBridged() | Signal() | Woken() | Moved():
                return b""
            case Incoming() as event if self.callouts.is_own(event):
                log.error("incoming, but we placed it", call=event.call)
                return LAST
            case Incoming() as event:
                return await self._incoming(arrival, event)
            case Answered() | Ended() | Unreached() as event:
                return await self._called_out(arrival, event)
            case event:
                return self._unknown(arrival)

    def _unknown(self, arrival: Arrival) -> bytes:
        event = arrival.event
        log.warning("unknown call", call=event.call, callback=name_of(event))
        return rescue(event, self.library.current, Facts(now=as_text(arrival.at)))

    async def _called_out(self, arrival: Arrival, event: Answered | Ended | Unreached) -> bytes:
        """The first event of a call that we placed; its end, if nobody answered."""
        callout = await before(arrival.deadline, self.callouts.of(event))
        at = as_milliseconds(arrival.at)
        if callout is None:
            return self._unknown(arrival)
        if isinstance(event, Ended):
            await before(arrival.deadline, self.callouts.ended(callout, event, at))
            log.info("nobody answered", call=event.call, callout=callout.name, result=event.result)
            self.notice()
            return b""
        arrival.callout = self.callouts.become(callout, event, at)
        live = None if arrival.callout is None else self.callouts.begin(callout, event)
        if live is not None:
            return await self._begin(arrival, live)
        log.info("not wanted any more", call=event.call, callout=callout.name)
        if isinstance(event, Unreached):
            return b""
        words = await before(arrival.deadline, self.callouts.turn_away(callout, event, at))
        self.outbox.notice()  # a leg's parent is to be told
        return words

    async def _incoming(self, arrival: Arrival, event: Incoming) -> bytes:
        catalog = self.library.current
        found = route(catalog.routes, event)
        if found is None:
            log.warning("no route", call=event.call, called=event.called, domain=event.domain)
            return unrouted(catalog)
        program = catalog.programs[found.flow]
        session = begin(program, event, params=found.params, locale=found.locale)
        return await self._begin(arrival, Live(program, session))

    async def _begin(self, arrival: Arrival, live: Live) -> bytes:
        arrival.key = self.maker.key(arrival.event, live.program)
        arrival.facts = msgspec.structs.replace(arrival.facts, engine=__version__)
        return await self._take(arrival, live)

    async def _take(self, arrival: Arrival, live: Live) -> bytes:
        """Step, commit, and keep the call in hand."""
        making = Making(arrival, live)
        place = await self._commit(making)
        while place is None:
            place = await self._commit(making)
        turn, taken = making.made()
        arrival.verdict = taken.verdict
        self._keep(arrival.call, live, turn, taken.session, place)
        self.tell(arrival.event, live.program, taken)
        return turn.reply

    async def _commit(self, making: Making) -> Place | None:
        """Make and commit a turn; None where something had to be looked up first."""
        arrival = making.arrival
        try:
            made = self.maker.make(making, None)
            work = self.maker.draft(making) if made is None else made
            return await self.deadlines.committed(arrival.deadline, self.store.submit(work))
        except AskFirstError as first:
            await self._look_up(arrival, first)
            return None
        except ProgramNeededError as needed:
            await before(arrival.deadline, self.programs.of(needed.id))
            return None

    async def _look_up(self, arrival: Arrival, first: AskFirstError) -> None:
        """Ask, in what is left of the caller's patience."""
        if isinstance(first.question, Pending):
            arrival.told[first.name] = self.look_ups.awaited(arrival.call, first.question)
            return
        begun = monotonic()
        until = min(begun + arrival.patience, arrival.deadline - RESERVE)
        asking = self.look_ups.at_once(arrival.call, arrival.key, first, until)
        arrival.told[first.name] = await before(arrival.deadline, asking)
        arrival.patience -= monotonic() - begun

    def _keep(self, call: Key, live: Live, turn: Turn, session: Session, place: Place) -> None:
        live.take(turn, session, place)
        for each in turn.also:
            self.live.drop((each.app, each.call))
        self.look_ups.follow(call, session)
        if turn.callouts:
            self.notice()
        if turn.jobs or turn.also or turn.callouts or session.over:
            self.outbox.notice()
        if session.over:
            self.live.drop(call)
        else:
            self.live.put(call, live)

    async def _load(self, call: Key) -> Live | None:
        stored = await self.store.load(*call)
        if stored is None:
            return None
        content = self.vault.open(call, stored.session)
        return revive(stored, content, await self.programs.of(stored.program))

    # -- a turn that came too late ----------------------------------------------------------------

    def _replace(self, arrival: Arrival, commit: Commit, body: bytes) -> None:
        """When the late turn is committed, put what the caller really got in its place.

        Nobody else enters the call before.
        """
        task = asyncio.create_task(self._record_rescue(arrival, commit, body))
        self._replacements.add(task)
        task.add_done_callback(self._replacements.discard)

    async def _record_rescue(self, arrival: Arrival, commit: Commit, body: bytes) -> None:
        try:
            with suppress(AskFirstError):  # then the late turn was never made
                await commit.done
            live = await self._load(arrival.call)
            if live is None:
                return
            session = msgspec.structs.replace(live.session, rescued=True)
            turn = self.maker.rescued(arrival, live, session, body)
            place = await self.store.submit(turn).done
            self._keep(arrival.call, live, turn, session, place)
        except StoreError as error:
            log.error("rescue not recorded", call=arrival.event.call, reason=str(error))
        finally:
            self.mailbox.leave(arrival.call)
