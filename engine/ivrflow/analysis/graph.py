"""A flow as a graph: the ways out of each state, and where they lead."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec

from ivrflow.expr.secrecy import is_secret
from ivrflow.model.context import Context
from ivrflow.model.flow import (
    Action,
    Bridge,
    Collect,
    Conference,
    Connect,
    Decl,
    Digits,
    Flow,
    Hold,
    Menu,
    Park,
    Request,
    RequestAction,
    Return,
    Run,
    State,
    Step,
    Transition,
    targets,
)
from ivrflow.model.inherit import NOT_FOUND, handlers_of, keys_of
from ivrflow.model.outcomes import AMD, FULL, LEG_ENDED, LEGS, LOOKED_UP, TOO_LATE, signal_of
from ivrflow.model.waiting import outcome_of, places_leg

HEARD = frozenset({"no_input", "no_match", "invalid", "collected", "digits"})
"""Outcomes that come with an input."""

ASIDE = ("ended", "unreached", "recording", "transcript")
"""Handlers of a flow for what happens beside the conversation: nobody hears a reply."""

Interruptible = Hold | Park | Bridge | Conference | Connect
"""Actions that can be left when something happens elsewhere: timers work in them."""

TOLD = Hold | Park | Bridge | Conference
"""Actions in which legs and signals are told of."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way out of a state.

    `event`: the call waits for it; else the state passes on in the same reply. `answered`: somebody
    waits for a reply, so it must lead to a state. `raised`: nobody does, and the call may stay
    where it is. `into` is assigned on this way. `secret`: what is heard is a secret.
    """

    outcome: str
    transition: Transition
    event: bool = True
    answered: bool = True
    raised: bool = False
    hears: bool = False
    into: str = ""
    secret: bool = False

    @property
    def leads(self) -> bool:
        """Whether the call can go on by it."""
        return self.answered or self.raised


@dataclass(frozen=True, eq=False)
class Graph:
    """The ways of `flow`, which can run `others` and ask `requests`."""

    flow: Flow
    others: Mapping[str, Flow]
    requests: Mapping[str, Request]

    def ways(self, state: State) -> Iterator[Way]:
        """Yield every way out of `state`, those inherited from its flow included."""
        if state.action is None:
            if state.next:
                yield Way(outcome="next", transition=state.next, event=False)
            return
        secret = self.asks_secret(state)
        held = isinstance(state.action, Hold)
        for choice in keys_of(self.flow, state):
            yield Way(
                outcome=choice.key,
                transition=choice.transition,
                answered=not held,
                raised=held,
                hears=True,
                secret=secret,
            )
        possible = self.outcomes_of(state)
        for outcome, transition in handlers_of(self.flow, state).items():
            if outcome in possible:
                raised = is_raised(state, outcome)
                yield Way(
                    outcome=outcome,
                    transition=transition,
                    event=not is_silent(state) and outcome not in (TOO_LATE, FULL),
                    answered=not raised and outcome not in ("ended", "digits"),
                    raised=raised,
                    hears=outcome in HEARD,
                    into=self._into(state, outcome),
                    secret=secret,
                )
        for timer in state.timers if isinstance(state.action, Interruptible) else ():
            yield Way(
                outcome=outcome_of(timer),
                transition=(timer.move,),
                answered=False,
                raised=True,
            )

    def asks_secret(self, state: State) -> bool:
        """Whether a menu or collect puts digits into a variable that is declared secret."""
        digits = wanted_digits(state)
        if digits is None or digits.into is None:
            return False
        decl = self.flow.vars.get(digits.into.name)
        return decl is not None and is_secret(decl.type)

    def returns_of(self, run: Run) -> Mapping[str, Mapping[str, Decl]]:
        """Return the outcomes of the flow that is run, with the values that each gives."""
        flow = self.others.get(run.flow.name)
        return {} if flow is None else flow.returns

    def request_of(self, action: RequestAction) -> Request | None:
        """Return the request that is asked, if it is declared."""
        return self.requests.get(action.request.name)

    def outcomes_of(self, state: State) -> tuple[str, ...]:
        """Return the outcomes that the action of `state` can have, its keys left out.

        Of a flow or request that nobody knows they are those that are handled.
        """
        match state.action:
            case Run() as run:
                known = run.flow.name in self.others
                return (*(self.returns_of(run) if known else state.on.by_outcome), "ended")
            case RequestAction() as action:
                request = self.request_of(action)
                named = state.on.by_outcome if request is None else request.named_outcomes
                missing = () if request is not None and "404" in request.status else (NOT_FOUND,)
                waits = () if is_silent(state) else ("ended",)
                return (*LOOKED_UP, *named, *missing, *waits)
            case _:
                return outcomes_of(state)

    @cached_property
    def places_legs(self) -> bool:
        """Whether a run of the flow can place legs."""
        return any(map(places_leg, steps_of(self.flow)))

    def required_outcomes(self, state: State) -> tuple[str, ...]:
        """Return the outcomes that can happen and for which only the author has an answer."""
        match state.action:
            case Run() as run:
                return tuple(self.returns_of(run))
            case RequestAction() as action:
                request = self.request_of(action)
                named = () if request is None else request.named_outcomes
                return tuple(dict.fromkeys((*LOOKED_UP, *named)))
            case Hold():
                return LEGS if self.places_legs else ()
            case _:
                return required_outcomes(state)

    def reachable(self, others: Iterable[str] = ()) -> set[str]:
        """Return the states that a call can come to from the start, the error state, the keys of
        the flow (of those that no menu hears a rule of its own tells), and `others`."""
        found: set[str] = set()
        todo = [self.flow.start.name, *others]
        if self.flow.on.error is not None:
            todo.append(self.flow.on.error.name)
        todo += [ref.name for choice in self.flow.on.keys for ref in targets(choice.transition)]
        while todo:
            name = todo.pop()
            state = self.flow.states.get(name)
            if state is None or name in found:
                continue
            found.add(name)
            for way in self.ways(state):
                todo += [ref.name for ref in targets(way.transition)]
        return found

    def _into(self, state: State, outcome: str) -> str:
        """The variable that is assigned on the way of an outcome."""
        if isinstance(state.action, Run):
            into = state.action.into
            gives = bool(self.returns_of(state.action).get(outcome))
            return into.name if into is not None and gives else ""
        if isinstance(state.action, RequestAction):
            into = state.action.into
            return into.name if into is not None and outcome == "ok" else ""
        digits = wanted_digits(state)
        if outcome != "collected" or digits is None or digits.into is None:
            return ""
        return digits.into.name


def is_silent(state: State) -> bool:
    """Whether the caller notices nothing of a state's action: a look-up without `meanwhile`."""
    return isinstance(state.action, RequestAction) and not state.action.meanwhile


