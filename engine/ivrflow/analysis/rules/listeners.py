"""E7xx: who hears what is said while two talk to each other."""

from collections.abc import Iterable, Iterator

from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.model.context import Context
from ivrflow.model.flow import Connect, Prompt, prompts_of


@FLOW.add(
    "E785",
    "listener-without-effect",
    bad="""
flow: example
start: ring
states:
  ring:
    say: {say: One moment., to: both}
    connect: {number: "+46850000001"}
""",
    good="""
flow: example
start: ring
states:
  ring:
    say: One moment.
    connect: {number: "+46850000001"}
    timers: [{after: 50m, say: {say: You have ten minutes left., to: both}}]
""",
)
def listener_without_effect(subject: Subject) -> Iterator[Finding]:
    """It is said who hears some words, where only one party can: nobody else would.

    Two hear each other in a connect; what its timers and `amd: async` let say can be for either.
    """
    heard = {id(part) for prompt in _said_to_two(subject) for part in prompt}
    for state in subject.states.values():
        asked = tuple(subject.asked(state))
        yield from _for_nobody((*prompts_of(state.steps), state.prompt, *asked), heard)
    for move in subject.moves():
        yield from _for_nobody((*prompts_of(move.steps), move.prompt), heard)


def _for_nobody(prompts: Iterable[Prompt], heard: set[int]) -> Iterator[Finding]:
    for prompt in prompts:
        for part in prompt:
            if part.to and id(part) not in heard:
                message = f'"to: {part.to}" has no effect where no two talk to each other'
                yield Finding(part.at, message, "leave `to` out")


def _said_to_two(subject: Subject) -> Iterator[Prompt]:
    """Yield what is said while two talk."""
    live = {name for name, context in subject.visits if context is Context.LIVE}
    for name, state in subject.states.items():
        if name in live:
            yield from (*prompts_of(state.steps), state.prompt)
        for way in subject.ways_by_state[name]:
            told = way.raised and isinstance(state.action, Connect)
            for move in way.transition if told or (name in live and not way.event) else ():
                yield from (*prompts_of(move.steps), move.prompt)
