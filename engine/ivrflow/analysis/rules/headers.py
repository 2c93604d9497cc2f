"""E7xx: headers that a call carries to whom it is connected."""

from collections.abc import Iterator

from ivrflow.analysis.faults import placed, scalar_span
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.rules.requests import HEADER
from ivrflow.analysis.ssml import PLACEHOLDER
from ivrflow.analysis.subject import Subject
from ivrflow.model.flow import Connect


@FLOW.add(
    "E711",
    "wrong-call-header",
    bad="""
flow: example
start: ring
states:
  ring: {connect: {sip: "ada@sip.example.com", headers: {Customer number: "42"}}}
""",
    good="""
flow: example
start: ring
states:
  ring: {connect: {sip: "ada@sip.example.com", headers: {X-Customer-Number: "42"}}}
""",
)
def wrong_call_header(subject: Subject) -> Iterator[Finding]:
    """A header of a call that SIP does not know the form of, or headers that are longer together
    than the platform takes: the call would fail, or come without them.

    Of inserted values nothing is known, so they are not counted.
    """
    for state in subject.states.values():
        if isinstance(state.action, Connect):
            yield from _headers(state.action, subject.platform.limits.headers)


def _headers(connect: Connect, most: int) -> Iterator[Finding]:
    for name, value in connect.headers.items():
        if connect.to == "sip" and HEADER.fullmatch(name) is None:
            place = placed(scalar_span(value.scalar), connect.at)
            yield Finding(place, f'"{name}" is no name of a header', "write it as in X-Customer")
    whole = sum(_length(name, value.source) for name, value in connect.headers.items())
    if whole > most:
        message = f"the headers of a call have at most {most:,} bytes together, not {whole:,}"
        yield Finding(connect.at, message, "send a key, and look up the rest by it")


def _length(name: str, value: str) -> int:
    return len((name + PLACEHOLDER.sub("", value)).encode())
