"""The life of a call: a reply is carried out, which leads to the next, until the call is over."""

from ivrflow.emulator import callbacks, recordings
from ivrflow.emulator.asking import CONTINUE, ask, asks, is_inline, post, refuse, reply_or
from ivrflow.emulator.clock import Script, Wait
from ivrflow.emulator.contexts import doubts
from ivrflow.emulator.dialling import connect, ring
from ivrflow.emulator.instructions import carry_out
from ivrflow.emulator.menus import result, run_menu
from ivrflow.emulator.playing import play, sound
from ivrflow.emulator.prompts import Part
from ivrflow.emulator.rooms import join_room
from ivrflow.emulator.svaml import (
    Confer,
    Connect,
    Continue,
    Hangup,
    Park,
    RunMenu,
    Svaml,
)
from ivrflow.emulator.transcript import Cut, Ended, Parked
from ivrflow.emulator.world import Call, Leg, MenuBroken, Over, Redirected, Turn

HANGUP = Svaml(name="hangup", action=Hangup())


def live(call: Call, first: Script[Turn]) -> Script[None]:
    """Run a call from its first turn to its end."""
    script = first
    try:
        while True:
            try:
                turn = yield from script
            except Redirected as redirected:
                turn = redirected.turn
                _stop_ringing(call)
            script = _perform(call, turn)
    except Over as over:
        _finish(call, over)


def come_in(call: Call) -> Script[Turn]:
    """The first turn of a call that reached the platform: what becomes of it?"""
    if not asks(call, "ice"):
        return Turn("ice", CONTINUE)
    nothing = Svaml()
    turn = yield from reply_or(call, "ice", callbacks.ice(call), nothing)
    if turn.svaml is nothing:
        prompt = call.world.switches.error_prompt
        sound(call, call.near, "error", prompt)
        raise Over("CALLBACKERROR", "" if call.answered is not None else "FAILED")
    return turn


