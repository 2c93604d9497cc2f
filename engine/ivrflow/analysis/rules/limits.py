"""E7xx: what the platform refuses or cuts."""

import re
from collections.abc import Iterator

from ivrflow.analysis.graph import hears_answer, wanted_digits
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.rules.speech import sounds
from ivrflow.analysis.ssml import PLACEHOLDER
from ivrflow.analysis.subject import Subject
from ivrflow.machine.replies import MENU
from ivrflow.model.flow import (
    Collect,
    Conference,
    Connect,
    ControlStep,
    Duration,
    Fixed,
    Hold,
    Menu,
    Park,
    RecordStep,
    SendDtmfStep,
    State,
    Text,
    rings_sip,
)
from ivrflow.model.outcomes import AMD
from ivrflow.numbers import is_e164


@FLOW.add(
    "E702",
    "wrong-number",
    bad="""
flow: example
start: ring
states:
  ring: {connect: {number: "08-500 000 01"}}
""",
    good="""
flow: example
start: ring
states:
  ring: {connect: {number: "+46850000001"}}
""",
)
def wrong_number(subject: Subject) -> Iterator[Finding]:
    """A number that is not in international form can't be dialled."""
    for connect in _connects(subject):
        if connect.to == "number":
            yield from _number(connect.target)
        yield from _shown(connect.cli)
    for callout in subject.flow.callouts.values():
        if not rings_sip(callout):
            yield from _number(callout.to)
        yield from _shown(callout.cli)


def _shown(cli: Text | None) -> Iterator[Finding]:
    if cli is not None and cli.source != "private":
        yield from _number(cli)


def _connects(subject: Subject) -> Iterator[Connect]:
    for state in subject.states.values():
        if isinstance(state.action, Connect):
            yield state.action


def _number(text: Text) -> Iterator[Finding]:
    if "{{" not in text.source and not is_e164(text.source) and text.scalar is not None:
        message = f'"{text.source}" is no number in international form'
        yield Finding(text.scalar.span, message, 'write it as in "+46850000001"')


@FLOW.add(
    "E703",
    "duration-out-of-bounds",
    bad="""
flow: example
start: ring
states:
  ring: {connect: {number: "+46850000001", timeout: 1500ms}}
""",
    good="""
flow: example
start: ring
states:
  ring: {connect: {number: "+46850000001", timeout: 2s}}
""",
)
def duration_out_of_bounds(subject: Subject) -> Iterator[Finding]:
    """A duration that the platform can't keep: too long, too short, or not in whole seconds."""
    limits = subject.platform.limits
    for state in subject.states.values():
        match state.action:
            case Connect(timeout=timeout, max_duration=longest):
                yield from _seconds(timeout, limits.call)
                yield from _seconds(longest, limits.call)
            case Park(max_duration=longest):
                yield from _seconds(longest, limits.park)
            case Menu(timeout=silence) | Collect(timeout=silence) | Hold(every=silence):
                yield from _silence(silence, limits.menu_timeout)
            case _:
                pass


def _seconds(duration: Duration | None, most: int) -> Iterator[Finding]:
    if not isinstance(duration, Fixed):
        return
    if duration.milliseconds % 1000:
        yield Finding(duration.at, "the platform counts whole seconds here", "write 2s, not 1500ms")
    elif not 0 < duration.milliseconds <= most:
        message = f"from 1s to {most // 1000}s are possible here"
        yield Finding(duration.at, message)


def _silence(timeout: Fixed, bounds: tuple[int, int]) -> Iterator[Finding]:
    least, most = bounds
    if not least <= timeout.milliseconds <= most:
        message = f"from {least // 1000}s to {most // 1000}s are possible here"
        yield Finding(timeout.at, message)


