"""What every application that lints clean promises, whatever happens to its calls."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, get_args

import msgspec
import structlog
from promises.worlds import World, played
from structlog.typing import EventDict

from ivrflow.analysis.patience.bounds import Bounds
from ivrflow.analysis.patience.ways import KEPT
from ivrflow.analysis.patience.worlds import World as Foreseen
from ivrflow.analysis.subject import Application
from ivrflow.checking import Checked
from ivrflow.compiler.platform import Level
from ivrflow.emulator.transcript import Ended, Joined, Parked, Rang, Received, Sent, Warned
from ivrflow.library import Library
from ivrflow.machine.outcome import Verdict
from ivrflow.machine.replies import Answer, ConnectNumber, ConnectSip, Reply
from ivrflow.model.context import Context
from ivrflow.rehearsal.flows import open_flows
from ivrflow.scenarios.stage import Stage
from ivrflow.sinch.matrix import ACTIONS
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.sinch.svaml import Svaml

WORLDS: tuple[World, ...] = get_args(World)

DOUBTFUL = frozenset({"E302", "E304"})
"""Findings that tell the author what the platform's documents don't agree on."""


class Broken(AssertionError):
    """A promise that was not kept."""


def opened(files: dict[str, str]) -> tuple[Library | None, Checked]:
    with tempfile.TemporaryDirectory() as directory:
        for name, content in files.items():
            (Path(directory) / name).write_text(content, "utf-8")
        return open_flows(Path(directory))


def attempt(files: dict[str, str], dice: Random) -> bool:
    """Play an application in every world; False if lint refuses it. Raises `Broken`."""
    library, checked = opened(files)
    if library is None:
        return False
    flows = tuple(checked.flows.values())
    bounds = Application(checked.app, flows, PLATFORM, checked.shipped).bounds
    doubtful = any(each.code in DOUBTFUL for each in checked.diagnostics)
    for world in WORLDS:
        with structlog.testing.capture_logs() as lines:
            stage = played(library, world, dice)
        faults = [*broken(stage, world, lines, doubtful=doubtful), *late(stage, world, bounds)]
        for fault in faults:
            raise Broken(f"{world}: {fault}\n{story(stage)}")
    return True


def broken(stage: Stage, world: World, lines: list[EventDict], *, doubtful: bool) -> Iterator[str]:
    """Yield the promises that a call broke."""
    for line in lines:
        if line["log_level"] in ("error", "critical"):
            yield f"logged: {line}"
    for seen in stage.seen:
        if seen.step.verdict is Verdict.FAILED:
            yield f"failed on {seen.event}: {seen.step.trace.fault}"
        yield from illegal(seen.step.reply, seen.step.verdict, seen.step.session.context)
    for entry in stage.platform.transcript:
        match entry:
            case Warned(text=text) if not doubtful and world != "lossy":
                yield f"warned: {text}"
            case Sent(event="notify", body={"type": "callingerror"}) if world != "lossy":
                yield f"refused: {entry.body}"
            case Received(status=status) if status not in (0, 200):
                yield f"answered by {status}"
            case _:
                pass
    if not any(isinstance(each, Ended) for each in stage.platform.transcript):
        yield "the call never ends"


def late(stage: Stage, world: World, bounds: Bounds) -> Iterator[str]:
    """Yield how much longer than its bound a silent caller is kept, before somebody is called.

    Bounds hold for inserted values as long as lint takes them to be; those of worlds are.
    """
    ways = bounds.ways(Foreseen.SILENT, "outer") if world == "silent" else {}
    if not ways or not ways.keys().isdisjoint(KEPT):
        return
    let_go = (
        each.at
        for each in stage.platform.transcript
        if isinstance(each, Ended | Rang | Joined | Parked)
    )
    lasted = next(let_go) - stage.scenario.begins
    most = max(each.ms for each in ways.values())
    if lasted > most:
        yield f"silent for {lasted} ms, more than {most}"


def illegal(reply: Reply | None, verdict: Verdict, context: Context) -> Iterator[str]:
    """Yield what a reply holds that its context does not allow."""
    if reply is None or verdict in (Verdict.STALE, Verdict.IGNORED):
        return
    msgspec.json.decode(render(reply), type=Svaml)
    word = _word(reply)
    if word != "hangup" and ACTIONS[context][word].level is Level.REJECT:
        yield f"{word} in {context}"
    if context is not Context.ICE and any(isinstance(each, Answer) for each in reply.instructions):
        yield f"answer in {context}"


def _word(reply: Reply) -> str:
    match reply.action:
        case ConnectNumber():
            return "connect number"
        case ConnectSip():
            return "connect sip"
        case action:
            name = type(action).__name__.lower()
            return f"connect {name.removeprefix('connect')}" if "connect" in name else name


def story(stage: Stage) -> str:
    """Return what happened, for who wants to know why."""
    told: list[dict[str, Any]] = json.loads(msgspec.json.encode(stage.platform.transcript))
    lines = [json.dumps({k: v for k, v in each.items() if k != "call"})[:400] for each in told]
    steps = [f"{each.at} {each.step.verdict} {each.step.trace}" for each in stage.seen]
    return "\n".join([*lines, *steps])
