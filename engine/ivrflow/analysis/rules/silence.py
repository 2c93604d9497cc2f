"""E5xx: callers who would wait in silence."""

from collections.abc import Iterator

from ivrflow.analysis.faults import Sort, scalar_span
from ivrflow.analysis.graph import own_transitions
from ivrflow.analysis.reading import faults
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import Severity
from ivrflow.model.flow import Collect, Hangup, Hold, Menu, Prompt, RequestAction, State, targets


@FLOW.add(
    "E515",
    "perhaps-silent",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: [{say: Press 1., when: call.from != none}], choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: [{say: Hello., when: call.from != none}, Press 1.], choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def perhaps_silent(subject: Subject) -> Iterator[Finding]:
    """All words hang on one condition: where it doesn't hold the caller would hear silence.

    Words that are said on the way here count as words.
    """
    spoken = _spoken_to(subject)
    decided = {each.span for each in faults(subject) if each.sort in (Sort.ALWAYS, Sort.NEVER)}
    for state in subject.states.values():
        parts = (*state.prompt, *_asked(state))
        if any(part.when and scalar_span(part.when.scalar) in decided for part in parts):
            continue  # that it decides nothing is told already
        condition = _one_condition(parts)
        if condition and state.name not in spoken and not _passes(state):
            message = f'nothing is heard in "{state.name}" unless {condition}'
            yield Finding(state.at, message, "add words without `when`")


def _passes(state: State) -> bool:
    """Whether the call goes on from here, with more words perhaps, or is somebody else's."""
    match state.action:
        case Menu() | Collect() | Hold() | RequestAction(meanwhile=(_, *_)) | Hangup():
            return False
        case _:
            return True


def _asked(state: State) -> Prompt:
    match state.action:
        case Menu(prompt=prompt) | Collect(prompt=prompt) | Hold(prompt=prompt):
            return prompt
        case RequestAction(meanwhile=prompt):
            return prompt
        case _:
            return ()


def _one_condition(prompt: Prompt) -> str:
    """Return the condition on which all parts hang, "" where there is none or are several: one of
    several may always hold."""
    conditions = {part.when.source if part.when else "" for part in prompt}
    return conditions.pop() if len(conditions) == 1 else ""


def _spoken_to(subject: Subject) -> set[str]:
    """Return the states that a call can come to with words of the same reply before them."""
    found: set[str] = set()
    for _, transition in subject.transitions():
        for move in transition:
            if move.prompt and move.next is not None:
                found.add(move.next.name)
    for state in subject.states.values():
        if state.prompt and _passes(state):
            for _, transition in own_transitions(state):
                found |= {ref.name for ref in targets(transition)}
    return found
