"""docs/client.md: its example runs, and its tables leave nothing out."""

import os
import re
import subprocess
import sys
from pathlib import Path

from emulator.stage import KEY, SECRET
from emulator.test_http import emulated

from ivrflow import errors, voice
from ivrflow.outbound import voice as groups
from ivrflow.outbound.voice import VoiceClient

PAGE = (Path(__file__).parents[1] / "docs" / "client.md").read_text()


def test_the_example_calls_somebody() -> None:
    (example,) = re.findall(r"```python\n(import.*?)```", PAGE, re.DOTALL)
    with emulated("http://127.0.0.1:9/") as platform:
        environment = {
            "PATH": os.environ["PATH"],
            "SINCH_APPLICATION_KEY": KEY,
            "SINCH_APPLICATION_SECRET": SECRET,
            "IVRFLOW_VOICE_URL": str(platform.client.base_url),
        }
        done = subprocess.run(
            [sys.executable, "-c", example],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stderr == ""
        assert done.stdout.splitlines() == ["ONGOING", "404 40400 Call not found"]
        (rang,) = (each for each in platform.entries() if each["type"] == "rang")
        assert rang["to"] == "+46701234567"


def test_every_method_is_in_the_table() -> None:
    table = PAGE.partition("## Methods")[2].partition("\n### ")[0]
    for group in ("callouts", "calls", "conferences", "numbers", "callbacks"):
        returned = getattr(VoiceClient, group).fget.__annotations__["return"].strip("'\"")
        methods = [name for name in vars(getattr(groups, returned)) if name[0] != "_"]
        for name in set(methods) - {"client"}:
            assert re.search(rf"`(\w+\.)?{name}[(`]", table), f"{group}.{name}"


def test_every_error_is_in_the_table() -> None:
    named = {name for name in voice.__all__ if name.endswith("Error")} - {"SettingsError"}
    assert named == set(re.findall(r"`(\w+Error)`", PAGE.partition("## Errors")[2])), named
    for name in named:
        assert getattr(voice, name) is getattr(errors, name)
