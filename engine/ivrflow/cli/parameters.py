"""`--with PARAMETER=VALUE`: what a callout is given on the command line."""

from ivrflow.errors import UsageError


def parameters(given: tuple[str, ...]) -> dict[str, str]:
    """Return values by their names; raises `UsageError`."""
    found = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise UsageError(f'--with "{each}": write PARAMETER=VALUE')
        found[key] = value
    return found
