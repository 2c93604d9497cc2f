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
from server.managed import TOKEN, managed
from starlette.testclient import TestClient

from ivrflow.checking import check, check_text
from ivrflow.sinch.platform import PLATFORM

ROOT = Path(__file__).parents[1]
ROOM = re.compile(r"ivrflow-[0-9a-f]{24}")
"""The name of a room in which two talk: another one each time."""


def test_every_shipped_flow_is_clean() -> None:
    shipped = [ROOT / "flows", ROOT / "examples", ROOT / "tests/library"]
    for checked in check(shipped, PLATFORM, today=date(2026, 11, 24)):
        assert checked.diagnostics == ()


def test_the_flow_of_the_readme_compiles() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert compile_text(blocks[0]).flow.name == "front-desk"


def test_the_quick_start_of_the_readme_works_as_written(tmp_path: Path) -> None:
    project, call = commands("Quick start")[:2]
    assert "caller hears" in shell(project, tmp_path)
    assert shell(call, tmp_path) == transcript("Quick start")


def test_a_caller_of_the_readme_waits_while_phones_ring(tmp_path: Path) -> None:
    ring = commands("Who waits, and who is called")[0]
    told = transcript("Who waits, and who is called")
    assert ROOM.sub("room", shell(ring, tmp_path)) == ROOM.sub("room", told)


def test_a_running_engine_does_what_the_readme_asks_of_it(tmp_path: Path) -> None:
    asked = commands("Who waits, and who is called")[1]
    (tmp_path / "house").mkdir()
    with managed(tmp_path / "house") as house:
        call = house.call()
        house.phone.act(call, "press", keys="3")
        house.phone.until(type="joined", call=call)
        here = asked.replace("http://127.0.0.1:3000", house.served.url)
        here = re.sub("^ivrflow .*", rf"\g<0> --url {house.served.url}", here, flags=re.MULTILINE)
        told = shell(here, tmp_path, IVRFLOW_API_TOKEN=TOKEN, CALL=call)
    assert call in told


def section(title: str) -> str:
    """A section of the README."""
    return (ROOT / "README.md").read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]


def commands(title: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", section(title), re.DOTALL)


def transcript(title: str) -> str:
    (told,) = re.findall(r"```\n(    0\.0  .*?)```", section(title), re.DOTALL)
    return str(told)


def shell(commands: str, directory: Path, **environment: str) -> str:
    """Return what commands tell, which must all work."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-ec", commands],
        stdin=subprocess.DEVNULL,
        cwd=directory,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


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