@FLOW.add(
    "E704",
    "wrong-room",
    bad="""
flow: example
start: meet
states:
  meet: {conference: {id: main}}
""",
    good="""
flow: example
start: meet
states:
  meet: {conference: {id: weekly-meeting}}
""",
)
def wrong_room(subject: Subject) -> Iterator[Finding]:
    """A room whose name the platform can't take, or can't tell from a menu."""
    most = subject.platform.limits.room
    for room in rooms(subject):
        if room.scalar is None:
            continue
        name, span = room.source, room.scalar.span
        if name == MENU:
            message = f"keys pressed in a room called \"{name}\" can't be told from a menu's"
            yield Finding(span, message, "give it another name")
        elif not name.strip():
            yield Finding(span, "a room without a name", "give it one, such as weekly-meeting")
        elif (least := len(PLACEHOLDER.sub("", name))) > most:
            yield Finding(span, f"a room's name has at most {most} characters, not {least}")


def rooms(subject: Subject) -> Iterator[Text]:
    """Yield the names of rooms, as the author wrote them."""
    for state in subject.states.values():
        if isinstance(state.action, Conference):
            yield state.action.id
    for step in subject.steps():
        if isinstance(step, ControlStep):
            yield step.conference


@FLOW.add(
    "E705",
    "wrong-tones",
    bad="""
flow: example
start: ring
states:
  ring: {do: [send_dtmf: "1,2"], connect: {number: "+46850000001"}}
""",
    good="""
flow: example
start: ring
states:
  ring: {do: [send_dtmf: "1w2"], connect: {number: "+46850000001"}}
""",
)
def wrong_tones(subject: Subject) -> Iterator[Finding]:
    """Tones that the platform can't send, or the ring tone of a country that it doesn't have."""
    limits = subject.platform.limits
    for step in subject.steps():
        if isinstance(step, SendDtmfStep):
            yield from _tones(step.tones, limits.dtmf)
    for connect in _connects(subject):
        if connect.dtmf is not None:
            yield from _tones(connect.dtmf, limits.dtmf)
        tones = connect.tones
        if tones is not None and tones.source not in limits.tones and tones.scalar is not None:
            message = f'there is no ring tone for "{tones.source}"'
            yield Finding(tones.scalar.span, message, "write a country such as se, gb or us")


def _tones(text: Text, allowed: frozenset[str]) -> Iterator[Finding]:
    wrong = [each for each in text.source if each not in allowed]
    if "{{" not in text.source and wrong and text.scalar is not None:
        message = f'the tone "{wrong[0]}" can\'t be sent'
        yield Finding(text.scalar.span, message, "0-9, # and w (half a second) can")


