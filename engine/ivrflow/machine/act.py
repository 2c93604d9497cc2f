"""Actions of a program, with the values of one call, as actions of a reply."""

from collections.abc import Container

from ivrflow.errors import EvaluationError
from ivrflow.machine import replies
from ivrflow.machine.computed import address, milliseconds, number, room, shown
from ivrflow.machine.program import (
    Bridge,
    Collect,
    Conference,
    Connect,
    Continue,
    Hangup,
    Hold,
    Menu,
    Park,
    Request,
    State,
)
from ivrflow.machine.replies import Audio, Key, Part
from ivrflow.machine.session import Wait
from ivrflow.machine.timers import moment
from ivrflow.machine.walk import Walk
from ivrflow.model.context import Context

OUTER = "outer-"
"""How values begin that keys of the flows around the running one return. No state is called so."""


SECOND = 1_000
LONGEST_PARK = 600_000
"""Milliseconds for which a call is parked whose author says nothing."""

TICK = 1_000
"""Milliseconds of silence after what is said during a look-up."""


def act(walk: Walk, state: State) -> None:
    """Turn the action of `state` into the reply's, and note what the call waits for now."""
    match state.action:
        case Menu() as menu:
            ask_menu(walk, menu, walk.say(menu.prompt))
        case Collect() as collect:
            ask_digits(walk, collect, walk.say(collect.prompt))
        case Connect() as connect:
            walk.action, walk.wait = _connect(walk, connect), Wait.CONNECT
        case Conference() as conference:
            joined = _conference(walk, conference)
            walk.action, walk.wait, walk.room = joined, Wait.CONFERENCE, joined.room
        case Park() as park:
            walk.action, walk.wait = _park(walk, park), Wait.PARK
        case Hold() as hold:
            hold_call(walk, hold)
        case Bridge() as bridge:
            walk.action, walk.wait = _bridge(walk, bridge), Wait.BRIDGE
        case _:
            _act_at_once(walk, state)


def _act_at_once(walk: Walk, state: State) -> None:
    """Do what asks for nothing."""
    match state.action:
        case Continue():
            walk.action, walk.wait = replies.Continue(), Wait.TALK
        case Hangup():
            walk.action, walk.wait = replies.Hangup(), Wait.END
        case Request() as request:
            say_meanwhile(walk, request)
        case _:
            raise EvaluationError(f'the state "{state.name}" has nothing to do')


def ask_menu(walk: Walk, menu: Menu, prompt: list[Part]) -> None:
    """Offer `menu`, beginning with `prompt`; what it has failed already is not repeated again."""
    lead, prompt, voice = _one_voice(walk, prompt)
    walk.instructions += lead
    walk.action = replies.Menu(
        prompt=tuple(prompt),
        reprompt=tuple(walk.say(menu.reprompt)),
        repeats=max(0, menu.repeats - walk.failures.no_match),
        timeout=menu.timeout,
        barge=menu.barge,
        speech=menu.speech,
        voice=voice,
        keys=menu.offered + _outer_keys(walk, menu.choice_by_key, digits=menu.extension is None),
        max_digits=menu.extension.bounds(walk.names)[1] if menu.extension else 0,
    )
    walk.wait = Wait.MENU


def ask_digits(walk: Walk, collect: Collect, prompt: list[Part]) -> None:
    """Ask for digits, beginning with `prompt`; the platform repeats into silence."""
    lead, prompt, voice = _one_voice(walk, prompt)
    walk.instructions += lead
    walk.action = replies.Menu(
        prompt=tuple(prompt),
        reprompt=tuple(walk.say(collect.reprompt)),
        repeats=collect.retries,
        timeout=collect.timeout,
        barge=collect.barge,
        voice=voice,
        keys=collect.offered + _outer_keys(walk, {each.key for each in collect.offered}),
        max_digits=collect.digits.bounds(walk.names)[1],
    )
    walk.wait = Wait.COLLECT


def hold_call(walk: Walk, hold: Hold) -> None:
    """Let the caller wait: parked, where the platform can do that and needs no keys for it, else in
    a menu that comes round again and again."""
    prompt = walk.say(hold.prompt)
    keys = hold.offered + _outer_keys(walk, hold.choice_by_value)
    if hold.parks and not keys and walk.context in (Context.ICE, Context.PARKED):
        walk.action = replies.Park(prompt=tuple(prompt), pause=hold.every, voice=walk.locale)
        walk.wait = Wait.PARK
        return
    lead, prompt, voice = _one_voice(walk, prompt)
    walk.instructions += lead
    walk.action = replies.Menu(prompt=tuple(prompt), timeout=hold.every, voice=voice, keys=keys)
    walk.wait = Wait.HOLD


