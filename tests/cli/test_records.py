"""`ivrflow records`, beside a store from which another process could be serving."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from turns import LOCKOUT, another, draft

from ivrflow.cli import run
from ivrflow.records import Claim, Enqueue, Operation, Put, Read
from ivrflow.store.sqlite import SqliteStore


class Shell:
    """Runs `ivrflow records` on one store."""

    def __init__(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        self.capsys = capsys
        self.store = f"sqlite:{file}"

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = run(["records", *arguments, "--store", self.store])
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store in which calls have left something."""
    path = tmp_path / "state.db"
    put = Put(record="guests", key="+46701234567", value={"name": "Åsa"})
    claim = Claim(record="agents", keys=("ann",), value="busy")
    keep(path, LOCKOUT, put, claim, Enqueue(record="line", key="sales", value="first"))
    keep(path, LOCKOUT, Enqueue(record="line", key="sales", value="second"))
    return path


@pytest.fixture
def records(capsys: pytest.CaptureFixture[str], file: Path) -> Shell:
    return Shell(capsys, file)


def keep(path: Path, *operations: Operation) -> list[object]:
    """Perform operations in a call; the number of calls so far names it."""
    told: list[object] = []

    async def perform() -> None:
        store = await SqliteStore.open(path)
        name = f"call-{store._last_call + 1}"
        await store.submit(draft(another(name), *operations, told=told)).done
        await store.close()

    asyncio.run(perform())
    return told


def test_a_person_sees_what_calls_remember(records: Shell) -> None:
    code, shown, told = records("list")
    assert (code, told) == (0, "")
    assert shown.splitlines() == [
        "RECORD    KEY           VALUE           EXPIRES  CALL",
        'agents    ann           "busy"          -        call-1',
        "attempts  +46701234567  2               -",
        'guests    +46701234567  {"name":"Åsa"}  -',
        'line      sales         "first"         -        1. call-1',
        'line      sales         "second"        -        2. call-2',
    ]
    assert records("list", "attempts")[1].splitlines()[1:] == ["attempts  +46701234567  2      -"]
    assert records("list", "atempts") == (0, "", "")


def test_a_program_gets_objects(records: Shell) -> None:
    code, shown, _ = records("list", "line", "--json")
    assert code == 0
    assert json.loads(shown)[1] == {
        "record": "line",
        "key": "sales",
        "value": "second",
        "expires": None,
        "app": "app",
        "call": "call-2",
        "place": 2,
    }
    assert json.loads(records("list", "nothing", "--json")[1]) == []


def test_one_value_is_shown_as_json(records: Shell) -> None:
    assert records("get", "guests", "+46701234567") == (0, '{"name":"Åsa"}\n', "")
    assert records("get", "line", "sales") == (0, '"first"\n"second"\n', "")
    (row,) = json.loads(records("get", "agents", "ann", "--json")[1])
    assert row["call"] == "call-1"
    code, shown, told = records("get", "attempts", "+4670")
    assert (code, shown, told) == (3, "", 'ivrflow: "attempts" holds nothing under "+4670"\n')


def test_what_a_person_puts_is_read_by_the_next_call(records: Shell, file: Path) -> None:
    assert records("put", "attempts", LOCKOUT.key, "7") == (0, "", "")
    assert records("put", "offset", "a", "-3") == (0, "", "")
    assert records("put", "names", "a", "7", "--text") == (0, "", "")
    reads = Read(record="offset", key="a"), Read(record="names", key="a")
    assert keep(file, LOCKOUT, *reads) == [8, -3, "7"]


def test_what_a_person_puts_may_expire(records: Shell, file: Path) -> None:
    assert records("put", "attempts", "new", "1", "--expires", "1h")[0] == 0
    (row,) = json.loads(records("get", "attempts", "new", "--json")[1])
    assert row["expires"].endswith("Z")
    assert records("put", "attempts", "new", "1", "--expires", "1ms")[0] == 0
    assert keep(file, Read(record="attempts", key="new")) == [1], "the call's clock is far behind"
    assert records("get", "attempts", "new")[0] == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("put", "names", "a", "Ann"), '"Ann" is not JSON: give text with --text'),
        (("put", "names", "a", "1", "--expires", "soon"), "--expires"),
        (("put", "names", "a"), "VALUE"),
        (("list", "--store", "memory:"), "memory:"),
        (("list", "--store", "sqlite:nowhere.db"), "there is no store nowhere.db"),
    ],
)
def test_wrong_usage_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert run(["records", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_a_value_is_deleted_with_its_claim(records: Shell, file: Path) -> None:
    assert records("delete", "agents", "ann", "--call", "call-2")[0] == 3
    assert records("delete", "agents", "ann") == (0, "", "")
    assert keep(file, Claim(record="agents", keys=("ann",), value="busy")) == ["ann"]
    code, _, told = records("delete", "agents", "bob")
    assert (code, told) == (3, 'ivrflow: "agents" holds nothing under "bob"\n')


def test_one_call_or_all_are_sent_out_of_a_queue(records: Shell) -> None:
    assert records("delete", "line", "sales", "--call", "call-1")[0] == 0
    assert records("get", "line", "sales")[1] == '"second"\n'
    assert records("delete", "line", "sales")[0] == 0
    assert records("get", "line", "sales")[0] == 3


def test_records_are_changed_while_a_server_holds_the_store(records: Shell, file: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(file)
        told: list[object] = []
        await store.submit(draft(another("live-1"), LOCKOUT, told=told)).done
        assert records("put", "attempts", LOCKOUT.key, "10")[0] == 0
        await store.submit(draft(another("live-2"), LOCKOUT, told=told)).done
        assert told == [11]
        assert records("get", "attempts", LOCKOUT.key)[1] == "11\n"
        await store.close()

    asyncio.run(story())


def test_a_file_of_an_earlier_layout_is_left_to_the_server(records: Shell, file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'format'", (b"1",))
    connection.close()
    code, _, told = records("list")
    assert code == 2
    assert "`ivrflow serve` brings it up to date" in told


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "no such table"), (b"a letter to my aunt" * 100, "not a database")],
)
def test_what_is_no_store_is_told_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "state.db").write_bytes(content)
    code, _, shown = Shell(capsys, tmp_path / "state.db")("list")
    assert code == 2
    assert told in shown
