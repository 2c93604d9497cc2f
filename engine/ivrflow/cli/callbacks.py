"""`ivrflow callbacks`: where an application's events go."""

import click

from ivrflow.cli.asking import asks, nothing, own_key, printable
from ivrflow.cli.tables import listed
from ivrflow.sinch import rest
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import Callbacks

_application = click.option("--application", help="its key  [default: the one asking]")


@click.group("callbacks")
def command() -> None:
    """Look at the URLs that an application's events are posted to, and set them."""


def _shown(urls: Callbacks) -> str:
    shown = {"primary": urls.primary or "-", "fallback": urls.fallback or "-"}
    return "\n".join(listed((name, printable(url)) for name, url in shown.items()))


@command.command("get")
@_application
@asks(_shown)
def get(application: str | None) -> Request[Callbacks]:
    """Show the URLs."""
    return rest.get_callbacks(application or own_key())


@command.command("set")
@click.argument("primary")
@click.option("--fallback", default="", help="where events go if the primary fails")
@_application
@asks(nothing)
def set_(primary: str, fallback: str, application: str | None) -> Request[None]:
    """Post events to PRIMARY from now on.

    Whether a fallback stays that is not named again, Sinch leaves open.
    """
    return rest.set_callbacks(application or own_key(), primary, fallback)
