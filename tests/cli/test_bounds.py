"""`ivrflow bounds`: what it shows, to people and to programs."""

import json
from pathlib import Path

import pytest

from ivrflow.cli import run

ROOT = Path(__file__).parents[2]

KEEPS = """\
flow: keeps
start: ask
budget: {silent: 1m}
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: ask, no_match: bye}
  bye: {say: Goodbye., hangup: }
"""


def told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.chdir(ROOT)
    code = run(["bounds", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_page_shows_what_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = told(capsys, monkeypatch, "flows/opening-hours.flow.yaml")
    assert code == 0
    assert f"$ ivrflow bounds flows/opening-hours.flow.yaml\n{out}```" in (
        ROOT / "docs" / "lint.md"
    ).read_text("utf-8")


def test_programs_get_seconds_menus_and_the_way(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = told(capsys, monkeypatch, "flows/pbx.flow.yaml", "--output-format", "json")
    ((flow,),) = [json.loads(out)]
    silent = next(each for each in flow["bounds"] if each["of"] == "silent")
    assert (code, flow["flow"], silent["end"]) == (0, "pbx", "a person is called")
    assert (silent["menus"], silent["budget"]) == (2, 30)
    assert [each["state"] for each in silent["way"]] == ["welcome", "top", "operator"]
    assert silent["seconds"] == pytest.approx(sum(each["seconds"] for each in silent["way"]))


def test_a_call_in_several_languages_is_told_for_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = "flows/opening-hours.flow.yaml"
    _, out, _ = told(capsys, monkeypatch, file, "--output-format", "json")
    for bound in json.loads(out)[0]["bounds"]:
        assert bound["by_locale"].keys() == {"en-US", "sv-SE"}
        assert max(bound["by_locale"].values()) <= bound["seconds"]


def test_for_ever_has_no_seconds_and_is_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "keeps.flow.yaml"
    file.write_text(KEEPS)
    code, out, err = told(capsys, monkeypatch, str(file), "--output-format", "json")
    silent = next(each for each in json.loads(out)[0]["bounds"] if each["of"] == "silent")
    assert (code, silent["end"], "seconds" in silent) == (1, "for ever", False)
    assert "E231" in err
    assert "E232" not in err, "one cause, one finding"


def test_a_flow_with_other_errors_has_no_bounds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "keeps.flow.yaml"
    file.write_text(KEEPS.replace("no_match: bye", "no_match: by"))
    code, out, err = told(capsys, monkeypatch, str(file))
    assert (code, out) == (1, "")
    assert "E101" in err
