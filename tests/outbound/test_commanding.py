"""Commands to live calls and rooms: what becomes of each, whatever the platform says."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from emulator.stage import ANSWER, KEY, SECRET, Stage
from servers import Habit, answer, says, server

from ivrflow.commands import (
    CONTROL,
    PATCH,
    PLATFORM,
    Became,
    Busy,
    Control,
    Done,
    Gone,
    NotYet,
    Patch,
    Refused,
    Unsure,
    outcome_of,
)
from ivrflow.emulator.transcript import Changed, Ended, Heard
from ivrflow.jobs import LIFE, Job, Outcome, again, done, revived, taken
from ivrflow.outbound.commanding import Commanding
from ivrflow.outbound.placing import Clients
from ivrflow.rehearsal.requesting import Requesting

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MADE = int(AT.timestamp() * 1000)

HANGUP = Patch(svaml=msgspec.Raw(b'{"action":{"name":"hangup"}}'))
WORDS = Patch(
    svaml=msgspec.Raw(
        b'{"instructions":[{"name":"say","text":"Hello.","locale":"en-US"}],'
        b'"action":{"name":"continue"}}'
    )
)
MUTE = Control(command="mute", room="room", call="call-2")
KICK = Control(command="kick", room="room", call="call-2")
OWN = Control(command="mute", room="room", call="call-1")
EMPTY = Control(command="kick", room="room")
HOLD_ALL = Control(command="hold", room="room", music="music1")

HARMLESS = [HANGUP, MUTE, KICK, EMPTY, HOLD_ALL]


def job(kind: str = CONTROL, call: str = "call-1") -> Job:
    made = Job(
        id="a",
        kind=kind,
        to=PLATFORM,
        name="mute",
        app=KEY,
        call=call,
        body=b"",
        made=MADE,
        due=MADE,
        until=MADE + LIFE,
    )
    return taken(made, MADE)


def ask(
    habit: Habit | None, command: Patch | Control, *, of: Job | None = None, after: float = 0
) -> tuple[Became, int]:
    """Return what becomes of a command at a server of some habit, and how often that was asked.
    None: nobody listens."""

    async def told() -> tuple[Became, int]:
        async with server(habit or says(b"")) as platform:
            url = platform.url if habit else "http://127.0.0.1:9"
            clients = Clients({KEY: SECRET}, url=url)
            commanding = Commanding(clients, lambda: AT + timedelta(seconds=after))
            body = msgspec.json.encode(command)
            do = commanding.patch if isinstance(command, Patch) else commanding.control
            try:
                became = await do(of or job(), body)
            finally:
                await clients.close()
            return became, len(platform.requests)

    return asyncio.run(asyncio.wait_for(told(), 60))


async def drop(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def refuses(status: str, code: int = 0, *headers: str) -> Habit:
    body = msgspec.json.encode({"errorCode": code, "message": "no"}) if code else b""
    return says(body, status, *headers)


@pytest.mark.parametrize("command", [HANGUP, WORDS, MUTE, KICK])
def test_what_the_platform_takes_is_done(command: Patch | Control) -> None:
    assert ask(says(b"", "200 OK"), command) == (Done(), 1)
    assert ask(says(b"", "204 No Content"), command) == (Done(), 1)


@pytest.mark.parametrize("command", [HANGUP, WORDS, MUTE, KICK, HOLD_ALL])
def test_what_is_not_there_may_still_come_for_ten_seconds(command: Patch | Control) -> None:
    missing = refuses("404 Not Found", 40_400)
    for after in (0, 9.9):
        became, _ = ask(missing, command, after=after)
        assert became == NotYet("40400: no", 200)
    assert ask(missing, command, after=10)[0] == Gone("40400: no")


def test_nobody_is_waited_for_to_be_put_out_of_an_empty_room() -> None:
    assert ask(refuses("404 Not Found", 40_400), EMPTY) == (Gone("40400: no"), 1)


def test_it_is_looked_for_soon_and_then_less_often() -> None:
    pauses, each = [], job()
    for _ in range(6):
        became, _ = ask(refuses("404 Not Found", 40_400), MUTE, of=each)
        assert isinstance(became, NotYet)
        pauses.append(became.pause)
        each = taken(again(each, MADE, became.reason, pause=became.pause), MADE)
    assert pauses == [200, 400, 800, 1600, 1600, 1600]


def of_own(status: str) -> Habit:
    """The habit of a platform whose call has a status, and is in no room."""

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        found = msgspec.json.encode({"callId": "call-1", "status": status})
        missing = b'{"errorCode":40400,"message":"no"}'
        is_call = request.startswith(b"GET /calling/v1/calls/")
        writer.write(answer(found) if is_call else answer(missing, "404 Not Found"))

    return habit


def later(looks: int) -> Job:
    """A job that has been tried so often."""
    return msgspec.structs.replace(job(), attempt=looks)


def test_a_call_on_its_way_into_a_room_is_waited_for_as_long_as_it_lives() -> None:
    for after in (0, 59.9):
        became, _ = ask(of_own("ONGOING"), OWN, of=later(9), after=after)
        assert became == NotYet("40400: no", 1_600)
    assert ask(of_own("ONGOING"), OWN, of=later(9), after=60)[0] == Gone("40400: no")


def test_a_call_that_is_over_is_not_waited_for() -> None:
    assert ask(of_own("FINAL"), OWN, of=later(9)) == (Gone("40400: no"), 2)
    assert ask(refuses("404 X", 40_400), OWN, of=later(9)) == (Gone("40400: no"), 2)
    assert ask(of_own("FINAL"), OWN, of=later(2)) == (NotYet("40400: no", 400), 1)


@pytest.mark.parametrize("command", [MUTE, KICK, EMPTY, HOLD_ALL, OWN])
def test_what_is_wanted_of_a_room_is_done_in_its_time_only(command: Control) -> None:
    until = LIFE / 1000
    assert ask(None, command, after=until + 61)[0] == Refused(
        "it is too late: who is in the room now is not who was meant"
    )
    assert isinstance(ask(says(b'{"participants":[]}'), command, after=until + 59)[0], Done)


@pytest.mark.parametrize("status", ["400 Bad Request", "401 X", "402 X", "403 X", "422 X"])
@pytest.mark.parametrize("command", [WORDS, MUTE, HOLD_ALL])
def test_what_the_platform_refuses_is_not_asked_again(
    status: str, command: Patch | Control
) -> None:
    became, asked = ask(refuses(status, int(status[:3]) * 100 + 3), command)
    assert isinstance(became, Refused)
    assert asked == 1


@pytest.mark.parametrize("status", ["429 X", "503 X"])
def test_a_platform_that_is_busy_is_asked_again_when_it_says(status: str) -> None:
    code = int(status[:3]) * 100
    assert ask(refuses(status, code, "Retry-After: 40"), WORDS) == (
        Busy(f"{code}: no", 40_000),
        1,
    )


@pytest.mark.parametrize("command", [WORDS, MUTE])
def test_what_was_never_sent_is_sent_again(command: Patch | Control) -> None:
    assert isinstance(ask(None, command)[0], Busy)


@pytest.mark.parametrize("habit", [drop, refuses("500 X", 50_000), refuses("502 Bad Gateway")])
def test_words_that_may_have_been_said_are_not_said_again(habit: Habit) -> None:
    became, asked = ask(habit, WORDS)
    assert isinstance(became, Unsure)
    assert asked == 1


@pytest.mark.parametrize(
    ("habit", "command"),
    [
        *((drop, each) for each in HARMLESS),
        (refuses("500 X", 50_000), MUTE),
        (refuses("502 Bad Gateway"), MUTE),
    ],
)
def test_what_changes_nothing_the_second_time_is_asked_again(
    habit: Habit, command: Patch | Control
) -> None:
    assert isinstance(ask(habit, command)[0], Busy)


def test_words_of_an_engine_that_was_killed_are_not_said_again() -> None:
    lost = taken(job(PATCH), MADE)
    assert ask(says(b""), WORDS, of=lost) == (Unsure("who did it was stopped meanwhile"), 0)
    assert ask(says(b""), HANGUP, of=lost) == (Done(), 1)
    assert ask(says(b""), MUTE, of=lost) == (Done(), 1)


def test_words_that_failed_before_are_said_when_somebody_wants_it() -> None:
    lost = taken(job(PATCH), MADE)
    failed = again(lost, MADE, "503", pause=0)
    assert ask(says(b""), WORDS, of=taken(failed, MADE)) == (Done(), 1)
    wanted = revived(done(lost, MADE), MADE)
    assert ask(says(b""), WORDS, of=taken(wanted, MADE)) == (Done(), 1)


@pytest.mark.parametrize(
    "command",
    [
        Control(command="mute", room="room", call="call-1", region="mars"),
        Control(command="mute", room="..", call="call-1"),
        Control(command="mute", room="r" * 1000, call="call-1"),
        Control(command="mute", room="room", call="c" * 1000),
        Control(command="kick", room=""),
        Control(command="hold", room=""),
        Patch(svaml=HANGUP.svaml, region="mars"),
    ],
)
def test_what_could_never_be_asked_is_refused_unasked(command: Patch | Control) -> None:
    became, asked = ask(says(b""), command)
    assert isinstance(became, Refused)
    assert asked == 0


def test_an_application_without_credentials_is_refused() -> None:
    stranger = msgspec.structs.replace(job(), app="another")
    became, asked = ask(says(b""), MUTE, of=stranger)
    assert isinstance(became, Refused)
    assert asked == 0


@pytest.mark.parametrize(
    ("became", "fault", "is_again"),
    [
        (Done(), "", False),
        (Gone("x"), "", False),
        (NotYet("x", 200), "x", True),
        (Busy("x", 7), "x", True),
        (Refused("x"), "x", False),
        (Unsure("x"), "x", False),
    ],
)
def test_what_became_of_it_says_what_becomes_of_the_job(
    became: Became, fault: str, is_again: bool
) -> None:
    outcome = outcome_of(became)
    assert (outcome.fault, outcome.again) == (fault, is_again)
    assert outcome.pause == getattr(became, "pause", 0)


# -- rooms of the emulated platform ---------------------------------------------------------------


def room() -> Stage:
    action = {"name": "connectConf", "conferenceId": "room"}
    return Stage(ice={"instructions": [ANSWER], "action": action}, application={"secret": ""})


def do(stage: Stage, command: Control | Patch, of: Job | None = None) -> Became:
    commanding = Commanding(Requesting(lambda: stage.box), lambda: AT)
    act: Callable[..., Any] = commanding.patch if isinstance(command, Patch) else commanding.control
    became: Became = asyncio.run(act(of or job(), msgspec.json.encode(command)))
    return became


def test_each_command_does_what_it_says() -> None:
    stage = room()
    first, second = stage.call(), stage.call()
    for word in ("mute", "unmute", "hold", "resume"):
        assert do(stage, Control(command=word, room="room", call=first)) == Done()
    changed = [(each.call, each.to) for each in stage.told(Changed)]
    assert changed == [(first, to) for to in ("mute", "unmute", "onhold", "resume")]
    assert do(stage, Control(command="kick", room="room", call=first)) == Done()
    assert [each.call for each in stage.told(Ended)] == [first]
    assert do(stage, EMPTY) == Done()
    assert [each.call for each in stage.told(Ended)] == [first, second]
    assert isinstance(do(stage, EMPTY), Gone)


def test_everybody_in_a_room_is_held_and_hears_the_music_and_is_taken_back() -> None:
    stage = room()
    calls = [stage.call() for _ in range(3)]
    assert do(stage, HOLD_ALL) == Done()
    assert do(stage, Control(command="resume", room="room")) == Done()
    for to in ("onhold", "resume"):
        assert [each.call for each in stage.told(Changed) if each.to == to] == calls
    assert [each.text for each in stage.told(Heard) if each.kind == "music"] == ["music1"] * 3


def test_who_leaves_while_everybody_is_told_is_no_fault() -> None:
    listing = b'{"participants":[{"id":"a"},{"id":"b"}]}'
    asked: list[bytes] = []

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request.split()[1])
        if request.startswith(b"GET"):
            writer.write(answer(listing))
        elif asked[-1].endswith(b"/a"):
            writer.write(answer(b'{"errorCode":40400}', "404 Not Found"))
        else:
            writer.write(answer(b""))

    assert ask(habit, HOLD_ALL) == (Done(), 3)


def someone(kicked: list[str], **seconds: int) -> Habit:
    """The habit of a platform in whose room calls are for some seconds; tells who is put out."""
    found = [{"id": call, "duration": duration} for call, duration in seconds.items()]

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        method, path = request.decode().split()[:2]
        if method == "DELETE":
            kicked.append(path.rpartition("/")[2])
        writer.write(answer(msgspec.json.encode({"participants": found})))

    return habit


@pytest.mark.parametrize(
    ("after", "meant"),
    [
        (0, ["old", "young", "new"]),
        (0.9, ["old", "young", "new"]),
        (1.1, ["old", "young"]),
        (4.9, ["old", "young"]),
        (60, ["old"]),
    ],
)
def test_who_came_when_the_room_had_ended_stays(after: float, meant: list[str]) -> None:
    """Seconds are whole: who may have been there before the end has been."""
    kicked: list[str] = []
    assert ask(someone(kicked, old=3_000, young=4, new=0), EMPTY, after=after)[0] == Done()
    assert sorted(kicked) == sorted(meant)


def test_who_came_later_is_held_with_all() -> None:
    assert ask(someone([], old=3_000, new=0), HOLD_ALL, after=9) == (Done(), 3)


def test_a_live_call_hears_words_and_is_hung_up() -> None:
    stage = room()
    call = stage.call()
    assert do(stage, WORDS, job(PATCH, call)) == Done()
    assert [each.text for each in stage.told(Heard)] == ["Hello."]
    assert do(stage, HANGUP, job(PATCH, call)) == Done()
    assert [each.call for each in stage.told(Ended)] == [call]


def test_the_usual_pace_of_jobs_is_that_of_webhooks() -> None:
    assert Outcome().pace.longest == 4 * 3_600_000
