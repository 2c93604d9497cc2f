"""The shipped flows, as their callers meet them."""

import re
from pathlib import Path

import pytest

from ivrflow.library import Catalog, Library
from ivrflow.machine.asking import answered
from ivrflow.machine.events import (
    Answered,
    Chosen,
    Digits,
    Ended,
    Event,
    Incoming,
    MenuFailed,
    MenuHangup,
    NoInput,
    NoMatch,
)
from ivrflow.machine.lookups import Lookup, Pending
from ivrflow.machine.outcome import Answer, Facts, Need, Question, Recorded, Step
from ivrflow.machine.replies import (
    Conference,
    ConnectNumber,
    Continue,
    Hangup,
    Menu,
    Reply,
    Say,
    Ssml,
)
from ivrflow.machine.routing import route
from ivrflow.machine.step import begin, step
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.memory_records import MemoryRecords, MemoryTurn

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    library, _ = Library.open(ROOT / "flows", PLATFORM)
    assert library is not None
    return library.current


class Caller:
    """Somebody who dials `number` at `now` and does things; `records` is what calls remember."""

    def __init__(
        self,
        catalog: Catalog,
        number: str,
        now: str = "2026-11-23T10:00:00Z",
        *,
        caller: str | None = "+46701234567",
        records: MemoryRecords | None = None,
    ) -> None:
        self.now = now
        self.call = "call-1"
        self.records = records or MemoryRecords()
        call = Incoming(app="key", call="call-1", caller=caller, called=number)
        found = route(catalog.routes, call)
        assert found is not None
        self.program = catalog.programs[found.flow]
        self.session = begin(self.program, call, params=found.params, locale=found.locale)
        self.reply: Reply
        self.effects: tuple[object, ...] = ()
        self.meets(call)

    def meets(self, event: Event) -> "Caller":
        turn = MemoryTurn(self.records, ("key", self.call), at=0)

        def take(facts: Facts) -> Step | Need:
            return step(self.program, self.session, event, facts)

        def answer(ordinal: int, question: Question) -> Answer:
            assert not isinstance(question, Lookup | Pending)
            return Recorded(turn.perform(question))

        taken = answered(take, Facts(), lambda: self.now, answer).taken
        self.session, self.effects = taken.session, taken.effects
        self.reply = taken.reply or self.reply
        return self

    def press(self, key: str) -> "Caller":
        assert isinstance(self.reply.action, Menu)
        (value,) = [each.value for each in self.reply.action.keys if each.key == key]
        return self.meets(
            Chosen(app="key", call="call-1", value=value, offer=self.reply.number, menu="main")
        )

    def dial(self, digits: str) -> "Caller":
        return self.meets(Digits(app="key", call="call-1", digits=digits, menu="main"))

    def wait(self) -> "Caller":
        return self.meets(NoInput(app="key", call="call-1", menu="main"))

    def fumble(self) -> "Caller":
        return self.meets(NoMatch(app="key", call="call-1", menu="main", value="9"))

    @property
    def dialled(self) -> str:
        assert isinstance(self.reply.action, ConnectNumber)
        return self.reply.action.number

    @property
    def said(self) -> str:
        """The words before the action, without marks."""
        parts = [part for part in self.reply.instructions if isinstance(part, Say | Ssml)]
        return re.sub(r"<[^>]*>", "", " ".join(part.text for part in parts))

    @property
    def asked(self) -> str:
        """The words of the menu on offer, without marks."""
        assert isinstance(self.reply.action, Menu)
        parts = [part for part in self.reply.action.prompt if isinstance(part, Say | Ssml)]
        return re.sub(r"<[^>]*>", "", " ".join(part.text for part in parts))


DOOR = "+46850000000"
SALES, OPERATOR = "+46850000001", "+46850000009"


@pytest.mark.parametrize(("key", "number"), [("1", SALES), ("0", OPERATOR)])
def test_the_front_door_connects_departments(catalog: Catalog, key: str, number: str) -> None:
    assert Caller(catalog, DOOR).press(key).dialled == number


def test_silence_and_wrong_keys_never_fall_into_sales(catalog: Catalog) -> None:
    silent = Caller(catalog, DOOR).wait().wait()
    assert silent.dialled == OPERATOR
    clumsy = Caller(catalog, DOOR).fumble().fumble().fumble()
    assert clumsy.dialled == OPERATOR


def test_the_greeting_is_long_then_short(catalog: Catalog) -> None:
    caller = Caller(catalog, DOOR)
    first = caller.asked
    assert len(caller.press("*").asked) < len(first)


