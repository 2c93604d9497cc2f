"""What a step, a load and a lint cost in one process, beside other tools. Ratios of one run count.

python benchmarks/in_process.py
"""

import asyncio
import gc
import io
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import msgspec
from flow import FLOW, ice, pie
from ruamel.yaml import YAML

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.events import Incoming
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.program import Program
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.runtime.live import Live
from ivrflow.sinch.parse import parse
from ivrflow.sinch.platform import PLATFORM
from ivrflow.source.yaml import parse as parse_yaml
from ivrflow.store.base import Place, Turn
from ivrflow.store.sqlite import SqliteStore

ROOT = Path(__file__).parents[1]


def microseconds(run: Callable[[], object], number: int = 5_000) -> float:
    return min(timeit.repeat(run, number=number, repeat=5)) / number * 1e6


def program() -> Program:
    checked = check_text("measured.flow.yaml", FLOW, PLATFORM)
    return compile_flow(checked.flows["measured"], checked.app, PLATFORM, checked.all_flows)


def steps() -> None:
    """Decode the session, step, encode it: two prompts with templates, two conditions."""
    flow, facts = program(), Facts()
    first = parse(ice("call"), "key")
    assert isinstance(first, Incoming)
    taken = step(flow, begin(flow, first, params={}, locale=""), first, facts)
    assert isinstance(taken, Step)
    stored = msgspec.json.encode(taken.session)
    pressed = parse(pie("call", 1), "key")
    decoder = msgspec.json.Decoder(Session)

    def ours() -> bytes:
        after = step(flow, decoder.decode(stored), pressed, facts)
        assert isinstance(after, Step)
        return msgspec.json.encode(after.session)

    own = microseconds(ours)
    print(f"step with session decode and encode     {own:8.1f} us")
    for name, peer in (("transitions", with_transitions), ("python-statemachine", with_psm)):
        try:
            theirs = microseconds(peer(), 500)
        except ImportError:
            print(f"  {name} is not installed: left out")
            continue
        print(f"  {name:36}  {theirs:8.1f} us   {theirs / own:5.1f}x ours")


def with_transitions() -> Callable[[], object]:
    from transitions import Machine

    class Model:
        attempts = 0

        def few(self) -> bool:
            return self.attempts < 1_000_000

        def many(self) -> bool:
            return self.attempts > 1_000_000

        def count(self) -> None:
            self.attempts += 1

    ways = [
        {"trigger": "star", "source": "menu", "dest": "bye", "conditions": "many"},
        {
            "trigger": "star",
            "source": "menu",
            "dest": "menu",
            "conditions": "few",
            "after": "count",
        },
    ]
    machine = Machine(
        model=None, states=["menu", "bye"], transitions=ways, initial="menu", auto_transitions=False
    )
    stored = json.dumps({"state": "menu", "attempts": 1})

    def turn() -> str:
        row = json.loads(stored)
        model = Model()
        model.attempts = row["attempts"]
        machine.add_model(model, initial=row["state"])
        model.star()  # type: ignore[attr-defined]
        machine.remove_model(model)
        prompt = f"Ada, your order {model.attempts} is on its way."
        return json.dumps({"state": model.state, "attempts": model.attempts, "p": prompt})  # type: ignore[attr-defined]

    return turn


def with_psm() -> Callable[[], object]:
    from statemachine import State, StateMachine

    class Phone(StateMachine):
        menu = State(initial=True)
        bye = State(final=True)
        star = menu.to(bye, cond="many") | menu.to(menu, cond="few")
        attempts = 0

        def few(self) -> bool:
            return self.attempts < 1_000_000

        def many(self) -> bool:
            return self.attempts > 1_000_000

        def after_transition(self) -> None:
            self.attempts += 1

    def turn() -> str:
        machine = Phone(start_value="menu")
        machine.send("star")
        prompt = f"Ada, your order {machine.attempts} is on its way."
        return json.dumps({"attempts": machine.attempts, "p": prompt})

    return turn


def large(states: int) -> str:
    """A flow of that many states, twelve lines each."""
    lines = ["flow: large", "start: s0", "locale: en-US", "states:"]
    for number in range(states):
        following = f"s{(number + 1) % states}"
        lines += [
            f"  s{number}:",
            f"    say: This is state {number}, one of many.",
            "    menu:",
            "      prompt: For the next state press 1. To hear this again press star.",
            "      retries: 2",
            "      timeout: 5s",
            "      choices:",
            f"        1: {following}",
            f'        "*": s{number}',
            "    on:",
            "      no_input: bye",
            "      no_match: bye",
        ]
    lines.append("  bye: {say: Goodbye., hangup: }")
    return "\n".join(lines) + "\n"


