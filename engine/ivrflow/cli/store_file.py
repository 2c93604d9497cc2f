"""The file of the store that a command looks into."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from ivrflow.errors import UsageError
from ivrflow.settings import read_store
from ivrflow.store.opening import file_of

F = TypeVar("F", bound=Callable[..., object])


def store_option(command: F) -> F:
    return click.option("--store", help="sqlite:PATH  [default: sqlite:.ivrflow/state.db]")(command)


def store_path(flag: str | None) -> Path:
    """Return the file of the store that `--store` or the environment names."""
    name = read_store(flag, os.environ, Path.cwd())
    file = file_of(name)
    if file is None:
        raise UsageError(f'"{name}" is in no file that could be looked at: write sqlite:PATH')
    return file
