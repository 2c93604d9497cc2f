"""What tests of several packages share: the first flow of the documentation, and how to compile."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.program import Program
from ivrflow.sinch.platform import PLATFORM

pytest_plugins = ("canary", "pytester")

# A busy machine is slow, and no claim of these tests is about time. What is right today is right
# tomorrow: property tests see the same examples each time, and `make torture` others.
settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile("searching", settings.get_profile("steady"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

FIRST_FLOW = """\
flow: front-desk
title: Acme front desk
start: greet
locale: en-US

states:
  greet:
    say: Welcome to Acme.
    next: main_menu

  main_menu:
    menu:
      prompt: For sales press 1. For support press 2. To hear this again press star.
      retries: 2
      choices:
        1: sales
        2: support
        "*": main_menu
    on:
      no_input: goodbye
      no_match: goodbye

  sales:
    say: One moment, please.
    connect:
      number: "+46850000001"
      timeout: 20s

  support:
    conference:
      id: "support-{{ call.id }}"
      hold_music: music1

  goodbye:
    say: Thank you for calling. Goodbye.
    hangup:
"""

Compile = Callable[[str], Program]


def compile_text(text: str) -> Program:
    """Compile a flow that must be free of errors."""
    checked = check_text("test.flow.yaml", text, PLATFORM)
    errors = [each for each in checked.diagnostics if each.is_error]
    assert not errors, errors
    (flow,) = checked.flows.values()
    return compile_flow(flow, checked.app, PLATFORM, checked.all_flows)


@pytest.fixture(scope="session")
def compiled() -> Compile:
    """Compiles a flow written in YAML."""
    return compile_text


@pytest.fixture(scope="session")
def first_flow() -> str:
    """The first flow of the documentation."""
    return FIRST_FLOW


@pytest.fixture(scope="session")
def front_desk() -> Program:
    """The first flow of the documentation, compiled."""
    return compile_text(FIRST_FLOW)
