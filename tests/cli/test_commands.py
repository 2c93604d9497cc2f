"""The commands, as a person or a CI job runs them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from ivrflow.cli import run

ROOT = Path(__file__).parents[2]


def cli(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.fixture
def project(tmp_path: Path, first_flow: str) -> Path:
    (tmp_path / "first.flow.yaml").write_text(first_flow)
    return tmp_path


def test_a_new_project_lints_clean_and_its_schemas_are_there(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, told = cli(capsys, "new", str(tmp_path / "mine"))
    assert code == 0
    assert "ivrflow lint" in told
    assert cli(capsys, "lint", str(tmp_path / "mine"))[:2] == (0, "")
    flow = (tmp_path / "mine" / "front-desk.flow.yaml").read_text()
    schema = flow.splitlines()[0].partition("$schema=")[2]
    jsonschema.Draft7Validator.check_schema(json.loads((tmp_path / "mine" / schema).read_text()))


def test_new_overwrites_nothing(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    assert cli(capsys, "new", str(project))[0] == 2
    assert cli(capsys, "new", "/proc/nobody/can")[0] == 2


def test_lint_shows_place_line_and_remedy(
    capsys: pytest.CaptureFixture[str], project: Path, first_flow: str
) -> None:
    file = project / "first.flow.yaml"
    file.write_text(first_flow.replace("next: main_menu", "next: main_meun"))
    code, shown, told = cli(capsys, "lint", str(project))
    assert code == 1
    assert shown.splitlines() == [
        f'{file}:9:11: error E101 [unknown-state] no state is called "main_meun"',
        "    9 |     next: main_meun",
        "                  ^^^^^^^^^",
        '  help: did you mean "main_menu"?',
    ]
    assert "1 error" in told


def test_lint_tells_programs_as_json(
    capsys: pytest.CaptureFixture[str], project: Path, first_flow: str
) -> None:
    (project / "first.flow.yaml").write_text(first_flow.replace("retries: 2", "retires: 2"))
    code, shown, _ = cli(capsys, "lint", "--output-format", "json", str(project))
    assert code == 1
    (finding,) = json.loads(shown)
    assert (finding["line"], finding["column"], finding["code"]) == (14, 7, "E052")
    assert finding["name"] == "unknown-key"
    assert cli(capsys, "lint", "--output-format", "concise", str(project))[1].count("\n") == 1


def test_a_state_that_asks_records_is_shown_as_for_the_first_call(
    capsys: pytest.CaptureFixture[str],
) -> None:
    poll = str(ROOT / "flows" / "poll.flow.yaml")
    code, shown, _ = cli(capsys, "compile", poll, "--state", "welcome")
    assert code == 0
    assert "press 1" in shown, "the sample call has not voted yet"


def test_lint_of_one_file_knows_the_application_around_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("pbx.flow.yaml", "front-door.flow.yaml", "app.yaml"):
        assert cli(capsys, "lint", str(ROOT / "flows" / name))[:2] == (0, "")


def test_lint_takes_standard_input(first_flow: str) -> None:
    command = [sys.executable, "-m", "ivrflow", "lint", "--stdin-filename", "x.flow.yaml", "-"]
    broken = first_flow.replace("start: greet", "start: gret")
    done = subprocess.run(command, input=broken, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("x.flow.yaml:3:8: error E101")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["lint", "/nowhere"], 2),
        (["lint", "--output-format", "poem"], 2),
        (["unknown"], 2),
        (["--help"], 0),
        (["--version"], 0),
        (["compile", "flows"], 2),
        (["compile", "flows", "--flow", "pbx", "--state", "topp"], 2),
        (["graph", "flows", "--flow", "nobody"], 2),
        (["schema", "flow"], 0),
        (["serve", "flows"], 2),
        (["serve", "flows", "--insecure", "--host", "0.0.0.0"], 2),
        (["serve", "flows", "--insecure", "--store", "floppy:"], 2),
        (["lint", "flows", "-"], 2),
    ],
)
def test_exit_codes_tell_usage_from_findings(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: int,
) -> None:
    shutil.copytree(ROOT / "flows", tmp_path / "flows")
    monkeypatch.chdir(tmp_path)
    for variable in ("SINCH_APPLICATION_KEY", "SINCH_APPLICATION_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    assert cli(capsys, *arguments)[0] == code


def test_a_directory_without_flows_is_nothing_to_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli(capsys, "lint", str(tmp_path))[0] == 3


def test_compile_shows_the_program_or_the_svaml_of_a_state(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    code, shown, _ = cli(capsys, "compile", str(project))
    assert code == 0
    assert json.loads(shown)["id"].startswith("sha256:")
    code, shown, _ = cli(capsys, "compile", str(project), "--state", "sales", "--context", "menu")
    assert code == 0
    assert json.loads(shown)["action"]["name"] == "connectPstn"


def test_compile_says_of_a_look_up_what_it_can(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "f.flow.yaml").write_text("""\
flow: f
start: ask
requests: {find: {params: {id: digits}, get: "https://crm.example.com/{{ id }}", timeout: 1s}}
states:
  ask: {collect: {prompt: Number?, length: 4, into: id}, on: {collected: look, no_input: bye}}
  look: {request: {name: find, with: {id: "{{ id }}"}}, on: {ok: wait, error: bye}}
  wait:
    request: {name: find, with: {id: "{{ id }}"}, meanwhile: One moment.}
    on: {ok: bye, error: bye}
  bye: {hangup: }
