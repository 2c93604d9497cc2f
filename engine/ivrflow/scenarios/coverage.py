"""What of an application's flows was met: states, outcomes, transitions, prompts by locale."""

from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from ivrflow.analysis.subject import Application, Subject
from ivrflow.checking import Checked
from ivrflow.compiler.platform import Platform
from ivrflow.diagnostics import Span
from ivrflow.model.flow import DeclaredPrompt, Flow, State, Transition
from ivrflow.scenarios.run import Result
from ivrflow.scenarios.spotter import Hit, timer

KINDS = ("state", "outcome", "transition", "prompt")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a call can meet. `kind` is one of `KINDS`."""

    kind: str
    name: str
    line: int
    met: bool


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """What of one file was met. `name` is that of its flow, "app" for the application's own."""

    path: str
    name: str
    items: tuple[Item, ...]

    def count(self, kind: str = "") -> tuple[int, int]:
        """How many were met, and how many there are; of one kind, or of all."""
        items = [each for each in self.items if kind in ("", each.kind)]
        return sum(each.met for each in items), len(items)


def count(covered: Iterable[Covered]) -> tuple[int, int]:
    """How many items of some files were met, and how many there are."""
    counts = [each.count() for each in covered]
    return sum(met for met, _ in counts), sum(of for _, of in counts)


def percent(covered: Iterable[Covered]) -> float:
    """How much was met, of a hundred."""
    met, of = count(covered)
    return 100.0 * met / of if of else 100.0


def states_met(results: Iterable[Result]) -> set[Hit]:
    """Return the states that calls have entered, as `state FLOW NAME`."""
    return {("state", flow, state) for result in results for flow, state in result.entered}


def measure(
    checked: Checked, hits: Set[Hit], platform: Platform, *, shipped: bool
) -> list[Covered]:
    """Return what was met of an application, file by file; of the flows of std/ that it runs too,
    if `shipped`."""
    application = Application(checked.app, tuple(checked.flows.values()), platform, checked.shipped)
    flows = checked.all_flows if shipped else checked.flows
    found = [
        Covered(path=flow.path, name=name, items=tuple(_flow(flow, application, hits)))
        for name, flow in sorted(flows.items())
    ]
    shared = tuple(_shared(checked, hits))
    if shared:
        found.insert(0, Covered(path=checked.app.path, name="app", items=shared))
    return found


def _flow(flow: Flow, application: Application, hits: Set[Hit]) -> Iterator[Item]:
    moves = _Moves(flow.name, hits)
    ways_by_state = Subject(flow, application).ways_by_state
    for name, state in flow.states.items():
        yield _item("state", name, state.at, met=("state", flow.name, name) in hits)
        for way in ways_by_state[name]:
            met = moves.add(name, way.outcome, way.transition, hit=_timer_of(state, way.transition))
            if state.action is not None:
                at = way.transition[0].at if way.transition else state.at
                yield _item("outcome", f"{name}: {way.outcome}", at, met=met)
    for choice in flow.on.keys:
        moves.add("", choice.key, choice.transition)
    for outcome, transition in flow.on.by_outcome.items():
        moves.add("", outcome, transition)
    yield from moves.items()
    yield from _prompts(flow.prompts, {flow.name}, hits)


def _timer_of(state: State, transition: Transition) -> str:
    """Return as what a transition is spotted that a timer takes, "" for another."""
    places = (n for n, each in enumerate(state.timers) if transition == (each.move,))
    return next(map(timer, places), "")


class _Moves:
    """The moves of one flow by their place: one that several states inherit is one move."""

    def __init__(self, flow: str, hits: Set[Hit]) -> None:
        self._flow = flow
        self._hits = hits
        self._found: dict[Span, tuple[str, bool]] = {}

    def add(self, state: str, outcome: str, transition: Transition, hit: str = "") -> bool:
        """Add the moves of an outcome, which is called `hit` where it was spotted; returns whether
        one of them was taken."""
        taken = [
            ("move", self._flow, state, hit or outcome, str(number)) in self._hits
            for number in range(len(transition))
        ]
        for move, met in zip(transition, taken, strict=True):
            target = f" to {move.next.name}" if move.next is not None else ""
            title, before = self._found.get(move.at, (f"{state or 'on'}: {outcome}{target}", False))
            self._found[move.at] = (title, before or met)
        return any(taken)

    def items(self) -> Iterator[Item]:
        for at, (title, met) in self._found.items():
            yield _item("transition", title, at, met=met)


def _shared(checked: Checked, hits: Set[Hit]) -> Iterator[Item]:
    """The application's own prompts, but for those that every flow hides."""
    yield from _prompts(checked.app.prompts, set(checked.all_flows), hits)


def _prompts(
    prompts: Mapping[str, DeclaredPrompt], flows: set[str], hits: Set[Hit]
) -> Iterator[Item]:
    for name, prompt in prompts.items():
        for locale in prompt.by_locale or ("",):
            parts = prompt.by_locale.get(locale, ())
            at = parts[0].at if parts else prompt.at
            met = any(("prompt", flow, name, locale) in hits for flow in flows)
            yield _item("prompt", f"{name} ({locale})" if locale else name, at, met=met)


def _item(kind: str, name: str, at: Span, *, met: bool) -> Item:
    return Item(kind=kind, name=name, line=at.line, met=met)
