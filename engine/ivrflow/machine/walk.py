"""The working copy of a session, and the reply that is collected on the way."""

from collections.abc import Container, Iterator

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import bounded_value
from ivrflow.machine.effects import Effect, Wake
from ivrflow.machine.legs import cancelled, without_legs
from ivrflow.machine.lookups import Pending
from ivrflow.machine.outcome import Step as Taken
from ivrflow.machine.outcome import Trace, Verdict
from ivrflow.machine.program import (
    Choice,
    Move,
    Program,
    Prompt,
    Return,
    Run,
    State,
    Timer,
    Transition,
    handler_of,
)
from ivrflow.machine.replies import Action as ReplyAction
from ivrflow.machine.replies import (
    Answer,
    Instruction,
    Menu,
    Park,
    Part,
    Reply,
)
from ivrflow.machine.scope import Names, Told, Visits
from ivrflow.machine.session import CONTEXT_BY_WAIT, Failures, Frame, Session, Wait
from ivrflow.machine.silence import is_audible, is_silent
from ivrflow.machine.speak import speak
from ivrflow.machine.timers import begun, earliest
from ivrflow.model.context import Context

NO_FAILURES = Failures()

MAX_PASSING = 100
"""Passing states in one turn. Lint proves that they don't circle, not how many there are."""

MAX_FRAMES = 16
"""Flows that run each other. Lint refuses recursion; this holds without lint."""

MAX_SENT = 200
"""Signals that one call sends: those who answer each other's would never end."""

MAX_PLACED = 200
"""Legs of one call, over or not: a call whose legs end at once places the next ones at once."""

MAX_LEGS = 100
"""Legs of one call that are not over. Lint can't count what a loop places."""


class Turn:
    """What one turn begins with."""

    __slots__ = ("program", "session", "told")

    def __init__(self, program: Program, session: Session, told: Told) -> None:
        self.program = program
        self.session = session
        self.told = told

    def after(self, **changes: object) -> "Turn":
        """This turn with some fields of its session changed."""
        session = msgspec.structs.replace(self.session, **changes)
        return Turn(self.program, session, self.told)


