"""The dialler: does for callouts what is due.

A try is committed as `placing` before the platform is asked, so that a crash in between dials
nobody twice: what was being placed then is never placed again, only looked for. Events may overtake
the platform's answer; whichever is committed first counts. While the engine is too slow for those
who are on the line, nobody more is called.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Protocol

import msgspec
import structlog

from ivrflow.callouts import Answer, Callout, Seen, State, Unsure
from ivrflow.clock import as_milliseconds, as_text, now
from ivrflow.errors import StoreError
from ivrflow.machine.asking import Answered, answered
from ivrflow.machine.callouts import Go, Judgement, Later, Never, judge
from ivrflow.machine.events import Ended, Unreached
from ivrflow.machine.orders import Dial, Order
from ivrflow.machine.outcome import Facts, Need, Question, Recorded
from ivrflow.machine.program import Program
from ivrflow.records import Operation
from ivrflow.runtime import tries
from ivrflow.runtime.callouts import TOLD
from ivrflow.runtime.deadline import LateError
from ivrflow.runtime.rounds import LONGEST, Rounds
from ivrflow.runtime.throttle import Throttle
from ivrflow.runtime.turn import Turns
from ivrflow.store.base import Records

MOST_AT_ONCE = 100
"""Callouts that are taken from the store at a time."""

LONG_LINE = MOST_AT_ONCE // 2
"""Callouts that stand in line, of which more are read in vain: each reading begins with them."""

AGAIN = 30_000
"""Milliseconds after which what failed here is tried again."""

SETTLED = 5_000
"""Milliseconds after the start, after which calls that were live then are looked at: their end may
have been told while nobody was there."""

APART = 50
"""Milliseconds between two of those."""

MOST_LIVE = 5_000
"""Calls that are looked at after the start; others are when it is their time."""

FOR_EVER = 1 << 62
"""Milliseconds; nothing is due as late."""

KEEP_TRYING = 1.0
"""Seconds after which an answer of the platform that the store refused is offered to it again."""

log = structlog.get_logger()


class Placer(Protocol):
    """Who asks the platform. What they can't do they say; they don't raise."""

    async def place(self, app: str, dial: Dial, custom: str, region: str) -> Answer:
        """Place a call as `app` in `region`; its events carry `custom`."""
        ...

    async def look(self, app: str, call: str, region: str) -> Seen:
        """Return what the platform says of a call."""
        ...


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls each application places a second, and how many that it placed may be under
    way. Legs count, and wait for neither."""

    per_second: float = 5.0
    at_once: int = 100


