"""`ivrflow callout`: have the engine call somebody, or everybody in a file."""

import csv
import hashlib
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

import click
import msgspec
from msgspec import Struct

from ivrflow.cli import FINDINGS
from ivrflow.cli.engine import Engine, asks_engine
from ivrflow.cli.parameters import parameters
from ivrflow.cli.rewrite import rewrite
from ivrflow.errors import UsageError

ROWS = 500
"""Orders in one request."""

ASKED = 100
"""Callouts asked for in one request."""

POLL = 1.0
"""Seconds between two looks at what has become of callouts. Looks that take long, at very many, are
rarer: the engine has calls to answer."""

SHARE = 4
"""A pause is so many times as long as the look before it, at least."""

PATIENCE = 60.0
"""Seconds that an engine may be away while a file is called: an order asked twice is one order."""

T = TypeVar("T")


class Callout(Struct, frozen=True, kw_only=True):
    id: str
    state: str
    attempts: int
    result: str = ""
    reason: str = ""


class Ordered(Struct, frozen=True, kw_only=True):
    status: str
    callout: Callout | None = None
    reason: str = ""


class Page(Struct, frozen=True, kw_only=True):
    callouts: list[Callout]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file, counted from 1."""

    number: int
    id: str
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: `status` is `over`, or why there was no callout."""

    row: int
    id: str
    status: str
    result: str = ""
    attempts: int = 0
    reason: str = ""

    @property
    def is_good(self) -> bool:
        return self.result == "answered"


@click.command("callout")
@click.argument("name")
@click.option("--with", "given", multiple=True, help="PARAMETER=VALUE of its flow; repeatable")
@click.option(
    "--csv",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="one callout a row; the columns are the parameters of its flow",
)
@click.option(
    "--results",
    type=click.Path(dir_okay=False, path_type=Path),
    help="where the outcome of each row goes  [default: FILE.results.csv]",
)
@click.option("--batch", default="", help="tells one run over a file from another: see below")
@click.option("--at", default="", help="when: 2026-11-23T10:00:00+01:00; else at once")
@click.option("--application", default="", help="the application key, if the server has several")
@click.option("--json", "as_json", is_flag=True, help="print what the engine answered")
@asks_engine
def command(
    *,
    engine: Engine,
    name: str,
    given: tuple[str, ...],
    file: Path | None,
    results: Path | None,
    batch: str,
    at: str,
    application: str,
    as_json: bool,
) -> int:
    """Have a running engine place the callout NAME, or FLOW.NAME.

    With --csv every row is called, and the command waits until each has its outcome. A row is
    ordered once: who runs the command again, after an interruption or an edit of other rows, goes
    on where it was. Rows that were refused are tried again. To call the same rows once more, name
    another --batch.

    Exit code 1: somebody was not reached, or not called.
    """
    if file is not None and given:
        raise UsageError("give either --with or --csv")
    order = {"name": name, "application": application, **({"at": at} if at else {})}
    if file is None:
        return _one(engine, {**order, "with": parameters(given)}, as_json=as_json)
    engine.wait_for(PATIENCE)
    target = results or file.with_name(file.name + ".results.csv")
    rows = _with_ids(_rows(file), f"{batch}\0{name}")
    return _all(engine, order, rows, target)


def _one(engine: Engine, order: Mapping[str, object], *, as_json: bool) -> int:
    (ordered,) = engine.post("/v1/callouts", {"callouts": [order]}, list[Ordered])
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(ordered)))
    elif ordered.callout is not None:
        click.echo(ordered.callout.id)
    else:
        click.echo(f"{ordered.status}: {ordered.reason}", err=True)
    return 0 if ordered.callout is not None else FINDINGS


