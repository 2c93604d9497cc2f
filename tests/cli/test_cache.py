"""A lint of what has not changed is quick, and tells what it would tell otherwise."""

import os
import resource
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from random import Random

import pytest
from command import Cli

from ivrflow.cli.cache import DIRECTORY, MOST_ENTRIES
from ivrflow.cli.reporters import FORMATS
from ivrflow.cli.stamp import stamp

ROOT = Path(__file__).parents[2]

APP = """\
app: example
routes: [{flow: front}]
prompts: {bye: {en-US: Goodbye.}}
"""
FRONT = """\
flow: front
start: greet
locale: en-US
states:
  greet: {say: Hello., next: ask}
  ask:
    run: {flow: inner}
    on: {done: bye}
  # ivrflow: allow unreachable-state because it comes with the next release
  later: {say: Later., hangup: }
  bye: {play: bye, next: gone}
"""
INNER = """\
flow: inner
start: a
locale: en-US
returns: {done: {}}
states:
  a: {say: One moment., return: {name: done}}
"""
CALLTEST = """\
test: front
scenarios:
  somebody calls:
    steps: [{hear: Hello}]
    expect: {ended: bye}
"""
FILES = {
    "app.yaml": [APP, APP.replace("bye:", "by:"), APP.replace("front", "frnt")],
    "front.flow.yaml": [FRONT, FRONT.replace("gone", "ask"), FRONT.replace("flow: inner", "flow:")],
    "inner.flow.yaml": [INNER, INNER.replace("done", "over"), INNER.replace("a:", "b:")],
    "front.calltest.yaml": [CALLTEST, CALLTEST.replace("front", "inner"), CALLTEST[:-8]],
    "more.flow.yaml": [INNER.replace("flow: inner", "flow: more"), INNER],
}
"""Each file, right and wrong: what is found in one follows from the others."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an application that has an error."""
    monkeypatch.chdir(tmp_path)
    for name in ("app.yaml", "front.flow.yaml", "inner.flow.yaml"):
        (tmp_path / name).write_text(FILES[name][0])
    return tmp_path


