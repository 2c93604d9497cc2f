"""`ivrflow graph`: a flow as a diagram, on stdout."""

from pathlib import Path

import click

from ivrflow.cli.flows import read_flow
from ivrflow.compiler.diagram import dot, mermaid

DIAGRAM_BY_FORMAT = {"mermaid": mermaid, "dot": dot}


@click.command("graph")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--flow", "name", help="which flow, where PATH holds several")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(DIAGRAM_BY_FORMAT)),
    default="mermaid",
    show_default=True,
)
def command(path: Path, name: str | None, format_: str) -> None:
    """Draw the flow in PATH: `mermaid` for Markdown, `dot` for Graphviz."""
    _, flow = read_flow(path, name)
    click.echo(DIAGRAM_BY_FORMAT[format_](flow), nl=False)
