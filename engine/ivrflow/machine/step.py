"""The interpreter: one event of one call in, the next session and the reply out.

`step` is pure, deterministic and total over (state, context, event). What an event may do follows
from what the call waits for:

    wait         event                              becomes
    start        Incoming                           the start state, in context ice
    menu         Chosen Digits NoInput NoMatch      a choice, collected, no_input, no_match
    collect      Chosen Digits NoInput NoMatch      a key, collected, no_input, invalid
    connect      Answered                           answered, or human machine unsure
    look_up      Chosen Digits NoInput NoMatch      the outcome of the look-up, or its prompt again
    conference   Digits of its room                 digits, in context room
    menu collect MenuFailed                         the flow's error state
    any          MenuHangup, Ended                  the handlers of the end, once, in context none
    any          Notified                           recording, transcript, in context none
    start        Answered, of a callout             the start state, in context answered
    start        Unreached, of a callout            unreached, in context none
    hold         Chosen Digits NoInput NoMatch      what was raised, timers, a key; else its prompt
    any          LegEnded Signal Woken Moved        see `ivrflow.machine.raised`
    connect talk Notified, of who answered          human machine unsure, in context live

Anything else changes nothing: menu input that answers no current offer is stale, the rest ignored.
"""

from collections.abc import Mapping

from ivrflow.errors import EvaluationError
from ivrflow.machine.aside import call_over, hung_up, notified, room_digits, unreached
from ivrflow.machine.events import (
    Answered,
    Chosen,
    Digits,
    Ended,
    Event,
    Incoming,
    LegBridged,
    LegEnded,
    MenuFailed,
    MenuHangup,
    Moved,
    NoInput,
    NoMatch,
    Notified,
    Signal,
    Unknown,
    Unreached,
    Woken,
)
from ivrflow.machine.fail import fail, walk_error
from ivrflow.machine.hear import Input, follow, hear
from ivrflow.machine.outcome import Facts, Need, Step, Verdict
from ivrflow.machine.program import Connect, Move, Program
from ivrflow.machine.raised import answered_move, detected, has_beeped, raised, verdict_of
from ivrflow.machine.replies import (
    MENU,
    ConnectNumber,
    ConnectSip,
    ConnectStream,
    ConnectUser,
    Continue,
    Hangup,
    Reply,
)
from ivrflow.machine.scope import FactMissingError, Told
from ivrflow.machine.session import ASKING, Call, Frame, Session, Wait
from ivrflow.machine.walk import Turn, Walk
from ivrflow.model.context import Context

LAST_ACTIONS = (Hangup, ConnectNumber, ConnectSip, ConnectUser, ConnectStream)


def begin(
    program: Program, event: Incoming, *, params: Mapping[str, object], locale: str
) -> Session:
    """Return the session of a call that has just come in, before its first step.

    `params` are the route's; the flow's defaults fill the rest. `locale` "" means the flow's own.
    """
    flow = program.flow
    frame = Frame(flow=flow.name, vars=dict(flow.vars), params={**flow.params, **params})
    return Session(call=Call.of(event), frames=(frame,), locale=locale or flow.locale)


def step(program: Program, session: Session, event: Event, facts: Facts) -> Step | Need:
    """Take `event` and return what follows, or the fact that is missing.

    Never raises: where the author's flow fails on the values of this call, its `error` state
    replies and the verdict is `failed`.
    """
    turn = answered_move(Turn(program, session, Told(facts)), event)
    try:
        try:
            return _take(turn, event)
        except EvaluationError as fault:
            return fail(turn, _context(turn.session, event), str(fault))
    except FactMissingError as missing:
        return Need(missing.fact)


def last_words(program: Program, session: Session, facts: Facts) -> Reply | None:
    """Return what the flow's `error` state says to a call whose turn can't be kept.

    `session` is fresh from `begin`. None where that state waits, fails, or doesn't exist: after
    these words there is nothing to resume, so they must end the call or hand it over.
    """
    try:
        reply = walk_error(Turn(program, session, Told(facts)), Context.ICE).reply()
    except (EvaluationError, FactMissingError):
        return None
    return reply if reply and isinstance(reply.action, LAST_ACTIONS) else None


