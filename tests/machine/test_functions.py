"""Whatever expressions may call can be computed in a call."""

from ivrflow.expr.functions import FUNCTIONS, name_in_scope
from ivrflow.machine.opening import ANSWER_BY_NAME
from ivrflow.machine.scope import FIND_BY_NAME


def test_each_function_that_lint_knows_has_a_value_in_a_call() -> None:
    computed = FIND_BY_NAME.keys() | ANSWER_BY_NAME.keys()
    assert {name_in_scope(each) for each in FUNCTIONS} == {
        name for name in computed if name.endswith("()")
    }
