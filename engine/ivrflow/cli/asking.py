"""What the commands of Sinch's REST API share: a request made, and sent, shown or written as curl.

A command declares its arguments and returns a `Request`; `asks` adds the options of all, and does
what they say.
"""

import asyncio
import os
import shlex
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click
import msgspec
from msgspec import Struct

from ivrflow.clock import now
from ivrflow.dotenv import with_dotenv
from ivrflow.errors import SettingsError, UsageError
from ivrflow.settings import Access, read_access
from ivrflow.sinch.credentials import CONTENT_TYPE, Credentials, Scheme
from ivrflow.sinch.escape import without_control
from ivrflow.sinch.limits import REGIONS
from ivrflow.sinch.rest import Request

R = TypeVar("R")

SECRET = "***"  # noqa: S105
CURL_USER = '"$SINCH_APPLICATION_KEY:$SINCH_APPLICATION_SECRET"'


class Options(Struct, frozen=True, kw_only=True):
    """What the command line says of how to ask."""

    as_json: bool
    dry_run: bool
    curl: bool
    region: str | None
    url: str | None
    app_key: str | None
    basic: bool

    @property
    def scheme(self) -> Scheme:
        return "basic" if self.basic else "signed"

    @property
    def sends(self) -> bool:
        return not (self.dry_run or self.curl)


OPTIONS = (
    click.option("--json", "as_json", is_flag=True, help="for programs"),
    click.option("--dry-run", is_flag=True, help="show the request, and send nothing"),
    click.option("--curl", is_flag=True, help="write it as a command of curl's, and send nothing"),
    click.option(
        "--region",
        type=click.Choice(sorted(REGIONS)),
        help="where the call or room is  [default: SINCH_VOICE_REGION, or Sinch picks one]",
    ),
    click.option("--url", help="ask this instead of Sinch  [default: IVRFLOW_VOICE_URL]"),
    click.option("--app-key", help="who asks, if SINCH_APPLICATION_KEY has several"),
    click.option("--basic", is_flag=True, help="send the secret instead of a signature"),
)


def asks(
    show: Callable[[R], str], data: Callable[[R], object] = lambda result: result
) -> Callable[[Callable[..., Request[R]]], Callable[..., None]]:
    """Make a command of a function that returns a request.

    `show` puts the result in words, `data` into what `--json` prints.
    """

    def decorate(make: Callable[..., Request[R]]) -> Callable[..., None]:
        @wraps(make)
        def command(**given: object) -> None:
            options = _options(given)
            own = {name: given[name] for name in given if name not in Options.__struct_fields__}
            request = make(**own)
            if not options.sends:
                click.echo(_unsent(request, options))
                return
            result = asyncio.run(_send(request, options))
            if result is None:
                click.echo("done", err=True)
            elif shown := _json(data(result)) if options.as_json else show(result):
                click.echo(shown)

        for option in reversed(OPTIONS):
            command = option(command)
        return command

    return decorate


def own_key() -> str:
    """Return the key of the application that asks; raises `SettingsError`."""
    return _access(_options(click.get_current_context().params)).key


def nothing(_: None) -> str:
    """What has no result shows none."""
    return ""


def printable(text: str) -> str:
    """What others wrote, with nothing in it that a terminal would obey."""
    return without_control(text)


def _options(given: Mapping[str, object]) -> Options:
    return msgspec.convert({name: given[name] for name in Options.__struct_fields__}, Options)


async def _send(request: Request[R], options: Options) -> R:
    # The HTTP client costs as much to import as a whole lint takes.
    from ivrflow.outbound.voice import VoiceClient

    async with VoiceClient.of(_access(options), scheme=options.scheme) as client:
        return await client.send(request)


def _access(options: Options) -> Access:
    flags = {"voice_region": options.region, "voice_url": options.url}
    environment = with_dotenv(os.environ, Path.cwd())
    return read_access(flags, environment, Path.cwd(), options.app_key or "")


# -- not sent -------------------------------------------------------------------------------------


def _unsent(request: Request[R], options: Options) -> str:
    """Show a request; that needs no credentials."""
    try:
        access = _access(options)
    except SettingsError:
        access = Access(key="KEY", secret="", region=options.region or "", url=options.url or "")
    url = request.url(region=access.region, base=access.url)
    return _curl(request, url) if options.curl else _shown(request, url, access, options)


def _shown(request: Request[R], url: str, access: Access, options: Options) -> str:
    headers = {**request.headers, **_masked(request, access, options.scheme)}
    if options.as_json:
        body = msgspec.Raw(request.body or b"null")
        told = {"method": request.method, "url": url, "headers": headers, "body": body}
        return _json(told)
    lines = [f"{request.method} {url}", *(f"{name}: {value}" for name, value in headers.items())]
    pretty = msgspec.json.format(request.body).decode() if request.body else ""
    return "\n".join([*lines, "", pretty]) if pretty else "\n".join(lines)


def _masked(request: Request[R], access: Access, scheme: Scheme) -> dict[str, str]:
    """Return the headers that say who asks, without what proves it."""
    credentials = Credentials(key=access.key, secret="AAAA", scheme=scheme)  # noqa: S106
    headers = credentials.headers(request.method, request.path, request.body, now())
    proof = f"Application {access.key}:{SECRET}" if scheme == "signed" else f"Basic {SECRET}"
    return {**headers, "Authorization": proof}


def _curl(request: Request[R], url: str) -> str:
    """Return a command that can be run: the shell fills in key and secret, and a signature would
    soon be worth nothing, so it is Basic."""
    typed = {"Content-Type": CONTENT_TYPE} if request.body else {}
    headers = {**typed, **request.headers}
    parts = [f"curl -sS -X {request.method} -u {CURL_USER}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    if request.body:
        parts.append(f"--data-raw {shlex.quote(request.body.decode())}")
    return " \\\n  ".join([*parts, shlex.quote(url)])


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()


# -- what is written on the command line ----------------------------------------------------------


def text_of(value: str) -> str:
    """Return a value, or what is in the file that `@FILE` names; raises `UsageError`."""
    if not value.startswith("@"):
        return value
    try:
        return Path(value[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f'"{value}" names a file that can\'t be read: {error}') from error
