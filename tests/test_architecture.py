"""docs/architecture.md: its list of modules is that of the package."""

import re
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "engine" / "ivrflow"
LIST = (ROOT / "docs" / "architecture.md").read_text().split("## A turn")[0]
FILES = set(re.findall(r"[\w*]+\.py\b", LIST))

WHOLE = ("cli", "rules")
"""Packages of which the page says that each module is a command, or a family of rules."""


def modules() -> list[Path]:
    return [each for each in sorted(PACKAGE.rglob("*.py")) if not each.name.startswith("__")]


def is_listed(module: Path) -> bool:
    named = any(fnmatch(module.name, each) for each in FILES)
    return named or re.search(rf"\b{module.stem}\b", LIST) is not None


def test_every_module_has_its_place() -> None:
    own = [each for each in modules() if not set(WHOLE) & set(each.relative_to(PACKAGE).parts)]
    assert [str(each.relative_to(PACKAGE)) for each in own if not is_listed(each)] == []


def test_every_module_that_is_told_of_is_there() -> None:
    known = [each.name for each in modules()]
    gone = [each for each in sorted(FILES) if not any(fnmatch(name, each) for name in known)]
    assert gone == []
