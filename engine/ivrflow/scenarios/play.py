"""The steps of a scenario: one function a kind."""

from ivrflow.emulator.look import NEEDS
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
from ivrflow.scenarios.player import NotSoError, Player
from ivrflow.scenarios.values import equals, quoted, written


async def play(player: Player, step: Step) -> None:
    """Do one step; raises `NotSoError`."""
    try:
        await _play(player, step)
    except EmulatorError as error:
        raise NotSoError(step.at, str(error)) from None


async def _play(player: Player, step: Step) -> None:
    match step:
        case Hear():
            await hear(player, step)
        case Press():
            await press(player, step)
        case Speak():
            await speak(player, step)
        case Silence():
            await silence(player, step)
        case HangUp():
            await player.stage.world.hang_up(player.stage.id, player.name(step.who))
        case Dials():
            await dials(player, step)
        case Answer() | Beep() | Reject():
            await _play_callee(player, step)
        case Wait() | Recorded() | Emits() | Repeat() | Restart() | MenuFails() | Remember():
            await _play_around(player, step)


async def _play_callee(player: Player, step: Answer | Beep | Reject) -> None:
    match step:
        case Answer():
            await answer(player, step)
        case Beep():
            await beep(player, step)
        case Reject():
            await reject(player, step)


async def _play_around(
    player: Player, step: Wait | Recorded | Emits | Repeat | Restart | MenuFails | Remember
) -> None:
    """Play what nobody on the phone does."""
    stage = player.stage
    match step:
        case Wait():
            await stage.world.wait(step.ms)
        case Recorded():
            await recorded(player, step)
        case Emits():
            await emits(player, step)
        case Repeat():
            await repeat(player, step)
        case Restart():
            await stage.restart()
        case MenuFails():
            await menu_fails(player, step)
        case Remember():
            await remember(stage.store, step.records, stage.platform.now)


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
        f'{subject} "{step.text}": {told}, then {NEEDS[state]}',
        help="" if heard else help,
        instead=quoted(heard[0].text) if heard and not step.is_pattern else None,
    )


async def press(player: Player, step: Press) -> None:
    """Press keys, at once those that one menu takes: what it leaves is for who listens next."""
    stage = player.stage
    who, last = "", None
    for place, key in enumerate(step.keys):
        if not who or stage.call.last is not last:
            rest = step.keys[place:]
            what = f'"{rest}" of "{step.keys}"' if place else "keys"
            who = await player.ready(step, "keys", what)
            last = stage.call.last
        await stage.world.press(stage.id, key, who)


async def speak(player: Player, step: Speak) -> None:
    who = await player.ready(step, "words", "words")
    await player.stage.world.speak(player.stage.id, step.text, who)


async def silence(player: Player, step: Silence) -> None:
    """Wait until the prompt is over, then until something is heard or asked for."""
    stage = player.stage
    await player.rest()
    if stage.waits_for != "menu":
        message = f"nobody is asked for anything: {NEEDS[stage.waits_for]}"
        raise NotSoError(step.at, message, help="let time pass with `wait: 10s`")
    player.passed()
    while not any(player.unheard(kind) for kind in (Heard, Sent, Ended)):
        if not await stage.next():
            return


async def dials(player: Player, step: Dials) -> None:
    rang = await player.find(Rang, lambda _: True)
    if rang is None:
        state = NEEDS[player.stage.waits_for]
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
    if step.voice == "human":
        player.people.add(who)


async def beep(player: Player, step: Beep) -> None:
    who = player.name(step.who) or player.ringing
    if who in player.people:
        message = f"{step.who or who} is a human, who does not beep"
        raise NotSoError(step.at, message, help="write `answer: machine` before")
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
        state = NEEDS[player.stage.waits_for]
        raise NotSoError(step.at, f"there is no such recording: {told}, and {state}")


async def emits(player: Player, step: Emits) -> None:
    """Events are looked for in their order; others may be sent between them."""

    def is_meant(event: Emit) -> bool:
        named = event.event == step.event and step.to in ("", event.to)
        return named and (step.data is None or equals(step.data, event.data))

    if not await player.sent(is_meant):
        left = [f"{each.event} {written(each.data)} to {each.to}" for each in player.ahead]
        told = f"sent is {', '.join(left)}" if left else "nothing more is sent"
        state = NEEDS[player.stage.waits_for]
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


async def menu_fails(player: Player, step: MenuFails) -> None:
    await player.until(step, "keys", "keys, so no menu can fail")
    player.passed()
    await player.stage.world.do(lambda platform: platform.break_menu(player.stage.id))
