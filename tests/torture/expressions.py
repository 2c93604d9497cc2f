"""Expressions that nobody wrote: most of them parse, many are typed, some are absurd."""

from random import Random

from ivrflow.expr.filters import FILTERS, TESTS

NAMES = (
    *("call.id", "call.from", "call.to", "call.headers", "call.custom", "input", "tries"),
    *(
        "visits.a",
        "visits.greet",
        "params.x",
        "locale",
        "now",
        "run.id",
        "amd",
        "reason",
        "env.CRM",
    ),
    *("found", "found.balance", "found.names[0]", "account", "x", "a", "none", "true", "undefined"),
    *("__class__", "call.__class__", "self", "loop", "range", "open", "recorded", "office"),
    *("result", "reason"),
)
LITERALS = (
    *("0", "1", "2.5", "1e308", "-1", "99999999999999999999", '""', '"a"', '"SEK"', '"10[01]X"'),
    *("[]", "[1, 2]", '["a", 1]', "{}", '{"a": 1}', "none", "true", '"{{ x }}"', "'\\x00'"),
)
OPERATORS = (
    *("+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">", "<=", ">=", "and", "or"),
    *("in", "not in", "is", ":=", "=", "|", "&", "..", ","),
)
CALLS = ("open", "hours", "next_opening", "recorded", "range", "call.id", "cycler", "dict", "x")
DEEPEST = 4


def expression(dice: Random) -> str:
    """Return an expression without braces."""
    odd = dice.random()
    if odd < 0.03:
        return "(" * 300 + "1" + ")" * 300
    if odd < 0.06:
        return f" {dice.choice(OPERATORS)} ".join([dice.choice(NAMES)] * 400)
    if odd < 0.08:
        return "not " * 500 + "x"
    return _of(dice, DEEPEST)


def _of(dice: Random, depth: int) -> str:
    if depth == 0 or dice.random() < 0.2:
        return dice.choice((dice.choice(NAMES), dice.choice(LITERALS)))
    one, other = _of(dice, depth - 1), _of(dice, depth - 1)
    filter_, test = dice.choice(sorted(FILTERS)), dice.choice(sorted(TESTS))
    return dice.choice(
        (
            f"{one} {dice.choice(OPERATORS)} {other}",
            f"({one})",
            f"not {one}",
            f"-{one}",
            f"{one} | {filter_}",
            f"{one} | {filter_}({other})",
            f"{one} is {test}({other})",
            f"{one} is not {test} {other}",
            f"{one} if {other} else {one}",
            f"{one} if {other}",
            f"{one}[{other}]",
            f"{one}.name",
            f"{dice.choice(CALLS)}({one})",
            f"{dice.choice(CALLS)}({one}, {other}, key={one})",
            f"[{one}, {other}]",
            one[: dice.randint(0, len(one))],
        )
    )
