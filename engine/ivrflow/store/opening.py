"""Stores by their names: `sqlite:PATH`, `memory:`."""

from pathlib import Path

from ivrflow.errors import SettingsError
from ivrflow.store.base import Store
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore


async def open_store(name: str) -> Store:
    """Open a store; raises `SettingsError` for a name of none, `StoreError` where it can't be."""
    file = file_of(name)
    return MemoryStore() if file is None else await SqliteStore.open(file)


def file_of(name: str) -> Path | None:
    """Return the file that a store is in, None for one in memory; raises `SettingsError`."""
    kind, _, path = name.partition(":")
    if kind == "sqlite" and path:
        return Path(path)
    if kind == "memory":
        return None
    raise SettingsError(f'"{name}" is no store: write sqlite:PATH or memory:')