def test_a_busy_department_ends_the_call_and_is_told(catalog: Catalog) -> None:
    caller = Caller(catalog, DOOR).press("1")
    caller.meets(Ended(app="key", call="call-1", result="busy"))
    assert [getattr(each, "text", "") for each in caller.effects] == ["sales call ended: busy"]


def test_an_answered_department_talks(catalog: Catalog) -> None:
    caller = Caller(catalog, DOOR).press("1").meets(Answered(app="key", call="call-1"))
    assert isinstance(caller.reply.action, Continue)


@pytest.mark.parametrize("event", [MenuFailed, MenuHangup])
def test_a_broken_menu_and_a_gone_caller_end_the_call(catalog: Catalog, event: type) -> None:
    caller = Caller(catalog, DOOR).meets(event(app="key", call="call-1", menu="main"))
    assert isinstance(caller.reply.action, Hangup)


PBX = "+46850000100"


def test_an_extension_is_dialled_directly(catalog: Catalog) -> None:
    assert Caller(catalog, PBX).dial("1015").dialled == "+46850001015"


def test_key_1_is_a_choice_though_extensions_begin_with_it(catalog: Catalog) -> None:
    assert "For sales, press 1" in Caller(catalog, PBX).dial("1").asked


def test_endless_wrong_extensions_end_at_the_operator(catalog: Catalog) -> None:
    caller = Caller(catalog, PBX)
    for digits in ("1099", "1299", "4711"):
        caller.dial(digits)
    assert caller.dialled == "+46850001000"


def test_one_can_go_back_and_to_the_top(catalog: Catalog) -> None:
    caller = Caller(catalog, PBX).dial("1").press("1")
    assert "New customers" in caller.asked
    assert "If you know the extension" in caller.press("9").asked
    back = Caller(catalog, PBX).dial("1").press("1").press("*")
    assert "For sales, press 1" in back.asked


def test_the_public_room_is_joined(catalog: Catalog) -> None:
    action = Caller(catalog, PBX).press("3").reply.action
    assert action == Conference(room="weekly-meeting", hold_music="music1")


HOURS = "+46850000300"


@pytest.mark.parametrize(
    ("now", "key", "number"),
    [
        ("2026-11-23T10:00:00Z", "1", "+46850000001"),
        ("2026-11-23T17:30:00Z", "2", "+351210000001"),
        ("2026-11-21T11:00:00Z", "2", "+351210000001"),
        ("2026-11-23T22:00:00Z", "9", "+46850000099"),
    ],
    ids=["in its hours", "an hour behind", "a saturday", "urgent at night"],
)
def test_an_office_is_reached_in_its_own_hours(
    catalog: Catalog, now: str, key: str, number: str
) -> None:
    assert Caller(catalog, HOURS, now).press("1").press(key).dialled == number


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-23T11:30:00Z", "I dag är det öppet 08:00 till 12:00 och 13:00 till 17:00"),
        ("2026-12-25T10:00:00Z", "I dag har kontoret stängt. Det öppnar den 2027-01-04"),
        ("2026-12-23T12:00:00Z", "I dag är det öppet 08:00 till 12:00. Det öppnar den 2027-01-04"),
    ],
    ids=["at lunch", "on a holiday", "before Christmas"],
)
def test_a_closed_office_says_when_it_opens(catalog: Catalog, now: str, told: str) -> None:
    assert told in Caller(catalog, HOURS, now).press("1").press("1").asked


def test_english_is_spoken_to_whom_wants_it(catalog: Catalog) -> None:
    assert "press 1" in Caller(catalog, HOURS).press("2").asked


POLL = "+46850000400"


def test_each_number_votes_once_and_hears_the_count(catalog: Catalog) -> None:
    records = MemoryRecords()
    first = Caller(catalog, POLL, records=records).press("1")
    assert "Votes for the fox so far: 1." in first.said
    assert "voted already: for the fox" in Caller(catalog, POLL, records=records).said
    other = Caller(catalog, POLL, caller="+46702", records=records).press("1")
    assert "Votes for the fox so far: 2." in other.said
    withheld = Caller(catalog, POLL, caller=None, records=records)
    assert "with your number shown" in withheld.said


def test_of_two_calls_of_one_number_one_votes(catalog: Catalog) -> None:
    """The second was asked before the first had voted."""
    records = MemoryRecords()
    first = Caller(catalog, POLL, records=records)
    second = Caller(catalog, POLL, records=records)
    second.call = "call-2"
    assert "Votes for the owl so far: 1." in first.press("2").said
    assert "voted already: for the owl" in second.press("1").said
