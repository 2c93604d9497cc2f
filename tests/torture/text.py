"""Mutations of a text by characters, words and lines, and of its bytes."""

import re
from collections.abc import Callable
from random import Random

TOKEN = re.compile(r"\w+|[^\S\n]+|\n|[^\w\s]")

PIECES = [
    *["", ":", " ", "\n", "\n  ", "{", "}", "[", "]", "#", "&a ", "*a", "- ", "'", '"', "\t", "|"],
    *["null", "1", "{{ x }}", "{{", "? ", "say: x", "next: sales", "<<: ", "&a", "*a ", "%", "@"],
    *["---\n", "...\n", "!!str ", "!x ", ">-\n", "\\", "\ufeff", "\x85", "\u2028", "\0"],
    *[
        "ö",
        "您好",
        "\U0001f600",
        "e\u0301",
        "\ud83d",
        "\u202e",
        "\xa0",
        ",",
        "~",
        "true",
        "on",
        "no",
    ],
    *[
        "{{ call.from }}",
        "{{ input }}",
        "{% if x %}",
        "}}",
        "{{ 1/0 }}",
        "# ivrflow: allow E201",
        "0x1F",
    ],
    *[
        "-1",
        "1e999",
        "99999999999999999999",
        "08:30",
        "2026-02-30",
        "5s",
        "0s",
        "9999d",
        "+46",
        "*",
        "\r",
    ],
    *[
        "&a [*a]",
        "{a: &b {c: *b}}",
        "next: stay",
        "on:",
        "hangup:",
        "menu:",
        "run:",
        "std/pin",
        "std/",
    ],
]

Mutation = Callable[[str, Random], str]


def mutate(text: str, dice: Random) -> str:
    """Return `text` with one change."""
    return dice.choice(MUTATIONS)(text, dice)


def mutate_bytes(content: bytes, dice: Random) -> bytes:
    """Return `content` with one change that its encoding knows nothing of."""
    at = dice.randint(0, len(content))
    end = min(len(content), at + dice.choice((1, 1, 2, 8)))
    new = dice.choice((b"", dice.randbytes(1), dice.randbytes(4), content[at:end] * 2, b"\xff\xfe"))
    return content[:at] + new + content[end:]


def _piece(text: str, dice: Random) -> str:
    at, cut = dice.randint(0, len(text)), dice.randint(0, 12)
    return text[:at] + dice.choice(PIECES) + text[at + cut :]


def _token(text: str, dice: Random) -> str:
    """One word or mark becomes another, goes, or comes twice."""
    tokens = TOKEN.findall(text)
    if not tokens:
        return text
    at = dice.randrange(len(tokens))
    now = tokens[at]
    tokens[at] = dice.choice((dice.choice(tokens), dice.choice(PIECES), "", now * 2, now.upper()))
    return "".join(tokens)


def _tokens(text: str, dice: Random) -> str:
    """Two words of the same sort change places."""
    tokens = TOKEN.findall(text)
    words = [at for at, token in enumerate(tokens) if token[0].isalnum()]
    if len(words) > 1:
        one, other = dice.sample(words, 2)
        tokens[one], tokens[other] = tokens[other], tokens[one]
    return "".join(tokens)


def _letters(text: str, dice: Random) -> str:
    """Two letters change places, as fingers do it."""
    at = dice.randint(0, max(0, len(text) - 2))
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def _line(text: str, dice: Random) -> str:
    """A line goes, comes twice, moves, or is indented otherwise."""
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    at = dice.randrange(len(lines))
    line = lines.pop(at)
    to = dice.choice((at, dice.randint(0, len(lines))))
    blanks = " " * dice.randint(1, 3)
    changed = dice.choice(([], [line], [line, line], [blanks + line], [line.removeprefix(blanks)]))
    lines[to:to] = changed
    return "".join(lines)


def _cut(text: str, dice: Random) -> str:
    return text[: dice.randint(0, len(text))]


def _breaks(text: str, dice: Random) -> str:
    return text.replace("\n", dice.choice(("\r\n", "\r", "\n\n", "\u2028")))


def _block(text: str, dice: Random) -> str:
    """A stretch comes again elsewhere."""
    one, other, to = sorted(dice.randint(0, len(text)) for _ in range(3))
    return text[:to] + text[one:other] + text[to:]


MUTATIONS: tuple[Mutation, ...] = (
    *(_piece, _piece, _token, _token, _token, _tokens, _tokens, _letters, _line, _line, _line),
    *(_cut, _breaks, _block),
)
"""What happens often stands more than once."""
