"""What the Voice API is asked for when somebody is to be called."""

import json

import pytest

from ivrflow.machine.orders import Dial
from ivrflow.model.flow import Amd
from ivrflow.outbound.placing import as_callout


@pytest.mark.parametrize(
    ("amd", "asked"),
    [(False, None), (True, {"enabled": True}), ("async", {"enabled": True, "async": True})],
)
def test_a_callout_says_when_it_wants_to_know_who_answers(amd: Amd, asked: object) -> None:
    callout = as_callout(Dial(to="+46850000001", amd=amd), "token")
    assert json.loads(str(callout.ice))["action"].get("amd") == asked
