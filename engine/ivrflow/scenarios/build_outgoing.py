"""Nodes to what goes out: the callout that a scenario begins with, and how webhooks take events."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from ivrflow.diagnostics import did_you_mean
from ivrflow.expr.types import Type
from ivrflow.model.flow import Callout, Flow, callee
from ivrflow.model.literals import fits
from ivrflow.model.reader import (
    WRONG_LITERAL,
    Reader,
    child,
    entries,
    integer,
    place,
    several,
    word,
)
from ivrflow.scenarios.build_records import note_unknown
from ivrflow.scenarios.model import Ordered, Receiver, Reception
from ivrflow.source.kinds import WRONG_VALUE
from ivrflow.source.node import Node

YEARS = range(1970, 2200)

OK = 200


def moment(reader: Reader, node: Node) -> int:
    """Return a time of the calendar in milliseconds since 1970; 0, with a finding, for what is
    none."""
    text = word(node)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is not None and found.year in YEARS:
        return int(found.timestamp() * 1000)
    help = "for example 2026-11-23T10:00:00+01:00"
    reader.note(WRONG_LITERAL, node.span, f'"{text}" is no time of the calendar', help)
    return 0


class OutgoingBuilder:
    """Reads what goes out in a file about the flow `tested`; `typed` reads a value of some type."""

    def __init__(
        self,
        reader: Reader,
        flows: Mapping[str, Flow],
        tested: Flow | None,
        typed: Callable[[Node, Type | None], object],
    ) -> None:
        self.reader = reader
        self.flows = flows
        self.tested = tested
        self.typed = typed

    # -- callouts ---------------------------------------------------------------------------------

    def callout(self, node: Node | None, begins: int) -> Ordered | None:
        """Read the callout that a scenario begins with, at the time that it begins."""
        if node is None or self.tested is None:
            return None
        declaring = self.declaring(node)
        if declaring is None:
            return None
        name = word(child(node, "name"))
        runs = self.flows.get(callee(declaring.callouts[name], declaring))
        if runs is None:
            return None
        self.require_tested(node, name, declaring, runs)
        due = child(node, "at")
        return Ordered(
            name=name,
            flow=declaring.name,
            callee=runs.name,
            params=self.params(node, runs),
            due=0 if due is None else self.due(due, begins),
            at=place(child(node, "name")),
        )

    def declaring(self, node: Node) -> Flow | None:
        """Return the flow that declares a callout: the one that is named, else the tested one if it
        does, else one whose callout the tested one is for."""
        name, flow = child(node, "name"), child(node, "flow")
        found = {
            each.name: each
            for each in self.flows.values()
            if word(name) in each.callouts and word(flow) in ("", each.name)
        }
        if len(found) > 1:
            found = self.nearer(found, word(name)) or found
        if len(found) == 1:
            return next(iter(found.values()))
        self.note_undeclared(name, flow, found)
        return None

    def nearer(self, found: Mapping[str, Flow], name: str) -> dict[str, Flow]:
        tested = self.tested.name if self.tested else ""
        if tested in found:
            return {tested: found[tested]}
        return {
            each.name: each
            for each in found.values()
            if callee(each.callouts[name], each) == tested
        }

    def note_undeclared(self, name: Node | None, flow: Node | None, found: Iterable[str]) -> None:
        if found:
            meant = ", ".join(sorted(found))
            message = f'several flows have a callout "{word(name)}": {meant}'
            self.reader.note(WRONG_VALUE, place(name), message, "say which: `flow: ...`")
        elif flow is not None and word(flow) not in self.flows:
            message = f'there is no flow "{word(flow)}"'
            help = did_you_mean(word(flow), self.flows)
            self.reader.note(WRONG_VALUE, place(flow), message, help)
        else:
            flows = [self.flows[word(flow)]] if flow is not None else list(self.flows.values())
            known: dict[str, Callout] = {}
            for each in flows:
                known |= each.callouts
            message = f'there is no callout "{word(name)}"'
            self.reader.note(WRONG_VALUE, place(name), message, did_you_mean(word(name), known))

    def require_tested(self, node: Node, name: str, declaring: Flow, runs: Flow) -> None:
        tested = self.tested.name if self.tested else ""
        if tested in (declaring.name, runs.name):
            return
        message = f'"{name}" of "{declaring.name}" is answered by "{runs.name}", not by "{tested}"'
        help = f"write it into a file that begins with `test: {runs.name}`"
        self.reader.note(WRONG_VALUE, place(child(node, "name")), message, help)

    def params(self, node: Node, runs: Flow) -> dict[str, object]:
        given = {each.key.text: each for each in entries(child(node, "with"))}
        for each in given.values():
            note_unknown(self.reader, runs, each.key, runs.params, "parameter")
        missing = [
            name
            for name, each in runs.params.items()
            if not each.has_default and not each.type.nullable and name not in given
        ]
        if missing:
            message = f'"{runs.name}" needs the parameter "{missing[0]}"'
            help = f"add `with: {{{missing[0]}: ...}}`"
            self.reader.note(WRONG_VALUE, place(child(node, "name")), message, help)
        return {
            name: self.value(each.value, runs.params[name].type)
            for name, each in given.items()
            if name in runs.params
        }

    def value(self, node: Node, type_: Type) -> object:
        before = len(self.reader.findings)
        found = self.typed(node, type_)
        if len(self.reader.findings) == before and not fits(found, type_):
            self.reader.note(WRONG_LITERAL, node.span, f"this is no {type_.name}")
        return found

    def due(self, node: Node, begins: int) -> int:
        due = moment(self.reader, node)
        if 0 < due < begins:
            message = "the callout would be dialled before the scenario begins"
            help = "the scenario's own `at` says when it begins"
            self.reader.note(WRONG_VALUE, node.span, message, help)
        return due

    # -- webhooks ---------------------------------------------------------------------------------

    def receivers(self, node: Node | None, known: Iterable[str]) -> tuple[Receiver, ...]:
        """Read how webhooks take events; `known` are those that the application has."""
        for each in entries(node):
            note_unknown(self.reader, self.tested, each.key, known, "webhook")
        return tuple(
            Receiver(
                name=each.key.text,
                receptions=self.receptions(several(each.value)),
                at=each.key.span,
            )
            for each in entries(node)
        )

    def receptions(self, nodes: list[Node]) -> tuple[Reception, ...]:
        found = tuple(
            Reception(
                status=integer(child(each, "status"), OK),
                times=integer(child(each, "times"), 0),
                fails=word(child(each, "fails")),
            )
            for each in nodes
        )
        for each, after in zip(nodes, found[:-1], strict=False):
            if not after.times:
                message = "nothing after it is ever used, since it says not how many times"
                self.reader.note(WRONG_VALUE, each.span, message, "add `times: 1`")
        return found
