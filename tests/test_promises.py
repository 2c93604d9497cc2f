"""What lints clean keeps its promises, whoever calls, whatever fails; `make torture` tries more."""

import pytest
from promises.__main__ import failures
from promises.flows import make
from promises.trial import WORLDS, opened
from promises.worlds import played

from ivrflow.machine.replies import Hangup

SEED = 20261124
COUNT = 200
CHUNK = 50


@pytest.mark.parametrize("start", range(0, COUNT, CHUNK))
def test_no_call_of_what_lints_clean_fails_is_refused_or_never_ends(start: int) -> None:
    assert list(failures(SEED, range(start, start + CHUNK))) == []


def test_applications_are_mostly_good_and_their_calls_go_many_ways() -> None:
    """Else the claim above would say little."""
    good = 0
    ways: set[tuple[str, str]] = set()
    outcomes: set[str] = set()
    brought: set[str] = set()
    for number in range(COUNT // 2):
        files, dice = make(SEED, number)
        library, _ = opened(files)
        if library is None:
            continue
        good += 1
        for world in WORLDS:
            stage = played(library, world, dice)
            outcomes |= {each.step.trace.outcome for each in stage.seen}
            brought |= {each.text for each in stage.answers.given}
            replies = ((each.step.session.context, each.step.reply) for each in stage.seen)
            ways |= {(where, type(each.action).__name__) for where, each in replies if each}
    assert good > 30
    assert {"no_input", "no_match", "collected", "invalid", "ok", "error"} <= outcomes
    assert {"answered", "human", "machine", "digits", "meanwhile", "recording"} <= outcomes
    assert {"look-up find: ok", "look-up find: taken", "look-up check: ok"} <= brought
    assert {("bridged", "Menu"), ("bridged", Hangup.__name__), ("ice", "Park")} <= ways


def test_an_application_is_the_same_for_its_seed_and_number() -> None:
    for number in range(20):
        (files, dice), (again, same) = make(SEED, number), make(SEED, number)
        assert files == again
        assert dice.random() == same.random()
