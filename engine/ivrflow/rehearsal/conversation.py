"""A call with a person at the keyboard."""

from collections.abc import Callable

from ivrflow.emulator.look import Look
from ivrflow.emulator.platform import KEYS
from ivrflow.errors import EmulatorError
from ivrflow.rehearsal.acts import Deed, HangUp, PickUp, Press, Reject, Speak
from ivrflow.rehearsal.keyboard import HANG_UP, NOTHING, STOP, Keyboard
from ivrflow.rehearsal.player import Player

NEXT_PHONE = "\t"

MOMENT = 0.05
"""Seconds between two looks at the call."""

HELP = "keys: 0-9 * # press, space speak, h hang up, c the callee hangs up, Tab next phone, ? help"
HELP_FAST = HELP.replace(", ?", ", Enter say nothing, ?")
HOLDS = "you hold the phone of {who}"
RINGS = "{who} rings at {address}: a answer, m machine, b busy, n no answer, r reject?"

DEED_BY_KEY: dict[str, Callable[[str], Deed]] = {
    "a": lambda who: PickUp(who=who),
    "m": lambda who: PickUp(voice="machine", who=who),
    "b": lambda who: Reject(why="busy", who=who),
    "n": lambda who: Reject(why="no_answer", who=who),
    "r": lambda who: Reject(why="failed", who=who),
}
"""What becomes of a ringing phone."""


async def converse(
    player: Player, keyboard: Keyboard, tell: Callable[[str], None], *, fast: bool
) -> None:
    """Be on the phone until the call is over.

    `fast`: time passes only when somebody is waited for. `tell` shows what is no part of the call.
    """
    tell(HELP_FAST if fast else HELP)
    told: set[str] = set()
    while True:
        look = await (player.listen() if fast else player.look())
        if look.over:
            await player.hang_up()
            return
        for party in look.ringing:
            if party.who not in told:
                told.add(party.who)
                tell(RINGS.format(who=party.who, address=party.address))
        key = await keyboard.key(None if fast else MOMENT)
        if key != NOTHING:
            await _press(player, keyboard, tell, look, key, fast=fast)


async def _press(
    player: Player,
    keyboard: Keyboard,
    tell: Callable[[str], None],
    look: Look,
    key: str,
    *,
    fast: bool,
) -> None:
    if key in "\r\n" and fast:
        await player.pass_on()
        return
    if key == NEXT_PHONE:
        who = player.line.turn_on()
        tell(HOLDS.format(who=who) if who else "there is one phone only")
        return
    deed = await _deed(keyboard, look, key)
    if deed is None:
        tell(HELP_FAST if fast else HELP)
        return
    try:
        await player.line.do(deed)
    except EmulatorError as error:
        tell(str(error))


async def _deed(keyboard: Keyboard, look: Look, key: str) -> Deed | None:
    """Return what a key of the keyboard does now, None for nothing."""
    if key in DEED_BY_KEY and look.ringing:
        return DEED_BY_KEY[key](look.ringing[0].who)
    if key in KEYS:
        return Press(keys=key)
    if key in (HANG_UP, STOP):
        return HangUp()
    if key == "c":
        return HangUp(who=look.called[-1].who if look.called else "callee")
    if key == " ":
        words = await keyboard.line("say: ")
        return Speak(text=words) if words else None
    return None
