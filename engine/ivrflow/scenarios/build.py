"""Nodes to scenarios: what somebody wrote down, as typed values.

What the schema finds wrong is left out here without a word. What only the meaning of the text shows
wrong is a finding: names that the flow doesn't have, times that are none.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from ivrflow import schemas
from ivrflow.analysis.subject import Application, Subject
from ivrflow.clock import as_milliseconds
from ivrflow.diagnostics import Diagnostic, did_you_mean
from ivrflow.emulator.setup import Inbound
from ivrflow.model.reader import (
    WRONG_LITERAL,
    Reader,
    boolean,
    child,
    entries,
    integer,
    place,
    several,
    word,
)
from ivrflow.numbers import is_e164
from ivrflow.scenarios.build_expect import ExpectBuilder
from ivrflow.scenarios.build_outgoing import OutgoingBuilder, moment
from ivrflow.scenarios.build_records import RecordBuilder, note_unknown
from ivrflow.scenarios.build_steps import StepBuilder, duration
from ivrflow.scenarios.model import File, Mock, Ordered, Request, Room, Scenario
from ivrflow.scenarios.values import value_of
from ivrflow.source.kinds import EMPTY_FILE, WRONG_VALUE
from ivrflow.source.lines import lines_of
from ivrflow.source.node import Entry, Node, Scalar
from ivrflow.source.schema import check
from ivrflow.source.yaml import parse

MONDAY = datetime.fromisoformat("2026-11-23T09:00:00Z")
"""When calls come in for which nothing else is said."""


def build(
    path: str, content: bytes, application: Application
) -> tuple[File | None, tuple[Diagnostic, ...]]:
    """Return the scenarios of a file about an application, and what is wrong with them; no file
    where anything is."""
    root, found = read(path, content)
    findings = list(found)
    if root is None:
        return None, found
    reader = Reader(path)
    broken = any(each.is_error for each in findings)
    file = None if broken else _Builder(reader, root, application, content).file()
    findings += reader.findings
    return (None if any(each.is_error for each in findings) else file), tuple(findings)


def read(path: str, content: bytes) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """Return a file as it is written, and what is wrong with it whatever it is about."""
    parsed = parse(path, content)
    if parsed.root is None:
        return None, tuple(_of_scenarios(each) for each in parsed.diagnostics)
    wrong = check(path, parsed.root, schemas.load("calltest"))
    return parsed.root, (*parsed.diagnostics, *wrong)


def _of_scenarios(found: Diagnostic) -> Diagnostic:
    """Return what is wrong with a text, with the remedy for one of scenarios."""
    if found.code != EMPTY_FILE.code:
        return found
    help = 'a file of scenarios begins with "test: FLOW"'
    return msgspec.structs.replace(found, help=help)


class _Builder:
    def __init__(
        self, reader: Reader, root: Node, application: Application, content: bytes
    ) -> None:
        self.reader = reader
        self.root = root
        self.lines = lines_of(content.decode("utf-8-sig", "replace"))
        self.flows = application.all_flows
        self.flow = self.flows.get(word(child(root, "test")))
        self.application = application
        self.variables: dict[str, tuple[str, ...]] = {}
        self.requests = {
            *application.app.requests,
            *(name for flow in self.flows.values() for name in flow.requests),
        }
        subject = Subject(self.flow, application) if self.flow else None
        records = (subject.records if subject else {}) | {
            f"{flow.name}.{name}": record
            for flow in self.flows.values()
            for name, record in flow.records.items()
        }
        self.records = RecordBuilder(reader, self.flow, records)
        self.outgoing = OutgoingBuilder(reader, self.flows, self.flow, self.records.typed)

    def file(self) -> File:
        name = child(self.root, "test")
        if self.flow is None:
            message = f'there is no flow "{word(name)}" to be tested'
            self.reader.note(
                WRONG_VALUE, place(name), message, did_you_mean(word(name), self.flows)
            )
        scenarios = tuple(self.scenario(each) for each in entries(child(self.root, "scenarios")))
        path = self.reader.path
        return File(path=path, flow=word(name), at=place(name), scenarios=scenarios)

    def scenario(self, entry: Entry) -> Scenario:
        node = entry.value
        expect, call, callout = (child(node, each) for each in ("expect", "call", "callout"))
        self.require_one(call, callout)
        at = child(node, "at")
        begins = as_milliseconds(MONDAY) if at is None else moment(self.reader, at)
        order = self.outgoing.callout(callout, begins)
        first = self.call(call, Inbound())
        steps = StepBuilder(self.reader, self.records.held, self.call, first)
        return Scenario(
            name=entry.key.text,
            at=entry.key.span,
            flow=word(child(self.root, "test")),
            path=self.reader.path,
            call=first,
            callout=order,
            dialled=child(call, "to") is not None,
            begins=begins,
            requests=tuple(self.request(each) for each in entries(child(node, "requests"))),
            records=self.records.held(child(node, "records")),
            rooms=tuple(self.room(each) for each in entries(child(node, "rooms"))),
            webhooks=self.outgoing.receivers(
                child(node, "webhooks"), self.application.app.webhooks
            ),
            steps=steps.steps(child(node, "steps")),
            expect=tuple(self.expecting(order).expectations(expect)),
            empty=expect.span if isinstance(expect, Scalar) else None,
        )

    def require_one(self, call: Node | None, callout: Node | None) -> None:
        """Note a scenario that begins in two ways."""
        if call is not None and callout is not None:
            message = "a scenario begins with a call or with a callout, not with both"
            help = "leave `call` out: nobody needs to call before the callout is dialled"
            self.reader.note(WRONG_VALUE, place(callout), message, help)

    def expecting(self, order: Ordered | None) -> ExpectBuilder:
        """Return who reads expectations: of the flow that a callout runs, or the tested one."""
        flow = self.flow if order is None else self.flows[order.callee]
        name = flow.name if flow else ""
        if flow and name not in self.variables:
            self.variables[name] = tuple(Subject(flow, self.application).variables)
        variables = self.variables.get(name, ())
        return ExpectBuilder(self.reader, flow, self.flows, variables, self.records, self.lines)

    def known(self, key: Scalar, names: Iterable[str], what: str) -> None:
        note_unknown(self.reader, self.flow, key, names, what)

    def room(self, entry: Entry) -> Room:
        return Room(
            name=entry.key.text,
            participants=integer(child(entry.value, "participants"), 0),
            started=boolean(child(entry.value, "started"), default=False),
            at=entry.key.span,
        )

    def call(self, node: Node | None, default: Inbound) -> Inbound:
        """Build a call; what is not said of it is as in `default`."""
        caller, origin = child(node, "from"), _origin(child(node, "origin"))
        if origin == "pstn":
            self.number(caller)
            self.number(child(node, "to"))
        return Inbound(
            caller=word(caller, default.caller),
            to=word(child(node, "to"), default.to),
            origin=origin,
            withheld=isinstance(caller, Scalar) and caller.is_null,
            headers={each.key.text: word(each.value) for each in entries(child(node, "headers"))},
            custom=word(child(node, "custom")),
        )

    def number(self, node: Node | None) -> None:
        """Note what no telephone network would tell as a number."""
        if isinstance(node, Scalar) and not node.is_null and not is_e164(node.text):
            help = "for example +46701234567; `origin: sip` or `app` calls by other names"
            self.reader.note(WRONG_LITERAL, node.span, f'"{node.text}" is no number', help)

    def request(self, entry: Entry) -> Request:
        self.known(entry.key, self.requests, "request")
        answers = tuple(self.mock(each) for each in several(entry.value))
        return Request(name=entry.key.text, answers=answers, at=entry.key.span)

    def mock(self, node: Node) -> Mock:
        body = child(node, "json")
        return Mock(
            status=int(word(child(node, "status"), "200")),
            json=None if body is None else value_of(body),
            delay=duration(self.reader, child(node, "delay"), "an answer takes"),
            fails=word(child(node, "fails")),
        )


def _origin(node: Node | None) -> Literal["pstn", "sip", "app"]:
    text = word(node)
    return "sip" if text == "sip" else "app" if text == "app" else "pstn"
