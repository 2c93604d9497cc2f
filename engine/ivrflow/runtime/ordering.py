"""Callouts that are ordered by name from outside: whose they are, their values read by type."""

from collections.abc import Mapping

from ivrflow.errors import OrderError
from ivrflow.machine.callouts import order
from ivrflow.machine.orders import Order
from ivrflow.machine.program import Program
from ivrflow.model.literals import read_literal


def ordered(programs: Mapping[str, Program], name: str, given: Mapping[str, object]) -> Order:
    """Return the callout `name`, or `FLOW.NAME`, with `given` parameters; texts are read by the
    type of the parameter. Raises `OrderError` for what makes no call."""
    program, plain = _declaring(programs, name)
    types = program.flow.callouts[plain].params
    values: dict[str, object] = {}
    for key, value in given.items():
        try:
            is_text = isinstance(value, str) and key in types
            values[key] = read_literal(str(value), types[key]) if is_text else value
        except ValueError as error:
            raise OrderError(f'"{key}": {error}') from None
    made = order(program, program.flow, plain, values)
    if made.dial is None:
        raise OrderError(made.fault)
    return made


def _declaring(programs: Mapping[str, Program], wanted: str) -> tuple[Program, str]:
    """Return the program that declares a callout, and the name it has there."""
    flow, _, name = wanted.rpartition(".")
    found = [
        program
        for program in programs.values()
        if name in program.flow.callouts and flow in ("", program.flow.name)
    ]
    if not found:
        raise OrderError(f'no callout is called "{wanted}"')
    if len(found) > 1:
        flows = ", ".join(sorted(f"{each.flow.name}.{name}" for each in found))
        raise OrderError(f'which "{name}" is meant: {flows}?')
    return found[0], name
