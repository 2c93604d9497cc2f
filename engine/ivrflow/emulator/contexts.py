"""What is allowed where (section 3.1): all of it is executed, what is doubtful with a warning."""

from collections.abc import Iterator

from ivrflow.emulator.world import Turn

_CONNECT = {"connectPstn", "connectMxp", "connectSip", "connectConf"}
_ICE = _CONNECT | {"hangup", "connectStream", "runMenu", "park"}

SURE_ACTIONS = {
    "ice": _ICE,
    "ace": {"hangup", "continue", "connectConf", "runMenu"},
    "pie": {"hangup", "continue", "connectPstn", "connectSip", "connectConf", "runMenu"},
    "patch": {"hangup", "continue", "park"},
    "parked": _ICE | {"continue"},
}
DOUBTFUL_INSTRUCTIONS = {
    "ice": set[str](),
    "ace": {"sendDtmf", "answer", "stopRecording"},
    "pie": {"answer"},
    "patch": set[str](),
    "parked": set[str](),
}


def doubts(turn: Turn) -> Iterator[str]:
    """Yield what not all of Sinch's documents and SDKs list for this context."""
    where = "a PATCH" if turn.context in ("patch", "parked") else turn.context.upper()
    name = turn.svaml.name
    if name and name not in SURE_ACTIONS[turn.context]:
        yield f"{name} as a reply to {where}: not all of Sinch's documents list it"
    for name in turn.svaml.names:
        if name in DOUBTFUL_INSTRUCTIONS[turn.context]:
            yield f"{name} in a reply to {where}: not all of Sinch's documents list it"
