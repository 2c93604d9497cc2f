"""The outbox: what turns want done after their commit, as jobs of the same commit."""

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from ivrflow.clock import as_text, from_milliseconds
from ivrflow.jobs import LIFE, Job
from ivrflow.machine.effects import Emit
from ivrflow.machine.outcome import Step
from ivrflow.machine.program import Program
from ivrflow.machine.session import Call
from ivrflow.runtime.mailbox import Key
from ivrflow.runtime.vault import Vault

WEBHOOK = "webhook"
"""The kind of jobs that send an event."""

_encode = msgspec.json.Encoder().encode


class Caller(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from"}
):
    """The call of an event. `flow` is the one in which it began; who withholds their number has no
    `from`."""

    id: str
    flow: str
    from_: str | None = None
    to: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """An event as a webhook gets it."""

    type: str
    timestamp: str
    data: dict[str, object]
    call: Caller


def _nothing() -> None:
    """Nobody does what turns ask for."""


class Outbox:
    """Makes jobs, and opens them again. `notice` is called when there are new ones."""

    def __init__(self, vault: Vault, identity_key: bytes) -> None:
        self._vault = vault
        self._ids = hashlib.blake2b(digest_size=16, key=identity_key, person=b"ivrflow job")
        self.notice: Callable[[], None] = _nothing

    def asked(self, call: Key, key: bytes, at: int, program: Program, taken: Step) -> Iterator[Job]:
        """Yield the jobs that a turn at `at`, that of the event `key`, asks for.

        However often the turn is made, they are the same.
        """
        for number, effect in enumerate(taken.effects):
            if isinstance(effect, Emit):
                id = self._id(call, b"%b/%d" % (key, number))
                body = _encode(_message(effect, taken.session.call, program.flow.name, at))
                yield Job(
                    id=id,
                    kind=WEBHOOK,
                    to=effect.to,
                    name=effect.event,
                    app=call[0],
                    call=call[1],
                    body=self._vault.seal((call[0], id), body) if program.secret else body,
                    made=at,
                    due=at,
                    until=at + LIFE,
                )

    def body(self, job: Job) -> bytes:
        """Return what a job is done with; raises `StoreUnavailableError` without the key."""
        return self._vault.open((job.app, job.id), job.body)

    def _id(self, call: Key, name: bytes) -> str:
        hashed = self._ids.copy()
        hashed.update("\x1f".join(call).encode("utf-8", "surrogatepass") + name)
        return hashed.hexdigest()


def _message(event: Emit, call: Call, flow: str, at: int) -> Message:
    caller = Caller(id=call.id, flow=flow, from_=call.caller, to=call.called)
    moment = as_text(from_milliseconds(at))
    return Message(type=event.event, timestamp=moment, data=event.data, call=caller)
