"""Write what is generated from the code: the schemas of the wire, the pages of language and rules.

With --check, write nothing and fail if something is not as it would be written.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from reference import language_page

from ivrflow.analysis.analyse import FAMILIES
from ivrflow.analysis.registry import Rule
from ivrflow.analysis.rules import APPLICATION, FLOW
from ivrflow.sinch.schema import callback_schema, svaml_schema

ROOT = Path(__file__).parents[1]


def generated() -> dict[Path, str]:
    """Return the content of every generated file."""
    return {
        ROOT / "schemas" / "svaml.schema.json": _as_json(svaml_schema()),
        ROOT / "schemas" / "callback.schema.json": _as_json(callback_schema()),
        ROOT / "docs" / "language.md": language_page(),
        ROOT / "docs" / "rules.md": _rules(),
    }


def _as_json(schema: object) -> str:
    return msgspec.json.format(msgspec.json.encode(schema)).decode() + "\n"


def _rules() -> str:
    assert FAMILIES, "importing the families registers their rules"
    return "\n".join(_page()).rstrip() + "\n"


def _page() -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield "What `ivrflow lint` proves of flows and applications. Syntax (E0xx) comes before the"
    yield "rules; each finding of it says its remedy."
    rules: list[Rule[Any]] = [*FLOW.by_code.values(), *APPLICATION.by_code.values()]
    for rule in sorted(rules, key=lambda each: each.kind.code):
        first, *more = [line.strip() for line in rule.text.strip().splitlines()]
        yield ""
        yield f"## {rule.kind.code} {rule.kind.name} ({rule.kind.severity})"
        yield ""
        yield first
        if more:
            yield from more
        for name, example in (("Found", rule.bad), ("Not found", rule.good)):
            yield ""
            yield f"{name}:"
            yield ""
            yield "```yaml"
            yield example.strip()
            yield "```"


def main() -> int:
    stale = [path for path, text in generated().items() if not _holds(path, text)]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run `make generate`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(generated()[path], "utf-8")
        print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)
    return 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
