"""Each rule finds its offence in its bad example, alone, and nothing in its good one."""

import pytest

from ivrflow.analysis.rules import FLOW
from ivrflow.checking import check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM


def findings(flow: str) -> tuple[Diagnostic, ...]:
    return check_text("example.flow.yaml", flow, PLATFORM).diagnostics


@pytest.mark.parametrize("code", FLOW.by_code)
def test_a_rule_finds_its_offence_and_nothing_else(code: str) -> None:
    rule = FLOW.by_code[code]
    assert [found.code for found in findings(rule.bad.lstrip())] == [code]


@pytest.mark.parametrize("code", FLOW.by_code)
def test_a_rule_leaves_good_flows_alone(code: str) -> None:
    rule = FLOW.by_code[code]
    assert findings(rule.good.lstrip()) == ()
