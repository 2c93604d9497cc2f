"""Work that goes on while something else is done."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager


@asynccontextmanager
async def beside(*works: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Do these works meanwhile, which end by themselves only if they fail.

    If one does, what is done meanwhile is cancelled and the failure raised: a server without its
    clock, or calls that nobody shows any more, would only seem to go on.
    """
    meanwhile = asyncio.current_task()
    tasks = [asyncio.create_task(each) for each in works]

    def stopped(_: asyncio.Task[None]) -> None:
        if meanwhile is not None:
            meanwhile.cancel()

    for task in tasks:
        task.add_done_callback(stopped)
    try:
        yield
    finally:
        for task in tasks:
            task.remove_done_callback(stopped)
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()