""")
    code, _, told = cli(capsys, "compile", str(tmp_path), "--state", "look")
    assert code == 2
    assert 'ivrflow: "look" asks somebody first' in told
    code, shown, _ = cli(capsys, "compile", str(tmp_path), "--state", "wait")
    assert code == 0
    assert json.loads(shown)["action"]["menus"][0]["mainPrompt"] == "#tts[One moment.]"
    assert "request find" in cli(capsys, "graph", str(tmp_path))[1]


def test_a_program_is_what_it_means_not_how_it_is_laid_out(
    capsys: pytest.CaptureFixture[str], project: Path, first_flow: str
) -> None:
    before = cli(capsys, "compile", str(project))[1]
    other = "# a comment\n" + first_flow.replace('"+46850000001"', "+46850000001")
    (project / "first.flow.yaml").write_text(other.replace("Acme front desk", "Another title"))
    assert cli(capsys, "compile", str(project))[1] == before
    (project / "first.flow.yaml").write_text(other.replace("retries: 2", "retries: 3"))
    assert cli(capsys, "compile", str(project))[1] != before


@pytest.mark.parametrize("format_", ["mermaid", "dot"])
def test_graph_shows_every_state_and_key(
    capsys: pytest.CaptureFixture[str], project: Path, format_: str
) -> None:
    code, shown, _ = cli(capsys, "graph", str(project), "--format", format_)
    assert code == 0
    for word in ("greet", "main_menu", "sales", "support", "goodbye", "no_input", '"*"'):
        assert word in shown


@pytest.mark.parametrize("name", ["flow", "app", "svaml", "callback"])
def test_schema_prints_a_schema(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, shown, _ = cli(capsys, "schema", name)
    assert code == 0
    assert json.loads(shown)["$schema"]


@pytest.mark.parametrize("word", ["E101", "e101", "unknown-state"])
def test_explain_tells_what_a_finding_means(capsys: pytest.CaptureFixture[str], word: str) -> None:
    code, shown, _ = cli(capsys, "explain", word)
    assert code == 0
    assert shown.startswith("## E101 unknown-state (error)\n\nA state that does not exist")
    assert "next: godbye" in shown.partition("Not found:")[0]


def test_explain_knows_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown, told = cli(capsys, "explain", "unknown-stat")
    assert (code, shown) == (2, "")
    assert 'did you mean "unknown-state"?' in told


def test_linting_loads_no_server() -> None:
    script = (
        "import sys; from ivrflow.cli import run; run(['lint', 'flows']);"
        "sys.exit(any(name in sys.modules for name in ('starlette', 'uvicorn', 'sqlite3')))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
