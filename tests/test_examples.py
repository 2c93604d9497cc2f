"""What the documents show works as shown."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from conftest import compile_text
from server.conftest import KEY, SECRET, Served
from starlette.testclient import TestClient

from ivrflow.checking import check, check_text
from ivrflow.sinch.platform import PLATFORM

ROOT = Path(__file__).parents[1]


def test_every_shipped_flow_is_clean() -> None:
    shipped = [ROOT / "flows", ROOT / "examples", ROOT / "tests/library"]
    for checked in check(shipped, PLATFORM, today=date(2026, 11, 24)):
        assert checked.diagnostics == ()


def test_the_flow_of_the_readme_compiles() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert compile_text(blocks[0]).flow.name == "front-desk"


def test_the_quick_start_of_the_readme_works_as_written(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text().partition("## Quick start\n")[2]
    project, call = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)[:2]
    (told,) = re.findall(r"```\n(    0\.0  .*?)```", readme, re.DOTALL)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def shell(commands: str) -> str:
        return subprocess.run(
            ["/bin/sh", "-ec", commands],
            stdin=subprocess.DEVNULL,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert "caller hears" in shell(project)
    assert shell(call) == told


def test_the_parts_shown_among_the_examples_are_yaml_of_the_language() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "examples/README.md").read_text(), re.DOTALL)
    for block in blocks:
        found = check_text("part.flow.yaml", block, PLATFORM).diagnostics
        assert not [each for each in found if each.code < "E050"], block


def test_the_embedding_answers_a_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SINCH_APPLICATION_KEY", KEY)
    monkeypatch.setenv("SINCH_APPLICATION_SECRET", SECRET)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls.db"))
    spec = importlib.util.spec_from_file_location("embedding", ROOT / "examples/embedding/main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    body = json.dumps({"event": "ice", "callid": "call-1"}).encode()
    with TestClient(module.app) as client:
        assert "Call us" in client.get("/").text
        assert client.post("/sinch", content=body).status_code == 401
        headers = Served.signed(body, path="/sinch")
        reply = client.post("/sinch", content=body, headers=headers).json()
    assert reply["action"]["menus"][0]["maxDigits"] == 6
