"""Who does the jobs of each kind: the same in a server and in a rehearsal."""

from collections.abc import Callable, Mapping
from datetime import datetime

from ivrflow.clock import now
from ivrflow.commands import CONTROL, PATCH, outcome_of
from ivrflow.jobs import Job, Outcome
from ivrflow.outbound.commanding import Commanding
from ivrflow.outbound.placing import Placing, Sender
from ivrflow.runtime.answer import fill
from ivrflow.runtime.errands import Errands
from ivrflow.runtime.outbox import WEBHOOK
from ivrflow.runtime.turn import Turns
from ivrflow.runtime.worker import Do


def do_by_kind(
    turns: Turns,
    emit: Do,
    sender: Sender,
    now: Callable[[], datetime] = now,
) -> Mapping[str, Do]:
    """Return who does what for `turns`: `emit` sends an event, `sender` asks the platform."""
    commanding = Commanding(sender, now)
    errands = Errands(turns, Placing(sender, turns.policy.environment))

    async def patch(job: Job, body: bytes) -> Outcome:
        became = await commanding.patch(job, fill(body, turns.policy.environment))
        await errands.patched(job, body, became)
        return outcome_of(became)

    async def control(job: Job, body: bytes) -> Outcome:
        return outcome_of(await commanding.control(job, body))

    return {WEBHOOK: emit, PATCH: patch, CONTROL: control, **errands.do_by_kind}
