"""The outbox: what turns want done after their commit, as jobs of the same commit."""

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from ivrflow import commands
from ivrflow.clock import as_text, from_milliseconds
from ivrflow.commands import CONTROL, PATCH, Patch, command, lane_of_room
from ivrflow.errands import CANCEL_LEGS, SIGNAL, WAKE, SentSignal, UnwantedLegs, errand
from ivrflow.jobs import LIFE, Job
from ivrflow.machine.effects import CancelLegs, Control, Effect, Emit, Send, Tell, Wake
from ivrflow.machine.outcome import Step
from ivrflow.machine.program import Program
from ivrflow.machine.session import Call
from ivrflow.runtime.mailbox import Key
from ivrflow.runtime.vault import Vault
from ivrflow.sinch.render import render

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
            id = self._id(call, b"%b/%d" % (key, number))
            job = _asked(effect, id, taken.session.call, program.flow.name, at)
            if job is not None:
                yield self._sealed(job) if program.secret else job

    def _sealed(self, job: Job) -> Job:
        return msgspec.structs.replace(job, body=self._vault.seal((job.app, job.id), job.body))

    def body(self, job: Job) -> bytes:
        """Return what a job is done with; raises `StoreUnavailableError` without the key."""
        return self._vault.open((job.app, job.id), job.body)

    def _id(self, call: Key, name: bytes) -> str:
        hashed = self._ids.copy()
        hashed.update("\x1f".join(call).encode("utf-8", "surrogatepass") + name)
        return hashed.hexdigest()


def _asked(effect: Effect, id: str, call: Call, flow: str, at: int) -> Job | None:
    """Return the job that an effect of a turn at `at` asks for, its body not sealed yet; None for
    one that asks for none."""
    match effect:
        case Emit():
            return _emit(effect, id, call, flow, at)
        case Control():
            return _control(effect, id, call, at)
        case Tell():
            return _patch(effect, id, call, at)
        case Wake() | Send() | CancelLegs():
            return _errand(effect, id, call, at)
        case _:
            return None


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


def _patch(tell: Tell, id: str, call: Call, at: int) -> Job:
    """Return the job that tells the platform a reply; the number of one that moves the call goes
    with it, for the news of what became of it."""
    svaml = msgspec.Raw(render(tell.reply))
    offer = tell.reply.number if tell.moves else 0
    body = _encode(Patch(svaml=svaml, region=call.region, leg=tell.to, offer=offer))
    return command(PATCH, id=id, call=(call.app, call.id), body=body, at=at)


def _control(wanted: Control, id: str, call: Call, at: int) -> Job:
    control = commands.Control(
        command="kick" if wanted.command == "kick_all" else wanted.command,
        room=wanted.room,
        region=call.region,
        call=wanted.who,
        music=wanted.hold_music,
    )
    job = command(CONTROL, id=id, call=(call.app, call.id), body=_encode(control), at=at)
    lane = lane_of_room(call.app, call.region, wanted.room) if wanted.queued else job.lane
    return msgspec.structs.replace(job, name=wanted.command, lane=lane)


def _errand(effect: Wake | Send | CancelLegs, id: str, call: Call, at: int) -> Job:
    own = call.app, call.id
    match effect:
        case Wake(due=due):
            return errand(WAKE, id=id, call=own, body=b"", at=at, due=due or at)
        case Send(name=name, to=to, data=data):
            body = _encode(SentSignal(name=name, data=data))
            return errand(SIGNAL, id=id, call=(call.app, to), body=body, at=at)
        case CancelLegs(legs=legs, talking=talking):
            body = _encode(UnwantedLegs(legs=legs, talking=talking))
            return errand(CANCEL_LEGS, id=id, call=own, body=body, at=at)


def _message(event: Emit, call: Call, flow: str, at: int) -> Message:
    caller = Caller(id=call.id, flow=flow, from_=call.caller, to=call.called)
    moment = as_text(from_milliseconds(at))
    return Message(type=event.event, timestamp=moment, data=event.data, call=caller)
