"""What docs/testing.md shows is played."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from scenarios.conftest import Command, Project

from ivrflow import schemas

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
APP = """\
app: docs
dial: {allow: ["+46"]}
webhooks: {crm: {url: "https://crm.example.com/calls"}}
routes: [{flow: front-desk}]
"""


@pytest.fixture
def blocks() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_every_example_passes(tmp_path: Path, command: Command, blocks: list[str]) -> None:
    project = Project(tmp_path)
    flows = [each for each in blocks if each.startswith("flow:")]
    files = [each for each in blocks if "scenarios:" in each]
    assert len(flows) + len(files) == len(blocks)
    project.write("app.yaml", APP)
    for number, flow in enumerate(flows):
        project.write(f"{number}.flow.yaml", flow)
    for number, file in enumerate(files):
        project.write(f"{number}.calltest.yaml", file)
    code, shown, told = command("test", tmp_path)
    assert code == 0, shown + told


def test_every_word_of_the_schema_is_shown(blocks: list[str]) -> None:
    schema = schemas.load("calltest")
    steps = set(schema["definitions"]["step"]["else"]["properties"])
    expected = schema["definitions"]["scenario"]["properties"]["expect"]["else"]["properties"]
    shown = "\n".join(each for each in blocks if "scenarios:" in each)
    for word in (*steps, *expected):
        assert re.search(rf"\b{word}\b", shown), word
        assert f"`{word}" in PAGE.read_text("utf-8"), word


def test_the_failure_that_is_shown_is_a_real_one(
    tmp_path: Path, command: Command, blocks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "front-desk.flow.yaml").write_text(blocks[0])
    wrong = blocks[1].replace("Welcome to Acme", "Welcome to Acne")
    (tmp_path / "front-desk.calltest.yaml").write_text(wrong)
    _, shown, _ = command("test", ".")
    (page,) = re.findall(r"```\n(front-desk.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert page.strip() in shown, json.dumps(shown)
