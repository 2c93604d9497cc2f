"""What a step asks to be written to the log."""

from ivrflow.machine.effects import Log
from ivrflow.machine.outcome import Step


def logged(step: Step) -> list[str]:
    return [effect.text for effect in step.effects if isinstance(effect, Log)]
