"""Applications, checked: all that lint and the compiler need to know of their files."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from ivrflow import schemas, shipped
from ivrflow.analysis.analyse import analyse, analyse_app
from ivrflow.analysis.subject import Application
from ivrflow.analysis.suppressions import WORD as SUPPRESSION
from ivrflow.analysis.suppressions import suppress
from ivrflow.clock import now
from ivrflow.compiler.platform import Platform
from ivrflow.diagnostics import START, Diagnostic, Kind
from ivrflow.gathering import APP_NAMES, Gathered, as_text, gather, gather_home
from ivrflow.model.app import App
from ivrflow.model.build import build_app, build_flow
from ivrflow.model.flow import Flow, Ref, runs
from ivrflow.public_holidays import expand_holidays
from ivrflow.source.lines import lines_of
from ivrflow.source.meaning import as_meant
from ivrflow.source.node import Node
from ivrflow.source.schema import check as check_schema
from ivrflow.source.yaml import parse

Dated = TypeVar("Dated", App, Flow)
UNREADABLE = Kind(
    "E000",
    "unreadable-file",
    "A file is not there or may not be read.",
    bad="# a file that is not there",
    good="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One application as it stands on disk: what could be read of it, and all findings.

    `wanted` are the names of the flows in the files that were asked for; the others are there
    because they belong to the same application. `shipped` are the flows of the library that they
    run. `texts` holds the source text of each file that was asked for by
    its path, for those who show findings.
    """

    app: App
    flows: Mapping[str, Flow]
    shipped: Mapping[str, Flow]
    wanted: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str] = field(repr=False)

    @property
    def all_flows(self) -> Mapping[str, Flow]:
        """Every flow that a call can come to."""
        return {**self.shipped, **self.flows}

    @property
    def is_good(self) -> bool:
        return not any(each.is_error for each in self.diagnostics)


def check(
    paths: Iterable[Path],
    platform: Platform,
    *,
    today: date | None = None,
    edited: Mapping[Path, bytes] | None = None,
) -> list[Checked]:
    """Check every flow under `paths`, application by application; see `gather`.

    Findings are those of the files asked for. `today` decides which holidays are filled in and
    which dates are past; None reads the clock. `edited` are the contents of files that count
    instead of what is on disk. Raises `NothingToReadError` if there is no flow at all.
    """
    day = today or now().date()
    return [check_application(each, platform, today=day) for each in gather(paths, edited=edited)]


def check_home(directory: Path, platform: Platform, *, today: date) -> tuple[Path, Checked]:
    """Check the application that files in `directory` belong to; returns where it lies, too.

    `today` as in `check`. Raises `NothingToReadError` if there is no flow.
    """
    home, gathered = gather_home(directory)
    return home, check_application(gathered, platform, today=today)


def check_text(
    path: str, text: str | bytes, platform: Platform, *, today: date | None = None
) -> Checked:
    """Check one flow that is not on disk, as an application of its own; `today` as in `check`."""
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    with _collector_off():
        return _check_texts({path: content}, [], platform, today or now().date())


def check_application(gathered: Gathered, platform: Platform, *, today: date) -> Checked:
    """Check one application; findings are those of the files that were asked for."""
    unreadable = [
        UNREADABLE.at(path, START, f"can't be read: {reason}")
        for path, reason in gathered.unreadable.items()
    ]
    with _collector_off():
        checked = _check_texts(gathered.contents, unreadable, platform, today)
    paths = gathered.wanted
    found = tuple(each for each in checked.diagnostics if each.path in paths)
    wanted = frozenset(each.name for each in checked.flows.values() if each.path in paths)
    texts = {path: text for path, text in checked.texts.items() if path in paths}
    return replace(checked, diagnostics=found, wanted=wanted, texts=texts)


