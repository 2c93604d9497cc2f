"""Replies in which a caller hears nothing where an author wrote words."""

from collections.abc import Iterable

from ivrflow.machine.replies import Action, Audio, Hangup, Instruction, Menu, Park, Say, Ssml


def is_audible(instructions: Iterable[Instruction]) -> bool:
    return any(isinstance(each, Say | Ssml | Audio) for each in instructions)


def is_silent(action: Action | None) -> bool:
    """Whether an action asks, lets wait or ends the call without a word of its own."""
    match action:
        case Menu(prompt=prompt):
            return not prompt
        case Park(intro=intro, prompt=prompt):
            return not intro and not prompt
        case _:
            return isinstance(action, Hangup)
