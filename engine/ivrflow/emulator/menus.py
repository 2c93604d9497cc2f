"""`runMenu` in full (section 3.4): prompts, keys, words, repeats, jumps between menus."""

from msgspec import Struct

from ivrflow.emulator.clock import Script
from ivrflow.emulator.playing import KEYS, KEYS_AND_WORDS, hear, play
from ivrflow.emulator.prompts import Part
from ivrflow.emulator.signals import Act, Key, Speech
from ivrflow.emulator.svaml import Menu, Option, RunMenu
from ivrflow.emulator.transcript import Json
from ivrflow.emulator.world import Call, Leg

DIGITS = "0123456789"


class _Chosen(Struct, frozen=True):
    option: Option
    method: str


class _Sequence(Struct, frozen=True):
    digits: str
    method: str


class _Wrong(Struct, frozen=True):
    value: str
    method: str


class _Silence(Struct, frozen=True):
    pass


_Input = _Chosen | _Sequence | _Wrong | _Silence


def result(
    kind: str, menu: str, value: str | None = None, method: str = "", option: Option | None = None
) -> Json:
    """Return the `menuResult` of a PIE."""
    made: Json = {"type": kind}
    if value is not None:
        made["value"] = value
    made["menuId"] = menu
    if method:
        made["inputMethod"] = method
    if option is not None and option.add:
        made["addToContext"] = [{"key": key, "value": word} for key, word in option.add]
    return made


def run_menu(call: Call, leg: Leg, run: RunMenu) -> Script[Json]:
    """Return the `menuResult` that the menus end in."""
    menu = _first(call, run)
    if menu is None:
        return result("error", run.main or "main")
    while True:
        given = yield from _ask(call, leg, run, menu)
        match given:
            case _Chosen(option=option, method=method) if option.does == "menu":
                wanted = option.value.strip()
                found = next((each for each in run.menus if each.id == wanted), None)
                if found is None:
                    call.warn(f'no menu of this reply is called "{wanted}"')
                    return result("error", menu.id, option.value, method)
                menu = found
            case _Chosen(option=option, method=method):
                kind = "return" if option.does else "error"
                return result(kind, menu.id, option.value, method, option)
            case _Sequence(digits=digits, method=method):
                return result("sequence", menu.id, digits, method)
            case _Wrong(value=value, method=method):
                return result("invalidinput", menu.id, value, method)
            case _Silence():
                return result("timeout", menu.id)


def _first(call: Call, run: RunMenu) -> Menu | None:
    by_id = {each.id: each for each in run.menus}
    if len(by_id) < len(run.menus):
        call.warn("two menus have the same id: the last one counts")
    if call.world.switches.first_menu == "mainMenu":
        first = by_id.get(run.main or "main")
        return first or next(iter(by_id.values()), None)
    if run.main not in ("", "main"):
        call.warn(f'mainMenu is "{run.main}", but the menu "main" always plays first')
    if "main" not in by_id:
        call.warn('there is no menu "main", which must exist')
    return by_id.get("main")


def _ask(call: Call, leg: Leg, run: RunMenu, menu: Menu) -> Script[_Input]:
    """Prompt, and prompt again until there is valid input or the repeats are used up."""
    repeats = call.world.switches.repeats if menu.repeats is None else menu.repeats
    given = yield from _input(call, leg, run, menu, menu.prompt)
    while repeats and isinstance(given, _Wrong | _Silence):
        repeats -= 1
        given = yield from _input(call, leg, run, menu, menu.repeat)
    return given


def _input(
    call: Call, leg: Leg, run: RunMenu, menu: Menu, prompt: tuple[Part, ...]
) -> Script[_Input]:
    kinds = KEYS_AND_WORDS if run.voice else KEYS
    act = _typed(call, leg)
    if act is None:
        act = yield from play(call, leg, prompt, run.locale, kinds if run.barge else ())
    if act is None:
        act = _typed(call, leg) or (yield from hear(call, leg, menu.timeout, kinds))
    match act:
        case Key(key=key):
            given = yield from _keys(call, leg, menu, key)
            return given
        case Speech():
            # The recogniser stops listening at the cap, whatever is still being said.
            if act.lasting:
                yield from hear(call, leg, min(act.lasting, menu.max_timeout), ())
            return _words(menu, act.text)
        case _:
            return _Silence()


def _keys(call: Call, leg: Leg, menu: Menu, key: str) -> Script[_Input]:
    switches = call.world.switches
    options = {each.key: each for each in menu.options}
    at_once = switches.options_with_digits == "option" or not menu.max_digits
    digits = ""
    while True:
        fires = key not in DIGITS or (at_once and not digits)
        if key in options and fires:
            return _Chosen(options[key], "dtmf")
        if not menu.max_digits:
            return _Wrong(key, "dtmf")
        if key == "#":
            break
        digits += key
        if len(digits) >= menu.max_digits:
            break
        act = _typed(call, leg) or (yield from hear(call, leg, menu.timeout, KEYS))
        if not isinstance(act, Key):
            break
        key = act.key
    if digits and digits in options:
        return _Chosen(options[digits], "dtmf")
    if not digits and switches.lone_pound == "invalid":
        return _Wrong("#", "dtmf")
    return _Sequence(digits, "dtmf")


def _typed(call: Call, leg: Leg) -> Act | None:
    """Take the next of the keys that were pressed ahead (see `type_ahead`)."""
    typed, call.typed = call.typed[:1], call.typed[1:]
    return Key(who=leg.name, key=typed) if typed else None


def _words(menu: Menu, text: str) -> _Input:
    said = text.strip().casefold()
    for option in menu.options:
        if said and said in (option.word.strip().casefold(), option.key):
            return _Chosen(option, "voice")
    digits = "".join(each for each in said if each in DIGITS)
    if menu.max_digits and digits:
        return _Sequence(digits[: menu.max_digits], "voice")
    return _Wrong(text, "voice")
