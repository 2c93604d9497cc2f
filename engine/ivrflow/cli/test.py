"""`ivrflow test`: scenarios on the engine that answers calls, on a simulated clock."""

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter

import click
import msgspec

from ivrflow import shipped
from ivrflow.cli import FINDINGS
from ivrflow.cli.reporters import Shown
from ivrflow.cli.reporters import report as report_findings
from ivrflow.cli.reporters.concise import printable
from ivrflow.cli.rewrite import rewrite
from ivrflow.errors import NothingToReadError, UsageError
from ivrflow.scenarios import report
from ivrflow.scenarios.coverage import Covered, measure, percent, states_met
from ivrflow.scenarios.coverage_reports import as_cobertura, as_html, as_json, as_text
from ivrflow.scenarios.files import content_of
from ivrflow.scenarios.junit import junit
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.suite import Applications, Ran, Read, find, fits
from ivrflow.scenarios.update import updated
from ivrflow.scenarios.workers import run_shared
from ivrflow.sinch.platform import PLATFORM

FILE = click.Path(dir_okay=False, path_type=Path)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The command line. `jobs`: processes, 0 for one a processor; `shipped`: flows of std/ count,
    too."""

    words: str
    jobs: int
    verbose: bool
    story: bool
    updates: bool
    junit: Path | None
    coverage: bool
    coverage_json: Path | None
    coverage_xml: Path | None
    coverage_html: Path | None
    shipped: bool
    fail_under: float | None

    @property
    def processes(self) -> int:
        return self.jobs or os.cpu_count() or 1

    @property
    def measures(self) -> bool:
        """Whether anybody wants to know what was met."""
        files = (self.coverage_json, self.coverage_xml, self.coverage_html)
        return self.coverage or any(files) or self.fail_under is not None


def _a_number(
    context: click.Context, parameter: click.Parameter, value: float | None
) -> float | None:
    if value is not None and math.isnan(value):
        raise click.BadParameter("write a number, 90 for example")
    return value


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
@click.option("--junit", type=FILE, help="write the results as JUnit XML")
@click.option("--coverage", is_flag=True, help="tell which parts of the flows were met")
@click.option("--coverage-json", type=FILE, help="write coverage as JSON")
@click.option("--coverage-xml", type=FILE, help="write coverage as Cobertura XML")
@click.option("--coverage-html", type=FILE, help="write coverage as a page")
@click.option(
    "--library", "shipped", is_flag=True, help="count the flows of std/ that are run, too"
)
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    callback=_a_number,
    help="fail if less percent is met",
)
def command(*, paths: tuple[Path, ...], **options: object) -> int:
    """Play the scenarios under PATHS (default: the working directory)."""
    return _test(find(paths or (Path(),)), msgspec.convert(options, Options))


def _test(files: list[str], options: Options) -> int:
    begun = perf_counter()
    applications = Applications(PLATFORM)
    if options.updates:
        for path in files:
            _update(path, applications, lambda each: fits(each, options.words))
    read = [applications.read(path) for path in files]
    scenarios = _wanted(read, options.words)
    faulty = _tell_findings(read, applications)
    ran = _run(applications, scenarios, options)
    _show(ran, read, options)
    if options.junit is not None:
        _write(options.junit, junit(ran.results, read))
    _print(report.summary(ran.results, perf_counter() - begun, faulty))
    failed = bool(faulty) or any(each.failures for each in ran.results)
    if options.measures:
        failed = _tell_coverage(applications, ran, options) or failed
    return FINDINGS if failed else 0


def _run(applications: Applications, scenarios: list[Scenario], options: Options) -> Ran:
    if options.processes > 1 and len(scenarios) > 1:
        return run_shared(scenarios, options.processes, tells=options.story)
    return applications.run_all(scenarios, tells=options.story)


def _update(path: str, applications: Applications, wanted: Callable[[Scenario], bool]) -> None:
    """Rewrite a file if all of it can be read, and tell what was left."""
    if applications.read(path).file is None:
        return
    found = updated(path, content_of(Path(path)), applications, wanted)
    if found.changed:
        rewrite(Path(path), found.text)
    _print(f"{path}: {found.changed} places changed", err=True)
    for at in found.left:
        left = "left as it is: the text around it would change, or other scenarios share it"
        _print(f"{path}:{at.line}:{at.column}: {left}", err=True)


def _tell_findings(read: Iterable[Read], applications: Applications) -> int:
    """Tell what is wrong with files and their applications; returns how many can't be played."""
    texts = {**_sources(applications), **{each.path: each.text for each in read}}
    findings = list(dict.fromkeys(found for each in read for found in each.findings))
    if findings:
        _print(report_findings("full", Shown(findings=findings, texts=texts)))
    return sum(each.file is None for each in read)


def _wanted(read: Iterable[Read], words: str) -> list[Scenario]:
    """Return the scenarios to be run; raises `NothingToReadError` if none has these words."""
    files = [each.file for each in read if each.file is not None]
    found = [scenario for file in files for scenario in file.scenarios if fits(scenario, words)]
    if files and not found:
        raise NothingToReadError(f'no scenario has "{words}" in its file or name')
    return found


def _show(ran: Ran, read: Iterable[Read], options: Options) -> None:
    texts = {each.path: each.text for each in read}
    if options.story:
        _print("\n\n".join(report.told(each, texts[each.path]) for each in ran.results))
        return
    shown = report.names(ran.results) if options.verbose else report.progress(ran.results)
    _print(shown)
    failures = report.failures(ran.results, texts)
    if failures:
        _print(f"\n{failures}\n")


def _tell_coverage(applications: Applications, ran: Ran, options: Options) -> bool:
    """Tell what was met; returns whether it is too little."""
    covered = _covered(applications, ran, shipped=options.shipped)
    sources = _sources(applications)
    if options.coverage:
        _print(as_text(covered, sources))
    for file, render in (
        (options.coverage_json, as_json),
        (options.coverage_xml, as_cobertura),
        (options.coverage_html, as_html),
    ):
        if file is not None:
            _write(file, render(covered, sources))
    return _is_less(covered, options.fail_under)


def _covered(applications: Applications, ran: Ran, *, shipped: bool) -> list[Covered]:
    """Return what was met, application by application: flows of two may have one name."""
    found: list[Covered] = []
    for each in applications.opened:
        if not each.checked.is_good:
            continue
        results = [one for one in ran.results if applications.home(one.path) == each.home]
        met = {hit for home, hit in ran.met if home == str(each.home)}
        hits = met | states_met(results)
        found += measure(each.checked, hits, PLATFORM, shipped=shipped)
    return found


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
    _print(f"{met:.1f}% of the flows was met, less than {wanted:g}%")
    return True


def _print(text: str, *, err: bool = False) -> None:
    """Print lines; what a flow says steers no terminal."""
    click.echo("\n".join(printable(line) for line in text.split("\n")), err=err)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"{file} can't be written: {error.strerror}") from error
