"""What one reply walks through: circles that never wait, and look-ups one after another."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from time import process_time

from ivrflow.checking import check
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
    assert found(tmp_path, deep(30)) == []
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
