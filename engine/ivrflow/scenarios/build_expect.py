"""Nodes to what is expected in the end of a scenario."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ivrflow.diagnostics import Span, did_you_mean
from ivrflow.model.flow import Flow
from ivrflow.model.reader import Reader, child, entries, items, place, word
from ivrflow.scenarios.build_records import RecordBuilder, note_unknown
from ivrflow.scenarios.model import Called, Ended, Expectation, Reply, Value, Visited
from ivrflow.source.kinds import WRONG_VALUE
from ivrflow.source.node import Entry, Node, Scalar
from ivrflow.source.node import Mapping as MappingNode

BRACKET = re.compile(r"(&\S+\s+)?[\[{]")
"""How a list or mapping begins that ends with a bracket, after its anchor."""


class ExpectBuilder:
    """Reads the expectations of one scenario, whose call meets `flow`, which has these `variables`;
    `lines` are those of the file."""

    def __init__(
        self,
        reader: Reader,
        flow: Flow | None,
        flows: Mapping[str, Flow],
        variables: Iterable[str],
        records: RecordBuilder,
        lines: Sequence[str],
    ) -> None:
        self.reader = reader
        self.flow = flow
        self.flows = flows
        self.variables = variables
        self.records = records
        self.lines = lines

    def expectations(self, node: Node | None) -> Iterable[Expectation]:
        ended, visited, svaml = (child(node, each) for each in ("ended", "visited", "svaml"))
        callouts = child(node, "callouts")
        if ended is not None:
            yield Ended(state=self.state(ended), at=ended.span)
        if visited is not None:
            states = tuple(self.state(each) for each in items(visited))
            yield Visited(states=states, at=self.written(visited))
        for each in entries(child(node, "variables")):
            self.known(each.key, self.variables, "variable")
            yield self.value("variables", each)
        for each in entries(child(node, "visits")):
            self.known(each.key, self.flow.states if self.flow else (), "state")
            yield self.value("visits", each)
        if isinstance(svaml, MappingNode):
            yield Reply(svaml=svaml, at=svaml.span)
        for name, key, value in self.records.values(child(node, "records")):
            waits = self.records.is_queue(name)
            of, at = self.records.stored(name), self.written(value)
            yield Value(of=of, key=key, value=value, waits=waits, at=at)
        if callouts is not None:
            self.callouts(callouts)
            yield Called(callouts=callouts, at=self.written(callouts))

    def callouts(self, node: Node) -> None:
        """Note callouts that no flow declares."""
        known = {name for flow in self.flows.values() for name in flow.callouts}
        for each in items(node):
            name = child(each, "name")
            if name is not None and word(name) not in known:
                message = f'there is no callout "{word(name)}"'
                help = did_you_mean(word(name), known)
                self.reader.note(WRONG_VALUE, place(name), message, help)

    def known(self, key: Scalar, names: Iterable[str], what: str) -> None:
        note_unknown(self.reader, self.flow, key, names, what)

    def value(self, of: str, entry: Entry) -> Value:
        return Value(of=of, key=entry.key.text, value=entry.value, at=self.written(entry.value))

    def written(self, node: Node) -> Span:
        """Return where a node is written; one of lines ends with the last thing in it."""
        span, last = node.span, _last(node)
        if last is None or BRACKET.match(self.lines[span.line - 1], span.column - 1):
            return span
        end = self.written(last)
        return Span(span.line, span.column, end.end_line, end.end_column)

    def state(self, node: Node) -> str:
        """Read the name of a state, of this flow or of `FLOW:` that it runs."""
        text = word(node)
        flow, _, name = text.rpartition(":")
        of = self.flows.get(flow) if flow else self.flow
        if flow and of is None:
            message = f'there is no flow "{flow}"'
            self.reader.note(WRONG_VALUE, place(node), message, did_you_mean(flow, self.flows))
        elif of is not None and name not in of.states:
            message = f'there is no state "{name}" in "{of.name}"'
            self.reader.note(WRONG_VALUE, place(node), message, did_you_mean(name, of.states))
        return text


def _last(node: Node) -> Node | None:
    """Return the last thing in a node, None if there is nothing."""
    held = [each.value for each in entries(node)] or list(items(node))
    return held[-1] if held else None
