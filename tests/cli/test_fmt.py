"""`ivrflow fmt` changes the layout of files, or tells that it would."""

import subprocess
import sys
from pathlib import Path

import pytest
from command import Cli

UNEVEN = "flow:   x\nstart: a\nstates:\n    a: {hangup: }   \n"
EVEN = "flow: x\nstart: a\nstates:\n  a: {hangup: }\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A flow that is not formatted, in the working directory."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "x.flow.yaml"
    file.write_text(UNEVEN)
    file.chmod(0o640)
    return file


def test_files_are_formatted_where_they_are(cli: Cli, file: Path) -> None:
    assert cli("fmt") == (0, "", "x.flow.yaml formatted\n1 file, 1 formatted\n")
    assert file.read_text() == EVEN
    assert file.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in file.parent.iterdir()] == ["x.flow.yaml"]
    assert cli("fmt", "x.flow.yaml") == (0, "", "1 file, 0 formatted\n")


def test_check_and_diff_write_nothing(cli: Cli, file: Path) -> None:
    code, shown, _ = cli("fmt", "--check")
    assert (code, shown) == (1, "x.flow.yaml would be formatted\n")
    code, shown, _ = cli("fmt", "--diff", ".")
    assert code == 1
    assert shown.splitlines()[:4] == [
        "--- x.flow.yaml",
        "+++ x.flow.yaml",
        "@@ -1,4 +1,4 @@",
        "-flow:   x",
    ]
    assert file.read_text() == UNEVEN
    cli("fmt")
    assert cli("fmt", "--check")[:2] == (0, "")
    assert cli("fmt", "--diff")[:2] == (0, "")


def test_a_file_with_a_syntax_error_stays_and_is_told(cli: Cli, file: Path) -> None:
    broken = "flow:   x\nstates: [\n"
    file.write_text(broken)
    (file.parent / "y.flow.yaml").write_text(UNEVEN)
    code, _, told = cli("fmt")
    assert code == 1
    assert "E003" in told
    assert file.read_text() == broken
    assert (file.parent / "y.flow.yaml").read_text() == EVEN


def test_a_link_stays_a_link(cli: Cli, file: Path) -> None:
    (file.parent / "shared").mkdir()
    real = file.rename(file.parent / "shared" / "x.flow.yaml")
    file.symlink_to(real)
    assert cli("fmt", "x.flow.yaml")[0] == 0
    assert file.is_symlink()
    assert real.read_text() == EVEN


def test_standard_input_is_filtered() -> None:
    command = [sys.executable, "-m", "ivrflow", "fmt", "-"]
    done = subprocess.run(command, input=UNEVEN, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, EVEN)
    done = subprocess.run(command, input="a: [", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "a: [")


def test_wrong_usage_and_nothing_to_read(cli: Cli, file: Path) -> None:
    assert cli("fmt", "nowhere.flow.yaml")[0] == 2
    assert cli("fmt", "-", "x.flow.yaml")[0] == 2
    file.unlink()
    assert cli("fmt")[0] == 3