def _check_texts(
    contents: Mapping[str, bytes], found: list[Diagnostic], platform: Platform, today: date
) -> Checked:
    app, flows, roots = App(), list[Flow](), dict[str, Node]()
    for path, content in contents.items():
        is_app = Path(path).name in APP_NAMES
        parsed = parse(path, content)
        found += parsed.diagnostics
        if parsed.root is None:
            continue
        roots[path] = parsed.root
        of_schema = check_schema(path, parsed.root, schemas.load("app" if is_app else "flow"))
        found += of_schema
        root = as_meant(parsed.root, of_schema)
        if is_app:
            built, findings = build_app(path, root)
            app = app if built is None else _dated(built, found, today)
        else:
            flow, findings = build_flow(path, root)
            flows += [] if flow is None else [_dated(flow, found, today)]
        found += findings
    damaged = {each.path for each in found if each.is_error}
    application = Application(app, tuple(flows), platform, _shipped(flows), shipped.names())
    found += analyse_app(application, damaged=bool(damaged))
    for flow in flows:
        found += analyse(flow, application, damaged=flow.path in damaged)
    if not damaged:
        found += _found_in_library(application, platform)
    texts = {path: as_text(content) for path, content in contents.items()}
    found = _without_allowed(found, roots, texts, sure=not damaged)
    by_name = {flow.name: flow for flow in reversed(flows)}
    ordered = tuple(sorted(dict.fromkeys(found), key=lambda each: each.place))
    return Checked(
        app=app,
        flows=by_name,
        shipped=application.shipped,
        wanted=frozenset(by_name),
        diagnostics=ordered,
        texts=texts,
    )


def _without_allowed(
    found: list[Diagnostic], roots: Mapping[str, Node], texts: Mapping[str, str], *, sure: bool
) -> list[Diagnostic]:
    """Return what is `found` without that which comments of its file allow; see `suppress`."""
    for path, root in roots.items():
        if SUPPRESSION in texts[path]:
            here = [each for each in found if each.path == path]
            elsewhere = [each for each in found if each.path != path]
            told = suppress(path, lines_of(texts[path]), root, here, sure=sure)
            found = [*elsewhere, *told]
    return found


def _shipped(flows: list[Flow]) -> dict[str, Flow]:
    """Return the flows of the library that `flows` run, directly or not; a flow of that name among
    them takes its place."""
    own = {flow.name for flow in flows}
    found: dict[str, Flow] = {}
    todo = [ref for flow in flows for ref in _refs(flow)]
    while todo:
        name = todo.pop().name
        if name in shipped.names() and name not in own and name not in found:
            found[name] = shipped_flow(name)
            todo += _refs(found[name])
    return found


@cache
def shipped_flow(name: str) -> Flow:
    """Return a flow of the library; its text has no fault of its own."""
    flow, _ = build_flow(_shipped_path(name), _shipped_root(name))
    assert flow is not None  # noqa: S101  a test reads them all
    return flow


@cache
def _shipped_root(name: str) -> Node:
    root = parse(_shipped_path(name), shipped.text(name)).root
    assert root is not None  # noqa: S101
    return root


def _shipped_path(name: str) -> str:
    return f"{name}.flow.yaml"


def _found_in_library(application: Application, platform: Platform) -> Iterator[Diagnostic]:
    """What is wrong with a flow of the library where it is run, told at the place that runs it.

    What the flow allows itself is not told.
    """
    for flow in application.shipped.values():
        path = _shipped_path(flow.name)
        texts = {path: as_text(shipped.text(flow.name))}
        roots = {path: _shipped_root(flow.name)}
        found = list(analyse(flow, application))
        for each in _without_allowed(found, roots, texts, sure=False):
            for runner in application.flows:
                for ref in _refs(runner):
                    if ref.name == flow.name:
                        message = f'"{flow.name}" can\'t be run here: {each.message}'
                        place = {"path": runner.path, "span": ref.at}
                        yield msgspec.structs.replace(each, message=message, **place)


def _refs(flow: Flow) -> Iterator[Ref]:
    """Yield where a flow names others that it runs."""
    yield from (run.flow for run in runs(flow))
    yield from (each.flow for each in flow.callouts.values() if each.flow is not None)


def _dated(source: Dated, found: list[Diagnostic], today: date) -> Dated:
    """Return a flow or application with its holidays filled in; what is wrong goes to `found`."""
    schedules, findings = expand_holidays(source.schedules, source.path, today)
    found += findings
    return msgspec.structs.replace(source, schedules=schedules)


@contextmanager
def _collector_off() -> Iterator[None]:
    """Syntax trees are many and hold no cycles: collecting them while they grow is superlinear."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
