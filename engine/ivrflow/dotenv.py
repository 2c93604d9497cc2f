"""The file `.env`: variables for who tries flows at home, beside those of the environment."""

from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from ivrflow.errors import SettingsError

NAME = ".env"


def with_dotenv(environment: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return the environment, and the variables of `.env` in `directory` that it doesn't have.

    Raises `SettingsError`, which names the line at fault and quotes nothing of it: it may be a
    secret.
    """
    file = directory / NAME
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return dict(environment)
    except OSError as error:
        raise SettingsError(f"{NAME} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"{NAME}:{line}: this is no text in UTF-8; save it as UTF-8") from None
    return {**dict(_variables(text)), **environment}


def _variables(text: str) -> Iterator[tuple[str, str]]:
    from dotenv.parser import parse_stream  # only who has such a file pays for it

    for binding in parse_stream(StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            written = binding.original.string
            blank_lines = written[: len(written) - len(written.lstrip())].count("\n")
            raise SettingsError(
                f"{NAME}:{binding.original.line + blank_lines}: this sets no variable; write "
                'NAME=value, or NAME="value" where it begins or ends with a blank or holds " #"'
            )
        if binding.key is not None and binding.value is not None:
            yield binding.key, binding.value
