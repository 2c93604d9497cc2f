"""`ivrflow emulate`: a platform in a box, for whatever answers its callbacks."""

import asyncio
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import msgspec
from msgspec import Struct

from ivrflow.addresses import fault
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.setup import KEPT_CALLS, Application, Person, Setup
from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.emulator.switches import LONGEST, Switches
from ivrflow.emulator.transcript import Entry, in_words
from ivrflow.errors import SettingsError, UsageError
from ivrflow.numbers import is_e164
from ivrflow.settings import read_settings
from ivrflow.sinch.escape import without_control
from ivrflow.sinch.limits import REGIONS
from ivrflow.sinch.signing import decode_secret

FASTEST = 1_000

FOLLOW = 0.1
"""Seconds between two looks at the transcript."""

KEY = "00000000-0000-0000-0000-000000000000"
"""The application of who names none: its callbacks are unsigned."""


class Options(Struct, frozen=True, kw_only=True):
    """What the command line says."""

    callback_url: str
    fallback_url: str
    app_key: str | None
    app_secret: str | None
    numbers: tuple[str, ...]
    host: str
    port: int
    region: str | None
    people: tuple[str, ...]
    odd: bool
    reply_timeout: float | None
    switches: tuple[str, ...]
    speed: float
    seed: str | None
    keep: int
    as_json: bool


@click.command("emulate")
@click.option("--callback-url", required=True, help="where callbacks are POSTed")
@click.option("--fallback-url", default="", help="where they are POSTed if that fails")
@click.option("--app-key", help="its key  [default: SINCH_APPLICATION_KEY]")
@click.option("--app-secret", help="its secret  [default: SINCH_APPLICATION_SECRET]")
@click.option(
    "--number", "numbers", multiple=True, help="a number of the application's, repeatable"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", type=click.IntRange(0, 65535), default=3001, show_default=True)
@click.option("--region", type=click.Choice(sorted(REGIONS)), help="the region that callbacks name")
@click.option("--person", "people", multiple=True, help="who answers: ADDRESS=busy, *=human:3")
@click.option("--odd", is_flag=True, help="callbacks as odd as Sinch's have been seen")
@click.option("--reply-timeout", type=float, help="seconds that a callback waits  [default: 5]")
@click.option("--switch", "switches", multiple=True, help="NAME=VALUE, of docs/emulator.md")
@click.option("--speed", type=float, default=1.0, help="of its clock; 0 lets time stand still")
@click.option("--seed", help="makes the call ids  [default: others each time]")
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=KEPT_CALLS,
    show_default=True,
    help="calls that are over of which it still tells",
)
@click.option("--json", "as_json", is_flag=True, help="the transcript as JSON, a line an entry")
def command(**flags: object) -> int:
    """Be the Voice API for the application at CALLBACK-URL, and its people.

    Calls are started and keys pressed at http://HOST:PORT/emulator (docs/emulator.md); everything
    else there is Sinch's REST API. Credentials come from SINCH_APPLICATION_KEY and
    SINCH_APPLICATION_SECRET; without any, callbacks are unsigned and requests believed.
    The transcript is printed as it happens.
    """
    # The HTTP client and uvicorn cost as much to import as a whole lint takes.
    from ivrflow.emulator.http import run
    from ivrflow.listening import listen, url_of

    options = msgspec.convert(flags, Options)
    setup = _setup(options)
    listener = listen(options.host, options.port)
    address = url_of(listener)
    if not setup.resource:
        setup = msgspec.structs.replace(setup, resource=address)
    told = f"emulating for {options.callback_url}; call it: POST {address}/emulator/calls"
    click.echo(told, err=True)
    if options.host not in ("127.0.0.1", "localhost", "::1"):
        click.echo(f"anybody who reaches {options.host} can call and press keys", err=True)
    return run(
        setup,
        listener,
        options.speed,
        lambda runner: _follow(runner.platform, as_json=options.as_json),
    )


