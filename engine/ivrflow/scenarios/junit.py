"""Results as JUnit XML, which build servers read."""

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ivrflow.scenarios.report import told
from ivrflow.scenarios.run import Result

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Iterable[Result], texts: dict[str, str]) -> str:
    """Return one test suite a file, one test case a scenario."""
    root = Element("testsuites", name="ivrflow test")
    for path, group in groupby(results, key=lambda each: each.path):
        cases = list(group)
        suite = SubElement(root, "testsuite", name=path, tests=str(len(cases)))
        suite.set("failures", str(sum(bool(each.failures) for each in cases)))
        suite.set("time", f"{sum(each.seconds for each in cases):.3f}")
        for each in cases:
            _case(suite, each, texts.get(path, ""))
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Element, result: Result, text: str) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=result.path,
        name=_allowed(result.name),
        file=result.path,
        line=str(result.at.line),
        time=f"{result.seconds:.3f}",
    )
    if result.failures:
        message = "; ".join(each.message for each in result.failures)
        failure = SubElement(case, "failure", message=_allowed(message))
        failure.text = _allowed(told(result, text))


def _allowed(text: str) -> str:
    """XML has no form for control characters."""
    return _FORBIDDEN.sub("\ufffd", text)
