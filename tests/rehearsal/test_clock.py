"""Time on a rehearsed call."""

import asyncio

import pytest

from ivrflow.beside import beside
from ivrflow.emulator.inprocess import InProcess
from ivrflow.rehearsal.engine import setup


class Broken(InProcess):
    """A platform whose clock fails."""

    async def run(self) -> None:
        raise OSError("the clock fails")


async def nobody(url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    return 200, b"{}"


async def wait_for_ever(runner: InProcess) -> None:
    async with beside(runner.run()):
        await asyncio.Event().wait()


def test_a_call_whose_clock_fails_ends_with_the_failure() -> None:
    with pytest.raises(OSError, match="the clock fails"):
        asyncio.run(wait_for_ever(Broken(setup(), nobody)))


def test_what_fails_meanwhile_is_told_as_it_is() -> None:
    async def fail() -> None:
        async with beside(InProcess(setup(), nobody).run()):
            raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        asyncio.run(fail())
