"""What may answer calls: asked of the flows that a server starts with, and of each edit alike."""

from collections.abc import Mapping

from ivrflow.errors import UsageError
from ivrflow.library import Catalog, Judge, Library
from ivrflow.outbound.addressing import unsendable
from ivrflow.outbound.webhooks import unusable
from ivrflow.runtime.vault import Vault
from ivrflow.settings import Settings


def environment_suffices(environment: Mapping[str, str]) -> Judge:
    """Return who refuses flows that read another variable than these, or whose look-ups and events
    can never be sent with what these hold."""

    def judge(catalog: Catalog) -> None:
        missing = sorted(catalog.environment - environment.keys())
        if missing:
            names = ", ".join(f"env.{name}" for name in missing)
            raise UsageError(f"the flows read {names}: set it, and name it in IVRFLOW_ENV_ALLOW")
        for program in catalog.programs.values():
            for reason in unsendable(program, environment):
                raise UsageError(reason)
        for reason in unusable(catalog.app.webhooks, environment):
            raise UsageError(reason)

    return judge


def secrets_are_sealed(vault: Vault) -> Judge:
    """Return who refuses flows with secrets where there is no key to seal them with."""

    def judge(catalog: Catalog) -> None:
        if any(program.secret for program in catalog.programs.values()):
            vault.unlock()

    return judge


def readable(
    library: Library, settings: Settings, environment: Mapping[str, str], *, emulated: bool = False
) -> dict[str, str]:
    """Return the variables that flows may read; raises `UsageError` where they don't suffice.

    On an `emulated` platform what only the platform is told is its own name where it is missing:
    nobody needs the key of a storage to hear how a voice mailbox sounds.
    """
    allowed = settings.readable(environment)
    if emulated:
        told = library.current.environment - library.current.sent
        allowed = {name: name for name in told} | allowed
    library.accept(environment_suffices(allowed))
    return allowed
