"""E8xx: who may reach what."""

from collections.abc import Iterator

from ivrflow.analysis.reading import Sort, faults
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.model.flow import Connect


@FLOW.add(
    "E801",
    "environment-out-of-place",
    bad="""
flow: example
start: greet
states:
  greet: {say: "{{ env.SECRET }}", hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet:
    say: This call is recorded.
    do: [record: {to: "s3://calls", credentials: "{{ env.S3_KEY }}"}]
    hangup:
""",
)
def environment_out_of_place(subject: Subject) -> Iterator[Finding]:
    """The environment is read where its values would be spoken, logged or stored."""
    for fault in faults(subject):
        if fault.sort is Sort.ENVIRONMENT:
            message = "`env` can be read in requests and in the credentials of `record` alone"
            yield Finding(fault.span, message, "there, write it as {{ env.NAME }}")


@FLOW.add(
    "E802",
    "unfenced-number",
    bad="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: "Which number?", min: 5, max: 15, into: number}
    on: {collected: ring, no_input: bye, invalid: bye}
  ring: {connect: {number: "+{{ number }}"}}
  bye: {hangup: }
""",
    good="""
flow: example
start: ring
states:
  ring: {connect: {number: "+46850000001"}}
""",
)
def unfenced_number(subject: Subject) -> Iterator[Finding]:
    """A number put together from what callers press is dialled, and nothing bounds its price."""
    if subject.app.dial_allow is not None:
        return
    for state in subject.states.values():
        action = state.action
        if isinstance(action, Connect) and action.to == "number" and "{{" in action.target.source:
            help = 'write in app.yaml which numbers may be dialled: dial: {allow: ["+46"]}'
            span = action.target.scalar.span if action.target.scalar else action.at
            yield Finding(span, "the dialled number is computed and nothing fences it", help)