def wanted_digits(state: State) -> Digits | None:
    """Return the digits that a state asks for, if it does."""
    match state.action:
        case Menu(extension=extension):
            return extension
        case Collect(digits=digits):
            return digits
        case _:
            return None


def outcomes_of(state: State) -> tuple[str, ...]:
    """Return the outcomes that the action of `state` can have, its keys left out."""
    match state.action:
        case Menu(extension=extension):
            collected = ("collected",) if extension else ()
            return ("no_input", "no_match", *collected, "ended")
        case Collect():
            return ("collected", "no_input", "invalid", "ended")
        case Connect(amd=amd):
            answered = () if amd is True else ("answered",)
            return (*answered, *(AMD if amd else ()), "ended")
        case Conference() as conference:
            own = required_outcomes_of(conference)
            return (*own, LEG_ENDED, *_signals(state), "ended")
        case Hold() | Park():
            return (*LEGS, *_signals(state), "ended")
        case Bridge(to=to):
            late = (TOO_LATE,) if to == "parent" else ()
            return (*late, LEG_ENDED, *_signals(state), "ended")
        case Return() | None:
            return ()
        case _:
            return ("ended",)


def required_outcomes(state: State) -> tuple[str, ...]:
    """Return the outcomes that can happen and for which only the author has an answer."""
    match state.action:
        case Menu(extension=extension):
            return ("no_input", "no_match", "collected") if extension else ("no_input", "no_match")
        case Collect(digits=digits, check=check):
            alone = digits.fixed and not digits.pattern and check is None
            return ("collected", "no_input") if alone else ("collected", "no_input", "invalid")
        case Connect(amd=True) as connect if hears_answer(connect):
            return AMD
        case Conference() as conference:
            return required_outcomes_of(conference)
        case Bridge(to=to):
            return (LEG_ENDED,) if to == "leg" else (TOO_LATE,)
        case _:
            return ()


def _signals(state: State) -> Iterator[str]:
    """The signals that a state waits for: it names them itself."""
    return filter(signal_of, state.on.by_outcome)


def is_raised(state: State, outcome: str) -> bool:
    """Whether an outcome of `state` comes while the call goes on, from elsewhere."""
    if isinstance(state.action, Connect):
        return state.action.amd == "async" and outcome in AMD
    return outcome in LEGS or bool(signal_of(outcome))


def required_outcomes_of(conference: Conference) -> tuple[str, ...]:
    """Return the outcomes of a room that only the author has an answer for."""
    full = () if conference.max is None else (FULL,)
    return ("digits", *full) if conference.dtmf == "detect" else full


def hears_answer(connect: Connect) -> bool:
    """Whether the platform tells that the called party has answered. It tells nothing of in-app
    users and streams, nor where it is told not to."""
    return connect.callbacks and connect.to in ("number", "sip")


def context_after(state: State, way: Way, context: Context, *, parked: bool) -> Context:
    """Return the context of the reply that `way` leads to, if `state` replied in `context`;
    `parked`: a hold of it would be a park there.

    After the run of a flow that is where that flow returned: see `ivrflow.analysis.contexts`."""
    if not way.event:
        return context
    if way.raised:
        return _context_of_raised(state.action, parked=parked)
    if not way.answered:
        return Context.ROOM if way.outcome == "digits" else Context.NONE
    if isinstance(state.action, Connect) or context is Context.BRIDGED:
        return Context.BRIDGED
    return Context.MENU


def _context_of_raised(action: Action | None, *, parked: bool) -> Context:
    match action:
        case Connect():
            return Context.LIVE
        case Conference() | Bridge():
            return Context.ROOM
        case Park():
            return Context.PARKED
        case _:
            return Context.PARKED if parked else Context.HELD


def own_transitions(state: State) -> Iterator[tuple[str, Transition]]:
    """Yield the transitions written in `state`, with their outcome."""
    if state.next:
        yield "next", state.next
    match state.action:
        case Menu(choices=choices) | Collect(keys=choices) | Hold(keys=choices):
            for choice in choices:
                yield choice.key, choice.transition
        case _:
            pass
    yield from state.on.by_outcome.items()
    for timer in state.timers:
        yield outcome_of(timer), (timer.move,)


def transitions_of(flow: Flow) -> Iterator[tuple[str, Transition]]:
    """Yield every transition that the author wrote, with the outcome that it is for."""
    yield from flow.on.by_outcome.items()
    for key in flow.on.keys:
        yield key.key, key.transition
    for state in flow.states.values():
        yield from own_transitions(state)


def steps_of(flow: Flow) -> Iterator[Step]:
    """Yield every step that a flow can take."""
    for state in flow.states.values():
        yield from state.steps
    for _, transition in transitions_of(flow):
        for move in transition:
            yield from move.steps
