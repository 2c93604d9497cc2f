"""Settings: which source wins, and what is refused."""

from pathlib import Path

import pytest

from ivrflow.errors import SettingsError
from ivrflow.settings import Settings, read_access, read_api_token, read_settings

KEYS = {"SINCH_APPLICATION_KEY": "key", "SINCH_APPLICATION_SECRET": "c2VjcmV0"}


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "ivrflow.toml").write_text('port = 1\nhost = "::1"\nrole = "primary"\n')
    read = read_settings({"port": 3}, {**KEYS, "PORT": "2", "IVRFLOW_HOST": "127.0.0.2"}, tmp_path)
    assert (read.port, read.host, read.role) == (3, "127.0.0.2", "primary")


def test_pyproject_holds_settings_too(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ivrflow]\nport = 4\n")
    assert read_settings({}, KEYS, tmp_path).port == 4


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("c2VjcmV0\n")
    environment = {
        "SINCH_APPLICATION_KEY": "key",
        "SINCH_APPLICATION_SECRET_FILE": str(tmp_path / "secret"),
    }
    assert read_settings({}, environment, tmp_path).secret_by_key == {"key": "c2VjcmV0"}


def test_several_applications_are_told_apart_by_order(tmp_path: Path) -> None:
    environment = {"SINCH_APPLICATION_KEY": "a, b", "SINCH_APPLICATION_SECRET": "x,y"}
    assert read_settings({}, environment, tmp_path).secret_by_key == {"a": "x", "b": "y"}


@pytest.mark.parametrize(
    ("flags", "environment", "word"),
    [
        ({}, {}, "no credentials"),
        ({"insecure": True, "host": "0.0.0.0"}, {}, "loopback"),
        ({}, {"SINCH_APPLICATION_KEY": "a,b", "SINCH_APPLICATION_SECRET": "x"}, "2 application"),
        ({}, {"SINCH_APPLICATION_KEY": "a,A", "SINCH_APPLICATION_SECRET": "x,y"}, "twice"),
        ({}, {**KEYS, "IVRFLOW_PORT": "70000"}, "port"),
        ({}, {**KEYS, "IVRFLOW_ROLE": "boss"}, "role"),
        ({}, {**KEYS, "SINCH_APPLICATION_SECRET_FILE": "/nowhere"}, "can't be read"),
        ({}, {**KEYS, "IVRFLOW_SECRET_KEY": "c2hvcnQ="}, "SECRET_KEY: not 32 bytes in base64"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    tmp_path: Path, flags: dict[str, object], environment: dict[str, str], word: str
) -> None:
    with pytest.raises(SettingsError, match=word):
        read_settings(flags, environment, tmp_path)


@pytest.mark.parametrize(
    "text", ["tool = 3", "[tool]\nivrflow = 3", "port = ", "[tool.ivrflow]\nx = 1"]
)
def test_a_broken_file_is_told_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    if text == "tool = 3":
        assert read_settings({}, KEYS, tmp_path).port == 3000
        return
    with pytest.raises(SettingsError):
        read_settings({}, KEYS, tmp_path)


def test_secrets_are_not_shown() -> None:
    settings = Settings(application_key=("key",), application_secret=("canary",))
    assert "canary" not in repr(settings)
    assert "canary" not in repr(Settings(secret_key="canary"))


def test_how_the_voice_api_is_asked_comes_from_the_same_places(tmp_path: Path) -> None:
    (tmp_path / "ivrflow.toml").write_text('voice_region = "euc1"\n')
    url = {"IVRFLOW_VOICE_URL": "http://127.0.0.1:3001"}
    access = read_access({}, {**KEYS, **url}, tmp_path)
    assert (access.key, access.secret) == ("key", "c2VjcmV0")
    assert (access.region, access.url) == ("euc1", "http://127.0.0.1:3001")
    told = {**KEYS, "SINCH_VOICE_REGION": "use1"}
    assert read_access({}, told, tmp_path).region == "use1"
    assert read_access({"voice_region": "sae1"}, told, tmp_path).region == "sae1"
    assert "c2VjcmV0" not in repr(access)


def test_one_of_several_applications_is_named(tmp_path: Path) -> None:
    several = {"SINCH_APPLICATION_KEY": "a,B", "SINCH_APPLICATION_SECRET": "x,y"}
    access = read_access({}, several, tmp_path, "b")
    assert (access.key, access.secret) == ("B", "y")
    for given, key, word in (
        (several, "", "a, B"),
        (several, "c", '"c" is none'),
        ({}, "", "no credentials"),
    ):
        with pytest.raises(SettingsError, match=word):
            read_access({}, given, tmp_path, key)


def test_the_token_of_the_api_comes_from_where_the_server_reads_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from a file\n")
    from_file = {"IVRFLOW_API_TOKEN_FILE": str(tmp_path / "token")}
    assert read_api_token(None, from_file, tmp_path) == "from a file"
    assert read_api_token(None, {"IVRFLOW_API_TOKEN": "tok\n"}, tmp_path) == "tok"
    assert read_api_token("given", from_file, tmp_path) == "given"
    with pytest.raises(SettingsError, match="no token"):
        read_api_token(None, {}, tmp_path)


@pytest.mark.parametrize("token", ["t\u00e9", "to\nken", "\x7f"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_shown(
    tmp_path: Path, token: str
) -> None:
    environment = {**KEYS, "IVRFLOW_API_TOKEN": token}
    for read in (
        lambda: read_settings({}, environment, tmp_path),
        lambda: read_api_token(None, environment, tmp_path),
    ):
        with pytest.raises(SettingsError, match="printable ASCII") as raised:
            read()
        assert token not in str(raised.value)
