"""`ivrflow schema`: the JSON schemas, for editors and for those who generate flows."""

import click
import msgspec

from ivrflow import schemas


@click.command("schema")
@click.argument("name", type=click.Choice(schemas.NAMES), default="flow")
def command(name: str) -> None:
    """Print a schema: of files (flow, app, calltest), or of the wire (svaml, callback)."""
    click.echo(msgspec.json.format(msgspec.json.encode(schemas.load(name))).decode())
