"""The steps of a scenario: one function a kind."""

from ivrflow.callouts import State
from ivrflow.emulator.transcript import Ended, Heard, Recording, Sent
from ivrflow.errors import EmulatorError
from ivrflow.machine.effects import Emit
from ivrflow.model.literals import written_duration
from ivrflow.scenarios.memory import remember
from ivrflow.scenarios.model import (
    Answer,
    Beep,
    Calls,
    Dials,
    Emits,
    HangUp,
    Hear,
    MenuFails,
    Press,
    Receives,
    Recorded,
    Reject,
    Remember,
    Repeat,
    Restart,
    Signals,
    Silence,
    Speak,
    Step,
    Wait,
)
from ivrflow.scenarios.player import NotSoError, Party, Player
from ivrflow.scenarios.receivers import Delivered
from ivrflow.scenarios.values import equals, quoted, written

NOTHING = "nothing more was heard"


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
            await hang_up(player, step)
        case Calls() | Dials():
            await _play_new(player, step)
        case Answer() | Beep() | Reject():
            await _play_callee(player, step)
        case Emits() | Receives() | Signals():
            await _play_event(player, step)
        case Wait() | Recorded() | Repeat() | Restart() | MenuFails() | Remember():
            await _play_around(player, step)


async def _play_new(player: Player, step: Calls | Dials) -> None:
    match step:
        case Calls():
            await calls(player, step)
        case Dials():
            await dials(player, step)


async def _play_callee(player: Player, step: Answer | Beep | Reject) -> None:
    match step:
        case Answer():
            await answer(player, step)
        case Beep():
            await beep(player, step)
        case Reject():
            await reject(player, step)


async def _play_event(player: Player, step: Emits | Receives | Signals) -> None:
    match step:
        case Emits():
            await emits(player, step)
        case Receives():
            await receives(player, step)
        case Signals():
            await signals(player, step)


async def _play_around(
    player: Player, step: Wait | Recorded | Repeat | Restart | MenuFails | Remember
) -> None:
    """Play what nobody on the phone does."""
    stage = player.stage
    match step:
        case Wait():
            await stage.world.wait(step.ms)
        case Recorded():
            await recorded(player, step)
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
    who = player.party(step.who) if step.who else None

    def hears(entry: Heard) -> bool:
        return who in (None, Party(entry.call, entry.who))

    def is_meant(entry: Heard) -> bool:
        return hears(entry) and wanted.search(entry.text) is not None

    if await player.find(Heard, is_meant, passes="park") is not None:
        return
    heard = [each for each in player.unheard(Heard) if hears(each) and each.text]
    subject = f"{step.who} did not hear" if step.who else "nobody heard"
    told = f'{_listener(player, heard[0])} heard "{heard[0].text}"' if heard else NOTHING
    paused = player.stage.waits_for == "menu"
    help = "what is heard after a pause needs the step `silence`" if paused else ""
    raise NotSoError(
        step.at,
        f'{subject} "{step.text}": {told}, then {player.stage.state}',
        help="" if heard else help,
        instead=quoted(heard[0].text) if heard and not step.is_pattern else None,
    )


def _listener(player: Player, heard: Heard) -> str:
    return player.name(Party(heard.call, heard.who))


async def press(player: Player, step: Press) -> None:
    """Press keys, at once those that one menu takes: what it leaves is for who listens next."""
    stage = player.stage
    who, last = None, None
    for place, key in enumerate(step.keys):
        if who is None or stage.platform.find(who.call).last is not last:
            rest = step.keys[place:]
            what = f'"{rest}" of "{step.keys}"' if place else "keys"
            who = await player.ready(step, "keys", what)
            last = stage.platform.find(who.call).last
        await stage.world.press(who.call, key, who.leg)


async def speak(player: Player, step: Speak) -> None:
    who = await player.ready(step, "words", "words")
    await player.stage.world.speak(who.call, step.text, who.leg)


async def silence(player: Player, step: Silence) -> None:
    """Wait until the prompt is over, then until something is heard or asked for."""
    stage = player.stage
    await player.rest()
    if stage.waits_for != "menu":
        message = f"nobody is asked for anything: {stage.state}"
        raise NotSoError(step.at, message, help="let time pass with `wait: 10s`")
    call = stage.call.id
    player.passed(call)
    while not any(
        each.call == call for kind in (Heard, Sent, Ended) for each in player.unheard(kind)
    ):
        if not await stage.next():
            return


async def hang_up(player: Player, step: HangUp) -> None:
    who = player.party(step.who or ("caller" if player.stage.id else ""))
    await player.stage.world.hang_up(who.call, who.leg)


async def calls(player: Player, step: Calls) -> None:
    stage = player.stage
    stage.turned_to = await stage.world.call(step.call)
    if step.name:
        player.legs[step.name] = Party(stage.turned_to, "caller")