# -- files ----------------------------------------------------------------------------------------


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            rows = list(csv.DictReader(source, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{file} can't be read: {error}") from error
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise UsageError(f"{file}:{number}: the first line names more or fewer values")
    if not rows:
        raise UsageError(f"{file} has no rows: the first line names the parameters")
    return rows


def _all(
    engine: Engine,
    order: Mapping[str, object],
    rows: list[Row],
    target: Path,
) -> int:
    known = _known(target)
    outcomes = {
        each.number: replace(known[each.id], row=each.number) for each in rows if each.id in known
    }
    waiting: dict[str, int] = {}
    with click.progressbar(rows, label="calling", file=sys.stderr) as bar:
        bar.update(len(outcomes))
        for chunk in _chunks([each for each in rows if each.id not in known], ROWS):
            for outcome in _ordered(engine, order, chunk, waiting):
                outcomes[outcome.row] = outcome
                bar.update(1)
            _write(target, outcomes)
        while waiting:
            began = time.monotonic()
            for outcome in _over(engine, waiting):
                outcomes[outcome.row] = outcome
                bar.update(1)
            _write(target, outcomes)
            if waiting:
                time.sleep(max(POLL, SHARE * (time.monotonic() - began)))
    _write(target, outcomes)
    good = sum(each.is_good for each in outcomes.values())
    click.echo(f"{good} of {len(rows)} answered; the outcome of each is in {target}", err=True)
    return 0 if good == len(rows) else FINDINGS


def _ordered(
    engine: Engine,
    order: Mapping[str, object],
    chunk: Sequence[Row],
    waiting: dict[str, int],
) -> Iterator[Outcome]:
    """Order some rows; yield those that come to nothing, and note the others in `waiting`."""
    orders = [{**order, "id": each.id, "with": each.values} for each in chunk]
    ordered = engine.post("/v1/callouts", {"callouts": orders}, list[Ordered])
    for row, each in zip(chunk, ordered, strict=True):
        if each.callout is None:
            yield Outcome(row.number, row.id, each.status, reason=each.reason)
        else:
            waiting[row.id] = row.number


def _over(engine: Engine, waiting: dict[str, int]) -> Iterator[Outcome]:
    """Yield the rows that are over, and wait for them no more."""
    for ids in _chunks(list(waiting), ASKED):
        query = "&".join(f"id={id}" for id in ids)
        for each in engine.get(f"/v1/callouts?state=over&{query}", Page).callouts:
            row = waiting.pop(each.id)
            yield Outcome(row, each.id, "over", each.result, each.attempts, each.reason)


def _with_ids(rows: Sequence[dict[str, str]], batch: str) -> list[Row]:
    """Give each row an id that is the same whenever it is ordered, wherever it stands: it hangs on
    its values, and on how many rows with just these came before."""
    seen: Counter[str] = Counter()
    found = []
    for number, values in enumerate(rows, 1):
        text = json.dumps([batch, values], sort_keys=True)
        seen[text] += 1
        id = hashlib.blake2b(f"{seen[text]}{text}".encode(), digest_size=16).hexdigest()
        found.append(Row(number, id, values))
    return found


def _known(target: Path) -> dict[str, Outcome]:
    """Return the outcomes that a run before wrote, by id; those that were refused are none."""
    if not target.exists():
        return {}
    try:
        with target.open(encoding="utf-8", newline="") as source:
            rows = list(csv.DictReader(source, strict=True))
        found = [msgspec.convert(each, Outcome, strict=False) for each in rows]
    except (OSError, UnicodeDecodeError, csv.Error, msgspec.ValidationError) as error:
        message = f"{target} holds no results: {error}; name another file with --results"
        raise UsageError(message) from error
    return {each.id: each for each in found if each.status != "refused"}


def _write(target: Path, outcomes: Mapping[int, Outcome]) -> None:
    written = io.StringIO(newline="")
    table = csv.writer(written, lineterminator="\n")
    table.writerow([each.name for each in fields(Outcome)])
    table.writerows(astuple(each) for _, each in sorted(outcomes.items()))
    rewrite(target, written.getvalue())


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
