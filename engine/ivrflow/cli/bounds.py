"""`ivrflow bounds`: how long callers are kept at most, and on which way, on stdout."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import click
import msgspec

from ivrflow.analysis.patience import ways
from ivrflow.analysis.patience.bounds import Bounds
from ivrflow.analysis.patience.ways import KEPT, Exit, in_seconds
from ivrflow.analysis.patience.worlds import TO_PERSON, World
from ivrflow.analysis.subject import Application
from ivrflow.checking import Checked, check
from ivrflow.cli import FINDINGS
from ivrflow.cli.reporters import Shown, report
from ivrflow.model.flow import Flow
from ivrflow.sinch.platform import PLATFORM

BOUNDS = (*World, TO_PERSON)

OF_PATIENCE = frozenset({"endless-round", "over-budget", "no-end"})
"""What lint says of the bounds themselves, which are shown beside it."""


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A state on the longest way; `flow` is that which it stands in."""

    flow: str
    state: str
    path: str
    line: int
    seconds: float
    menus: int


class Bound(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How long callers are kept at most; without `seconds` for ever, or nothing shows how long.

    `menus` are the most that any such caller hears. `by_locale`: seconds where calls can be in
    several locales, in each alone.
    """

    of: str
    end: str
    seconds: float | None = None
    menus: int | None = None
    budget: float | None = None
    by_locale: dict[str, float] = {}
    way: list[Stop]


class Bounded(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of one flow."""

    path: str
    flow: str
    bounds: list[Bound]


@click.command("bounds")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output-format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
)
def command(paths: tuple[Path, ...], format_: Literal["text", "json"]) -> int:
    """Tell how long callers are kept at most before the call ends or a person is called, whether
    they stay silent, press only wrong keys, take the longest way, every look-up fails, or nobody
    answers; for every flow under PATHS (default: the working directory)."""
    applications = check(paths or (Path(),), PLATFORM)
    errors = [each for one in applications for each in one.diagnostics if each.is_error]
    if errors:
        texts = {file: text for one in applications for file, text in one.texts.items()}
        click.echo(report("full", Shown(findings=errors, texts=texts)), err=True)
    if any(each.name not in OF_PATIENCE for each in errors):
        return FINDINGS
    found = [each for one in applications for each in _bounded(one)]
    if format_ == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        click.echo("\n\n".join("\n".join(_lines(each)) for each in found))
    return FINDINGS if errors else 0


def _bounded(checked: Checked) -> Iterator[Bounded]:
    flows = tuple(checked.flows.values())
    application = Application(checked.app, flows, PLATFORM, checked.shipped)
    alone: dict[str, Bounds] = {}
    for name in sorted(checked.wanted):
        spoken = application.locales[name]
        several = spoken if len(spoken) > 1 else frozenset[str]()
        for locale in sorted(several - alone.keys()):
            only = dict.fromkeys(application.all_flows, frozenset({locale}))
            alone[locale] = application.bounds_in(only)
        by_locale = {locale: each for locale, each in alone.items() if locale in several}
        yield _flow(checked.flows[name], application, by_locale)


def _flow(flow: Flow, application: Application, alone: Mapping[str, Bounds]) -> Bounded:
    found = []
    for of in BOUNDS:
        longest = application.bounds.longest(of, flow.name)
        if longest is None:
            continue
        exit, way = longest
        is_bounded = exit not in KEPT
        allowed = flow.budget.get(of)
        found.append(
            Bound(
                of=of,
                end=_end(exit),
                seconds=way.ms / 1000 if is_bounded else None,
                menus=way.menus if is_bounded else None,
                budget=allowed.milliseconds / 1000 if allowed else None,
                by_locale=_by_locale(of, flow.name, alone) if is_bounded else {},
                way=[_stop(each) for each in way.stops],
            )
        )
    return Bounded(path=flow.path, flow=flow.name, bounds=found)


def _end(exit: str) -> str:
    return str(exit) if exit in tuple(Exit) else f'the flow returns "{exit}"'


def _by_locale(of: str, flow: str, alone: Mapping[str, Bounds]) -> dict[str, float]:
    found = {locale: each.longest(of, flow) for locale, each in alone.items()}
    return {locale: each[1].ms / 1000 for locale, each in found.items() if each is not None}


def _stop(stop: ways.Stop) -> Stop:
    return Stop(
        flow=stop.flow,
        state=stop.state,
        path=stop.path,
        line=stop.at.line,
        seconds=stop.ms / 1000,
        menus=stop.menus,
    )


def _lines(bounded: Bounded) -> Iterator[str]:
    yield f"{bounded.path}: {bounded.flow}"
    worst = next((each for each in bounded.bounds if each.of == World.WORST), None)
    for bound in bounded.bounds:
        if bound.of in (World.FAILING, World.UNANSWERED) and worst and bound.way == worst.way:
            continue
        yield f"  {bound.of:<10}  {_time(bound):>10}  {_told(bound)}"
        yield f"  {'':10}  {'':10}  " + " > ".join(_place(each, bounded.flow) for each in bound.way)


def _time(bound: Bound) -> str:
    return "-" if bound.seconds is None else _seconds(bound.seconds)


def _told(bound: Bound) -> str:
    told = [bound.end]
    if bound.menus:
        told.append("1 menu" if bound.menus == 1 else f"{bound.menus} menus")
    told += [f"{locale} {_seconds(each)}" for locale, each in bound.by_locale.items()]
    if bound.budget is not None:
        told.append(f"{_seconds(bound.budget)} allowed")
    return ", ".join(told)


def _seconds(seconds: float) -> str:
    return in_seconds(round(seconds * 1000))


def _place(stop: Stop, flow: str) -> str:
    name = stop.state if stop.flow == flow else f"{stop.flow}:{stop.state}"
    return f"{name} {_seconds(stop.seconds)}" if stop.seconds else name
