"""Values that replies have in several places: prompts, tones, durations."""

import re

from ivrflow.emulator.fields import Fields
from ivrflow.emulator.prompts import Part, split
from ivrflow.emulator.svaml import MAX_TEXT, TONES
from ivrflow.emulator.switches import Switches
from ivrflow.errors import IllegalError

_TAGGED = re.compile(r"\s*#(tts|ssml)\[", re.IGNORECASE)


def destination(given: Fields) -> str:
    """Return the endpoint of `destination`."""
    to = given.child("destination")
    if to is None:
        raise IllegalError(f"{given.place} has no destination")
    return to.need_text("endpoint")


def seconds(given: Fields, most: int) -> int:
    """Return `maxDuration`, at most `most`; 0 where it isn't given."""
    wanted = given.integer("maxDuration")
    if wanted > most:
        given.notes.append(f"{given.place}.maxDuration is more than {most}")
    return min(wanted, most)


def tones(wanted: str, given: Fields, switches: Switches) -> str:
    """Return those of the tones that can be sent."""
    known = TONES + "*" if switches.star_tones else TONES
    if any(each not in known for each in wanted):
        given.notes.append(f'{given.place} sends "{wanted}": only {known} can be sent')
    return "".join(each for each in wanted if each in known)


def prompt(given: Fields, key: str, switches: Switches) -> tuple[Part, ...]:
    """Return the parts of a prompt string."""
    parts = split(given.text(key), naive=switches.naive_split)
    return checked(parts, given, f"{given.place}.{key}", switches)


def checked(
    parts: tuple[Part, ...], given: Fields, place: str, switches: Switches
) -> tuple[Part, ...]:
    """Return the parts; notes what is lost or too long in them."""
    for each in parts:
        if each.stray:
            given.notes.append(f'{place} has "{each.stray}" behind a bracket: nobody hears it')
        if each.kind != "file" and len(each.text) > MAX_TEXT:
            problem = f"{place} has a text of {len(each.text)} characters, more than {MAX_TEXT}"
            if switches.long_text == "illegal":
                raise IllegalError(problem)
            given.notes.append(problem)
        if _TAGGED.match(each.text):
            given.notes.append(f"{place} has a mark inside a text: it is read aloud")
    return parts