async def dials(player: Player, step: Dials) -> None:
    rang = await player.rings(step.to)
    if rang is not None:
        if step.name:
            player.legs[step.name] = Party(rang.call, rang.who)
        return
    others = player.unclaimed
    if not others:
        message = f'nobody dials "{step.to}": {player.stage.state}'
        raise NotSoError(step.at, message, help=await _next_time(player))
    dialled = others[0].to
    message = f'"{dialled}" is dialled, not "{step.to}"'
    raise NotSoError(step.at, message, instead=quoted(dialled))


async def _next_time(player: Player) -> str:
    """Say when the next callout that waits is dialled, "" if none does."""
    waiting = [each for each in await player.stage.callouts() if each.state is State.WAITING]
    if not waiting:
        return ""
    first = min(waiting, key=lambda each: each.due)
    ms = first.due - player.stage.platform.now
    return f'the callout "{first.name}" is due in {written_duration(ms)}: `wait` for it'


async def answer(player: Player, step: Answer) -> None:
    who = await _phone(player, step.who)
    await player.stage.world.pick_up(who.call, who.leg, step.voice)
    if step.voice == "human":
        player.people.add(who)


async def beep(player: Player, step: Beep) -> None:
    who = player.ringing if player.ringing and not step.who else player.party(step.who)
    if who in player.people:
        message = f"{step.who or who.leg} is a human, who does not beep"
        raise NotSoError(step.at, message, help="write `answer: machine` before")
    await player.stage.world.beep(who.call, who.leg)


async def reject(player: Player, step: Reject) -> None:
    who = await _phone(player, step.who)
    await player.stage.world.reject(who.call, who.leg, step.why)


async def _phone(player: Player, name: str) -> Party:
    """Return whose phone is meant, when it rings. One that has a name is waited for on its own
    call: others, that of a caller on hold for example, may go on by themselves for long."""
    if not name:
        await player.rest()
        return player.phone(name)
    who = player.phone(name)
    await player.rest()
    return who


async def recorded(player: Player, step: Recorded) -> None:
    def is_meant(entry: Recording) -> bool:
        return entry.state == "available" and step.to in entry.destination

    if await player.find(Recording, is_meant, passes="over") is None:
        made = [each.destination for each in player.unheard(Recording)]
        told = f"the recording is {made[-1]}" if made else "nothing was recorded"
        state = player.stage.state
        raise NotSoError(step.at, f"there is no such recording: {told}, and {state}")


async def emits(player: Player, step: Emits) -> None:
    """Events are looked for in their order; others may be sent between them."""

    def is_meant(event: Emit) -> bool:
        named = event.event == step.event and step.to in ("", event.to)
        return named and (step.data is None or equals(step.data, event.data))

    if not await player.sent(is_meant):
        left = [f"{each.event} {written(each.data)} to {each.to}" for each in player.ahead]
        told = f"sent is {', '.join(left)}" if left else "nothing more is sent"
        state = player.stage.state
        raise NotSoError(step.at, f'"{step.event}" is not sent: {told}, then {state}')


async def receives(player: Player, step: Receives) -> None:
    """Events are looked for as they are taken; others may be taken between them."""

    def is_meant(each: Delivered) -> bool:
        named = each.event == step.event and step.to in ("", each.to) and not each.fault
        return named and (step.data is None or equals(step.data, each.data))

    found = await player.received(is_meant)
    if found is None:
        got = [f"{each.text} {written(each.data)}" for each in player.deliveries]
        told = "; ".join(got) or "webhooks get nothing more"
        raise NotSoError(step.at, f'no webhook takes "{step.event}": {told}; {player.stage.state}')
    if step.attempt not in (0, found.attempt):
        message = f'"{step.event}" is taken at try {found.attempt}, not {step.attempt}'
        raise NotSoError(step.at, message)


async def signals(player: Player, step: Signals) -> None:
    """Where nobody handles a signal there is nothing that it could do."""
    call = player.party(step.who).call
    if not await player.stage.signal(call, step.name, step.data):
        state = player.stage.state
        raise NotSoError(step.at, f'nobody waits for the signal "{step.name}": {state}')


async def repeat(player: Player, step: Repeat) -> None:
    """The engine must answer what it has answered before as it did before."""
    stage = player.stage
    last = stage.call.last
    before = stage.replies.get(last.body, b"") if last is not None else b""
    turns = len(stage.seen)
    call = stage.call.id
    await stage.world.do(lambda platform: platform.resend(call))
    again = stage.replies.get(last.body, b"") if last is not None else b""
    if again != before or len(stage.seen) != turns:
        raise NotSoError(step.at, "the callback sent again was not answered as before")


async def menu_fails(player: Player, step: MenuFails) -> None:
    call = player.stage.call
    await player.until(step, "keys", "keys, so no menu can fail", call)
    player.passed(call.id)
    await player.stage.world.do(lambda platform: platform.break_menu(call.id))
