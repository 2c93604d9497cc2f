"""Legs of running flows that are over, or not wanted any more."""

from collections.abc import Collection, Container

import msgspec

from ivrflow.machine.effects import CancelLegs
from ivrflow.machine.session import Frame


def without_legs(frame: Frame, over: Container[int]) -> Frame:
    """Return a frame that has legs no more, those that are `over`."""
    legs = tuple(each for each in frame.legs if each not in over)
    if frame.bridged in over:
        return msgspec.structs.replace(frame, legs=legs, bridged=0, room="")
    return frame if legs == frame.legs else msgspec.structs.replace(frame, legs=legs)


def cancelled(frames: Collection[Frame]) -> tuple[CancelLegs, ...]:
    """Return how the legs of runs that are over are not wanted any more; nothing if there are
    none."""
    legs = tuple(dict.fromkeys(leg for frame in frames for leg in frame.legs))
    talking = tuple(frame.bridged for frame in frames if frame.bridged in frame.legs)
    return (CancelLegs(legs=legs, talking=talking),) if legs else ()
