"""The steps of a scenario: one function a kind."""

from collections.abc import Awaitable, Callable
from typing import Any

from ivrflow.emulator.signals import Key, Speech
from ivrflow.emulator.transcript import Ended, Heard, Rang, Recording, Sent
from ivrflow.errors import EmulatorError
from ivrflow.machine.effects import Emit
from ivrflow.scenarios.memory import remember
from ivrflow.scenarios.model import (
    Answer,
    Beep,
    Dials,
    Emits,
    HangUp,
    Hear,
    MenuFails,
    Press,
    Recorded,
    Reject,
    Remember,
    Repeat,
    Restart,
    Silence,
    Speak,
    Step,
    Wait,
)
from ivrflow.scenarios.player import WAITS, NotSoError, Player
from ivrflow.scenarios.values import equals, quoted, written


async def play(player: Player, step: Step) -> None:
    """Do one step; raises `NotSoError`."""
    try:
        await PLAY_BY_STEP[type(step)](player, step)
    except EmulatorError as error:
        raise NotSoError(step.at, str(error)) from None


async def hear(player: Player, step: Hear) -> None:
    wanted = step.pattern()
    who = player.name(step.who)

    def is_meant(entry: Heard) -> bool:
        return who in ("", entry.who) and wanted.search(entry.text) is not None

    if await player.find(Heard, is_meant, passes="park") is not None:
        return
    heard = [each for each in player.unheard(Heard) if who in ("", each.who) and each.text]
    subject = f"{step.who} did not hear" if step.who else "nobody heard"
    told = f'{heard[0].who} heard "{heard[0].text}"' if heard else "nothing more was heard"
    state = player.stage.waits_for
    help = "what is heard after a pause needs the step `silence`" if state == "menu" else ""
    raise NotSoError(
        step.at,
        f'{subject} "{step.text}": {told}, then {WAITS[state]}',
        help="" if heard else help,
        instead=quoted(heard[0].text) if heard else None,
    )


async def press(player: Player, step: Press) -> None:
    await player.ready(step, Key, "keys")
    who = player.name(step.who) or player.stage.party
    await player.stage.world.press(player.stage.id, step.keys, who)


async def speak(player: Player, step: Speak) -> None:
    await player.ready(step, Speech, "words")
    who = player.name(step.who) or player.stage.party
    await player.stage.world.speak(player.stage.id, step.text, who)


async def silence(player: Player, step: Silence) -> None:
    """Wait until the prompt is over, then until something is heard or asked for."""
    stage = player.stage
    await player.rest()
    if stage.waits_for != "menu":
        message = f"nobody is asked for anything: {WAITS[stage.waits_for]}"
        raise NotSoError(step.at, message, help="let time pass with `wait: 10s`")
    player.passed()
    while not any(player.unheard(kind) for kind in (Heard, Sent, Ended)):
        if not await stage.next():
            return


async def wait(player: Player, step: Wait) -> None:
    await player.stage.world.wait(step.ms)


async def hang_up(player: Player, step: HangUp) -> None:
    await player.stage.world.hang_up(player.stage.id, player.name(step.who))


async def dials(player: Player, step: Dials) -> None:
    rang = await player.find(Rang, lambda _: True)
    if rang is None:
        state = WAITS[player.stage.waits_for]
        raise NotSoError(step.at, f'nobody dials "{step.to}": {state}')
    if rang.to.lstrip("+") != step.to.lstrip("+"):
        message = f'"{rang.to}" is dialled, not "{step.to}"'
        raise NotSoError(step.at, message, instead=quoted(rang.to))
    player.ringing = rang.who
    if step.name:
        player.legs[step.name] = rang.who


async def answer(player: Player, step: Answer) -> None:
    await player.rest()
    who = player.name(step.who) or player.ringing
    await player.stage.world.pick_up(player.stage.id, who, step.voice)


async def beep(player: Player, step: Beep) -> None:
    who = player.name(step.who) or player.ringing
    await player.stage.world.beep(player.stage.id, who)


async def reject(player: Player, step: Reject) -> None:
    await player.rest()
    who = player.name(step.who) or player.ringing
    await player.stage.world.reject(player.stage.id, who, step.why)


async def recorded(player: Player, step: Recorded) -> None:
    def is_meant(entry: Recording) -> bool:
        return entry.state == "available" and step.to in entry.destination

    if await player.find(Recording, is_meant, passes="over") is None:
        made = [each.destination for each in player.unheard(Recording)]
        told = f"the recording is {made[-1]}" if made else "nothing was recorded"
        state = WAITS[player.stage.waits_for]
        raise NotSoError(step.at, f"there is no such recording: {told}, and {state}")


async def emits(player: Player, step: Emits) -> None:
    """Events are looked for in their order; others may be sent between them."""

    def is_meant(event: Emit) -> bool:
        named = event.event == step.event and step.to in ("", event.to)
        return named and (step.data is None or equals(step.data, event.data))

    if not await player.sent(is_meant):
        left = [f"{each.event} {written(each.data)} to {each.to}" for each in player.ahead]
        told = f"sent is {', '.join(left)}" if left else "nothing more is sent"
        state = WAITS[player.stage.waits_for]
        raise NotSoError(step.at, f'"{step.event}" is not sent: {told}, then {state}')


async def repeat(player: Player, step: Repeat) -> None:
    """The engine must answer what it has answered before as it did before."""
    stage = player.stage
    last = stage.call.last
    before = stage.replies.get(last.body, b"") if last is not None else b""
    turns = len(stage.seen)
    await stage.world.do(lambda platform: platform.resend(stage.id))
    again = stage.replies.get(last.body, b"") if last is not None else b""
    if again != before or len(stage.seen) != turns:
        raise NotSoError(step.at, "the callback sent again was not answered as before")


async def restart(player: Player, step: Restart) -> None:
    await player.stage.restart()


async def menu_fails(player: Player, step: MenuFails) -> None:
    await player.until(step, Key, "keys, so no menu can fail")
    player.passed()
    await player.stage.world.do(lambda platform: platform.break_menu(player.stage.id))


async def others_record(player: Player, step: Remember) -> None:
    await remember(player.stage.store, step.records, player.stage.platform.now)


PLAY_BY_STEP: dict[type, Callable[[Player, Any], Awaitable[None]]] = {
    Hear: hear,
    Press: press,
    Speak: speak,
    Silence: silence,
    Wait: wait,
    HangUp: hang_up,
    Dials: dials,
    Answer: answer,
    Beep: beep,
    Reject: reject,
    Recorded: recorded,
    Emits: emits,
    Repeat: repeat,
    Restart: restart,
    MenuFails: menu_fails,
    Remember: others_record,
}
