"""Nothing that anybody may write breaks lint, fmt, the compiler or a call; `make torture` tries
more of it."""

from pathlib import Path
from random import Random

import pytest
from torture.__main__ import failures
from torture.inputs import make
from torture.trial import SCENARIOS, attempt, checked_of

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


HEAD = "flow: long\nstart: s0\nlocale: en-US\n"
LONG = 1_000
CHAINS = {
    "states that pass": "states:\n"
    + "".join(f"  s{at}: {{say: On., next: s{at + 1}}}\n" for at in range(LONG))
    + f"  s{LONG}: {{hangup: }}\n",
    "menus": "states:\n"
    + "".join(
        f"  s{at}:\n    menu: {{prompt: Press 1 or 2., choices: {{1: s{at + 1}, 2: s{at // 2}}}}}\n"
        f"    on: {{no_input: s{at}, no_match: s{at + 1}}}\n"
        for at in range(LONG)
    )
    + f"  s{LONG}: {{hangup: }}\n",
    "prompts that play the one before four times": "prompts:\n  p0: {en-US: Hello.}\n"
    + "".join(
        f"  p{at}: {{en-US: [{', '.join(4 * [f'{{play: p{at - 1}}}'])}]}}\n"
        for at in range(1, LONG)
    )
    + f"states:\n  s0: {{play: p{LONG - 1}, hangup: }}\n",
    "prompts that play themselves": "prompts:\n  p: {en-US: [{play: p}, Hello., {play: p}]}\n"
    "states:\n  s0: {play: p, hangup: }\n",
}


@pytest.mark.parametrize("chain", CHAINS)
def test_long_chains_are_judged_soon(chain: str) -> None:
    attempt({"long.flow.yaml": (HEAD + CHAINS[chain]).encode()}, Random(1))


def test_many_flows_that_run_each_other_are_judged_soon() -> None:
    flow = "flow: f{0}\nstart: a\nlocale: en-US\nreturns: {{done: {{}}}}\nstates:\n"
    runs = flow + "  a: {{run: {{flow: f{1}}}, on: {{done: b}}}}\n  b: {{return: {{name: done}}}}\n"
    files = {f"f{at}.flow.yaml": runs.format(at, at + 1).encode() for at in range(200)}
    last = flow + "  a: {{say: Hello., return: {{name: done}}}}\n"
    attempt({**files, "f200.flow.yaml": last.format(200).encode()}, Random(1))