def loading() -> None:
    text = large(1_000)

    def round_trip() -> object:
        return YAML().load(io.StringIO(text))

    own = seconds(lambda: parse_yaml("f", text))
    theirs = seconds(round_trip, 1)
    more = seconds(lambda: parse_yaml("f", large(8_000)[: 1024 * 1024]), 1)
    small = seconds(lambda: parse_yaml("f", large(1_000)))
    size = len(large(8_000)[: 1024 * 1024]) / len(text)
    print(f"YAML of 1,000 states, with places       {own * 1000:8.1f} ms")
    exponent = math.log(more / small) / math.log(size)
    print(f"  ruamel.yaml round trip                {theirs * 1000:8.1f} ms   {theirs / own:5.1f}x")
    print(f"  growth exponent to {size:.1f} times as much    {exponent:6.2f}")


def seconds(run: Callable[[], object], repeat: int = 5) -> float:
    gc.disable()
    best = min(timeit.repeat(run, number=1, repeat=repeat))
    gc.enable()
    return best


def linting() -> None:
    with tempfile.TemporaryDirectory() as name:
        for states in (1_000, 50):
            file = Path(name) / f"n{states}.flow.yaml"
            file.write_text(large(states))
            schema = str(ROOT / "schemas" / "flow.schema.json")
            own = whole([sys.executable, "-m", "ivrflow", "lint", str(file)])
            print(f"lint of {states} states, whole process    {own * 1000:8.0f} ms")
            for tool, command in (
                ("check-jsonschema", ["check_jsonschema", "--schemafile", schema, str(file)]),
                ("yamllint", ["yamllint", "-d", "relaxed", str(file)]),
            ):
                theirs = whole([sys.executable, "-m", *command])
                if not theirs:
                    print(f"  {tool:36}  not installed: left out")
                    continue
                share = f"{own / theirs:5.2f} of its time"
                print(f"  {tool:36}  {theirs * 1000:8.0f} ms   {share}")


def whole(command: list[str]) -> float:
    best = math.inf
    for _ in range(5):
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        best = min(best, time.perf_counter() - began)
        if "No module named" in done.stderr:
            return 0.0
    return best


def memory() -> None:
    """What a live call costs the server: its session, its keys, its last reply."""
    flow, facts = program(), Facts()
    gc.collect()
    before, kept = resident(), []
    for number in range(20_000):
        first = parse(ice(f"call-{number}"), "key")
        assert isinstance(first, Incoming)
        taken = step(flow, begin(flow, first, params={}, locale=""), first, facts)
        assert isinstance(taken, Step)
        live = Live(flow, taken.session, 1, Place(number, number), b"r" * 560, b"")
        live.recent = {number.to_bytes(16, "big") + bytes([key]): None for key in range(8)}
        kept.append(live)
    each = (resident() - before) / len(kept) / 1024
    print(f"memory a live call                      {each:8.1f} KB")


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def stored(count: int = 1_000_000) -> None:
    """What a turn costs the store with 1,000 and with a million calls in it."""

    async def measure(path: Path, calls: int) -> float:
        store = await SqliteStore.open(path)
        turn = Turn(
            app="app", call="", rev=1, place=None, program="p", closure=b"{}", format=1, at=1,
            due=2, over=0, who="here", session=b"s" * 330, flags=0, key=b"k" * 16,
            event=b"e" * 150, facts=b"{}", reply=b"r" * 560,
        )  # fmt: skip
        places = []
        for start in range(0, calls, 10_000):
            batch = [
                store.submit(msgspec.structs.replace(turn, call=f"{number * 7919 % calls:032x}"))
                for number in range(start, min(start + 10_000, calls))
            ]
            places += [await each.done for each in batch]
        best = math.inf
        for round_ in range(5):
            chosen = [(round_ * 131 + number * (calls // 1_000)) % calls for number in range(1_000)]
            spent = time.process_time()
            batch = []
            for number in dict.fromkeys(chosen):
                place, rev = places[number], 2
                batch.append(
                    (
                        number,
                        store.submit(
                            msgspec.structs.replace(turn, call=str(number), rev=rev, place=place)
                        ),
                    )
                )
            done = await asyncio.gather(*[each.done for _, each in batch], return_exceptions=True)
            good = [each for each in done if isinstance(each, Place)]
            if len(good) > 500:
                best = min(best, (time.process_time() - spent) / len(good) * 1e6)
        await store.close()
        return best

    with tempfile.TemporaryDirectory(dir=ROOT) as name:
        few = asyncio.run(measure(Path(name) / "few.db", 1_000))
        many = asyncio.run(measure(Path(name) / "many.db", count))
    print(f"a turn in the store of 1,000 calls      {few:8.1f} us")
    print(f"  of {count:,} calls                   {many:8.1f} us   {many / few:5.2f}x")


if __name__ == "__main__":
    steps()
    loading()
    linting()
    memory()
    stored()
