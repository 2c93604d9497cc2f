"""Nothing that anybody may write breaks lint, fmt, the compiler or a call; `make torture` tries
more of it."""

from pathlib import Path

import pytest
from torture.__main__ import failures
from torture.inputs import make
from torture.trial import SCENARIOS, checked_of

SEED = 20261124
COUNT = 1_000
CHUNK = 250


@pytest.mark.parametrize("start", range(0, COUNT, CHUNK))
def test_whatever_is_written_is_judged_soon_and_what_is_good_can_be_called(
    start: int, tmp_path: Path
) -> None:
    assert list(failures(SEED, range(start, start + CHUNK), tmp_path)) == []


def test_an_input_is_the_same_for_its_seed_and_number() -> None:
    for number in range(20):
        (files, dice), (again, same) = make(SEED, number), make(SEED, number)
        assert files == again
        assert dice.random() == same.random()


def test_inputs_are_good_often_enough_and_wrong_in_many_ways() -> None:
    """Else the claims above would say little."""
    good, kinds = 0, set()
    for number in range(COUNT):
        files, _ = make(SEED, number)
        flows = {path: text for path, text in files.items() if not path.endswith(SCENARIOS)}
        checked = checked_of(tuple(flows.items()))
        good += checked.is_good and bool(checked.flows)
        kinds |= {each.code for each in checked.diagnostics}
    assert good > COUNT / 10
    assert len(kinds) > 70


def test_what_fails_is_written_down_with_the_command_to_try_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torture.trial.SECONDS", 0)
    (told,) = failures(SEED, range(1), tmp_path)
    assert "took 0.0 s" in told
    assert f"python -m torture --replay {tmp_path / str(SEED)}-0" in told
    written = {each.name: each.read_bytes() for each in (tmp_path / f"{SEED}-0").iterdir()}
    assert written == make(SEED, 0)[0]
