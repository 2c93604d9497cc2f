"""The stores that must keep to the contract."""

from pathlib import Path

import pytest
from turns import Open

from ivrflow.store.base import Store
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore


@pytest.fixture(params=["memory", "sqlite"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    async def memory() -> Store:
        return MemoryStore()

    async def sqlite() -> Store:
        return await SqliteStore.open(tmp_path / "state.db")

    return memory if request.param == "memory" else sqlite
