"""A rehearsal is the real thing: what happens in one process happens over HTTP."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from generated import flows
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from rehearsal.wires import in_process, over_http

from ivrflow.emulator.setup import Inbound
from ivrflow.emulator.transcript import Connected, Ended, Heard
from ivrflow.library import Library
from ivrflow.rehearsal.acts import Act, HangUp, Hear, PickUp, Press, Reject, Silence, Speak, Wait
from ivrflow.rehearsal.flows import open_flows

ROOT = Path(__file__).parents[2]

deeds: st.SearchStrategy[Act] = st.one_of(
    st.builds(lambda keys: Press(keys=keys), st.text("0123456789*#", min_size=1, max_size=4)),
    st.builds(lambda ms: Wait(ms=ms), st.integers(0, 20_000)),
    st.sampled_from(
        [
            Silence(),
            Speak(text="one"),
            Hear(text="hello"),
            PickUp(),
            PickUp(voice="machine"),
            Reject(why="busy"),
            HangUp(who="callee"),
            HangUp(),
        ]
    ),
)
callers = st.sampled_from(
    [Inbound(), Inbound(withheld=True), Inbound(caller="alice", origin="app")]
)


def opened(path: Path) -> Library:
    library, checked = open_flows(path)
    assert library is not None, checked.diagnostics
    return library


UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Each try starts two servers, so a failing one is shown as it was found."""


@settings(max_examples=20, deadline=None, phases=UNSHRUNK)
@given(flows(), callers, st.lists(deeds, max_size=8))
def test_generated_flows_go_the_same_way_over_http(
    flow: str, caller: Inbound, acts: list[Act]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "generated.flow.yaml"
        path.write_text(flow, "utf-8")
        library, _ = open_flows(path)
    assume(library is not None)
    assert library is not None
    here = asyncio.run(in_process(library, caller, acts))
    assert here == asyncio.run(over_http(library, caller, acts))
    assert isinstance(here[0][-1], Ended) or any(isinstance(each, Ended) for each in here[0])


PBX = "+46850000100"
SHIPPED: dict[str, tuple[Inbound, list[Act]]] = {
    "sales is busy": (Inbound(), [Press(keys="1"), Reject(why="busy")]),
    "support talks": (Inbound(), [Press(keys="2"), PickUp(), Wait(ms=9_000), HangUp(who="callee")]),
    "nobody says anything": (Inbound(), [Silence(), Silence(), PickUp()]),
    "wrong keys": (Inbound(), [Press(keys="9"), Press(keys="8"), Press(keys="7"), HangUp()]),
    "an extension": (
        Inbound(to=PBX),
        [Press(keys="1015"), Hear(text="to extension"), PickUp()],
    ),
    "departments": (Inbound(to=PBX), [Press(keys="1"), Wait(ms=4_000), Press(keys="*")]),
    "a vote": (Inbound(to="+46850000400"), [Press(keys="1"), Hear(text="thank you")]),
    "lisbon is closed": (Inbound(to="+46850000300"), [Press(keys="2"), Press(keys="2"), Silence()]),
    "an account": (
        Inbound(to="+46850000200"),
        [Press(keys="12345678"), Silence(), Press(keys="1234"), Silence()],
    ),
    "the meeting": (Inbound(to=PBX), [Press(keys="3"), Wait(ms=60_000)]),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_flows_go_the_same_way_over_http(name: str) -> None:
    caller, acts = SHIPPED[name]
    library = opened(ROOT / "flows")
    story, missed = asyncio.run(in_process(library, caller, acts))
    assert (story, missed) == asyncio.run(over_http(library, caller, acts))
    assert any(isinstance(each, Heard) for each in story)
    assert any(isinstance(each, Connected) for each in story) == (
        any(isinstance(each, PickUp) for each in acts)
    )
