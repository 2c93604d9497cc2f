"""What is said of names that nothing declares."""

import pytest

from ivrflow.checking import check_text
from ivrflow.sinch.platform import PLATFORM

FLOW = """\
flow: example
start: a
prompts: {{welcome: {{en-US: Hello.}}}}
states: {{a: {{say: "{text}", hangup: }}}}
"""


def found(text: str) -> tuple[str, str, str]:
    (one,) = check_text("f.flow.yaml", FLOW.format(text=text), PLATFORM).diagnostics
    return one.code, one.message, one.help


def test_the_environment_is_refused_by_its_name() -> None:
    assert found("{{ env.KEY }}")[0] == "E801"


def test_a_property_that_is_called_like_the_environment_is_only_unknown() -> None:
    code, message, _ = found("{{ call.env }}")
    assert (code, message) == ("E104", 'there is no "env" in it')


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("{{ welcome }}", "it is a prompt: write `play: welcome`"),
        ("{{ vars.welcome }}", "variables are read by their bare names"),
    ],
)
def test_a_name_that_means_something_else_gets_its_remedy(text: str, help: str) -> None:
    assert found(text)[2] == help
