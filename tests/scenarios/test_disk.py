"""A server that is killed leaves its store as it is, and another goes on with that."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ivrflow.diagnostics import START
from ivrflow.scenarios.disk import Disk
from ivrflow.scenarios.memory import recall, remember
from ivrflow.scenarios.model import Record, Value
from ivrflow.source.node import Scalar
from ivrflow.store.sqlite import SqliteStore


async def put(store: SqliteStore, value: int) -> None:
    await remember(store, [Record(record="tries", key="a", value=value, at=START)], 1)


async def held(store: SqliteStore) -> object:
    wanted = Value(of="tries", key="a", value=Scalar("", "", 1, 1, 1, 1), at=START)
    return (await recall(store, [wanted], 2))["tries", "a"]


def test_what_was_committed_is_there_though_nobody_closed_the_store(tmp_path: Path) -> None:
    async def story() -> None:
        disk = Disk(tmp_path)
        killed = await disk.open()
        key = killed.secret_key()
        for value in range(3):
            await put(killed, value)
        log = max(tmp_path.rglob("state.db-wal"), key=lambda file: file.stat().st_size)
        assert log.stat().st_size > 0
        opened = await disk.open()
        assert await held(opened) == 2
        assert opened.secret_key() == key
        await put(killed, 7)
        assert await held(opened) == 2
        for each in (killed, opened):
            await each.close()

    asyncio.run(story())


def test_a_disk_begins_empty(tmp_path: Path) -> None:
    async def story() -> object:
        store = await Disk(tmp_path).open()
        try:
            return await held(store)
        finally:
            await store.close()

    assert asyncio.run(story()) is None