class Walk:
    """One turn's working copy of a session. Nobody sees it before the turn is whole.

    It walks in the innermost of `frames`, those of the session if not given. Running a flow adds a
    frame, returning takes it away.
    """

    def __init__(
        self, turn: Turn, context: Context, frames: tuple[Frame, ...] | None = None
    ) -> None:
        session = turn.session
        self.program = turn.program
        self.session = session
        self.told = turn.told
        self.context = context
        self.locale = session.locale
        self.tries = session.tries
        self.failures = session.failures
        self.wait = session.wait
        self.instructions: list[Instruction] = []
        self.action: ReplyAction | None = None
        self.pending: Pending | None = None
        self.inbox = list(session.inbox)
        self.due = session.due
        self.until = session.until
        self.placed = session.placed
        self.sent = session.sent
        self.room = session.room
        self.effects: list[Effect] = []
        self.visited: list[str] = []
        self.has_left = False
        self.unheard = ""
        *outer, frame = frames or session.frames
        self.outer = tuple(outer)
        self._open(frame)

    def _open(self, frame: Frame) -> None:
        """Go on in the flow of `frame`."""
        flow = self.program.flows.get(frame.flow)
        if flow is None:
            raise EvaluationError(f'there is no flow "{frame.flow}"')
        self.flow = flow
        self.state = frame.state
        self.vars = frame.vars
        self.params = frame.params
        self.legs = frame.legs
        self.bridged = frame.bridged
        self.bridge_room = frame.room
        self.visits = Visits(frame.visits)
        self.names = Names(
            self.session,
            frame,
            self.visits,
            self.told,
            schedules=self.program.schedules,
            records=flow.records,
        )
        if self.locale != self.session.locale:
            self.names["locale"] = self.locale

    def _frame(self) -> Frame:
        return Frame(
            flow=self.flow.name,
            state=self.state,
            vars=self.vars,
            params=self.params,
            visits=self.visits,
            legs=self.legs,
            bridged=self.bridged,
            room=self.bridge_room,
        )

    @property
    def current(self) -> State:
        """The state that the call is in."""
        return self.state_called(self.state)

    def state_called(self, name: str) -> State:
        """Return a state of the running flow; raises `EvaluationError`."""
        state = self.flow.states.get(name)
        if state is None:
            raise EvaluationError(f'there is no state "{name}"')
        return state

    def assign(self, name: str, value: object) -> None:
        bounded = self.names[name] = bounded_value(value)
        self.vars = {**self.vars, name: bounded}

    def say(self, prompt: Prompt) -> list[Part]:
        heard = speak(prompt, self.flow, self.names, self.locale) if prompt else []
        if prompt and not heard:
            self.unheard = self.visited[-1] if self.visited else self.state
        return heard

    def arrive(self, name: str) -> bool:
        """Be in a waiting state: coming back to the one that the call is in counts on, any other
        starts anew. Returns whether it does."""
        anew = name != self.state
        self.tries = 1 if anew else self.tries + 1
        self.failures = NO_FAILURES
        self.state = name
        self.names["tries"] = self.tries
        if anew:
            self.due, self.until = (), 0
            self.has_left = True
        return anew

    def begin_timers(self, timers: tuple[Timer, ...]) -> None:
        """Start the timers of the state that the call is in, if it still goes on."""
        self.due = () if self.session.ended else begun(timers, self.names, self.told.now)

    # -- legs -------------------------------------------------------------------------------------

    def place_leg(self) -> int:
        """Return the number of a leg that the running flow places."""
        if self.session.ended:
            raise EvaluationError("the call is over, so that it has no legs any more")
        if len(self.legs) >= MAX_LEGS:
            raise EvaluationError(f"more than {MAX_LEGS} legs at a time")
        if self.placed >= MAX_PLACED:
            raise EvaluationError(f"more than {MAX_PLACED} legs of one call")
        self.placed += 1
        self._keep_legs((*self.legs, self.placed))
        return self.placed

    def count_signal(self) -> None:
        """Count a signal that the call sends."""
        if self.sent >= MAX_SENT:
            raise EvaluationError(f"more than {MAX_SENT} signals of one call")
        self.sent += 1

    def end_leg(self, leg: int) -> bool:
        """Have a leg no more; returns whether the running flow, none around it, placed it."""
        if leg in self.legs:
            if leg == self.bridged:
                self.bridged, self.bridge_room = 0, ""
            self._keep_legs(tuple(each for each in self.legs if each != leg))
            return True
        self.outer = tuple(without_legs(frame, {leg}) for frame in self.outer)
        return False

    def cancel_legs(self, *frames: Frame) -> None:
        """Want the legs of runs that are over no more."""
        self.effects += cancelled(frames)

    def _keep_legs(self, legs: tuple[int, ...]) -> None:
        self.legs = legs
        self.names["legs"] = len(legs)

    # -- flows that run each other ----------------------------------------------------------------

    def run(self, run: Run) -> Transition:
        """Enter another flow; returns the way to its start."""
        flow = self.program.flows.get(run.flow)
        if flow is None:
            raise EvaluationError(f'there is no flow "{run.flow}"')
        if len(self.outer) + 1 >= MAX_FRAMES:
            raise EvaluationError(f"more than {MAX_FRAMES} flows run each other")
        given = {name: bounded_value(value(self.names)) for name, value in run.params.items()}
        said = {name: self.say(each) for name, each in run.prompts.items()}
        heard = {name: msgspec.to_builtins(each) or None for name, each in said.items()}
        self.outer = (*self.outer, self._frame())
        self._open(Frame(flow=flow.name, vars=flow.vars, params={**flow.params, **given, **heard}))
        return (Move(next=flow.start),)

    def back(self, back: Return) -> Transition:
        """Leave the running flow; returns the transition of its outcome in the flow that ran it."""
        values = {name: bounded_value(value(self.names)) for name, value in back.values.items()}
        if not self.outer:
            raise EvaluationError(f'"{self.flow.name}" was run by no flow that it could return to')
        self._leave()
        state = self.current
        if isinstance(state.action, Run) and state.action.into is not None and values:
            self.assign(state.action.into, values)
        return handler_of(state, back.name)

    def _leave(self) -> None:
        self.cancel_legs(self._frame())
        *outer, frame = self.outer
        self.outer = tuple(outer)
        self._open(frame)

    def outer_keys(self, taken: Container[str]) -> Iterator[str]:
        """Yield the keys of the flows that run this one, but for those that are `taken`."""
        seen: set[str] = set()
        for frame in reversed(self.outer):
            for key in self.program.flows[frame.flow].keys:
                if key not in taken and key not in seen:
                    seen.add(key)
                    yield key

    def leave_for(self, key: str) -> Choice | None:
        """Leave for the innermost flow around this one that binds `key`, if there is one."""
        while self.outer:
            self._leave()
            choice = self.flow.keys.get(key)
            if choice is not None:
                return choice
        return None

    # -- what comes of it -------------------------------------------------------------------------

    def reply(self) -> Reply | None:
        """The reply as walked so far; None if no action was reached."""
        if self.action is None:
            return None
        instructions = tuple(self.instructions)
        if self.context is Context.ICE and self.program.flow.answer:
            instructions = _answered(instructions, self.action)
        return Reply(number=self.session.offer + 1, instructions=instructions, action=self.action)

    def frames(self) -> tuple[Frame, ...]:
        """The session's frames after this walk."""
        return (*self.outer, self._frame())

    def step(self, outcome: str) -> Taken:
        """The turn that took `outcome` and ended in a reply."""
        self._set_alarm()
        session = msgspec.structs.replace(  # once: to copy a session twice takes twice as long
            self.session,
            frames=self.frames(),
            locale=self.locale,
            context=self.context,
            wait=self.wait,
            offer=self.session.offer + 1,
            tries=self.tries,
            failures=self.failures,
            pending=self.pending,
            inbox=tuple(self.inbox),
            due=self.due,
            until=self.until,
            placed=self.placed,
            sent=self.sent,
            room=self.room if self.wait is Wait.CONFERENCE else "",
        )
        return Taken(
            session=session,
            verdict=Verdict.MOVED,
            reply=self.reply(),
            effects=tuple(self.effects),
            trace=Trace(outcome=outcome, visited=tuple(self.visited), silent=self._silent()),
        )

    def quietly(self, outcome: str) -> Taken:
        """The turn that took `outcome` and left the call to what it was doing."""
        self._set_alarm()
        session = msgspec.structs.replace(
            self.session,
            frames=self.frames(),
            locale=self.locale,
            tries=self.tries,
            failures=self.failures,
            inbox=tuple(self.inbox),
            due=self.due,
            until=self.until,
            placed=self.placed,
            sent=self.sent,
        )
        return Taken(
            session=session,
            verdict=Verdict.MOVED,
            effects=tuple(self.effects),
            trace=Trace(outcome=outcome, visited=tuple(self.visited)),
        )

    def _set_alarm(self) -> None:
        """Have the call woken for what is left to be taken and for its next timer, where no reply
        asks whether there is something."""
        if self.wait not in CONTEXT_BY_WAIT:
            return
        if self.inbox:
            self.effects.append(Wake())
        due = earliest(self.due)
        if due and due != earliest(self.session.due):
            self.effects.append(Wake(due=due))

    def _silent(self) -> str:
        """The state whose words came to nothing, where the caller hears no others."""
        heard = is_audible(self.instructions) or not is_silent(self.action)
        return "" if heard else self.unheard


def _answered(
    instructions: tuple[Instruction, ...], action: ReplyAction
) -> tuple[Instruction, ...]:
    """An unanswered caller may not hear what is played: audible replies begin with `answer`."""
    audible = isinstance(action, Menu) or (
        isinstance(action, Park) and (action.intro or action.prompt)
    )
    audible = audible or is_audible(instructions)
    if not audible or any(isinstance(each, Answer) for each in instructions):
        return instructions
    return (Answer(), *instructions)
