"""Actions as the platform reads them (sections 3.3 and 3.4)."""

import re
from collections.abc import Callable

from ivrflow.emulator.fields import Fields
from ivrflow.emulator.read_values import destination, prompt, seconds, tones
from ivrflow.emulator.svaml import (
    MAX_CALL,
    MAX_PARK,
    MAX_ROOM,
    Action,
    Confer,
    Connect,
    Continue,
    Hangup,
    Menu,
    Option,
    Park,
    RunMenu,
)
from ivrflow.emulator.switches import Switches
from ivrflow.errors import IllegalError

LEAST_SILENCE, MOST_SILENCE = 1_000, 30_000
"""Milliseconds that a menu waits for input; the legacy builder's bounds."""

_OPTION = re.compile(r"\s*(return|menu)\s*\((.*)\)\s*", re.IGNORECASE | re.DOTALL)

Maker = Callable[[Fields, Switches], Action]


def read_room(given: Fields, room: str, moh: str, notes: list[str]) -> Confer:
    """Return how to join a room, by the fields that `connectConf` and callouts share."""
    if len(room) > MAX_ROOM:
        raise IllegalError(f"{given.place}.conferenceId has more than {MAX_ROOM} characters")
    options = given.child("conferenceDtmfOptions")
    if options is None:
        return Confer(room=room, moh=moh)
    mode = options.text("mode", "ignore").lower()
    if mode not in ("ignore", "forward", "detect"):
        notes.append(f'{options.place}.mode "{mode}" is unknown: keys are ignored')
    return Confer(
        room=room,
        moh=moh,
        mode="forward" if mode == "forward" else "detect" if mode == "detect" else "ignore",
        max_digits=max(1, options.integer("maxDigits", 1)),
        timeout=options.integer("timeoutMills", 3_000),
    )


def _hangup(given: Fields, switches: Switches) -> Hangup:
    return Hangup()


def _go_on(given: Fields, switches: Switches) -> Continue:
    return Continue()


def _connect_pstn(given: Fields, switches: Switches) -> Connect:
    amd = given.child("amd")
    enabled = amd is not None and amd.flag("enabled", default=False)
    later = amd is not None and amd.flag("async", default=False)
    given.value("locale")
    return Connect(
        kind="number",
        to=given.text("number"),
        cli=given.text("cli"),
        max_duration=seconds(given, MAX_CALL),
        dial_timeout=given.integer("dialTimeout"),
        callbacks=not given.flag("suppressCallbacks", default=False),
        dtmf=tones(given.text("dtmf"), given, switches),
        ring=given.text("indications"),
        amd=("async" if later else "sync") if enabled else "",
    )


def _connect_mxp(given: Fields, switches: Switches) -> Connect:
    to = given.child("destination")
    return Connect(
        kind="username",
        to=to.need_text("endpoint") if to is not None else "",
        headers=given.pairs("callHeaders"),
    )


def _connect_sip(given: Fields, switches: Switches) -> Connect:
    given.value("transport")
    given.value("moh")
    return Connect(
        kind="sip",
        to=destination(given),
        cli=given.text("cli"),
        headers=given.pairs("callHeaders"),
        max_duration=seconds(given, MAX_CALL),
        callbacks=not given.flag("suppressCallbacks", default=False),
    )


def _connect_stream(given: Fields, switches: Switches) -> Connect:
    given.value("streamingOptions")
    return Connect(
        kind="stream",
        to=destination(given),
        headers=given.pairs("callHeaders"),
        max_duration=seconds(given, MAX_CALL),
    )


def _connect_conf(given: Fields, switches: Switches) -> Confer:
    return read_room(given, given.need_text("conferenceId"), given.text("moh"), given.notes)


def _run_menu(given: Fields, switches: Switches) -> RunMenu:
    menus = tuple(_menu(each, switches) for each in given.children("menus"))
    voice = given.flag("enableVoice", default=False)
    locale = given.text("locale")
    if voice and not locale:
        given.notes.append(f"{given.place} has enableVoice but no locale")
    return RunMenu(
        menus=menus,
        main=given.text("mainMenu"),
        barge=given.flag("barge", default=True),
        voice=voice,
        locale=locale,
    )


def _menu(given: Fields, switches: Switches) -> Menu:
    main = prompt(given, "mainPrompt", switches)
    found = Menu(
        id=given.need_text("id"),
        prompt=main,
        repeat=prompt(given, "repeatPrompt", switches) or main,
        repeats=given.integer("repeats") if "repeats" in given else None,
        max_digits=given.integer("maxDigits"),
        timeout=_silence(given),
        max_timeout=given.integer("maxTimeoutMills", 20_000),
        options=tuple(_option(each, switches) for each in given.children("options")),
    )
    given.value("repeats")
    given.done()
    return found


def _silence(given: Fields) -> int:
    timeout = given.integer("timeoutMills", 5_000)
    if not LEAST_SILENCE <= timeout <= MOST_SILENCE:
        given.notes.append(f"{given.place}.timeoutMills is not 1000 to 30000")
    return max(timeout, LEAST_SILENCE)


def _option(given: Fields, switches: Switches) -> Option:
    action = given.text("action")
    match = _OPTION.fullmatch(action)
    if match is None:
        given.notes.append(f'{given.place}.action "{action}" is neither return(..) nor menu(..)')
    does, value = match.groups() if match else ("", action)
    return Option(
        key=given.text("dtmf"),
        does="return" if does.lower() == "return" else "menu" if does else "",
        value=value,
        word=given.text("input"),
        add=tuple(given.pairs("add").items()),
    )


def _park(given: Fields, switches: Switches) -> Park:
    return Park(
        intro=prompt(given, "introPrompt", switches),
        hold=prompt(given, "holdPrompt", switches),
        locale=given.text("locale"),
        max_duration=seconds(given, MAX_PARK) or MAX_PARK,
    )


ACTION_BY_NAME: dict[str, Maker] = {
    "hangup": _hangup,
    "continue": _go_on,
    "connectPstn": _connect_pstn,
    "connectMxp": _connect_mxp,
    "connectSip": _connect_sip,
    "connectStream": _connect_stream,
    "connectConf": _connect_conf,
    "runMenu": _run_menu,
    "park": _park,
}