@FLOW.add(
    "E706",
    "too-many-digits",
    bad="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: "Your number?", length: 99}
    on: {collected: bye, no_input: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: "Your number?", length: 9}
    on: {collected: bye, no_input: bye}
  bye: {hangup: }
""",
)
def too_many_digits(subject: Subject) -> Iterator[Finding]:
    """More digits are asked for than a caller can be."""
    most = subject.platform.limits.max_digits
    for state in subject.states.values():
        digits = wanted_digits(state)
        if digits is not None and digits.max > most:
            yield Finding(digits.at, f"at most {most} digits can be asked for, not {digits.max}")


KEYS_BY_TARGET = {
    "number": {"cli", "timeout", "max_duration", "tones", "dtmf", "amd", "callbacks"},
    "sip": {"cli", "max_duration", "headers", "hold_music", "transport", "callbacks"},
    "user": {"headers"},
    "stream": {"max_duration", "headers"},
}
"""What a connect can say of each kind of target; the platform has no field for the rest."""


@FLOW.add(
    "E781",
    "key-without-effect",
    bad="""
flow: example
start: ring
states:
  ring: {connect: {sip: "agent@sip.example.com", timeout: 20s}}
""",
    good="""
flow: example
start: ring
states:
  ring: {connect: {number: "+46850000001", timeout: 20s}}
""",
)
def key_without_effect(subject: Subject) -> Iterator[Finding]:
    """A connect says what its kind of target doesn't have, or asks for what nobody tells: callers
    would not notice it."""
    for connect in _connects(subject):
        for key in sorted(_given(connect) - KEYS_BY_TARGET[connect.to]):
            useful = [to for to, keys in KEYS_BY_TARGET.items() if key in keys]
            message = f'"{key}" has no effect where a {connect.to} is connected'
            yield Finding(connect.at, message, f"remove it; it is for: {', '.join(useful)}")
        if connect.amd and connect.to == "number" and not connect.callbacks:
            message = '"amd" has no effect with `callbacks: false`: nobody tells who has answered'
            yield Finding(connect.at, message, "remove one of them")
    for state in subject.states.values():
        if isinstance(state.action, Connect) and _hears_for_nothing(state, state.action):
            message = '"amd: async" has no effect: nothing here handles human, machine or unsure'
            yield Finding(state.action.at, message, "handle them under `on:`, or remove it")
        if isinstance(state.action, Connect) and state.action.to == "user":
            for step in state.steps:
                if isinstance(step, RecordStep):
                    message = '"record" has no effect where a user is connected'
                    yield Finding(step.at, message, "remove it; a call to a number is recorded")


def _hears_for_nothing(state: State, connect: Connect) -> bool:
    """Whether it is found out meanwhile who has answered, and nobody asks."""
    handled = any(state.on.by_outcome.get(name) for name in AMD)
    return connect.amd == "async" and not handled and hears_answer(connect)


def _given(connect: Connect) -> set[str]:
    """The keys that a connect has, its target left out."""
    said = {
        "cli": connect.cli,
        "timeout": connect.timeout,
        "max_duration": connect.max_duration,
        "tones": connect.tones,
        "dtmf": connect.dtmf,
        "headers": connect.headers,
        "amd": connect.amd,
        "hold_music": connect.hold_music,
        "transport": connect.transport,
        "callbacks": not connect.callbacks,
    }
    return {key for key, value in said.items() if value}


SCHEMES_BY_USE = {
    "stream": ("ws://", "wss://"),
    "record": ("s3://", "azure://"),
    "play": ("http://", "https://"),
}


@FLOW.add(
    "E707",
    "wrong-address",
    bad="""
flow: example
start: talk
states:
  talk: {connect: {stream: "https://bot.example.com"}}
""",
    good="""
flow: example
start: talk
states:
  talk: {connect: {stream: "wss://bot.example.com"}}
""",
)
def wrong_address(subject: Subject) -> Iterator[Finding]:
    """An address of a kind that the platform can't reach: the call, or the sound, would fail."""
    for connect in _connects(subject):
        if connect.to == "stream":
            yield from wrong_address_of(connect.target, "stream")
        elif connect.to == "sip":
            yield from _sip_address(connect.target)
    for step in subject.steps():
        if isinstance(step, RecordStep):
            yield from wrong_address_of(step.to, "record")
    for target in sounds(subject.parts(), subject.flow.prompts):
        yield from wrong_address_of(target, "play")


def _sip_address(text: Text) -> Iterator[Finding]:
    if text.scalar is not None and "@" not in text.source and "{{" not in text.source:
        message = f'"{text.source}" is no SIP address'
        yield Finding(text.scalar.span, message, "write user@host")


def wrong_address_of(text: Text, use: str) -> Iterator[Finding]:
    """Find what is wrong with an address, as far as it is written out."""
    schemes = SCHEMES_BY_USE[use]
    literal = text.source.partition("{{")[0]
    if text.scalar is None or (not literal and "{{" in text.source):
        return
    if not literal.startswith(schemes):
        message = f'"{text.source}" does not begin with {" or ".join(schemes)}'
        yield Finding(text.scalar.span, message)
    elif re.search(r"\s", PLACEHOLDER.sub("", text.source)):
        yield Finding(text.scalar.span, "a space can't stand in an address", "write %20")


@FLOW.add(
    "E404",
    "words-never-heard",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: {words: [sales], next: bye}}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., speech: true, choices: {1: {words: [sales], next: bye}}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def words_never_heard(subject: Subject) -> Iterator[Finding]:
    """Spoken words are given for a key of a menu that doesn't listen to speech."""
    for state in subject.states.values():
        if not isinstance(state.action, Menu) or state.action.speech:
            continue
        for choice in state.action.choices:
            if choice.words:
                yield Finding(choice.at, "these words are never heard", "add `speech: true`")
