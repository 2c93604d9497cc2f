"""What the server is told from outside: flags, then the environment, then a file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ivrflow.errors import SettingsError
from ivrflow.keys import read_key

NAME_BY_VARIABLE = {
    "IVRFLOW_HOST": "host",
    "PORT": "port",
    "IVRFLOW_PORT": "port",
    "IVRFLOW_STORE": "store",
    "IVRFLOW_ROLE": "role",
    "IVRFLOW_CALLBACK_PATH": "callback_path",
    "IVRFLOW_LOG_FORMAT": "log_format",
    "IVRFLOW_ENV_ALLOW": "env_allow",
    "IVRFLOW_SECRET_KEY": "secret_key",
    "SINCH_APPLICATION_KEY": "application_key",
    "SINCH_APPLICATION_SECRET": "application_secret",
    "SINCH_VOICE_REGION": "voice_region",
    "IVRFLOW_VOICE_URL": "voice_url",
    "IVRFLOW_API_TOKEN": "api_token",
    "IVRFLOW_CALLOUTS_PER_SECOND": "callouts_per_second",
    "IVRFLOW_MAX_CALLOUTS": "max_callouts",
}
LISTS = ("env_allow", "application_key", "application_secret")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to serve.

    `store` is `sqlite:PATH` or `memory:`. `callback_path` is the path that Sinch signs, if a proxy
    changes it ("": the one requested). `env_allow` names the environment variables that flows may
    read. `secret_key` seals what callers' secrets are stored in, in base64 ("": a file beside the
    store does). `application_key` and `application_secret` are as many as there are applications.
    `voice_region` is where the Voice API is asked ("": Sinch picks it), `voice_url` what is asked
    instead of Sinch, an emulator for example. Each application dials `callouts_per_second` at most,
    and has `max_callouts` under way at a time. Who has the `api_token` may use the management API
    ("": nobody).
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 3000
    store: str = "sqlite:.ivrflow/state.db"
    role: Literal["last", "primary"] = "last"
    fallback: bool = False
    insecure: bool = False
    reload: bool = False
    callback_path: str = ""
    log_format: Literal["auto", "json", "console"] = "auto"
    env_allow: tuple[str, ...] = ()
    application_key: tuple[str, ...] = ()
    application_secret: tuple[str, ...] = ()
    secret_key: str = ""
    voice_region: str = ""
    voice_url: str = ""
    api_token: str = ""
    callouts_per_second: Annotated[float, msgspec.Meta(gt=0, le=1_000)] = 5.0
    max_callouts: Annotated[int, msgspec.Meta(ge=0)] = 100

    @property
    def secret_by_key(self) -> dict[str, str]:
        """The secret of each application, by its key."""
        return dict(zip(self.application_key, self.application_secret, strict=True))

    @property
    def is_loopback(self) -> bool:
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def sealing_key(self) -> bytes:
        return read_key(self.secret_key) if self.secret_key else b""

    def readable(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The variables that flows may read."""
        return {name: environment[name] for name in self.env_allow if name in environment}

    def __repr__(self) -> str:
        return f"Settings(host={self.host!r}, port={self.port}, store={self.store!r})"


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How the Voice API is asked for one application."""

    key: str
    secret: str
    region: str = ""
    url: str = ""

    def __repr__(self) -> str:
        return f"Access(key={self.key!r}, region={self.region!r}, url={self.url!r})"


def read_settings(
    flags: Mapping[str, object], environment: Mapping[str, str], directory: Path
) -> Settings:
    """Return the settings; `flags` without a value (None) are left to the other sources.

    Reads `ivrflow.toml`, or `[tool.ivrflow]` of `pyproject.toml`, in `directory`, and the files
    that variables ending in `_FILE` name. Raises `SettingsError`, naming the setting at fault.
    """
    settings = _read(flags, environment, directory)
    _require_credentials(settings)
    _require_key(settings)
    _require_token(settings)
    return settings


def read_store(flag: str | None, environment: Mapping[str, str], directory: Path) -> str:
    """Return the setting `store`, for those who need nothing else and no credentials."""
    return _read({"store": flag}, environment, directory).store


def read_api_token(flag: str | None, environment: Mapping[str, str], directory: Path) -> str:
    """Return the token of the management API; raises `SettingsError` where there is none."""
    settings = _read({"api_token": flag}, environment, directory)
    _require_token(settings)
    if not settings.api_token:
        raise SettingsError("no token: set IVRFLOW_API_TOKEN as where the engine was started")
    return settings.api_token


def read_access(
    flags: Mapping[str, object], environment: Mapping[str, str], directory: Path, key: str = ""
) -> Access:
    """Return how to ask the Voice API for the application `key`, the only one there is for "".

    Raises `SettingsError` where there are no credentials, or several and no key says whose.
    """
    settings = _read(flags, environment, directory)
    _require_pairs(settings)
    known = settings.secret_by_key
    if not known:
        raise SettingsError(
            "no credentials: set SINCH_APPLICATION_KEY and SINCH_APPLICATION_SECRET, "
            "as the Sinch dashboard shows them"
        )
    if not key and len(known) > 1:
        raise SettingsError(f"name one of the applications: {', '.join(known)}")
    own = next((each for each in known if each.lower() == (key or each).lower()), None)
    if own is None:
        raise SettingsError(f'"{key}" is none of the applications {", ".join(known)}')
    return Access(key=own, secret=known[own], region=settings.voice_region, url=settings.voice_url)


def _read(flags: Mapping[str, object], environment: Mapping[str, str], directory: Path) -> Settings:
    given = {name: value for name, value in flags.items() if value is not None}
    merged = {**_from_file(directory), **_from_environment(environment), **given}
    try:
        return msgspec.convert(merged, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"settings: {error}") from None


def _from_file(directory: Path) -> dict[str, object]:
    own, shared = directory / "ivrflow.toml", directory / "pyproject.toml"
    try:
        if own.is_file():
            return tomllib.loads(own.read_text("utf-8"))
        if shared.is_file():
            tools = tomllib.loads(shared.read_text("utf-8")).get("tool", {})
            found = tools.get("ivrflow", {}) if isinstance(tools, dict) else {}
            if not isinstance(found, dict):
                raise SettingsError("pyproject.toml: [tool.ivrflow] must be a table")
            return found
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the configuration file can't be read: {error}") from error
    return {}


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    settings: dict[str, object] = {}
    for variable, name in NAME_BY_VARIABLE.items():
        text = _value(environment, variable)
        if text:
            settings[name] = _split(text) if name in LISTS else text
    return settings


def _value(environment: Mapping[str, str], variable: str) -> str:
    file = environment.get(f"{variable}_FILE", "")
    if not file:
        return environment.get(variable, "").strip()
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}_FILE names a file that can't be read: {error}") from error


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _require_credentials(settings: Settings) -> None:
    _require_pairs(settings)
    if settings.insecure and not settings.is_loopback:
        raise SettingsError(
            f"--insecure takes callbacks from anybody, so only on loopback, not on {settings.host}"
        )
    if not settings.application_key and not settings.insecure:
        raise SettingsError(
            "no credentials: set SINCH_APPLICATION_KEY and SINCH_APPLICATION_SECRET, "
            "or try it on this machine alone with --insecure"
        )


def _require_pairs(settings: Settings) -> None:
    keys, secrets = settings.application_key, settings.application_secret
    if len(keys) != len(secrets):
        raise SettingsError(
            f"{len(keys)} application keys but {len(secrets)} secrets: SINCH_APPLICATION_KEY and "
            "SINCH_APPLICATION_SECRET list as many, separated by commas"
        )
    if len({key.lower() for key in keys}) < len(keys):
        raise SettingsError("SINCH_APPLICATION_KEY names an application twice")


def _require_key(settings: Settings) -> None:
    try:
        _ = settings.sealing_key
    except ValueError as error:
        raise SettingsError(f"IVRFLOW_SECRET_KEY: {error}") from None


def _require_token(settings: Settings) -> None:
    token = settings.api_token
    if not (token.isascii() and token.isprintable() and token == token.strip()):
        raise SettingsError("IVRFLOW_API_TOKEN must be printable ASCII, without spaces around it")