def call_out(call: Call, leg: Leg, how: Connect) -> Script[Turn]:
    """The first turn of a callout that plays a text or leads to a room."""
    yield from ring(call, leg, how)
    call.near = call.listener = leg
    call.lift(leg)
    call.limit(how.max_duration or call.world.switches.callout_duration // 1000)
    if how.dtmf:
        sound(call, leg, "dtmf", how.dtmf)
    if leg.address.kind == "username" or not asks(call, "ace"):
        return Turn("ace", CONTINUE)
    turn = yield from reply_or(call, "ace", callbacks.ace(call), CONTINUE)
    if call.kind == "conference" and not isinstance(turn.svaml.action, Confer):
        call.warn("the ACE of a conference callout must be answered with connectConf")
    return turn


def tell(call: Call, parts: tuple[Part, ...], locale: str) -> Script[Turn]:
    """What a TTS callout goes on with: its text, then the end."""
    yield from play(call, call.listener, parts, locale)
    raise Over("MANAGERHANGUP")


def _perform(call: Call, turn: Turn) -> Script[Turn]:
    for doubt in () if turn.svaml is CONTINUE else doubts(turn):
        call.warn(doubt)
    listeners = () if call.listener is None else (call.listener,)
    yield from carry_out(call, turn.svaml.instructions, listeners)
    return (yield from _act(call, turn))


def _act(call: Call, turn: Turn) -> Script[Turn]:
    match turn.svaml.action:
        case Hangup() | None:
            raise Over("MANAGERHANGUP")
        case Continue():
            return (yield from _go_on(call, turn.context))
        case Connect() as action:
            return (yield from connect(call, action))
        case Confer() as action:
            return (yield from join_room(call, _party(call), action, turn.context))
        case RunMenu() as action:
            return (yield from _menu(call, _asked(call), action))
        case Park() as action:
            return (yield from _park(call, _party(call), action))


def _party(call: Call) -> Leg:
    """Return whom an action is for."""
    if call.listener is None:
        raise refuse(call, "nobody is on the line for this action")
    return call.listener


def _asked(call: Call) -> Leg:
    """Return whom a menu is for: who has just picked up, or who hears prompts."""
    if call.far is not None and call.is_bridged and call.world.switches.bridged_menu == "callee":
        return call.far
    return _party(call)


def _go_on(call: Call, context: str) -> Script[Turn]:
    if call.plan is not None:
        return (yield from call.plan(call))
    if context in ("ice", "parked") and call.to.kind != "did":
        return (yield from _as_dialled(call))
    call.warn("continue: there is nothing to go on with")
    raise Over("GENERALERROR" if call.answered is None else "MANAGERHANGUP")


def _as_dialled(call: Call) -> Script[Turn]:
    """Connect an app or SIP caller with whom it dialled."""
    match call.to.kind:
        case "conference":
            return (yield from join_room(call, _party(call), Confer(room=call.to.endpoint), "ace"))
        case "username" | "sip" | "number" as kind:
            return (yield from connect(call, Connect(kind=kind, to=call.to.endpoint)))
        case _:
            raise Over("GENERALERROR", "FAILED")


def _menu(call: Call, leg: Leg, run: RunMenu) -> Script[Turn]:
    if call.world.switches.unanswered_prompts != "unheard":
        call.lift(leg)
    choices = any(each.options or each.max_digits for each in run.menus)
    try:
        with call.doing_("menu", leg, choices=choices):
            found = yield from run_menu(call, leg, run)
    except MenuBroken:
        found = result("error", run.main or "main")
    except Over as over:
        if over.who == leg.name and asks(call, "pie"):
            yield from _tell_hangup(call, run)
        raise
    if not asks(call, "pie"):
        call.warn("a menu has a result, but nobody asked for PIE (enablePie)")
    else:
        turn = yield from reply_or(call, "pie", callbacks.pie(call, found), HANGUP)
        if turn.svaml is not HANGUP:
            return turn
    if call.world.switches.silent_pie == "continue":
        return Turn("pie", CONTINUE)
    raise Over("CALLBACKERROR")


def _tell_hangup(call: Call, run: RunMenu) -> Script[None]:
    """Tell that the caller hung up inside the menu; nobody will hear the reply."""
    gone = callbacks.pie(call, result("hangup", run.main or "main"))
    if call.world.switches.dice_waits:
        yield from ask(call, "pie", gone)
    elif not is_inline(call.own.get("pie", "")):
        post(call, "pie", gone)


def _park(call: Call, leg: Leg, park: Park) -> Script[Turn]:
    """Hold the call; a PATCH interrupts. When the time is up, the running prompt finishes."""
    call.log(Parked(at=call.now, call=call.id, who=leg.name))
    until = call.now + park.max_duration * 1000
    with call.doing_("park", leg):
        yield from play(call, leg, park.intro, park.locale)
        while call.now < until:
            before = call.now
            yield from play(call, leg, park.hold, park.locale)
            if call.now == before:
                yield Wait(until - call.now)
    raise Over("TIMEOUT")


def _finish(call: Call, over: Over) -> None:
    call.ending = True
    call.reason, call.illegal = over.reason, over.illegal
    call.result = over.result or ("ANSWERED" if call.answered is not None else "N/A")
    if call.limit_task is not None:
        call.world.clock.stop(call.limit_task)
    for leg in call.legs:
        _release(call, leg)
    call.ended = call.now
    call.log(
        Ended(
            at=call.now,
            call=call.id,
            reason=call.reason,
            result=call.result,
            duration=call.seconds,
        )
    )
    call.world.retire(call)
    if "dice" in call.sends:
        twice = call.world.switches.dice_per_leg and call.far is not None
        for _ in range(2 if twice else 1):
            post(call, "dice", callbacks.dice(call))
    recordings.finish(call)


def _stop_ringing(call: Call) -> None:
    for leg in call.legs:
        if not leg.up and leg is not call.near:
            _release(call, leg)


def _release(call: Call, leg: Leg) -> None:
    if not leg.gone:
        leg.gone = True
        call.log(Cut(at=call.now, call=call.id, who=leg.name))