def _setup(options: Options) -> Setup:
    """Return the platform that was asked for; raises `UsageError`. "" as its resource: its own."""
    _require_url(options.callback_url)
    _require_url(options.fallback_url or options.callback_url)
    if not 0 <= options.speed <= FASTEST:
        raise UsageError(
            f"--speed {options.speed}: time goes forward, {FASTEST} times as fast at most"
        )
    return Setup(
        applications=tuple(_applications(options)),
        switches=_switches(options),
        seed=options.seed or secrets.token_hex(),
        resource=f"https://calling-{options.region}.api.sinch.com" if options.region else "",
        people=tuple(_person(each) for each in options.people),
        keeps=options.keep,
    )


def _applications(options: Options) -> Iterator[Application]:
    """Yield the applications that are configured, as `serve` reads them; all share the URLs, and
    the first has the numbers."""
    given = {
        "application_key": [options.app_key] if options.app_key else None,
        "application_secret": [options.app_secret] if options.app_secret else None,
    }
    here = {"insecure": True, "host": "127.0.0.1"}
    settings = read_settings({**here, **given}, os.environ, Path.cwd())
    numbers = tuple(_number(each) for each in options.numbers)
    for key, secret in (settings.secret_by_key or {KEY: ""}).items():
        if secret:
            decode_secret(secret)
        yield Application(
            key=key,
            secret=secret,
            primary=options.callback_url,
            fallback=options.fallback_url,
            numbers=numbers,
        )
        numbers = ()


def _number(text: str) -> str:
    if not is_e164(text):
        raise UsageError(f'--number "{text}" is no number: +46850000000')
    return text


def _require_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise UsageError(f'"{url}" is no http or https URL')
    if problem := fault(url):
        raise UsageError(f'"{url}" can\'t be asked: {problem}')


def _switches(options: Options) -> Switches:
    """Return the switches; raises `SettingsError` for one that isn't, or can't be so."""
    values: dict[str, object] = {"odd": True} if options.odd else {}
    if options.reply_timeout is not None:
        values["reply_timeout"] = _ms("--reply-timeout", str(options.reply_timeout))
    for each in options.switches:
        name, equals, value = each.partition("=")
        if not equals:
            raise SettingsError(f'--switch "{each}": write NAME=VALUE')
        values[name.replace("-", "_")] = value
    try:
        return msgspec.convert(values, Switches, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"--switch: {error}") from None


def _person(text: str) -> Person:
    """Return who `ADDRESS=DOES:SECONDS` is; raises `SettingsError`."""
    address, _, told = text.rpartition("=")
    does, _, after = told.partition(":")
    ms = _ms(f'--person "{text}"', after or "3")
    try:
        return msgspec.convert({"address": address, "does": does, "after": ms}, Person)
    except msgspec.ValidationError:
        known = ", ".join((*get_args(Voice), *get_args(Refusal)))
        raise SettingsError(
            f'--person "{text}": write ADDRESS=DOES:SECONDS, *=human:3 for example; DOES is one of '
            + known
        ) from None


def _ms(option: str, seconds: str) -> int:
    """Return seconds as milliseconds; raises `SettingsError` for what is no time up to a day."""
    try:
        ms = round(float(seconds) * 1000)
    except (ValueError, OverflowError):
        ms = -1
    if not 0 <= ms <= LONGEST:
        raise SettingsError(f"{option}: {seconds} are no seconds; write 0 to {LONGEST // 1000}")
    return ms


async def _follow(platform: Platform, *, as_json: bool) -> None:
    """Print the transcript as it grows."""
    began, printed = platform.now, 0
    while True:
        entries, printed = platform.entries(printed)
        for entry in entries:
            print(_json_line(entry) if as_json else _line(entry, began))
        sys.stdout.flush()
        await asyncio.sleep(FOLLOW)


def _json_line(entry: Entry) -> str:
    return msgspec.json.encode(entry).decode()


def _line(entry: Entry, began: int) -> str:
    return (
        f"{(entry.at - began) / 1000:9.3f}  {entry.call[:8]:8}  {without_control(in_words(entry))}"
    )
