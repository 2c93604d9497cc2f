"""A file of 300 people called while requests fail, the command is interrupted and the engine is
killed: nobody is called twice, and every row has one outcome, which is what happened."""

import time
from pathlib import Path

from campaign.judge import complaints, people, results
from campaign.stage import Campaign, Plan, campaign

PLAN = Plan(rows=300, per_second=100, speed=10)


def test_every_row_has_one_outcome_whatever_fails_meanwhile(tmp_path: Path) -> None:
    with campaign(PLAN, tmp_path) as running:
        running.command.start()
        running.wait(rang=60)
        assert running.command.interrupt() == 130
        running.command.start()
        running.wait(rang=120)
        running.served.kill()
        running.served.start()
        undecided = _until_only_the_unknown_are_open(running)
        assert running.command.interrupt() == 130, running.command.log
    found = people(running.phone.entries)
    assert not list(complaints(PLAN.numbers, results(tmp_path), found, undecided))
    assert any(person.was_welcomed for person in found.values())


def _until_only_the_unknown_are_open(running: Campaign) -> dict[str, str]:
    """Wait for all rows but those of which nobody knows whether they were placed, or how their
    call ended: they are asked about later than a test can wait."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        undecided = dict(running.open())
        written = {PLAN.numbers[int(each["row"]) - 1] for each in results(running.directory)}
        if len(written) + len(undecided) == PLAN.rows and set(undecided.values()) <= UNKNOWN:
            return undecided
        time.sleep(0.2)
    raise AssertionError(running.command.log)


UNKNOWN = {"placing", "placed", "live"}
