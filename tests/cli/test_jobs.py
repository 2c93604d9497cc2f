"""`ivrflow jobs`, beside a store from which another process could be serving."""

import asyncio
import json
from pathlib import Path

import pytest

from ivrflow.cli import run
from ivrflow.jobs import Job, State, buried, done
from ivrflow.store.sqlite import SqliteStore

BODY = b'{"type":"confirmed"}'


class Shell:
    """Runs `ivrflow jobs` on one store."""

    def __init__(self, capsys: pytest.CaptureFixture[str], file: Path) -> None:
        self.capsys = capsys
        self.file = file

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = run(["jobs", *arguments, "--store", f"sqlite:{self.file}"])
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err

    def states(self) -> dict[str, str]:
        return {each["id"]: each["state"] for each in json.loads(self("list", "--json")[1])}


def job(id: str, to: str = "crm", body: bytes = BODY) -> Job:
    return Job(
        id=id, kind="webhook", to=to, name="confirmed", app="app", call="call-1", body=body,
        made=0, due=0, until=9_000,
    )  # fmt: skip


@pytest.fixture
def jobs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Shell:
    """A store with one that waits, one that is done, and two that were given up."""
    file = tmp_path / "state.db"

    async def fill() -> None:
        store = await SqliteStore.open(file)
        made = job("a"), job("b"), job("c"), job("d", "erp", b"\x01sealed")
        await store.put_jobs(made)
        gone = buried(made[2], 2_000, "status 410"), buried(made[3], 3_000, "status 404")
        await store.put_jobs([done(made[1], 1_000), *gone])
        await store.close()

    asyncio.run(fill())
    return Shell(capsys, file)


def test_a_person_sees_what_is_to_be_done_and_what_was_given_up(jobs: Shell) -> None:
    code, shown, told = jobs("list")
    assert (code, told) == (0, "")
    assert [line.split() for line in shown.splitlines()] == [
        ["ID", "STATE", "KIND", "TO", "NAME", "CALL", "TRIES", "DUE", "FAULT"],
        [
            "d",
            "dead",
            "webhook",
            "erp",
            "confirmed",
            "call-1",
            "0",
            "1970-01-01T00:00:03Z",
            "status",
            "404",
        ],
        [
            "c",
            "dead",
            "webhook",
            "crm",
            "confirmed",
            "call-1",
            "0",
            "1970-01-01T00:00:02Z",
            "status",
            "410",
        ],
        ["b", "done", "webhook", "crm", "confirmed", "call-1", "0", "1970-01-01T00:00:01Z"],
        ["a", "waiting", "webhook", "crm", "confirmed", "call-1", "0", "1970-01-01T00:00:00Z"],
    ]
    only = json.loads(jobs("list", "--state", "dead", "--to", "crm", "--json")[1])
    assert [(each["id"], each["fault"]) for each in only] == [("c", "status 410")]
    assert jobs("list", "--call", "call-2") == (0, "", "")


def test_a_person_sees_what_is_sent_unless_it_is_sealed_or_done(jobs: Shell) -> None:
    assert json.loads(jobs("show", "c", "--json")[1])["body"] == {"type": "confirmed"}
    assert '{"type":"confirmed"}' in jobs("show", "c")[1]
    for id in "bd":
        assert json.loads(jobs("show", id, "--json")[1])["body"] is None
        assert "sealed" in jobs("show", id)[1]
    assert jobs("show", "x") == (3, "", 'ivrflow: there is no job "x"\n')


def test_what_was_given_up_is_tried_again(jobs: Shell) -> None:
    assert jobs("retry", "c") == (0, "", "1 to be tried again\n")
    assert jobs.states() == {"a": "waiting", "b": "done", "c": "waiting", "d": "dead"}
    assert jobs("retry", "--all", "--to", "crm")[2] == "0 to be tried again\n"
    assert jobs("retry", "--all")[2] == "1 to be tried again\n"
    assert jobs.states()["d"] == State.WAITING


@pytest.mark.parametrize("wrong", [("a",), ("b",), (), ("c", "--all"), ("c", "--to", "crm")])
def test_what_can_t_be_tried_again_is_refused(jobs: Shell, wrong: tuple[str, ...]) -> None:
    code, shown, told = jobs("retry", *wrong)
    assert (code, shown) == (2, "")
    assert "retry" in told or "--all" in told


def test_what_nobody_needs_is_dropped(jobs: Shell) -> None:
    assert jobs("drop", "a", "c") == (0, "", "")
    assert jobs.states() == {"b": "done", "d": "dead"}
    assert jobs("drop", "a") == (3, "", 'ivrflow: there is no job "a"\n')