def _take(turn: Turn, event: Event) -> Step:
    match event:
        case Chosen() | Digits() | NoInput() | NoMatch():  # first, as most events are these
            return _input(turn, event)
        case LegEnded() | LegBridged() | Signal() | Woken() | Moved():
            return raised(turn, event)
        case Ended():
            return call_over(turn, event)
        case Notified(type="amd" | "amd_beep"):
            return detected(turn, event)
        case Notified():
            return notified(turn, event)
        case Unreached():
            return unreached(turn, event)
        case Unknown():
            return Step(session=turn.session, verdict=Verdict.IGNORED)
        case _:
            return _replied(turn, event)


def _replied(turn: Turn, event: Incoming | Answered | MenuFailed | MenuHangup) -> Step:
    """Take another event for whose reply the platform waits."""
    match event:
        case Incoming():
            return _start(turn)
        case Answered():
            return _answered(turn, event)
        case MenuFailed():
            return _menu_failed(turn, event)
        case MenuHangup():
            return hung_up(turn)


def _start(turn: Turn) -> Step:
    if turn.session.wait is not Wait.START or turn.session.context is not Context.ICE:
        return Step(session=turn.session, verdict=Verdict.STALE)
    return _begin(turn, "incoming")


def _begin(turn: Turn, outcome: str) -> Step:
    walk = Walk(turn, turn.session.context)
    start = (Move(next=turn.program.flow.start),)
    return walk.step(follow(walk, outcome, start))


def _input(turn: Turn, event: Input) -> Step:
    session = turn.session
    if session.wait is Wait.CONFERENCE and isinstance(event, Digits) and event.menu != MENU:
        return room_digits(turn, event)
    older = isinstance(event, Chosen) and event.offer not in (0, session.offer)
    answered = session.wait is Wait.LOOK_UP and session.pending is None  # the call is over
    if older or answered or session.rescued or session.wait not in ASKING:
        return Step(session=session, verdict=Verdict.STALE)
    walk = Walk(turn, _context(session, event))
    return walk.step(hear(walk, walk.current, event))


def _menu_failed(turn: Turn, event: MenuFailed) -> Step:
    session = turn.session
    if session.rescued or session.wait not in ASKING:
        return Step(session=session, verdict=Verdict.STALE)
    raise EvaluationError(f"the platform could not run the menu ({event.type})")


def _answered(turn: Turn, event: Answered) -> Step:
    session = turn.session
    if session.wait is Wait.START and session.context is Context.ANSWERED:
        return _begin(_known_who(turn, event), "answered")
    if session.wait is not Wait.CONNECT or session.rescued:
        reply = Reply(number=session.offer, action=Continue())
        return Step(session=session, verdict=Verdict.IGNORED, reply=reply)
    walk = Walk(_known_who(turn, event), Context.BRIDGED)
    outcome = verdict_of(event) if _detects_machines(walk) else "answered"
    transition = walk.current.on.get(outcome)
    if transition is None:
        walk.action, walk.wait = Continue(), Wait.TALK
        return walk.step(outcome)
    return walk.step(follow(walk, outcome, transition))


def _detects_machines(walk: Walk) -> bool:
    action = walk.current.action
    return isinstance(action, Connect) and action.amd is True


def _known_who(turn: Turn, event: Answered) -> Turn:
    """Return the turn that knows who has answered, if the platform does."""
    known = event.amd not in ("", "inprogress")
    return turn.after(amd=verdict_of(event) if known else "", beeped=has_beeped(event))


def _context(session: Session, event: Event) -> Context:
    """Where the reply to `event` goes; a menu that the called party hears stays with that party."""
    if isinstance(event, Incoming):
        return Context.ICE
    if session.wait is Wait.START:
        return session.context
    if isinstance(event, Answered) or session.context is Context.BRIDGED:
        return Context.BRIDGED
    return Context.HELD if session.wait is Wait.HOLD else Context.MENU
