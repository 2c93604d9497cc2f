"""What lint tells of the cases in `tests/cases/lint`: a flow, or a directory of them, each with the
exact output beside it in `NAME.out`."""

from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from ivrflow.cli import run

CASES = Path(__file__).parents[1] / "tests" / "cases" / "lint"
FLOW = ".flow.yaml"


def cases() -> list[str]:
    """Return the names of all cases: files and directories."""
    return sorted(each.name for each in CASES.iterdir() if each.is_dir() or is_flow(each))


def is_flow(path: Path) -> bool:
    return path.name.endswith(FLOW)


def output_of(case: str) -> Path:
    """Return the file that holds what lint tells of a case."""
    return CASES / f"{case.removesuffix(FLOW)}.out"


def output(case: str) -> str:
    """Return what lint tells of a case, its summary last."""
    found, told = StringIO(), StringIO()
    with chdir(CASES), redirect_stdout(found), redirect_stderr(told):
        code = run(["lint", "--no-cache", case])
    return f"{found.getvalue()}{told.getvalue()}exit code {code}\n"


def outputs() -> dict[Path, str]:
    """Return what lint tells of each case, by the file that holds it."""
    return {output_of(case): output(case) for case in cases()}