class Dialler:
    """Does for the callouts of `turns` what is due, by `placer`."""

    def __init__(
        self, turns: Turns, placer: Placer, limits: Limits, now: Callable[[], datetime] = now
    ) -> None:
        self._turns = turns
        self._store = turns.store
        self._callouts = turns.callouts
        self._placer = placer
        self._limits = limits
        self._throttles = defaultdict[str, Throttle](lambda: Throttle(limits.per_second))
        self._now = now
        self._rounds = Rounds()
        self._dialling: dict[str, str] = {}
        self._in_line: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._found: deque[tuple[int, str]] | None = None
        turns.notice = self._rounds.wake

    async def run(self) -> None:
        """Work until cancelled."""
        await self._rounds.run(self.work, "callouts")

    async def work(self) -> float:
        """Begin all that is due; returns after how many seconds to look again."""
        if self._stopped:
            return LONGEST
        at = as_milliseconds(self._now())
        await self._begin_found(at)
        for callout in await self._store.waiting_legs(at):
            self._begin(callout)
        for callout in await self._store.due_callouts(at, MOST_AT_ONCE):
            self._begin(callout)
        strain = self._turns.strain.left
        if strain:
            return min(strain, await self._rest(()))
        dialling = Counter(self._dialling.values())  # before the store counts: each counts once
        busy = await self._store.busy_callouts()
        room = {app: self._room(calls) - dialling[app] for app, calls in busy.items()}
        for app in room:
            if room[app] > 0 and dialling[app] <= LONG_LINE:
                wanted = dialling[app] + room[app]
                for callout in await self._store.waiting_callouts(app, at, wanted):
                    room[app] -= self._begin(callout)
        return await self._rest([app for app, left in room.items() if left > 0])

    def _room(self, calls: int) -> int:
        """Return how many may be dialled for an application that has so many calls."""
        return min(self._limits.at_once - calls, MOST_AT_ONCE)

    async def _rest(self, dialled: Iterable[str]) -> float:
        """Return after how many seconds something is due; somebody is dialled for the applications
        `dialled`."""
        due = await self._next_due(dialled)
        if due is None or self._rounds.busy:  # what has begun says when it is done
            return LONGEST
        return (due - as_milliseconds(self._now())) / 1000

    async def catch_up(self) -> bool:
        """Do all that is due; returns whether there was anything. In the place of `run`, for those
        who keep the time themselves."""
        return await self._rounds.catch_up(self.work)

    @property
    def woken(self) -> bool:
        """Whether something may be due since `catch_up`, however soon that was."""
        return self._rounds.woken

    async def due(self) -> int | None:
        """Return when something is to be done next, in milliseconds since 1970; None: nothing is,
        as far as is known now."""
        busy = await self._store.busy_callouts()
        free = (app for app, calls in busy.items() if self._room(calls) > 0)
        return await self._next_due(free)

    async def _next_due(self, dialled: Iterable[str]) -> int | None:
        due = await self._store.next_due(dialled)
        if not self._found:
            return due
        looked = self._found[0][0]
        return looked if due is None else min(looked, due)

    async def _begin_found(self, at: int) -> None:
        """Look at the calls that were live when the dialler started, one after the other."""
        if self._found is None:
            begun = await self._store.due_callouts(FOR_EVER, MOST_LIVE)
            live = [each.id for each in begun if each.state is State.LIVE]
            self._found = deque(
                (at + SETTLED + number * APART, id) for number, id in enumerate(live)
            )
        while self._found and self._found[0][0] <= at:
            known = await self._store.callout(self._found[0][1])
            self._found.popleft()
            if known is not None and known.state is State.LIVE:
                self._begin(known)

    async def drain(self) -> None:
        """Wait for what has begun, however long it takes: to give up a request to place a call
        could end the call."""
        await self._rounds.drain()

    async def stop(self) -> None:
        """Dial nobody any more, and wait for what has begun. Callouts that stand in line wait for
        the next start."""
        self._stopped = True
        for task in self._in_line:
            task.cancel()
        await self.drain()

    def _begin(self, callout: Callout) -> bool:
        """Begin what is due for a callout, unless that has been begun already."""
        if callout.id in self._rounds:
            return False
        if callout.state is State.WAITING and not callout.parent:
            self._dialling[callout.id] = callout.app
        self._rounds.begin(callout.id, self._do(callout))
        return True

    async def _do(self, callout: Callout) -> None:
        try:
            await self._step(callout)
        except (StoreError, LateError) as error:
            log.error("callout waits", callout=callout.name, id=callout.id, reason=str(error))
            await self._later(callout)
        except Exception:  # a bug of ours must not stop the others
            log.exception("callout failed", callout=callout.name, id=callout.id)
            await self._later(callout)
        finally:
            self._dialling.pop(callout.id, None)

    async def _step(self, callout: Callout) -> None:
        match callout.state:
            case State.WAITING:
                await self._dial(callout)
            case State.PLACING:
                await self._give_up(callout)
            case State.PLACED:
                await self._look(callout)
            case State.LIVE:
                await self._look_at_live(callout)
            case State.UNREACHED:
                await self._tell(callout)
            case State.OVER:
                pass

    # -- dialling ---------------------------------------------------------------------------------

    async def _dial(self, callout: Callout) -> None:
        if callout.parent:  # somebody is on the phone
            self._throttles[callout.app].pass_first()
        else:
            await self._stand_in_line(callout.app)
            if self._turns.strain.left:
                return
        moment = self._now()
        order = self._callouts.order(callout)

        def decide(known: Callout, records: Records) -> Callout | None:
            if known != callout or self._stopped:
                return None
            return self._judged(known, order, moment, records)

        begun = await self._store.amend(callout.id, as_milliseconds(moment), decide)
        self._dialling.pop(callout.id, None)  # from here on the store counts it
        if begun is None or begun.state is not State.PLACING or begun.rev != callout.rev + 1:
            return
        answer = await self._place(begun, order)
        log.info("dialled", callout=begun.name, id=begun.id, answer=type(answer).__name__.lower())
        await self._answered(begun, answer)

    async def _stand_in_line(self, app: str) -> None:
        """Wait until another may be dialled; whoever stands here may be cancelled."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  it is one of those that have begun
        self._in_line.add(task)
        try:
            await self._throttles[app].wait()
        finally:
            self._in_line.discard(task)

    async def _place(self, callout: Callout, order: Order) -> Answer:
        assert order.dial is not None  # noqa: S101  it was judged to be dialled
        try:
            token = self._callouts.token(callout)
            return await self._placer.place(callout.app, order.dial, token, order.region)
        except Exception:  # whatever it was, the call may have been placed
            log.exception("placing failed", callout=callout.name, id=callout.id)
            return Unsure("a fault of the engine")

    async def _answered(self, callout: Callout, answer: Answer) -> None:
        at = as_milliseconds(self._now())

        def decide(known: Callout, records: Records) -> Callout | None:
            return tries.answered_by_platform(known, callout.attempt, answer, at)

        while True:
            try:
                await self._store.amend(callout.id, at, decide)
                return
            except StoreError as error:
                log.error("answer waits", callout=callout.name, id=callout.id, reason=str(error))
                if self._stopped or as_milliseconds(self._now()) >= callout.due:
                    raise
            await asyncio.sleep(KEEP_TRYING)

    def _judged(
        self, callout: Callout, order: Order, moment: datetime, records: Records
    ) -> Callout | None:
        """What a callout becomes that is due; in the store's transaction."""
        at = as_milliseconds(moment)
        program = self._callouts.program(order.flow)
        if program is None:
            return tries.cancelled(callout, f'there is no flow "{order.flow}"', at)
        match _judge(program, order, as_text(moment), records):
            case Go():
                return tries.placing(callout, _ringing(order), at)
            case Later(at=opening):
                due = as_milliseconds(datetime.fromisoformat(opening))
                return tries.due_later(callout, max(due, at + 1))
            case Never(reason=reason):
                return tries.cancelled(callout, reason, at)

    # -- what came of it --------------------------------------------------------------------------

    async def _give_up(self, callout: Callout) -> None:
        """The platform never said what became of a call, and no event came of it."""
        at = as_milliseconds(self._now())
        await self._amend(callout, lambda each: tries.lost(each, at))

    async def _look(self, callout: Callout) -> None:
        """Nothing was heard of a call for long: ask."""
        ended = await self._ended(callout)
        if ended is not None:
            await self._callouts.ended(callout, ended, as_milliseconds(self._now()))

    async def _look_at_live(self, callout: Callout) -> None:
        """A call that somebody answered goes on for long: ask whether its end was missed."""
        ended = await self._ended(callout)
        if ended is None:
            await self._look_at_parent(callout)
        elif await self._turns.bring(ended) is None:
            await self._end(callout)  # the call itself was forgotten

    async def _look_at_parent(self, leg: Callout) -> None:
        """The end of the call that wants a leg may have been missed, too: until it is known,
        whoever is on the leg waits for nobody."""
        if not leg.parent:
            return
        seen = await self._placer.look(leg.app, leg.parent, self._callouts.order(leg).region)
        if seen.state == "over":
            await self._turns.bring(
                Ended(app=leg.app, call=leg.parent, result=seen.result, reason="lost")
            )

    async def _ended(self, callout: Callout) -> Ended | None:
        """Ask the platform about a call; None if it goes on, for all that is known."""
        region = self._callouts.order(callout).region
        seen = await self._placer.look(callout.app, callout.call, region)
        if seen.state != "ongoing":
            return Ended(app=callout.app, call=callout.call, result=seen.result)
        at = as_milliseconds(self._now())
        if callout.due <= at:  # else it is looked at out of turn, after a start
            await self._amend(callout, lambda each: tries.ongoing(each, at))
        return None

    async def _tell(self, callout: Callout) -> None:
        """Tell the flow that nobody was reached."""
        event = Unreached(
            app=callout.app, call=TOLD + callout.id, result=callout.result, reason=callout.reason
        )
        log.info("unreached", callout=callout.name, id=callout.id, result=callout.result)
        if self._callouts.begin(callout, event) is None:  # its flow is gone: nobody is to be told
            await self._end(callout)
            return
        await self._turns.answer(event, arrived=monotonic())
        known = await self._store.callout(callout.id)
        if known == callout:
            await self._later(callout)

    async def _end(self, callout: Callout) -> None:
        at = as_milliseconds(self._now())
        await self._amend(callout, lambda each: tries.over(each, at))
        self._turns.outbox.notice()  # a leg's parent may have to be told

    async def _later(self, callout: Callout) -> None:
        at = as_milliseconds(self._now()) + AGAIN
        with suppress(StoreError):
            await self._amend(callout, lambda each: each.changed(due=at))

    async def _amend(self, callout: Callout, change: Callable[[Callout], Callout | None]) -> None:
        """Change a callout, unless somebody else has since."""

        def decide(known: Callout, records: Records) -> Callout | None:
            return change(known) if known == callout else None

        await self._store.amend(callout.id, as_milliseconds(self._now()), decide)


def _ringing(order: Order) -> int:
    return 0 if order.dial is None else order.dial.timeout


def _judge(program: Program, order: Order, moment: str, records: Records) -> Judgement:
    def take(facts: Facts) -> Judgement | Need:
        return judge(program, order, facts)

    def answer(_: int, question: Question) -> Recorded:
        assert isinstance(question, Operation)  # noqa: S101  a condition looks nothing up
        return Recorded(records.perform(question))

    found: Answered[Judgement] = answered(take, Facts(), lambda: moment, answer)
    return found.taken