def say_meanwhile(walk: Walk, request: Request) -> None:
    """Say the prompt of a look-up that is under way, as a menu that nobody can answer."""
    lead, prompt, voice = _one_voice(walk, walk.say(request.meanwhile))
    walk.instructions += lead
    walk.action = replies.Menu(prompt=tuple(prompt), timeout=TICK, barge=False, voice=voice)
    walk.wait = Wait.LOOK_UP


def _outer_keys(walk: Walk, taken: Container[str], *, digits: bool = False) -> tuple[Key, ...]:
    """The keys of the flows around the running one; only `*` where a number is asked for (no
    `digits`)."""
    if not walk.outer:
        return ()
    return tuple(
        Key(key=key, value=OUTER + key) for key in walk.outer_keys(taken) if digits or key == "*"
    )


def _one_voice(walk: Walk, prompt: list[Part]) -> tuple[list[Part], list[Part], str]:
    """Split off the leading parts in another voice: a menu has one, that of its last spoken part.

    Returns the parts to be said before the menu, the menu's own, and its voice.
    """
    voices = [part.voice for part in prompt if not isinstance(part, Audio)]
    voice = voices[-1] if voices else walk.locale
    others = [
        index
        for index, part in enumerate(prompt)
        if not isinstance(part, Audio) and part.voice != voice
    ]
    split = others[-1] + 1 if others else 0
    return prompt[:split], prompt[split:], voice


def _connect(walk: Walk, connect: Connect) -> replies.Connect:
    names = walk.names
    target = address(str(connect.target(names)), connect.to)
    headers = {key: str(value(names)) for key, value in connect.headers.items()}
    match connect.to:
        case "number":
            return _connect_number(walk, connect, target)
        case "sip":
            return replies.ConnectSip(
                address=target,
                cli=shown(connect.cli, walk.names),
                max_duration=milliseconds(connect.max_duration, walk.names),
                transport=connect.transport,
                hold_music=connect.hold_music,
                headers=headers,
                callbacks=connect.callbacks,
            )
        case "user":
            return replies.ConnectUser(user=target, headers=headers)
        case _:
            return replies.ConnectStream(
                url=target,
                max_duration=milliseconds(connect.max_duration, walk.names),
                headers=headers,
            )


def _connect_number(walk: Walk, connect: Connect, target: str) -> replies.ConnectNumber:
    return replies.ConnectNumber(
        number=number(target, walk.program.dial_allow if connect.fenced else None),
        cli=shown(connect.cli, walk.names),
        timeout=milliseconds(connect.timeout, walk.names),
        max_duration=milliseconds(connect.max_duration, walk.names),
        tones=connect.tones,
        dtmf=str(connect.dtmf(walk.names)) if connect.dtmf else "",
        amd=connect.amd,
        callbacks=connect.callbacks,
        voice=walk.locale,
    )


def _conference(walk: Walk, conference: Conference) -> replies.Conference:
    return replies.Conference(
        room=room(str(conference.id(walk.names))),
        hold_music=conference.hold_music or "",
        dtmf=conference.dtmf,
        max_digits=conference.max_digits,
        timeout=conference.timeout,
    )


def _bridge(walk: Walk, bridge: Bridge) -> replies.Conference:
    if not walk.bridge_room:
        raise EvaluationError(f"no {bridge.to} has accepted to talk")
    return replies.Conference(room=walk.bridge_room)


def _park(walk: Walk, park: Park) -> replies.Park:
    """Park the call. One that comes back to its park, to hear something, hears the introduction no
    more and stays as long as is left."""
    now = moment(walk.told.now())
    intro: list[Part] = []
    longest = max(SECOND, walk.until - now)
    if not walk.until:
        intro = walk.say(park.intro)
        longest = milliseconds(park.max_duration, walk.names)
        walk.until = now + (longest or LONGEST_PARK)
    return replies.Park(
        intro=tuple(intro),
        prompt=tuple(walk.say(park.prompt)),
        max_duration=longest,
        voice=walk.locale,
    )
