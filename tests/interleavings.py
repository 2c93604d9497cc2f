"""Every order in which a call and its legs can go on: the real interpreter in a tiny world.

The world is what lies between: phones that ring, jobs that are to be done in whatever order, and
the time of the next timer. What people do can happen or not; what is fair comes about by itself.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from ivrflow.clock import as_exact_text, from_milliseconds
from ivrflow.compiler.platform import Level
from ivrflow.machine.asking import answered
from ivrflow.machine.callouts import begin_callout
from ivrflow.machine.effects import CancelLegs, Effect, OrderCallout, Tell, Wake
from ivrflow.machine.events import (
    Answered,
    Chosen,
    Ended,
    Event,
    Incoming,
    LegBridged,
    LegEnded,
    MenuHangup,
    Moved,
    NoInput,
    Signal,
    Woken,
)
from ivrflow.machine.lookups import Lookup
from ivrflow.machine.orders import Order
from ivrflow.machine.outcome import Facts, Join, Need, Question, Recorded, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.raised import accept
from ivrflow.machine.replies import Hangup, Menu, Reply
from ivrflow.machine.session import ASKING, Session, Wait
from ivrflow.machine.step import begin, step
from ivrflow.sinch.matrix import ACTIONS
from ivrflow.sinch.render import render

APP = "key"
CALLER = "caller"
BEGIN = 1_795_514_400_000
MOST_WORLDS = 60_000


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One leg: it `rings`, is `live`, or `over`. `cancelled`: nobody wants it any more."""

    number: int
    order: Order
    phase: str = "rings"
    cancelled: bool = False
    session: Session | None = None
    menu: Menu | None = None

    @property
    def call(self) -> str:
        return f"leg-{self.number}"

    @property
    def talks(self) -> bool:
        return self.session is not None and self.session.wait is Wait.BRIDGE


Job = tuple[Any, ...]
"""What is to be done: ("ended", leg, result), ("cancel", legs), ("wake", due), ("patch", offer,
moves, hangs up), ("news", offer, outcome)."""


@dataclass(frozen=True, kw_only=True)
class World:
    """All there is at one moment. `there`: a call that moves is where it was told to go. `unmoved`:
    the platform would not lead it there once, so that only the longest park may help."""

    caller: Session
    menu: Menu | None = None
    legs: tuple[Leg, ...] = ()
    jobs: tuple[Job, ...] = ()
    now: int = BEGIN
    there: bool = False
    unmoved: bool = False
    signals: int = 0

    def signature(self) -> object:
        """What tells worlds apart that go on differently."""
        jobs = [(job[0], job[1] and max(0, job[1] - self.now)) for job in self.jobs if _wake(job)]
        offer = 0 if self.caller.moving is None else self.caller.moving.offer
        others = [(job[0], job[1] == offer, *job[2:]) for job in self.jobs if _counts(job)]
        rest = [job for job in self.jobs if not _wake(job) and not _counts(job)]
        legs = [(leg.number, leg.phase, leg.cancelled, _shape(leg.session, 0)) for leg in self.legs]
        caller = _shape(self.caller, self.now)
        flags = self.there, self.unmoved, self.signals
        if self.caller.over:  # only what ends legs makes a difference any more
            return str((legs, sorted(job for job in self.jobs if job[0] == "cancel")))
        return str((caller, legs, sorted(set(jobs)), sorted(others), sorted(rest), flags))


def _wake(job: Job) -> bool:
    return bool(job[0] == "wake")


def _counts(job: Job) -> bool:
    return job[0] in ("patch", "news")


def _shape(session: Session | None, now: int) -> object:
    if session is None:
        return None
    frames = [
        (each.flow, each.state, each.vars, each.legs, each.bridged, bool(each.room))
        for each in session.frames
    ]
    due = [each and max(0, each - now) for each in session.due]
    inbox = [(type(each).__name__, getattr(each, "leg", 0)) for each in session.inbox]
    flags = session.ended, session.over, session.refusals
    return frames, session.wait, session.context, due, inbox, flags, _shape(session.moving, now)


