"""The lines of a file, as YAML counts them: what a `Span` speaks of."""

import re

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def lines_of(text: str) -> list[str]:
    """Return the lines of `text` without their breaks; the last is empty where a break ends it."""
    return LINE_BREAK.split(text)
