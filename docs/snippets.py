"""The examples of a page: where they stand, and how a part of a flow is made a whole one.

An example is a fenced block of YAML. A code behind `yaml` is the finding that it is shown for. One
whose first line is a comment with a file's name is a file of the application in that section. One
that does not begin with `flow:` or `app:` is a part: name, start and the states that it leads to
are put around it.
"""

import re
from collections.abc import Iterator

import msgspec

from ivrflow.analysis.subject import Application, Subject
from ivrflow.model.app import App
from ivrflow.model.build import build_flow
from ivrflow.model.flow import Flow
from ivrflow.sinch.platform import PLATFORM
from ivrflow.source.yaml import parse

_FENCE = re.compile(r"^```yaml(?: ([EW][0-9]{3}))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^##+ (.*)$", re.MULTILINE)
_FILE = re.compile(r"# (\S+\.yaml)\n")
_WHOLE = re.compile(r"(#.*\n)*(flow|app):")
_FIRST_STATE = re.compile(r"^states:\n(?:\s*#.*\n)*  ([a-z][a-z0-9_]*):", re.MULTILINE)


class Snippet(msgspec.Struct, frozen=True, kw_only=True):
    """One example. `code` is the finding that it is shown for, "" for none; `file` its name in the
    application of its `section`, "" for one that stands alone."""

    section: str
    line: int
    text: str
    code: str = ""
    file: str = ""

    @property
    def whole(self) -> str:
        """The text as a whole file."""
        return self.text if _WHOLE.match(self.text) else _completed(self.text)


def snippets(page: str) -> Iterator[Snippet]:
    """Yield the examples of a page in Markdown."""
    headings = [(match.start(), match.group(1)) for match in _HEADING.finditer(page)]
    for match in _FENCE.finditer(page):
        code, text = match.groups()
        file = _FILE.match(text)
        yield Snippet(
            section=next((name for at, name in reversed(headings) if at < match.start()), ""),
            line=page.count("\n", 0, match.start()) + 1,
            text=text,
            code=code or "",
            file=file.group(1) if file else "",
        )


def _completed(part: str) -> str:
    first = _FIRST_STATE.search(part)
    start = first.group(1) if first else "begin"
    text = f"flow: example\nstart: {start}\n{part}"
    if first is None:
        text += "states:\n  begin: {hangup: }\n"
    missing = sorted(_missing(text))
    return text + "".join(f"  {name}: {{hangup: }}\n" for name in missing)


def _missing(text: str) -> set[str]:
    """The states that a flow leads to and does not have."""
    parsed = parse("part.flow.yaml", text)
    flow = None if parsed.root is None else build_flow("part.flow.yaml", parsed.root)[0]
    return set() if flow is None else _wanted(flow) - flow.states.keys()


def _wanted(flow: Flow) -> set[str]:
    subject = Subject(flow, Application(App(), (flow,), PLATFORM))
    wanted = {move.next.name for move in subject.moves() if move.next is not None}
    return wanted | ({flow.on.error.name} if flow.on.error else set())