@dataclass
class Found:
    """What was met: how many worlds, what was wrong in them, who talked to whom."""

    worlds: int = 0
    faults: list[str] = field(default_factory=list)
    states: set[str] = field(default_factory=set)
    talked: set[int] = field(default_factory=set)
    too_late: int = 0


class Explorer:
    """Explores a program whose legs run flows of `programs`. `people`: what they may do besides
    pressing 1, and hanging up."""

    def __init__(
        self,
        program: Program,
        programs: Mapping[str, Program],
        *,
        params: Mapping[str, object],
        signals: tuple[str, ...] = (),
        outcomes: tuple[str, ...] = ("done",),
        results: tuple[str, ...] = ("busy",),
    ) -> None:
        self.program = program
        self.programs = programs
        self.params = params
        self.signals = signals
        self.outcomes = outcomes
        self.results = results
        self.found = Found()

    def explore(self) -> Found:
        """Go every way; all claims are checked in every world."""
        first = self._begin()
        seen: dict[object, int] = {first.signature(): 0}
        ways: list[list[tuple[int, bool]]] = [[]]
        worlds, goods = [first], set[int]()
        story: list[tuple[int, str]] = [(-1, "begin")]
        todo = deque([0])
        while todo and len(worlds) < MOST_WORLDS:
            number = todo.popleft()
            world = worlds[number]
            self._check(world, lambda at=number: told(story, at))
            if self._is_good(world):
                goods.add(number)
            for what, fair, after in self._next(world):
                signature = after.signature()
                other = seen.get(signature)
                if other is None:
                    other = seen[signature] = len(worlds)
                    worlds.append(after)
                    ways.append([])
                    story.append((number, what))
                    todo.append(other)
                ways[number].append((other, fair))
            if len(self.found.faults) > 5:
                break
        assert len(worlds) < MOST_WORLDS, "too many worlds"
        if not self.found.faults:
            self._check_ends(ways, goods, story)
        self.found.worlds = len(worlds)
        return self.found

    # -- what is claimed --------------------------------------------------------------------------

    def _check(self, world: World, story: Any) -> None:
        caller = world.caller
        alive = not (caller.over or caller.ended)
        pending = {leg for job in world.jobs if job[0] == "cancel" for leg in job[1]}
        wanted = {
            leg.number
            for leg in world.legs
            if leg.phase != "over" and not leg.cancelled and leg.number not in pending
        }
        told_of = {job[1] for job in world.jobs if job[0] == "ended"}
        told_of |= {each.leg for each in caller.inbox if isinstance(each, LegEnded)}
        unwanted = pending | {leg.number for leg in world.legs if leg.cancelled}
        talking = [leg.number for leg in world.legs if leg.phase == "live" and leg.talks]
        kept = [number for number in talking if number in wanted]
        moved = caller if caller.moving is None else caller.moving
        waits = moved.wait in (Wait.HOLD, Wait.PARK)
        awaited = {each.leg for each in caller.inbox if isinstance(each, LegBridged) and waits}
        awaited |= {each.frame.bridged for each in (caller, moved)}
        claims = {
            "somebody is alone in a room": not alive or set(kept) <= awaited,
            "two talk to the caller": len(kept) <= 1,
            "a leg is wanted that the call has not": not alive or wanted <= set(caller.legs),
            "a call has a leg that is over": not alive
            or set(caller.legs) <= wanted | told_of | unwanted,
            "a call that is over wants legs": alive or not wanted,
            "numbers are given twice": len({leg.number for leg in world.legs}) == len(world.legs),
        }
        self.found.faults += [f"{name}:\n{story()}" for name, holds in claims.items() if not holds]
        self.found.talked |= set(kept)
        self.found.states.add(f"{caller.frame.flow}:{caller.frame.state}")

    def _is_good(self, world: World) -> bool:
        """Whether nothing has to follow: all is over, or two people talk."""
        caller = world.caller
        if caller.over:
            return all(leg.phase == "over" for leg in world.legs)
        with_whom = {leg.number for leg in world.legs if leg.talks and leg.phase == "live"}
        return caller.wait is Wait.BRIDGE and caller.frame.bridged in with_whom

    def _check_ends(
        self, ways: list[list[tuple[int, bool]]], goods: set[int], story: list[tuple[int, str]]
    ) -> None:
        """From everywhere there is a way, by nothing but what is fair, to where nobody waits."""
        back: list[list[int]] = [[] for _ in ways]
        for number, each in enumerate(ways):
            for other, fair in each:
                if fair:
                    back[other].append(number)
        reached, todo = set(goods), list(goods)
        while todo:
            for before in back[todo.pop()]:
                if before not in reached:
                    reached.add(before)
                    todo.append(before)
        stuck = sorted(set(range(len(ways))) - reached)[:2]
        self.found.faults += [f"somebody waits for ever:\n{told(story, each)}" for each in stuck]

    # -- what may happen --------------------------------------------------------------------------

    def _begin(self) -> World:
        event = Incoming(app=APP, call=CALLER, called="+46850000000")
        session = begin(self.program, event, params=self.params, locale="")
        return self._caller(World(caller=session), event)

    def _next(self, world: World) -> Iterator[tuple[str, bool, World]]:
        """Yield what may happen, whether it is fair, and what follows."""
        yield from self._of_jobs(world)
        yield from self._of_legs(world)
        if world.caller.over:
            return
        yield from self._of_time(world)
        yield from self._of_caller(world)

    def _of_jobs(self, world: World) -> Iterator[tuple[str, bool, World]]:
        for number, job in enumerate(world.jobs):
            rest = replace(world, jobs=world.jobs[:number] + world.jobs[number + 1 :])
            match job:
                case ("ended", leg, result):
                    event = LegEnded(app=APP, call=CALLER, leg=leg, result=result)
                    after = self._caller(rest, event)
                    yield f"told that leg {leg} is over", True, after
                case ("cancel", legs):
                    yield f"legs cancelled {legs}", True, self._cancel(rest, legs)
                case ("wake", due) if due <= world.now:
                    yield "woken", True, self._caller(rest, Woken(app=APP, call=CALLER))
                case ("patch", offer, moves, hangs_up):
                    yield from self._of_patch(rest, offer, moves=moves, hangs_up=hangs_up)
                case ("news", offer, outcome):
                    moved = Moved(app=APP, call=CALLER, offer=offer, outcome=outcome)
                    after = self._caller(rest, moved)
                    there = after.there and after.caller.moving is not None
                    yield f"told that its move is {outcome}", True, replace(after, there=there)
                case _:
                    pass

    def _of_patch(
        self, world: World, offer: int, *, moves: bool, hangs_up: bool
    ) -> Iterator[tuple[str, bool, World]]:
        if world.caller.over:
            yield "nobody there to be told", True, world
        elif not moves:
            ended = Ended(app=APP, call=CALLER, result="answered")
            yield "told in the room", True, self._caller(world, ended) if hangs_up else world
        else:
            for outcome in self.outcomes:
                news = replace(world, jobs=(*world.jobs, ("news", offer, outcome)))
                unmoved = world.unmoved or outcome != "done"
                after = replace(news, there=outcome == "done", unmoved=unmoved)
                yield f"patched: {outcome}", True, after

    def _of_time(self, world: World) -> Iterator[tuple[str, bool, World]]:
        session = world.caller
        times = [each for each in session.due if each > world.now]
        times += [job[1] for job in world.jobs if _wake(job) and job[1] > world.now]
        if times:
            yield f"{min(times) - world.now} ms pass", True, replace(world, now=min(times))

    def _of_caller(self, world: World) -> Iterator[tuple[str, bool, World]]:
        session = world.caller
        patched = any(job[0] == "patch" for job in world.jobs)
        there = session.moving if world.there and session.moving is not None else session
        ended = Ended(app=APP, call=CALLER, result="answered")
        kept = session.wait is Wait.PARK and world.unmoved
        over = (there.wait is Wait.END and not patched) or kept
        yield "the caller hangs up", over, self._caller(replace(world, there=False), ended)
        if there.wait in ASKING and not (patched and there is session):
            silence = NoInput(app=APP, call=CALLER, menu="main")
            yield "the caller is silent", True, self._heard(world, silence)
            for key in world.menu.keys if world.menu is not None else ():
                event = Chosen(
                    app=APP, call=CALLER, value=key.value, offer=there.offer, menu="main"
                )
                yield f"the caller presses {key.key}", False, self._heard(world, event)
            hung_up = MenuHangup(app=APP, call=CALLER, menu="main")
            yield "hung up in a menu", False, self._heard(world, hung_up)
        if world.signals < 1:
            for name in self.signals:
                signal = Signal(app=APP, call=CALLER, name=name, id="1")
                after = self._caller(replace(world, signals=world.signals + 1), signal)
                yield f"signal {name}", False, after

    def _of_legs(self, world: World) -> Iterator[tuple[str, bool, World]]:
        for leg in world.legs:
            name = f"leg {leg.number}"
            if leg.phase == "rings":
                yield f"{name} does not answer", True, self._over(world, leg, "no_answer")
                for result in self.results:
                    yield f"{name} is {result}", False, self._over(world, leg, result)
                yield f"{name} answers", False, self._answers(world, leg)
            elif leg.phase == "live":
                yield from self._of_live(world, leg)

    def _of_live(self, world: World, leg: Leg) -> Iterator[tuple[str, bool, World]]:
        assert leg.session is not None
        ended = Ended(app=APP, call=leg.call, result="answered")
        fair = leg.session.wait is Wait.END
        yield f"leg {leg.number} hangs up", fair, self._leg(world, leg, ended)
        if leg.session.wait in ASKING:
            silence = NoInput(app=APP, call=leg.call, menu="main")
            yield f"leg {leg.number} is silent", True, self._leg(world, leg, silence)
            for key in leg.menu.keys if leg.menu is not None else ():
                event = Chosen(
                    app=APP, call=leg.call, value=key.value, offer=leg.session.offer, menu="main"
                )
                yield f"leg {leg.number} presses {key.key}", False, self._leg(world, leg, event)

    # -- what follows -----------------------------------------------------------------------------

    def _caller(self, world: World, event: Event) -> World:
        """The world after an event of the caller's."""
        taken = self._step(self.program, world, world.caller, event)[0]
        return self._with(replace(world, caller=taken.session), taken)

    def _heard(self, world: World, event: Event) -> World:
        """The world after input to the menu that is on offer, where it is really on offer."""
        after = self._caller(replace(world, there=False), event)
        if after.caller.offer == world.caller.offer:
            self.found.faults.append(f"not heard: {event}")
        return after

    def _with(self, world: World, taken: Step) -> World:
        reply = taken.reply
        for effect in taken.effects:
            world = self._effect(world, effect)
            reply = effect.reply if isinstance(effect, Tell) else reply
        return world if reply is None else replace(world, menu=_menu(reply))

    def _effect(self, world: World, effect: Effect) -> World:
        match effect:
            case OrderCallout(order=order, leg=number):
                if order.fault:
                    return replace(world, jobs=(*world.jobs, ("ended", number, "refused")))
                return replace(world, legs=(*world.legs, Leg(number=number, order=order)))
            case CancelLegs(legs=legs):
                job: Job = ("cancel", legs)
            case Wake(due=due):
                job = ("wake", due or world.now)
            case Tell(reply=reply, moves=moves):
                job = ("patch", reply.number, moves, isinstance(reply.action, Hangup))
            case _:
                return world
        return replace(world, jobs=(*world.jobs, job))

    def _answers(self, world: World, leg: Leg) -> World:
        if leg.cancelled:
            return self._over(world, leg, "cancelled")
        event = Answered(app=APP, call=leg.call)
        program = self.programs[self._declared(leg)]
        session = begin_callout(program, self._wanted(leg), event, leg.call)
        return self._leg(world, replace(leg, phase="live", session=session), event)

    def _declared(self, leg: Leg) -> str:
        return self.programs[leg.order.flow].flow.callouts[leg.order.name].flow

    def _wanted(self, leg: Leg) -> Order:
        return msgspec.structs.replace(leg.order, parent=CALLER, leg=leg.number)

    def _leg(self, world: World, leg: Leg, event: Event) -> World:
        """The world after an event of a leg's."""
        assert leg.session is not None
        program = self.programs[self._declared(leg)]
        taken, parent = self._step(program, world, leg.session, event)
        if parent is not None:
            world = self._with(replace(world, caller=parent.session), parent)
        after = replace(leg, session=taken.session)
        if taken.reply is not None:
            after = replace(after, menu=_menu(taken.reply))
        if taken.session.over:
            return self._over(world, after, "answered")
        return self._put(world, after)

    def _over(self, world: World, leg: Leg, result: str) -> World:
        gone = replace(leg, phase="over", cancelled=False, session=None, menu=None)
        after = self._put(world, gone)
        return replace(after, jobs=(*after.jobs, ("ended", leg.number, result)))

    def _cancel(self, world: World, legs: tuple[int, ...]) -> World:
        for leg in world.legs:
            if leg.number in legs and leg.phase == "rings":
                world = self._put(world, replace(leg, cancelled=True))
            elif leg.number in legs and leg.phase == "live":
                ended = Ended(app=APP, call=leg.call, result="answered")
                world = self._leg(world, leg, ended)
        return world

    def _put(self, world: World, leg: Leg) -> World:
        legs = tuple(leg if each.number == leg.number else each for each in world.legs)
        return replace(world, legs=legs)

    def _step(
        self, program: Program, world: World, session: Session, event: Event
    ) -> tuple[Step, Step | None]:
        """Step, and let a leg ask for its parent, who moves with it."""
        now = as_exact_text(from_milliseconds(world.now))
        joined: list[Step] = []

        def answer(_: int, question: Question) -> Recorded:
            assert isinstance(question, Join), question
            assert not isinstance(question, Lookup)
            bridged = LegBridged(app=APP, call=CALLER, leg=question.leg, room="room")
            step_ = accept(self.program, world.caller, bridged)
            self.found.too_late += step_ is None
            joined.extend([] if step_ is None else [step_])
            return Recorded("" if step_ is None else "room")

        def take(facts: Facts) -> Step | Need:
            return step(program, session, event, facts)

        taken = answered(take, Facts(now=now), lambda: now, answer).taken
        self._judge(taken, event)
        for each in joined:
            self._judge(each, event)
        return taken, joined[0] if joined else None

    def _judge(self, taken: Step, event: Event) -> None:
        refused = isinstance(event, Moved) and event.outcome == "refused"
        if taken.verdict is Verdict.FAILED and not refused:
            self.found.faults.append(f"failed: {taken.trace.fault} ({event})")
        replies = [taken.reply] if taken.reply is not None else []
        replies += [each.reply for each in taken.effects if isinstance(each, Tell)]
        for reply in replies:
            render(reply)
            word = type(reply.action).__name__.lower()
            context = (taken.session.moving or taken.session).context
            if word in ACTIONS[context] and ACTIONS[context][word].level is Level.REJECT:
                self.found.faults.append(f"{word} in {context}")


def _menu(reply: Reply) -> Menu | None:
    return reply.action if isinstance(reply.action, Menu) else None


def told(story: list[tuple[int, str]], at: int) -> str:
    """How the world came to be as it is."""
    lines: list[str] = []
    while at >= 0:
        before, what = story[at]
        lines.append(what)
        at = before
    return "\n  ".join(reversed(lines))
