"""A call as a person sees it: who is on the line, and what it waits for."""

from ivrflow.emulator.callbacks import info
from ivrflow.emulator.signals import Key
from ivrflow.emulator.transcript import Json
from ivrflow.emulator.world import Call


def shown(call: Call) -> Json:
    """Return what GET tells of a call, and what it tells nobody but who emulates it.

    `now` is the platform's time and `due` when something happens next by itself (null: never), in
    milliseconds since 1970. `asked`: the application owes the call a reply. `listens`: a key that
    is pressed now moves it.
    """
    world, main = call.world, call.main
    parties = [
        {
            "who": leg.name,
            "kind": leg.address.kind,
            "address": leg.address.endpoint,
            "state": "gone" if leg.gone else "up" if leg.up else "ringing",
        }
        for leg in call.legs
    ]
    return {
        **info(call),
        "now": world.clock.now,
        "due": world.clock.due,
        "over": call.ended is not None,
        "asked": main is not None and main in world.pending.values(),
        "listens": call.takes_keys and main is not None and Key in main.waits.signals,
        "doing": call.doing,
        "room": call.room,
        "parties": parties,
    }
