"""What one reply walks through: circles that never wait, and look-ups one after another."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from time import process_time

import pytest

from ivrflow.checking import check, check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.events import Incoming
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.step import begin, step
from ivrflow.machine.walk import MAX_FRAMES, MAX_PASSING
from ivrflow.model.app import App
from ivrflow.sinch.platform import PLATFORM

SLOW = 'requests: {slow: {get: "https://crm.example.com/", timeout: 900ms}}\n'


def found(directory: Path, flows: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return what lint finds in some flows: the file's name, the code and the message."""
    (directory / "app.yaml").write_text(f"app: a\nroutes: [{{flow: outer}}]\n{SLOW}")
    for flow in flows:
        name = flow.split()[1]
        (directory / f"{name}.flow.yaml").write_text(flow)
    (checked,) = check([directory], PLATFORM)
    return [(each.path.rpartition("/")[2], each.code, each.message) for each in checked.diagnostics]


def outer(first: str, second: str = "bye") -> str:
    return (
        f"flow: outer\nstart: one\nstates:\n  one: {first}\n  two: {second}\n  bye: {{hangup: }}\n"
    )


INNER = """flow: inner
start: look
returns: {done: {}, failed: {}}
states:
  look: {request: {name: slow}, on: {ok: back, error: sorry}}
  back: {return: {name: done}}
  sorry: {return: {name: failed}}
"""


def deep(levels: int) -> Iterable[str]:
    """Flows that each run the next one three times, one run after another."""
    names = ["outer", *(f"f{level}" for level in range(levels))]
    for name, inner in pairwise(names):
        end = "hangup: " if name == "outer" else "return: {name: done}"
        returns = "" if name == "outer" else "returns: {done: {}}\n"
        runs = "".join(
            f"  s{number}: {{run: {{flow: {inner}}}, on: {{done: s{number + 1}}}}}\n"
            for number in range(3)
        )
        yield f"flow: {name}\nstart: s0\n{returns}states:\n{runs}  s3: {{{end}}}\n"
    end = "returns: {done: {}}\nstates: {s: {return: {name: done}}}\n"
    yield f"flow: {names[-1]}\nstart: s\n{end}"


def test_lint_takes_no_longer_the_deeper_flows_are_nested(tmp_path: Path) -> None:
    begun = process_time()
    assert {code for _, code, _ in found(tmp_path, deep(30))} == {"E223"}
    assert process_time() - begun < 5


def test_a_circle_through_a_flow_that_returns_at_once_never_waits(tmp_path: Path) -> None:
    run = "{run: {flow: inner}, on: {done: one, failed: bye}}"
    ((file, code, message),) = [
        each for each in found(tmp_path, [outer(run, "{hangup: }"), INNER]) if each[1] == "E202"
    ]
    assert (file, code) == ("outer.flow.yaml", "E202")
    assert message.endswith("one -> one")


def test_running_one_flow_twice_in_a_row_is_no_circle(tmp_path: Path) -> None:
    run = "{run: {flow: inner}, on: {done: two, failed: two}}"
    again = "{run: {flow: inner}, on: {done: bye, failed: bye}}"
    assert found(tmp_path, [outer(run, again), INNER]) == []


def test_a_flow_comes_back_to_the_state_that_ran_it_alone(tmp_path: Path) -> None:
    """After `two` nothing is looked up, though after `one` something is."""
    run = "{run: {flow: inner}, on: {done: ask, failed: ask}}"
    again = "{run: {flow: inner}, on: {done: bye, failed: bye}}"
    silent = "{request: {name: slow}, on: {ok: two, error: two}}"
    assert found(tmp_path, [outer(silent, again), INNER]) == []
    third = outer(run, silent).replace("on: {ok: two, error: two}", "on: {ok: three, error: bye}")
    third += "  ask: {menu: {prompt: Press 1., choices: {1: two}}, on: {no_input: bye, "
    third += "no_match: bye}}\n  three: {request: {name: slow}, on: {ok: bye, error: bye}}\n"
    assert found(tmp_path, [third, INNER]) == []


