"""`ivrflow new`: a project that lints clean, passes its scenarios and answers a call."""

from pathlib import Path

import click
import msgspec

from ivrflow import schemas
from ivrflow.errors import UsageError

FLOW = """\
# yaml-language-server: $schema=schemas/flow.schema.json
flow: front-desk
title: Front desk
start: greet
locale: en-US

states:
  greet:
    say: Welcome.
    next: main_menu

  main_menu:
    menu:
      prompt: For sales press 1. For support press 2. To hear this again press star.
      retries: 2
      choices:
        1: sales
        2: support
        "*": main_menu
    on:
      no_input: goodbye
      no_match: goodbye

  sales:
    say: One moment, please.
    connect:
      number: "+46850000001" # your own number, with its "+"
      timeout: 20s

  support:
    conference:
      id: "support-{{ call.id }}"
      hold_music: music1

  goodbye:
    say: Thank you for calling. Goodbye.
    hangup:
"""

APP = """\
# yaml-language-server: $schema=schemas/app.schema.json
app: front-desk
routes:
  - flow: front-desk
"""

SCENARIOS = """\
# yaml-language-server: $schema=schemas/calltest.schema.json
test: front-desk
scenarios:
  a caller reaches sales:
    call: {from: "+46701234567"}
    steps:
      - hear: Welcome
      - hear: For sales press 1
      - press: 1
      - hear: One moment, please
      - dials: "+46850000001"
      - answer: human
      - hang_up: caller
    expect:
      ended: sales
      visited: [greet, main_menu, sales]

  support is a room:
    steps:
      - press: 2
      - wait: 1m
      - hang_up
    expect: {ended: support}

  who wants to hear it again presses star:
    steps:
      - press: "*"
      - hear: For sales press 1
      - hang_up
    expect: {ended: main_menu, visits: {main_menu: 2}}

  silence ends the call politely:
    steps:
      - silence # the menu asks three times
      - silence
      - silence
      - hear: Thank you for calling
    expect: {ended: goodbye}

  so do wrong keys:
    steps:
      - press: 9
      - press: 9
      - press: 9
      - hear: Thank you for calling
    expect: {ended: goodbye}
"""

IGNORED = """\
.ivrflow/
.env
"""

NEXT_STEPS = """\
Wrote {directory}. Next:
  ivrflow lint {directory}
  ivrflow test {directory} --coverage
  ivrflow call {directory}      # be the caller, in this terminal
  ivrflow dev {directory}       # serve it to an emulated Voice API, taking edits as you save
"""


@click.command("new")
@click.argument("directory", type=click.Path(path_type=Path))
def command(directory: Path) -> None:
    """Write a first flow, its scenarios and the schemas for your editor into DIRECTORY."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} is not empty; name a new directory")
    try:
        for name, text in _files().items():
            file = directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{directory} can't be written: {error.strerror}") from error
    click.echo(NEXT_STEPS.format(directory=directory), err=True, nl=False)


def _files() -> dict[str, str]:
    return {
        "front-desk.flow.yaml": FLOW,
        "front-desk.calltest.yaml": SCENARIOS,
        "app.yaml": APP,
        ".gitignore": IGNORED,
        "schemas/flow.schema.json": _schema("flow"),
        "schemas/app.schema.json": _schema("app"),
        "schemas/calltest.schema.json": _schema("calltest"),
    }


def _schema(name: str) -> str:
    return msgspec.json.format(msgspec.json.encode(schemas.load(name))).decode() + "\n"
