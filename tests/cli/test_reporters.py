"""Reports for programs keep to what those programs read."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest
from command import Cli
from examples import write_example

from ivrflow.cli.reporters.json import address
from ivrflow.diagnostics import KIND_BY_CODE

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((Path(__file__).parent / "sarif" / "sarif-schema-2.1.0.json").read_text())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with findings of all sorts in files of odd names."""
    monkeypatch.chdir(tmp_path)
    for code in ("E101", "E108", "E003", "W963", "E210", "E301"):
        directory = tmp_path / f"{code} å, 100%"
        directory.mkdir()
        write_example(directory, KIND_BY_CODE[code].bad)
    return tmp_path


def lint(cli: Cli, format_: str) -> str:
    return cli("lint", "--output-format", format_)[1]


def test_every_finding_has_its_section_in_the_docs() -> None:
    headings = [
        line for line in (ROOT / "docs" / "rules.md").read_text().splitlines() if line[:3] == "## "
    ]
    anchors = {
        "docs/rules.md#" + line[3:].lower().translate(str.maketrans(" ", "-", "()"))
        for line in headings
    }
    assert {address(kind) for kind in KIND_BY_CODE.values()} == anchors


@pytest.mark.usefixtures("here")
def test_json_has_place_kind_words_and_address(cli: Cli) -> None:
    rows = json.loads(lint(cli, "json"))
    assert {each["code"] for each in rows} == {"E101", "E108", "E003", "W963", "E210", "E301"}
    first = next(each for each in rows if each["code"] == "E101")
    assert first == {
        "path": "E101 å, 100%/example.flow.yaml",
        "line": 4,
        "column": 30,
        "end_line": 4,
        "end_column": 36,
        "code": "E101",
        "name": "unknown-state",
        "severity": "error",
        "message": 'no state is called "godbye"',
        "help": 'did you mean "goodbye"?',
        "url": "docs/rules.md#e101-unknown-state-error",
        "related": [],
    }
    double = next(each for each in rows if each["code"] == "E108")
    assert double["related"][0]["path"] == "E108 å, 100%/one.flow.yaml"
    assert json.loads(lint(cli, "json")) == rows == sorted(rows, key=lambda each: each["path"])


@pytest.mark.usefixtures("here")
def test_sarif_is_valid_under_its_schema(cli: Cli) -> None:
    log = json.loads(lint(cli, "sarif"))
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    marks = [each["partialFingerprints"]["ivrflow/v1"] for each in run["results"]]
    assert len(set(marks)) == len(marks)
    assert "E101%20%C3%A5%2C%20100%25/example.flow.yaml" in json.dumps(run["results"])
    assert "columnKind" in run


def test_sarif_without_findings_is_valid_too(cli: Cli, tmp_path: Path) -> None:
    write_example(tmp_path, KIND_BY_CODE["E101"].good)
    log = json.loads(cli("lint", "--output-format", "sarif", str(tmp_path))[1])
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    assert log["runs"][0]["results"] == []


@pytest.mark.usefixtures("here")
def test_junit_counts_files_and_failures(cli: Cli) -> None:
    root = ET.fromstring(lint(cli, "junit"))  # noqa: S314  our own output
    suites = {each.get("name"): each for each in root}
    assert len(suites) == 10
    assert root.get("failures") == str(len(root.findall(".//failure")))
    assert root.get("tests") == str(len(root.findall(".//testcase")))
    late = suites["W963 å, 100%/app.yaml"]
    assert late.find(".//failure") is None
    assert late.find(".//system-out") is not None
    failure = suites["E101 å, 100%/example.flow.yaml"].find(".//failure")
    assert failure is not None
    assert failure.get("message") == 'no state is called "godbye"'


@pytest.mark.usefixtures("here")
def test_junit_tells_of_the_files_asked_for_alone(cli: Cli) -> None:
    one = "E108 å, 100%/one.flow.yaml"
    root = ET.fromstring(cli("lint", "--output-format", "junit", one)[1])  # noqa: S314
    assert [each.get("name") for each in root] == [one]


@pytest.mark.usefixtures("here")
def test_github_annotates_the_line(cli: Cli) -> None:
    lines = lint(cli, "github").splitlines()
    assert (
        "::error file=E101 å%2C 100%25/example.flow.yaml,line=4,col=30,endColumn=36,"
        "title=E101 unknown-state::E101 å, 100%25/example.flow.yaml:4:30: "
        'no state is called "godbye"%0Ahelp: did you mean "goodbye"?'
    ) in lines
    assert all(line.startswith(("::error ", "::warning ")) for line in lines)


@pytest.mark.usefixtures("here")
def test_gitlab_has_what_code_quality_asks_for(cli: Cli) -> None:
    rows = json.loads(lint(cli, "gitlab"))
    assert len({each["fingerprint"] for each in rows}) == len(rows)
    for each in rows:
        assert set(each) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert each["severity"] in {"major", "minor"}
        assert each["location"]["lines"]["begin"] >= 1


def test_a_fingerprint_outlives_lines_above_it(cli: Cli, here: Path) -> None:
    def of_state() -> str:
        rows = json.loads(lint(cli, "gitlab"))
        (found,) = [each for each in rows if each["check_name"] == "E101 unknown-state"]
        return str(found["fingerprint"])

    before = of_state()
    file = here / "E101 å, 100%" / "example.flow.yaml"
    file.write_text("# a comment\n" + file.read_text())
    assert of_state() == before
