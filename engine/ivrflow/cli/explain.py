"""`ivrflow explain`: what a finding means, with a bad and a good example."""

import click

import ivrflow.checking  # noqa: F401  it imports whatever declares kinds of findings
from ivrflow.diagnostics import KIND_BY_CODE, KIND_BY_NAME, Kind, did_you_mean
from ivrflow.errors import UsageError


@click.command("explain")
@click.argument("kind", metavar="CODE|NAME")
def command(kind: str) -> None:
    """Tell what the finding CODE (or NAME) means, as Markdown."""
    found = KIND_BY_CODE.get(kind.upper()) or KIND_BY_NAME.get(kind.lower())
    if found is None:
        remedy = did_you_mean(kind, [*KIND_BY_NAME, *KIND_BY_CODE])
        raise UsageError(f'no finding is called "{kind}"; {remedy}')
    click.echo(explanation(found))


def explanation(kind: Kind) -> str:
    """Return a section of Markdown about `kind`."""
    parts = [f"## {kind.code} {kind.name} ({kind.severity})", kind.text]
    for title, example in (("Found", kind.bad), ("Not found", kind.good)):
        parts += [f"{title}:", f"```yaml\n{example.strip()}\n```"]
    return "\n\n".join(parts)
