"""Write what is generated from the code: the schemas of the wire and of the management API, the
pages of language and rules, what lint tells of the cases of its tests.

With --check, write nothing and fail if something is not as it would be written.
"""

import sys
from pathlib import Path

import msgspec
from cases import outputs
from reference import language_page

from ivrflow.cli.explain import explanation
from ivrflow.diagnostics import KIND_BY_CODE
from ivrflow.server.api.routes import described
from ivrflow.sinch.schema import callback_schema, svaml_schema

ROOT = Path(__file__).parents[1]

HEAD = """\
# Rules

What `ivrflow lint` finds in flows and applications; `ivrflow explain CODE` shows one of these."""


def generated() -> dict[Path, str]:
    """Return the content of every generated file."""
    return {
        ROOT / "schemas" / "svaml.schema.json": _as_json(svaml_schema()),
        ROOT / "schemas" / "callback.schema.json": _as_json(callback_schema()),
        ROOT / "schemas" / "openapi.json": _as_json(described()),
        ROOT / "docs" / "language.md": language_page(),
        ROOT / "docs" / "rules.md": _rules(),
        **outputs(),
    }


def _as_json(schema: object) -> str:
    return msgspec.json.format(msgspec.json.encode(schema)).decode() + "\n"


def _rules() -> str:
    kinds = sorted(KIND_BY_CODE.values(), key=lambda each: each.code)
    return "\n\n".join([HEAD, *map(explanation, kinds)]) + "\n"


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
