"""Who does the jobs of each kind: the same in a server and in a rehearsal."""

from collections.abc import Callable, Mapping
from datetime import datetime

from ivrflow.clock import now
from ivrflow.commands import CONTROL, PATCH, outcome_of
from ivrflow.jobs import Job, Outcome
from ivrflow.outbound.commanding import Commanding
from ivrflow.outbound.placing import Sender
from ivrflow.runtime.answer import fill
from ivrflow.runtime.outbox import WEBHOOK
from ivrflow.runtime.worker import Do


def do_by_kind(
    emit: Do,
    sender: Sender,
    environment: Mapping[str, str],
    now: Callable[[], datetime] = now,
) -> Mapping[str, Do]:
    """Return who does what: `emit` sends an event, `sender` asks the platform. `environment` are
    the variables that flows may read."""
    commanding = Commanding(sender, now)

    async def patch(job: Job, body: bytes) -> Outcome:
        return outcome_of(await commanding.patch(job, fill(body, environment)))

    async def control(job: Job, body: bytes) -> Outcome:
        return outcome_of(await commanding.control(job, body))

    return {WEBHOOK: emit, PATCH: patch, CONTROL: control}
