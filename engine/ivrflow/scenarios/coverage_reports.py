"""Coverage as text, as JSON, as Cobertura's XML, and as a page that shows the flows."""

from collections.abc import Callable, Iterator, Mapping
from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import msgspec

from ivrflow.clock import now
from ivrflow.scenarios.coverage import KINDS, Covered, percent
from ivrflow.scenarios.junit import allowed
from ivrflow.source.lines import lines_of

Report = Callable[[list[Covered], Mapping[str, str]], str]
"""Takes what was met, and the source texts by path."""


def as_text(covered: list[Covered], texts: Mapping[str, str]) -> str:
    """A table, and under it what was not met, with its line."""
    width = max([len(each.path) for each in covered] + [5])
    head = f"{'file':{width}}" + "".join(f"{kind + 's':>13}" for kind in KINDS) + f"{'met':>8}"
    lines = [head, *(_row(each, width) for each in covered)]
    lines.append(f"{'all':{width}}{percent(covered):>{13 * len(KINDS) + 7}.1f}%")
    missing = [line for each in covered for line in _missing(each)]
    return "\n".join([*lines, *(["", "not met:", *missing] if missing else [])])


def _row(covered: Covered, width: int) -> str:
    counts = ("{}/{}".format(*covered.count(kind)) for kind in KINDS)
    cells = "".join(f"{count:>13}" for count in counts)
    return f"{covered.path:{width}}{cells}{percent([covered]):>7.1f}%"


def _missing(covered: Covered) -> Iterator[str]:
    """What was not met; the only move of an outcome is not told beside it."""
    missing = [each for each in covered.items if not each.met]
    outcomes = {each.line for each in missing if each.kind == "outcome"}
    for each in sorted(missing, key=lambda item: item.line):
        if each.kind != "transition" or each.line not in outcomes:
            yield f"  {covered.path}:{each.line}: {each.kind} {each.name}"


def as_json(covered: list[Covered], texts: Mapping[str, str]) -> str:
    """Every item of every file, for programs."""
    files = [
        {
            "path": allowed(each.path),
            "flow": each.name,
            "percent": round(percent([each]), 2),
            **{
                f"{kind}s": dict(zip(("met", "of"), each.count(kind), strict=True))
                for kind in KINDS
            },
            "items": msgspec.to_builtins(each.items),
        }
        for each in covered
    ]
    rows = {"percent": round(percent(covered), 2), "files": files}
    return msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n"


def as_cobertura(covered: list[Covered], texts: Mapping[str, str]) -> str:
    """A file is a class; a line is hit if all that it says was met, its outcomes are conditions."""
    root = Element("coverage", {**_rates(covered), **_totals(covered), "version": "1"})
    root.set("timestamp", str(int(now().timestamp() * 1000)))
    sources = SubElement(root, "sources")
    SubElement(sources, "source").text = "."
    package = SubElement(SubElement(root, "packages"), "package", {"name": "flows"})
    package.attrib.update(_rates(covered))
    classes = SubElement(package, "classes")
    for each in covered:
        _class(classes, each)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _class(classes: Element, covered: Covered) -> None:
    attributes = {"name": covered.name, "filename": allowed(covered.path), **_rates([covered])}
    found = SubElement(classes, "class", attributes)
    SubElement(found, "methods")
    lines = SubElement(found, "lines")
    for number, met in sorted(_met_by_line(covered).items()):
        hit = sum(met)
        line = SubElement(lines, "line", number=str(number), hits=str(int(all(met))))
        line.set("branch", str(len(met) > 1).lower())
        if len(met) > 1:
            line.set("condition-coverage", f"{100 * hit // len(met)}% ({hit}/{len(met)})")


def _rates(covered: list[Covered]) -> dict[str, str]:
    """Return the attributes that every part of Cobertura's XML has."""
    lines, branches = _lines(covered), _branches(covered)
    return {"line-rate": _rate(*lines), "branch-rate": _rate(*branches), "complexity": "0"}


def _totals(covered: list[Covered]) -> dict[str, str]:
    (hit, lines), (met, branches) = _lines(covered), _branches(covered)
    return {
        "lines-covered": str(hit),
        "lines-valid": str(lines),
        "branches-covered": str(met),
        "branches-valid": str(branches),
    }


def _lines(covered: list[Covered]) -> tuple[int, int]:
    """How many lines are hit, and how many there are."""
    lines = [met for each in covered for met in _met_by_line(each).values()]
    return sum(all(met) for met in lines), len(lines)


def _branches(covered: list[Covered]) -> tuple[int, int]:
    """How many conditions are met, and how many there are."""
    lines = [met for each in covered for met in _met_by_line(each).values() if len(met) > 1]
    return sum(sum(met) for met in lines), sum(len(met) for met in lines)


def _rate(met: int, of: int) -> str:
    return f"{met / of if of else 1:.4f}"


def _met_by_line(covered: Covered) -> dict[int, list[bool]]:
    found: dict[int, list[bool]] = {}
    for item in covered.items:
        found.setdefault(item.line, []).append(item.met)
    return found


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>ivrflow coverage</title>
<style>
  body {{ font: 14px system-ui, sans-serif; margin: 2em; }}
  table {{ border-collapse: collapse; }}
  th, td {{ padding: .2em 1em; text-align: left; }}
  pre {{ background: #f6f6f6; padding: 1em; overflow-x: auto; }}
  .met {{ background: #d9f2d9; }}
  .part {{ background: #fff1c2; }}
  .missed {{ background: #f8d3d3; }}
</style>
<h1>{percent:.1f}% met</h1>
<table>
<tr><th>file<th>{kinds}<th>met</tr>
{rows}
</table>
{files}
</html>
"""


def as_html(covered: list[Covered], texts: Mapping[str, str]) -> str:
    """One page: the table, then each file with its lines marked; pointing at one tells why."""
    return PAGE.format(
        percent=percent(covered),
        kinds="<th>".join(f"{kind}s" for kind in KINDS),
        rows="\n".join(_html_row(each) for each in covered),
        files="\n".join(_html_file(each, texts.get(each.path, "")) for each in covered),
    )


def _html_row(covered: Covered) -> str:
    counts = "<td>".join("{}/{}".format(*covered.count(kind)) for kind in KINDS)
    path = escape(covered.path)
    return f'<tr><td><a href="#{path}">{path}</a><td>{counts}<td>{percent([covered]):.1f}%</tr>'


def _html_file(covered: Covered, text: str) -> str:
    path = escape(covered.path)
    met = _met_by_line(covered)
    lines = [
        _html_line(number, line, met.get(number, []), _titles(covered, number))
        for number, line in enumerate(lines_of(text), 1)
    ]
    return f'<h2 id="{path}">{path}</h2>\n<pre>{chr(10).join(lines)}</pre>'


def _titles(covered: Covered, line: int) -> str:
    missing = [
        f"{each.kind} {each.name}" for each in covered.items if each.line == line and not each.met
    ]
    return "not met: " + ", ".join(missing) if missing else ""


def _html_line(number: int, line: str, met: list[bool], title: str) -> str:
    shown = f"{number:4}  {escape(line)}"
    if not met:
        return shown
    mark = "met" if all(met) else "part" if any(met) else "missed"
    return f'<span class="{mark}" title="{escape(title)}">{shown}</span>'
