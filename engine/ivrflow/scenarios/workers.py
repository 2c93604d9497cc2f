"""Scenarios shared between processes."""

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache
from multiprocessing import resource_tracker

from ivrflow.errors import UsageError
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.suite import Applications, Ran
from ivrflow.sinch.platform import PLATFORM

CHUNKS = 4
"""Pieces of work a process gets, so that none waits long for the others."""


def run_shared(scenarios: list[Scenario], processes: int, *, tells: bool = False) -> Ran:
    """Run scenarios in several processes; results come in their order.

    Raises `UsageError` where a process is killed.
    """
    size = -(-len(scenarios) // (processes * CHUNKS))
    chunks = [scenarios[start : start + size] for start in range(0, len(scenarios), size)]
    with _pool(min(processes, len(chunks))) as pool:
        with _interrupts_held_back():
            parts = pool.map(_work, chunks, [tells] * len(chunks))
        try:
            ran = list(parts)
        except BrokenProcessPool as error:
            told = "a process that played scenarios was killed: too little memory for so many?"
            raise UsageError(f"{told} try a smaller -j") from error
    results = tuple(result for part in ran for result in part.results)
    return Ran(results=results, met=frozenset(met for part in ran for met in part.met))


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Yield processes that end with what they are for, however that ends."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context)
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


def _work(scenarios: list[Scenario], tells: bool) -> Ran:
    """Run a chunk in a process of its own."""
    return _applications().run_all(scenarios, tells=tells)


@cache
def _applications() -> Applications:
    """Return the applications that this process has opened, for an earlier chunk maybe."""
    return Applications(PLATFORM)
