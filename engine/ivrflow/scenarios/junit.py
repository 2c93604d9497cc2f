"""Results as JUnit XML, which build servers read."""

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ivrflow.diagnostics import Diagnostic
from ivrflow.scenarios.report import findings, told
from ivrflow.scenarios.run import Result
from ivrflow.scenarios.suite import Read

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Iterable[Result], read: Iterable[Read]) -> str:
    """Return one test suite a file, one test case a scenario; a file that can't be played is one
    case, with an error."""
    cases_by_path = {
        path: list(group) for path, group in groupby(results, key=lambda each: each.path)
    }
    root = Element("testsuites", name="ivrflow test")
    for each in read:
        errors = [found for found in each.findings if found.is_error]
        cases = cases_by_path.get(each.path, [])
        if not errors and not cases:
            continue
        suite = SubElement(root, "testsuite", name=allowed(each.path))
        suite.set("tests", str(len(cases) + bool(errors)))
        suite.set("failures", str(sum(bool(case.failures) for case in cases)))
        suite.set("errors", str(int(bool(errors))))
        suite.set("time", f"{sum(case.seconds for case in cases):.3f}")
        if errors:
            _unplayed(suite, each.path, errors)
        for case in cases:
            _case(suite, case, each.text)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _unplayed(suite: Element, path: str, errors: list[Diagnostic]) -> None:
    case = SubElement(suite, "testcase", classname=allowed(path), name="can be played")
    case.set("file", allowed(path))
    case.set("line", str(errors[0].span.line))
    error = SubElement(case, "error", message=allowed(errors[0].message))
    error.text = allowed(findings(errors))


def _case(suite: Element, result: Result, text: str) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=allowed(result.path),
        name=allowed(result.name),
        file=allowed(result.path),
        line=str(result.at.line),
        time=f"{result.seconds:.3f}",
    )
    if result.failures:
        message = "; ".join(each.message for each in result.failures)
        failure = SubElement(case, "failure", message=allowed(message))
        failure.text = allowed(told(result, text))


def allowed(text: str) -> str:
    """Return a text without what XML has no form for: control characters, halves of characters."""
    return _FORBIDDEN.sub("\ufffd", text)
