"""Replies as the platform reads them: any casing, loose types; what is doubtful is noted.

Reference: "Emit canonical; when simulating, match case-insensitively", and "execute anything, log a
warning". This reader shares nothing with what `ivrflow.sinch` writes, so neither hides the other's
mistakes.
"""

from typing import TypeVar

from ivrflow.emulator.fields import Fields, decode
from ivrflow.emulator.read_actions import ACTION_BY_NAME
from ivrflow.emulator.read_instructions import INSTRUCTION_BY_NAME
from ivrflow.emulator.svaml import Action, Instruction, Svaml
from ivrflow.emulator.switches import Switches
from ivrflow.errors import IllegalError

M = TypeVar("M")


def read(body: bytes | str, switches: Switches, *, patch: bool = False) -> Svaml:
    """Return the reply in `body`; raises `IllegalError`, which says why it can't be executed."""
    notes: list[str] = []
    reply = Fields(_decoded(body, switches, notes), "the reply", notes)
    instructions = [_instruction(each, switches) for each in reply.children("instructions")]
    given = reply.child("action")
    if given is None and not patch:
        raise IllegalError("the reply has no action")
    name, action = _action(given, switches) if given is not None else ("", None)
    reply.done()
    return Svaml(
        instructions=tuple(each for _, each in instructions),
        action=action,
        name=name,
        names=tuple(each for each, _ in instructions),
        notes=tuple(notes),
    )


def _decoded(body: bytes | str, switches: Switches, notes: list[str]) -> object:
    reply = decode(body)
    if isinstance(reply, str) and switches.string_reply == "take":
        notes.append("the reply is JSON within a string: send the object itself")
        return decode(reply)
    return reply


def _instruction(given: Fields, switches: Switches) -> tuple[str, Instruction]:
    name, make = _named(given, INSTRUCTION_BY_NAME, "instruction")
    made = make(given, switches)
    given.done()
    return name, made


def _action(given: Fields, switches: Switches) -> tuple[str, Action]:
    name, make = _named(given, ACTION_BY_NAME, "action")
    made = make(given, switches)
    given.done()
    return name, made


def _named(given: Fields, known: dict[str, M], what: str) -> tuple[str, M]:
    name = given.need_text("name")
    for spelled, make in known.items():
        if spelled.lower() == name.lower():
            if spelled != name:
                given.notes.append(f'"{name}" is spelled "{spelled}"')
            return spelled, make
    raise IllegalError(f'"{name}" is no {what}')
