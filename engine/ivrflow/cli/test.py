"""`ivrflow test`: scenarios on the engine that answers calls, on a simulated clock."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import perf_counter

import click

from ivrflow import shipped
from ivrflow.cli import FINDINGS
from ivrflow.cli.reporters import Shown
from ivrflow.cli.reporters import report as report_findings
from ivrflow.cli.reporters.concise import printable
from ivrflow.errors import NothingToReadError, UsageError
from ivrflow.scenarios import report
from ivrflow.scenarios.coverage import Covered, measure, percent, states_met
from ivrflow.scenarios.coverage_reports import (
    Report,
    as_cobertura,
    as_html,
    as_json,
    as_text,
)
from ivrflow.scenarios.junit import junit
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.run import Result
from ivrflow.scenarios.session import Applications, Ran, Read, find, fits, run_all
from ivrflow.scenarios.update import update
from ivrflow.scenarios.watch import Watch
from ivrflow.sinch.platform import PLATFORM

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-k", "words", default="", help="only scenarios in whose file or name WORDS occur")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="processes that share the work; 0 for one a processor",
)
@click.option("-v", "--verbose", is_flag=True, help="name every scenario")
@click.option("--story", is_flag=True, help="tell what was heard and done, also where all is well")
@click.option("--update", "updates", is_flag=True, help="rewrite what is expected to what is so")
@click.option("--junit", "junit_file", type=FILE, help="write the results as JUnit XML")
@click.option("--coverage", is_flag=True, help="tell which parts of the flows were met")
@click.option("--coverage-json", type=FILE, help="write coverage as JSON")
@click.option("--coverage-xml", type=FILE, help="write coverage as Cobertura XML")
@click.option("--coverage-html", type=FILE, help="write coverage as a page")
@click.option("--library", is_flag=True, help="count the flows of std/ that are run, too")
@click.option("--fail-under", type=click.FloatRange(0, 100), help="fail if less percent is met")
def command(
    *,
    paths: tuple[Path, ...],
    words: str,
    jobs: int,
    verbose: bool,
    story: bool,
    updates: bool,
    junit_file: Path | None,
    coverage: bool,
    coverage_json: Path | None,
    coverage_xml: Path | None,
    coverage_html: Path | None,
    library: bool,
    fail_under: float | None,
) -> int:
    """Play the scenarios under PATHS (default: the working directory)."""
    begun = perf_counter()
    applications = Applications(PLATFORM, Watch())
    files = find(paths or (Path(),))
    if updates:
        for path in files:
            changed = update(path, applications, lambda each: fits(each, words))
            click.echo(f"{path}: {changed} places changed", err=True)
    read = [applications.read(path) for path in files]
    texts = {each.path: each.text for each in read}
    findings = [found for each in read for found in each.findings]
    if findings:
        click.echo(report_findings("full", Shown(findings=findings, texts=texts)))
    scenarios = _wanted(read, words)
    ran = run_all(applications, scenarios, processes=jobs or os.cpu_count() or 1, tells=story)
    _show(ran.results, texts, names=verbose, story=story)
    if junit_file is not None:
        _write(junit_file, junit(ran.results, texts))
    click.echo(report.summary(ran.results, perf_counter() - begun), err=True)
    failed = any(each.failures for each in ran.results) or any(each.is_error for each in findings)
    render_by_file = {coverage_json: as_json, coverage_xml: as_cobertura, coverage_html: as_html}
    written = {file: render for file, render in render_by_file.items() if file is not None}
    if coverage or written or fail_under is not None:
        covered = _covered(applications, read, ran, library=library)
        _tell_coverage(covered, _sources(applications), written, shown=coverage)
        failed = _is_less(covered, fail_under) or failed
    return FINDINGS if failed else 0


def _tell_coverage(
    covered: list[Covered],
    sources: Mapping[str, str],
    written: Mapping[Path, Report],
    *,
    shown: bool,
) -> None:
    if shown:
        click.echo(as_text(covered, sources))
    for file, render in written.items():
        _write(file, render(covered, sources))


def _wanted(read: Iterable[Read], words: str) -> list[Scenario]:
    """Return the scenarios to be run; raises `NothingToReadError` if none has these words."""
    files = [each.file for each in read if each.file is not None]
    found = [scenario for file in files for scenario in file.scenarios if fits(scenario, words)]
    if files and not found:
        raise NothingToReadError(f'no scenario has "{words}" in its file or name')
    return found


def _show(results: Iterable[Result], texts: Mapping[str, str], *, names: bool, story: bool) -> None:
    if story:
        _print("\n\n".join(report.told(each, texts[each.path]) for each in results))
        return
    _print(report.names(results) if names else report.progress(results))
    failures = report.failures(results, texts)
    if failures:
        _print(f"\n{failures}\n")


def _print(text: str) -> None:
    """Print lines; what a flow says steers no terminal."""
    click.echo("\n".join(printable(line) for line in text.split("\n")))


def _covered(
    applications: Applications, read: Iterable[Read], ran: Ran, *, library: bool
) -> list[Covered]:
    flow_by_path = {each.path: each.file.flow for each in read if each.file is not None}
    hits = ran.hits | states_met(ran.results, flow_by_path)
    return [
        covered
        for each in applications.opened
        for covered in measure(each.checked, hits, PLATFORM, library=library)
    ]


def _sources(applications: Applications) -> dict[str, str]:
    """Return the texts of the flows by their path, those of the library included."""
    found: dict[str, str] = {}
    for each in applications.opened:
        found.update(each.checked.texts)
        for name, flow in each.checked.shipped.items():
            found[flow.path] = shipped.text(name).decode()
    return found


def _is_less(covered: list[Covered], wanted: float | None) -> bool:
    met = percent(covered)
    if wanted is None or met >= wanted:
        return False
    click.echo(f"ivrflow: {met:.1f}% of the flows was met, less than {wanted:g}%", err=True)
    return True


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{file} can't be written: {error.strerror}") from error
