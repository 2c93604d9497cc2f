"""The lines of a file, as YAML counts them: what a `Span` speaks of."""

import re

ODD_BREAKS = "\x85\u2028\u2029"
"""Line breaks that YAML 1.1 and 1.2 read differently."""

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def lines_of(text: str) -> list[str]:
    """Return the lines of `text` without their breaks; the last is empty where a break ends it."""
    return LINE_BREAK.split(text)
