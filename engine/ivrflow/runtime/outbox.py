"""The outbox: what turns want done after their commit, as jobs of the same commit."""

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from ivrflow import commands
from ivrflow.clock import as_text, from_milliseconds
from ivrflow.jobs import LIFE, Job
from ivrflow.machine.effects import Control, Emit
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
            if isinstance(effect, Emit | Control):
                id = self._id(call, b"%b/%d" % (key, number))
                job = _asked(effect, id, taken.session.call, program.flow.name, at)
                sealed = self._vault.seal((job.app, id), job.body) if program.secret else job.body
                yield msgspec.structs.replace(job, body=sealed)

    def body(self, job: Job) -> bytes:
        """Return what a job is done with; raises `StoreUnavailableError` without the key."""
        return self._vault.open((job.app, job.id), job.body)

    def _id(self, call: Key, name: bytes) -> str:
        hashed = self._ids.copy()
        hashed.update("\x1f".join(call).encode("utf-8", "surrogatepass") + name)
        return hashed.hexdigest()


def _asked(effect: Emit | Control, id: str, call: Call, flow: str, at: int) -> Job:
    """Return the job that an effect of a turn at `at` asks for, its body not sealed yet."""
    match effect:
        case Emit():
            return _emit(effect, id, call, flow, at)
        case Control():
            return _control(effect, id, call, at)


def _emit(event: Emit, id: str, call: Call, flow: str, at: int) -> Job:
    return Job(
        id=id,
        kind=WEBHOOK,
        to=event.to,
        name=event.event,
        app=call.app,
        call=call.id,
        body=_encode(_message(event, call, flow, at)),
        made=at,
        due=at,
        until=at + LIFE,
    )


def _control(wanted: Control, id: str, call: Call, at: int) -> Job:
    control = commands.Control(
        command="kick" if wanted.command == "kick_all" else wanted.command,
        room=wanted.room,
        region=call.region,
        call=wanted.who,
        music=wanted.hold_music,
    )
    return Job(
        id=id,
        kind=commands.CONTROL,
        to=commands.PLATFORM,
        name=wanted.command,
        app=call.app,
        call=call.id,
        body=_encode(control),
        made=at,
        due=at,
        until=at + commands.LIFE,
        lane=lane_of_room(call, wanted.room) if wanted.queued else lane_of(call.app, call.id),
    )


def lane_of(app: str, call: str) -> str:
    """Return the lane of what a call asks of the platform: one thing after the other."""
    return f"{app}/{call}"


def lane_of_room(call: Call, room: str) -> str:
    """Return the lane of what is queued for a room. No call is called so."""
    return f"{call.app}/{call.region}/{room}"


def _message(event: Emit, call: Call, flow: str, at: int) -> Message:
    caller = Caller(id=call.id, flow=flow, from_=call.caller, to=call.called)
    moment = as_text(from_milliseconds(at))
    return Message(type=event.event, timestamp=moment, data=event.data, call=caller)
