"""How long prompts take to be said at most, in the locales in which calls can be.

An inserted value counts as `INSERTED` characters, a sound file as `pace.SOUND_FILE`; what is only
said on a condition counts where it may hold.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

from ivrflow import pace
from ivrflow.analysis.graph import steps_of
from ivrflow.analysis.patience.guards import sided
from ivrflow.compiler.values import parameter
from ivrflow.errors import ExpressionError
from ivrflow.expr.parse import parse_text
from ivrflow.model.flow import (
    DeclaredPrompt,
    Expr,
    Flow,
    LocaleStep,
    PlayPart,
    Prompt,
    Run,
    SsmlPart,
    Text,
    runs,
)
from ivrflow.model.given import as_prompt
from ivrflow.model.inherit import Visible
from ivrflow.model.locales import best_locale

INSERTED = 30
"""Characters that an inserted value counts as: a name, an amount, a date."""

MAX_DEPTH = 8
"""Prompts that play each other. Circles are for a rule of their own to find."""

Holds = Callable[[Expr], bool | None]
"""Whether a part is heard, None where it may or may not be."""


@dataclass(frozen=True, eq=False)
class Lengths:
    """The lengths of the prompts of a flow that can name what is `visible`, spoken in any of
    `locales`; `default` is its own. `given` are prompts that others give it, by parameter."""

    visible: Visible
    locales: frozenset[str]
    default: str
    given: Mapping[str, list[tuple["Lengths", Prompt]]] = field(default_factory=dict)

    def longest(self, prompt: Prompt, holds: Holds) -> int:
        """Return the milliseconds that a prompt takes at most."""
        return max(self._in(prompt, locale, holds, 0) for locale in self.locales) if prompt else 0

    def _in(self, prompt: Prompt, locale: str, holds: Holds, depth: int) -> int:
        sure = 0
        doubtful: dict[str, list[int]] = {}
        for part in prompt:
            heard = True if part.when is None else holds(part.when)
            if heard is False or depth > MAX_DEPTH:
                continue
            length = self._part(part, part.locale or locale, holds, depth)
            if heard or part.when is None:
                sure += length
            else:
                what, side = sided(part.when.source)
                doubtful.setdefault(what, [0, 0])[side] += length
        return sure + sum(max(sides) for sides in doubtful.values())

    def _part(self, part: object, locale: str, holds: Holds, depth: int) -> int:
        match part:
            case PlayPart(target=target):
                return self._played(target, locale, holds, depth)
            case SsmlPart(text=text):
                literal, inserted = letters(pace.words(text.source))
                said = pace.spoken(literal + inserted, locale)
                return max(pace.SHORTEST, said + pace.breaks(text.source))
            case _:
                text = getattr(part, "text")  # noqa: B009  all else is spoken
                return self._said(text, locale, holds, depth)

    def _said(self, text: Text, locale: str, holds: Holds, depth: int) -> int:
        name = parameter(text)
        if name in self.given:
            given = self.given[name]
            return max(its._in(prompt, locale, perhaps, depth + 1) for its, prompt in given)
        return max(pace.SHORTEST, pace.spoken(sum(letters(text.source)), locale))

    def _played(self, target: Text, locale: str, holds: Holds, depth: int) -> int:
        name = target.source
        known = self.visible.prompts
        if name in known:
            return self._declared(known[name], locale, holds, depth)
        if "{{" not in name:
            return pace.SOUND_FILE
        lengths = (self._declared(each, locale, holds, depth) for each in known.values())
        return max(lengths, default=0) if depth == 0 else pace.SOUND_FILE

    def _declared(self, declared: DeclaredPrompt, locale: str, holds: Holds, depth: int) -> int:
        if not declared.by_locale:
            return pace.SOUND_FILE
        spoken = best_locale(locale, declared.by_locale, self.default)
        return self._in(declared.by_locale[spoken], locale, holds, depth + 1)


def perhaps(when: Expr) -> None:
    """Nothing is known of conditions on the values of another flow."""


@lru_cache(maxsize=4096)
def letters(source: str) -> tuple[int, int]:
    """Return how many characters a text has, and how many its inserted values count as."""
    try:
        segments = parse_text(source)
    except ExpressionError:
        return len(source), 0
    words = [each for each in segments if isinstance(each, str)]
    return sum(map(len, words)), INSERTED * (len(segments) - len(words))


def lengths_of(
    flows: Mapping[str, Flow],
    visible: Mapping[str, Visible],
    locales: Mapping[str, frozenset[str]],
    default: str,
) -> dict[str, Lengths]:
    """Return the lengths of each flow's prompts; `locales` are those in which its calls can be,
    `default` that of flows that name none."""
    found: dict[str, Lengths] = {}
    given: dict[str, dict[str, list[tuple[Lengths, Prompt]]]] = {name: {} for name in flows}
    for name, flow in flows.items():
        own = flow.locale or default
        found[name] = Lengths(visible[name], locales[name], own, given[name])
    for name, flow in flows.items():
        for run in runs(flow):
            for param, prompt in _given(run):
                to = given.setdefault(run.flow.name, {})
                to.setdefault(param, []).append((found[name], prompt))
    return found


def _given(run: Run) -> Iterator[tuple[str, Prompt]]:
    for name, value in run.params.items():
        with suppress(ValueError):  # told by a rule of its own
            yield name, as_prompt(value)


def chosen_locales(flows: Iterable[Flow]) -> frozenset[str]:
    """Return the locales that steps choose."""
    steps = (step for flow in flows for step in steps_of(flow))
    chosen = (step.locale.source for step in steps if isinstance(step, LocaleStep))
    return frozenset(each for each in chosen if "{{" not in each)
