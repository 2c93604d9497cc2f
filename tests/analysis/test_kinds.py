"""Each kind of finding is found in its bad example, alone, and nothing is in its good one."""

import re
from pathlib import Path

import pytest
from examples import TOLD_IN_WORDS, write_example

from ivrflow.checking import check
from ivrflow.diagnostics import KIND_BY_CODE, Kind
from ivrflow.sinch.platform import PLATFORM

ROOT = Path(__file__).parents[2]

UNWRITABLE = {
    "E000": None,
    "E001": b"#" * (1024 * 1024 + 1),
    "E002": b"flow: caf\xe9",
}
"""What no example can show: files that are missing, too large or no text."""


def codes(path: Path) -> list[str]:
    return [each.code for one in check([path], PLATFORM) for each in one.diagnostics]


@pytest.mark.parametrize("code", sorted(KIND_BY_CODE.keys() - UNWRITABLE - TOLD_IN_WORDS))
def test_a_finding_is_found_in_its_bad_example_and_nothing_else(code: str, tmp_path: Path) -> None:
    write_example(tmp_path, KIND_BY_CODE[code].bad)
    assert codes(tmp_path) == [code]


@pytest.mark.parametrize("code", UNWRITABLE)
def test_a_file_that_cannot_be_read_is_found(code: str, tmp_path: Path) -> None:
    file, content = tmp_path / "x.flow.yaml", UNWRITABLE[code]
    if content is not None:
        file.write_bytes(content)
    assert codes(file) == [code]


@pytest.mark.parametrize("code", sorted(KIND_BY_CODE))
def test_nothing_is_found_in_a_good_example(code: str, tmp_path: Path) -> None:
    write_example(tmp_path, KIND_BY_CODE[code].good)
    assert codes(tmp_path) == []


def test_no_code_is_used_without_an_explanation() -> None:
    declared = re.compile(r'(?:Kind|\.add)\(\s*"([EW][0-9]{3})"')
    sources = (ROOT / "engine" / "ivrflow").rglob("*.py")
    used = {code for file in sources for code in declared.findall(file.read_text())}
    assert used == KIND_BY_CODE.keys()


def test_a_code_and_a_name_are_used_once() -> None:
    with pytest.raises(ValueError, match="used once"):
        Kind("E101", "another-name", "Text.", bad="x", good="x")
    with pytest.raises(ValueError, match="used once"):
        Kind("E199", "unknown-state", "Text.", bad="x", good="x")
    assert "E199" not in KIND_BY_CODE
