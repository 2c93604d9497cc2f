"""Callbacks that leave, as a network lets them: the faults that were ordered."""

import msgspec

from ivrflow.emulator.setup import Fault
from ivrflow.emulator.transcript import Json, Sent
from ivrflow.emulator.world import Call, Delivery


def send(call: Call, number: int, event: str, body: Json, url: str, attempt: str) -> None:
    """Let a callback leave, unless a fault befalls it. `number` is its delivery's id."""
    delivery = Delivery(
        id=number,
        call=call.id,
        event=event,
        url=url,
        app=call.app.key,
        body=msgspec.json.encode(body),
        headers=call.forwarded,
    )
    call.last = call.sent[event] = delivery
    fault = call.world.take_fault(call.id, event)
    if fault is None:
        _put(call, delivery, attempt)
    else:
        _send_badly(call, delivery, attempt, fault)


def _put(call: Call, delivery: Delivery, attempt: str) -> None:
    """Let a callback leave, and after it those that were held back for it."""
    body = msgspec.json.decode(delivery.body, type=Json)
    call.log(
        Sent(
            at=call.now,
            call=call.id,
            event=delivery.event,
            url=delivery.url,
            attempt=attempt,
            body=body,
        )
    )
    call.world.under_way[delivery.id] = (call.id, delivery.event)
    call.world.outbox.append(delivery)
    held, call.held = call.held, []
    for each in held:
        _put(call, each, "reordered")


def _send_badly(call: Call, delivery: Delivery, attempt: str, fault: Fault) -> None:
    world = call.world
    call.warn(f"fault: {fault.kind} of {delivery.event}")
    match fault.kind:
        case "drop":
            pass
        case "lose":
            world.lost.add(delivery.id)
            _put(call, delivery, attempt)
        case "duplicate":
            _put(call, delivery, attempt)
            _put(call, msgspec.structs.replace(delivery, id=world.number()), "again")
        case "delay":
            world.later(fault.ms, lambda: _put(call, delivery, attempt))
        case "reorder":
            call.held.append(delivery)
            world.later(world.switches.reply_timeout, lambda: _release(call, delivery))


def _release(call: Call, delivery: Delivery) -> None:
    if delivery in call.held:
        call.held.remove(delivery)
        _put(call, delivery, "reordered")


def send_again(call: Call, event: str, *, forged: bool) -> bool:
    """Send the call's last callback (of one event) once more, signed wrongly if `forged`."""
    last = call.sent.get(event) if event else call.last
    if last is None:
        return False
    copy = msgspec.structs.replace(last, id=call.world.number(), forged=forged)
    _put(call, copy, "forged" if forged else "again")
    return True
