"""`.env`: read as people write it, below the environment, and never quoted."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.dotenv import with_dotenv
from ivrflow.errors import SettingsError

WRITTEN = """\
# What flows may read.
export BANK=https://bank.example.com

TOKEN='s3cr3t # and more'   # quoted
EMPTY=
HOST = $NAME.example.com # one that nobody fills in
"""


def test_variables_are_read_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(WRITTEN)
    assert with_dotenv({"PATH": "/bin"}, tmp_path) == {
        "PATH": "/bin",
        "BANK": "https://bank.example.com",
        "TOKEN": "s3cr3t # and more",
        "EMPTY": "",
        "HOST": "$NAME.example.com",
    }


def test_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    assert with_dotenv({"A": "set", "C": ""}, tmp_path) == {"A": "set", "B": "file", "C": ""}


def test_without_the_file_there_is_the_environment(tmp_path: Path) -> None:
    assert with_dotenv({"A": "set"}, tmp_path) == {"A": "set"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"A=1\n\n\ns3cr3t\nB=2\n", 4),
        (b"A=1\r\nTOKEN: s3cr3t\r\n", 2),
        (b'A="s3cr3t\nB=1\n', 1),
        (b"A='1' s3cr3t\n", 1),
        (b"A=1\nB=s3cr3t\xff\n", 2),
    ],
)
def test_a_malformed_line_is_told_by_its_number_and_not_quoted(
    tmp_path: Path, text: bytes, line: int
) -> None:
    (tmp_path / ".env").write_bytes(text)
    with pytest.raises(SettingsError) as refused:
        with_dotenv({}, tmp_path)
    assert str(refused.value).startswith(f".env:{line}: ")
    assert "s3cr3t" not in str(refused.value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match=r"^\.env can't be read: "):
        with_dotenv({}, tmp_path)


@given(st.binary())
def test_any_bytes_are_variables_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    directory = tmp_path_factory.mktemp("any")
    (directory / ".env").write_bytes(text)
    with suppress(SettingsError):
        assert all(with_dotenv({}, directory))
