"""Legs that nobody wants any more: whatever they are doing, they are dialled no more."""

from collections.abc import Callable
from typing import get_args

import msgspec
import pytest

from ivrflow.callouts import Callout, Placed, Refused, State, Unsure
from ivrflow.machine.program import Retry
from ivrflow.runtime import tries

LEG = Callout(
    id="leg",
    app="app",
    flow="ring",
    name="leg",
    key="",
    order=b"{}",
    made=1_000,
    due=1_000,
    parent="call-1",
    leg=2,
)
RETRY = Retry(results=frozenset({"busy", "no_answer", "failed"}), times=3, every=60_000)


def placing() -> Callout:
    found = tries.placing(LEG, 20_000, 2_000)
    assert found is not None
    return found


def unwanted(callout: Callout) -> Callout:
    found = tries.unwanted(callout, 3_000)
    assert found is not None
    return found


def placed(callout: Callout) -> Callout:
    found = tries.answered_by_platform(callout, callout.attempt, Placed("call-2"), 2_500)
    assert found is not None
    return found


def test_one_that_waits_is_told_that_it_is_cancelled() -> None:
    found = unwanted(LEG)
    assert (found.state, found.result) == (State.UNREACHED, "cancelled")


@pytest.mark.parametrize("leg", [placing(), placed(placing())])
def test_one_that_rings_goes_on_ringing_and_is_not_spoken_to(leg: Callout) -> None:
    found = unwanted(leg)
    assert (found.state, found.unwanted) == (leg.state, True)
    assert tries.unwanted(found, 4_000) is None
    away = tries.turned_away(found, "call-2", 5_000)
    assert away is not None
    assert (away.state, away.result) == (State.OVER, "cancelled")


def test_one_that_speaks_has_to_be_hung_up() -> None:
    live = tries.live(placed(placing()), "call-2", 3_000)
    assert live is not None
    assert tries.unwanted(live, 4_000) is None


@pytest.mark.parametrize("result", sorted(RETRY.results))
def test_one_that_nobody_answers_is_not_tried_again(result: str) -> None:
    leg = placed(placing())
    again = tries.unanswered(leg, RETRY, result, "", 9_000)
    assert again is not None
    assert again.state is State.WAITING
    over = tries.unanswered(unwanted(leg), RETRY, result, "", 9_000)
    assert over is not None
    assert over.state is State.UNREACHED


def test_one_that_the_platform_was_too_busy_for_is_not_tried_again() -> None:
    leg = placing()
    busy = Refused("busy", again=True)
    again = tries.answered_by_platform(leg, 1, busy, 4_000)
    assert again is not None
    assert again.state is State.WAITING
    over = tries.answered_by_platform(unwanted(leg), 1, busy, 4_000)
    assert over is not None
    assert (over.state, over.result) == (State.UNREACHED, "refused")


def test_no_news_dials_it_again() -> None:
    """Whatever comes, in whatever order: it is never to be dialled."""
    everything: list[Callable[[Callout], Callout | None]] = [
        lambda leg: tries.answered_by_platform(leg, 1, Placed("call-2"), 4_000),
        lambda leg: tries.answered_by_platform(leg, 1, Refused("no", again=True), 4_000),
        lambda leg: tries.answered_by_platform(leg, 1, Refused("no"), 4_000),
        lambda leg: tries.answered_by_platform(leg, 1, Unsure("?"), 4_000),
        lambda leg: tries.unanswered(leg, RETRY, "busy", "", 4_000),
        lambda leg: tries.lost(leg, 4_000),
        lambda leg: tries.ongoing(leg, 4_000),
        lambda leg: tries.live(leg, "call-2", 4_000),
        lambda leg: tries.turned_away(leg, "call-2", 4_000),
        lambda leg: tries.over(leg, 4_000),
    ]
    todo, seen = [unwanted(placing()), unwanted(placed(placing()))], set[str]()
    while todo:
        leg = todo.pop()
        known = msgspec.structs.replace(leg, rev=0)
        if str(known) in seen:
            continue
        seen.add(str(known))
        assert leg.state is not State.WAITING
        todo += [after for news in everything if (after := news(leg)) is not None]
    assert len(seen) > len(get_args(State)) + 6
