"""The kinds of jobs and who does each: the same at a server, in rehearsals and in scenarios."""

from collections.abc import Mapping

from ivrflow.runtime.outbox import WEBHOOK
from ivrflow.runtime.worker import Do


def do_by_kind(*, webhook: Do) -> Mapping[str, Do]:
    """Return who does a job of each kind."""
    return {WEBHOOK: webhook}
