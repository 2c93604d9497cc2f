"""`github`: workflow commands, which GitHub Actions shows as annotations of the changed lines.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands.
"""

from ivrflow.cli.reporters import Shown
from ivrflow.cli.reporters.concise import place, printable
from ivrflow.diagnostics import Diagnostic


def report(shown: Shown) -> str:
    return "\n".join(_command(each) for each in shown.findings)


def _command(finding: Diagnostic) -> str:
    span = finding.span
    properties = {"file": finding.path, "line": str(span.line), "col": str(span.column)}
    if span.line == span.end_line:
        properties["endColumn"] = str(span.end_column)
    else:
        properties["endLine"] = str(span.end_line)
    properties["title"] = f"{finding.code} {finding.name}"
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{finding.severity} {given}::{_data(_message(finding))}"


def _message(finding: Diagnostic) -> str:
    # The place is there for those who read the log, which shows the message alone.
    help = f"\nhelp: {finding.help}" if finding.help else ""
    return f"{place(finding)}: {printable(finding.message)}{help}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
