"""Scenarios shared between processes."""

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import resource_tracker

from msgspec import Struct

from ivrflow.errors import UsageError
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.suite import Applications, Ran
from ivrflow.sinch.platform import PLATFORM

CHUNKS = 4
"""Pieces of work a process gets, so that none waits long for the others."""


class _Share(Struct):
    """What a process may have to run, given to it when it begins.

    A queue then holds bounds only: whoever fills one with more than a pipe takes would, when the
    processes are ended, wait for ever to be rid of the rest.
    """

    scenarios: list[Scenario] = []
    tells: bool = False


_share = _Share()


def run_shared(scenarios: list[Scenario], processes: int, *, tells: bool = False) -> Ran:
    """Run scenarios in several processes; results come in their order.

    Raises `UsageError` where a process is killed.
    """
    size = -(-len(scenarios) // (processes * CHUNKS))
    starts = range(0, len(scenarios), size)
    with _pool(min(processes, len(starts)), scenarios, tells=tells) as pool:
        with _interrupts_held_back():
            parts = pool.map(_work, starts, [size] * len(starts))
        try:
            ran = list(parts)
        except BrokenProcessPool as error:
            told = "a process that played scenarios was killed: too little memory for so many?"
            raise UsageError(f"{told} try a smaller -j") from error
    results = tuple(result for part in ran for result in part.results)
    return Ran(results=results, met=frozenset(met for part in ran for met in part.met))


@contextmanager
def _pool(
    processes: int, scenarios: list[Scenario], *, tells: bool
) -> Iterator[ProcessPoolExecutor]:
    """Yield processes that end with what they are for, however that ends."""
    context = multiprocessing.get_context("spawn")
    share = (scenarios, tells)
    pool = ProcessPoolExecutor(processes, context, initializer=_begin, initargs=share)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for each in multiprocessing.active_children():
            each.terminate()
        raise
    pool.shutdown()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Processes that begin meanwhile never hear of Ctrl-C, which a terminal sends to all of them:
    who started them ends them. What comes meanwhile is heard here afterwards."""
    if not hasattr(signal, "pthread_sigmask"):  # there is no such thing on Windows
        yield
        return
    resource_tracker.ensure_running()  # else it begins meanwhile, and lets interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(scenarios: list[Scenario], tells: bool) -> None:
    """Begin a process."""
    _share.scenarios, _share.tells = scenarios, tells


def _work(start: int, size: int) -> Ran:
    """Run a chunk in a process of its own."""
    return _applications().run_all(_share.scenarios[start : start + size], tells=_share.tells)


@cache
def _applications() -> Applications:
    """Return the applications that this process has opened, for an earlier chunk maybe."""
    return Applications(PLATFORM)