def entries(here: Path) -> list[Path]:
    return [each for each in (here / DIRECTORY).iterdir() if each.name != ".gitignore"]


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run `ivrflow lint` as a process of its own; says on the last line what it imported."""
    script = (
        "import sys; from ivrflow.cli import run; code = run(sys.argv[1:]); "
        "print('ivrflow.analysis' in sys.modules, file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-c", script, "lint", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--select", "E1"],
        ["--ignore", "E101"],
        ["--statistics", "--fail-on", "never"],
        ["--baseline", "known.json"],
        ["front.flow.yaml"],
    ],
    ids=" ".join,
)
def test_the_same_is_told_from_the_cache(cli: Cli, format_: str, options: list[str]) -> None:
    cli("lint", "--no-cache", "--select", "E2", "--baseline", "known.json", "--write-baseline")
    told = [
        cli("lint", "--output-format", format_, *options, *more)
        for more in (["--no-cache"], [], [], ["--no-cache"])
    ]
    assert told == [told[0]] * 4


@pytest.mark.usefixtures("here")
def test_what_is_known_imports_nothing_that_checks() -> None:
    cold, hot, without = run(), run(), run("--no-cache")
    assert cold.stdout == hot.stdout == without.stdout != ""
    imported = [each.stderr.splitlines()[-1] for each in (cold, hot, without)]
    assert imported == ["True", "False", "True"]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_changes_is_seen(cli: Cli, here: Path, seed: int) -> None:
    random = Random(seed)
    for _ in range(25):
        name = random.choice(sorted(FILES))
        content = random.choice([*FILES[name], None])
        if content is None:
            (here / name).unlink(missing_ok=True)
        else:
            (here / name).write_text(content)
        there = [name] if content is not None and random.random() < 0.5 else []
        assert cli("lint", *there) == cli("lint", "--no-cache", *there)
    assert entries(here)


def test_an_entry_that_is_broken_or_of_somebody_else_is_none(cli: Cli, here: Path) -> None:
    told = cli("lint")
    (entry,) = entries(here)
    sound = entry.read_bytes()
    flipped = bytearray(sound)
    flipped[-3] ^= 1
    for content in (b"", sound[:3], sound[:-1], sound + b"x", bytes(flipped), b'{"findings": []}'):
        entry.write_bytes(content)
        assert cli("lint") == told
        assert entry.read_bytes() == sound
    entry.unlink()
    entry.mkdir()
    assert cli("lint") == told


def test_what_can_not_be_kept_is_told_all_the_same(cli: Cli, here: Path) -> None:
    told = cli("lint", "--no-cache")
    (here / "file").write_text("")
    assert cli("lint", "--cache-dir", "file/below") == told
    assert cli("lint", "--cache-dir", "/proc/nowhere") == told

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    full = run(preexec_fn=fill, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert full.stdout == told[1]
    assert full.returncode == told[0]
    assert [each for each in entries(here) if each.stat().st_size] == []


def test_nobody_needs_a_home(here: Path) -> None:
    assert run(env={"PATH": "/usr/bin:/bin"}).returncode == run().returncode == 1
    assert entries(here)


def test_lints_at_the_same_time_do_not_disturb_each_other(here: Path) -> None:
    command = [sys.executable, "-m", "ivrflow", "lint", "--output-format", "json"]
    many = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=2) for _ in range(6)]
    told = {each.communicate()[0] for each in many}
    assert len(told) == 1
    assert len(entries(here)) == 1


def test_the_cache_has_bounds_and_touches_no_other_file(cli: Cli, here: Path) -> None:
    cache = here / "mine"
    cache.mkdir()
    for number in range(MOST_ENTRIES):
        (cache / f"{number:064x}").touch()
        os.utime(cache / f"{number:064x}", (number, number))
    (cache / "notes.txt").write_text("mine")
    os.utime(cache / "notes.txt", (0, 0))
    cli("lint", "--cache-dir", "mine")
    left = sorted(each.name for each in cache.iterdir())
    assert len(left) == MOST_ENTRIES // 2 + 2
    assert "notes.txt" in left
    assert ".gitignore" not in left
    assert f"{MOST_ENTRIES - 1:064x}" in left


def test_git_sees_nothing_of_it_and_others_read_nothing(cli: Cli, here: Path) -> None:
    cli("lint")
    assert (here / DIRECTORY / ".gitignore").read_text() == "*\n"
    assert (here / DIRECTORY).stat().st_mode & 0o777 == 0o700


def test_repairs_and_editors_keep_nothing(cli: Cli, here: Path) -> None:
    cli("lint", "--fix", "--diff")
    cli("lint", "--no-cache")
    run("-", "--stdin-filename", "front.flow.yaml", input=FRONT)
    assert not (here / DIRECTORY).exists()


def test_a_file_that_can_not_be_read_is_looked_at_again(cli: Cli, here: Path) -> None:
    (here / "lost.flow.yaml").symlink_to(here / "nowhere")
    assert "E000" in cli("lint")[1]
    (here / "nowhere").write_text(FILES["more.flow.yaml"][0])
    assert "E000" not in cli("lint")[1]


def test_who_changes_a_rule_sees_what_it_finds(here: Path) -> None:
    engine = here / "engine"
    shutil.copytree(ROOT / "engine" / "ivrflow", engine / "ivrflow")
    shutil.copytree(ROOT / "schemas", here / "schemas")
    environment = {**os.environ, "PYTHONPATH": str(engine), "PYTHONDONTWRITEBYTECODE": "1"}
    rule = engine / "ivrflow" / "analysis" / "rules" / "references.py"
    assert "no state is called" in run(env=environment).stdout
    rule.write_text(rule.read_text().replace("no state is called", "nothing is called"))
    assert "nothing is called" in run(env=environment).stdout
    assert run(env=environment).stderr.splitlines()[-1] == "False"


def test_dates_that_go_by_are_seen_the_next_day() -> None:
    assert stamp(date(2026, 11, 24)) == stamp(date(2026, 11, 24)) != stamp(date(2026, 11, 25))
