"""The look for a secret that was let out finds one, wherever it lies."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

LETTING_OUT = {
    "log": "(tmp_path / 'server.log').write_text(f'pressed {CANARY}')",
    "row": (
        "connection = sqlite3.connect(tmp_path / 'state.db'); "
        "connection.execute('PRAGMA journal_mode = WAL'); "
        "connection.execute('CREATE TABLE t (a)'); "
        "connection.execute('INSERT INTO t VALUES (?)', (CANARY.encode(),)); "
        "connection.commit(); "
        "globals().update(kept=connection)"
    ),
    "spoken": "(tmp_path / 'reply.json').write_text(' '.join(CANARY))",
    "printed": "print(CANARY)",
    "warned": "logging.getLogger('x').warning(CANARY)",
}
PLACES = {
    "log": "server.log",
    "row": "state.db-wal",
    "spoken": "reply.json",
    "printed": "test_printed: Captured stdout call",
    "warned": "test_warned: Captured log call",
}
HARMLESS = {"masked": "(tmp_path / 'server.log').write_text('pressed ' + '*' * len(CANARY))"}


def run_of(statements: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run tests that do no more than a statement each, and pass; their files lie elsewhere."""
    lines = ["import logging, sqlite3", "from canary import CANARY"]
    lines += [f"def test_{name}(tmp_path):\n    {each}" for name, each in statements.items()]
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "test_it.py").write_text("\n".join(lines))
        command = [sys.executable, "-m", "pytest", "-p", "canary", "-p", "no:cacheprovider"]
        return subprocess.run(
            [*command, *options, "--basetemp", f"{directory}/run", "test_it.py"],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module", params=[(), ("-n", "2")], ids=["one process", "two processes"])
def failed(request: pytest.FixtureRequest) -> subprocess.CompletedProcess[str]:
    return run_of(LETTING_OUT, *request.param)


def test_a_run_that_lets_a_secret_out_fails(failed: subprocess.CompletedProcess[str]) -> None:
    assert "5 passed" in failed.stdout
    assert failed.returncode == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize("way", LETTING_OUT)
def test_each_place_is_told(failed: subprocess.CompletedProcess[str], way: str) -> None:
    told = [line for line in failed.stdout.splitlines() if "a secret was let out" in line]
    assert len(told) == len(LETTING_OUT)
    assert any(line.endswith(PLACES[way]) for line in told)


def test_a_run_that_keeps_it_passes() -> None:
    assert run_of(HARMLESS).returncode == pytest.ExitCode.OK
