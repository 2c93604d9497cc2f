"""`--show`: what of a call is shown besides what people hear and do."""

import click

from ivrflow.rehearsal.screen import ASPECTS


def aspects(context: click.Context, option: click.Parameter, text: str) -> tuple[str, ...]:
    """Return the words of a list separated by commas."""
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    wrong = next((word for word in words if word not in ASPECTS), None)
    if wrong is not None:
        raise click.BadParameter(f'"{wrong}" is none of {", ".join(ASPECTS)}')
    return words