def test_look_ups_add_up_through_every_flow_that_is_run(tmp_path: Path) -> None:
    run = "{run: {flow: inner}, on: {done: two, failed: bye}}"
    look = "{request: {name: slow}, on: {ok: three, error: bye}}"
    flow = outer(run, look) + "  three: {request: {name: slow}, on: {ok: bye, error: bye}}\n"
    ((file, code, message),) = found(tmp_path, [flow, INNER])
    assert (file, code) == ("inner.flow.yaml", "E271")
    assert message.startswith("slow and slow and slow can take 2.7 s")


def chain(passing: int) -> str:
    """A flow in which so many states pass a call on, one after another, before one ends it."""
    states = "".join(f"  s{each}: {{next: s{each + 1}}}\n" for each in range(passing))
    return f"flow: outer\nstart: s0\nstates:\n{states}  s{passing}: {{say: Bye., hangup: }}\n"


def test_lint_says_before_what_the_engine_does_not_follow(tmp_path: Path) -> None:
    assert found(tmp_path, [chain(MAX_PASSING - 1)]) == []
    assert [code for _, code, _ in found(tmp_path, [chain(MAX_PASSING)])] == ["E222"]
    assert [code for _, code, _ in found(tmp_path, [chain(3 * MAX_PASSING)])] == ["E222"]


@pytest.mark.parametrize(("passing", "fault"), [(MAX_PASSING - 1, ""), (MAX_PASSING, "more than")])
def test_the_engine_follows_as_many_states_as_lint_lets_through(passing: int, fault: str) -> None:
    (flow,) = check_text("f.flow.yaml", chain(passing), PLATFORM).flows.values()
    program = compile_flow(flow, App(), PLATFORM, {})
    event = Incoming(app="app", call="call", caller="+46701234567", called="+46850000000")
    session = begin(program, event, params={}, locale="")
    taken = step(program, session, event, Facts())
    assert isinstance(taken, Step)
    assert taken.trace.fault.startswith(fault)
    assert bool(taken.trace.fault) is bool(fault)


def test_states_of_flows_that_are_run_count_too(tmp_path: Path) -> None:
    inner = "flow: inner\nstart: s0\nreturns: {done: {}}\nstates:\n"
    inner += "".join(f"  s{each}: {{next: s{each + 1}}}\n" for each in range(60))
    inner += "  s60: {return: {name: done}}\n"
    twice = outer("{run: {flow: inner}, on: {done: two}}", "{run: {flow: inner}, on: {done: bye}}")
    ((file, code, message),) = found(tmp_path, [twice, inner])
    assert (file, code) == ("outer.flow.yaml", "E222")
    assert message == "from here one reply can pass 125 states, 100 at most"
    once = outer("{run: {flow: inner}, on: {done: bye}}", "{hangup: }")
    assert [each for each in found(tmp_path, [once, inner]) if each[1] == "E222"] == []


@pytest.mark.parametrize("levels", [MAX_FRAMES, 250, 1000])
def test_flows_that_are_nested_too_deeply_are_one_finding(tmp_path: Path, levels: int) -> None:
    """However deep: nothing runs out of its depth on the way."""
    ((file, code, message),) = found(tmp_path, nested(levels))
    assert (file, code) == (f"f{MAX_FRAMES - 2}.flow.yaml", "E223")
    assert message == f"{MAX_FRAMES + 1} flows run each other here, {MAX_FRAMES} at most"


def nested(levels: int) -> Iterable[str]:
    """Flows that each run the next one, once."""
    names = ["outer", *(f"f{level}" for level in range(levels))]
    for name, inner in pairwise(names):
        end = "hangup: " if name == "outer" else "return: {name: done}"
        returns = "" if name == "outer" else "returns: {done: {}}\n"
        run = f"  s: {{run: {{flow: {inner}}}, on: {{done: t}}}}\n"
        yield f"flow: {name}\nstart: s\n{returns}states:\n{run}  t: {{say: Hi., {end}}}\n"
    yield (
        f"flow: {names[-1]}\nstart: s\nreturns: {{done: {{}}}}\n"
        "states: {s: {return: {name: done}}}\n"
    )


def test_flows_as_deep_as_the_engine_follows_them_are_good(tmp_path: Path) -> None:
    assert found(tmp_path, nested(MAX_FRAMES - 1)) == []
