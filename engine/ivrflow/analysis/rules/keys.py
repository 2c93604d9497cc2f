"""E4xx: keys that wait, that hide each other, and that nobody can press."""

from collections.abc import Iterable, Iterator, Mapping

from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.compiler.actions import can_begin
from ivrflow.diagnostics import Related, Severity, listed
from ivrflow.model.flow import (
    Choice,
    Collect,
    Digits,
    Flow,
    Hold,
    Menu,
    State,
    Transition,
    runs,
    targets,
)
from ivrflow.model.inherit import keys_of

FREE = "123456789*0"
"""Keys in the order in which a remedy names them."""


@FLOW.add(
    "E406",
    "hidden-flow-key",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ask
on: {keys: {0: operator}}
states:
  ask:
    menu: {prompt: "Opening hours, 1. Fax, 0.", choices: {1: hours, 0: fax}}
    on: {no_input: hours, no_match: hours}
  hours:
    menu: {prompt: "Nine to five. To hear it again, press 1. A person, 0.", choices: {1: hours}}
    on: {no_input: operator, no_match: operator}
  fax: {connect: {number: "+46850000001"}}
  operator: {connect: {number: "+46850000009"}}
""",
    good="""
flow: example
start: ask
on: {keys: {0: operator}}
states:
  ask:
    menu: {prompt: "Opening hours, 1. Fax, 2. A person, 0.", choices: {1: hours, 2: fax}}
    on: {no_input: hours, no_match: hours}
  hours:
    menu: {prompt: "Nine to five. To hear it again, press 1. A person, 0.", choices: {1: hours}}
    on: {no_input: operator, no_match: operator}
  fax: {connect: {number: "+46850000001"}}
  operator: {connect: {number: "+46850000009"}}
""",
)
def hidden_flow_key(subject: Subject) -> Iterator[Finding]:
    """A state takes a key for something else than its flow does: who learned the key elsewhere
    comes to the wrong place."""
    by_key = {choice.key: choice for choice in subject.flow.on.keys}
    if not by_key:
        return
    for state in subject.states.values():
        for choice in _own_keys(state):
            hidden = by_key.get(choice.key) if _inherits(state, choice.key) else None
            if hidden is not None and _way(choice.transition) != _way(hidden.transition):
                message = (
                    f"key {choice.key} leads to {_names(choice)} here, and to {_names(hidden)} in "
                    "the rest of the flow"
                )
                related = Related(subject.flow.path, hidden.at, "the key of the flow")
                yield Finding(choice.at, message, "take another key", (related,))


def _own_keys(state: State) -> tuple[Choice, ...]:
    match state.action:
        case Menu(choices=keys) | Hold(keys=keys) | Collect(keys=keys):
            return keys
        case _:
            return ()


def _inherits(state: State, key: str) -> bool:
    """Whether a state would have a key of its flow."""
    return isinstance(state.action, Menu | Hold) or (
        isinstance(state.action, Collect) and key == "*"
    )


def _way(transition: Transition) -> list[tuple[str, str]]:
    """What tells one transition from another: where it leads, and on which conditions."""
    return [
        (move.when.source if move.when else "", move.next.name if move.next else "")
        for move in transition
    ]


def _names(choice: Choice) -> str:
    names = dict.fromkeys(ref.name for ref in targets(choice.transition))
    return " or ".join(f'"{each}"' for each in names) or "no other state"


@FLOW.add(
    "E407",
    "unheard-flow-key",
    bad="""
flow: example
start: greet
on: {keys: {0: operator}}
states:
  greet: {say: "Press 0 for a person.", connect: {number: "+46850000001"}}
  operator: {connect: {number: "+46850000009"}}
""",
    good="""
flow: example
start: greet
on: {keys: {0: operator}}
states:
  greet:
    menu: {prompt: "Press 1 for sales, 0 for a person.", choices: {1: sales}}
    on: {no_input: operator, no_match: operator}
  sales: {connect: {number: "+46850000001"}}
  operator: {connect: {number: "+46850000009"}}
""",
)
def unheard_flow_key(subject: Subject) -> Iterator[Finding]:
    """A key of the flow works in no state of it, nor in flows that it runs: pressing it would do
    nothing. Where digits are asked for only `*` works."""
    for choice in subject.flow.on.keys:
        if not _is_heard(choice.key, subject.flow, subject.others):
            where = "menu or collect" if choice.key == "*" else "menu"
            message = f"there is no {where} in which key {choice.key} could be pressed"
            yield Finding(choice.at, message, "remove it, or ask callers with a `menu`")


def _is_heard(key: str, flow: Flow, others: Mapping[str, Flow]) -> bool:
    """Whether `flow` asks for a key, or one that it runs and that doesn't bind the key itself."""
    if any(_inherits(state, key) for state in flow.states.values()):
        return True
    seen: set[str] = {flow.name}
    todo = list(runs(flow))
    while todo:
        name = todo.pop().flow.name
        inner = others.get(name)
        if inner is None:
            return True
        if name in seen or any(each.key == key for each in inner.on.keys):
            continue
        seen.add(name)
        if any(_lets_through(state, key) for state in inner.states.values()):
            return True
        todo += runs(inner)
    return False


def _lets_through(state: State, key: str) -> bool:
    """Whether a state hears a key of the flows around its own."""
    match state.action:
        case Menu(extension=None) | Hold():
            return True
        case Menu() | Collect():
            return key == "*"
        case _:
            return False


@FLOW.add(
    "E408",
    "waiting-key",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Dial the extension, or press 1 for sales.
      extension: {pattern: "1XX", into: extension}
      choices: {1: sales}
    on: {collected: sales, no_input: sales, no_match: sales}
  sales: {connect: {number: "+46850000001"}}
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Dial the extension, or press 2 for sales.
      extension: {pattern: "1XX", into: extension}
      choices: {2: sales}
    on: {collected: sales, no_input: sales, no_match: sales}
  sales: {connect: {number: "+46850000001"}}
""",
)
def waiting_key(subject: Subject) -> Iterator[Finding]:
    """An extension can begin with a key of its menu: who presses the key waits in silence until
    `timeout` is over, for the next digit could follow."""
    for state in subject.states.values():
        match state.action:
            case Menu(extension=Digits() as extension) as menu if not _has_one_digit(extension):
                keys = keys_of(subject.flow, state)
                waiting = _beginning(keys, extension)
                if waiting:
                    message = _waiting(waiting, menu.timeout.milliseconds)
                    related = tuple(Related(subject.flow.path, each.at, "it") for each in waiting)
                    yield Finding(extension.at, message, _instead(keys, extension), related)
            case _:
                pass


def _beginning(keys: Iterable[Choice], digits: Digits) -> list[Choice]:
    return [each for each in keys if can_begin(each.key, digits)]


def _has_one_digit(extension: Digits) -> bool:
    """Whether one digit is an extension: then a key hides one, of which a rule of its own tells."""
    return extension.min <= 1 and extension.computed_min is None


def _waiting(keys: list[Choice], milliseconds: int) -> str:
    names = listed(sorted(each.key for each in keys))
    told = f"key {names} waits" if len(keys) == 1 else f"keys {names} wait"
    return f"{told} {milliseconds / 1000:g} s: an extension can begin like this"


def _instead(keys: Iterable[Choice], extension: Digits) -> str:
    if not extension.pattern:
        return "give the extension a `pattern`: without one it can begin with any digit"
    taken = {each.key for each in keys}
    free = [key for key in FREE if key not in taken and not can_begin(key, extension)]
    return f"no extension begins with {' or '.join(free[:3])}" if free else "take another key"


@FLOW.add(
    "E409",
    "shadowed-extension",
    bad="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Dial the extension, or press 1 for sales.
      extension: {min: 1, max: 3, into: extension}
      choices: {1: sales}
    on: {collected: sales, no_input: sales, no_match: sales}
  sales: {connect: {number: "+46850000001"}}
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Dial the extension, or press star for sales.
      extension: {min: 1, max: 3, into: extension}
      choices: {"*": sales}
    on: {collected: sales, no_input: sales, no_match: sales}
  sales: {connect: {number: "+46850000001"}}
""",
)
def shadowed_extension(subject: Subject) -> Iterator[Finding]:
    """A key of a menu is an extension too: it is always taken for the key, and nobody can be
    reached at that extension."""
    for state in subject.states.values():
        match state.action:
            case Menu(extension=Digits() as extension) if _has_one_digit(extension):
                for choice in _beginning(keys_of(subject.flow, state), extension):
                    message = f"key {choice.key} hides the extension {choice.key}"
                    help = "take another key, or let extensions have two digits at least"
                    related = Related(subject.flow.path, extension.at, "the extensions")
                    yield Finding(choice.at, message, help, (related,))
            case _:
                pass


@FLOW.add(
    "E410",
    "key-in-number",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ask
states:
  ask:
    collect:
      prompt: Please dial your customer number, or press 0 for a person.
      length: 6
      into: customer
      keys: {0: operator}
    on: {collected: operator, no_input: operator}
  operator: {connect: {number: "+46850000009"}}
""",
    good="""
flow: example
start: ask
states:
  ask:
    collect:
      prompt: Please dial your customer number, or press star for a person.
      length: 6
      into: customer
      keys: {"*": operator}
    on: {collected: operator, no_input: operator}
  operator: {connect: {number: "+46850000009"}}
""",
)
def key_in_number(subject: Subject) -> Iterator[Finding]:
    """A way out of a number is a digit with which it can begin, or the `#` that ends it: who dials
    such a number, or ends it so, is led away."""
    for state in subject.states.values():
        match state.action:
            case Collect(keys=keys, digits=digits):
                for choice in _beginning(keys, digits):
                    message = f"no number that begins with {choice.key} can be dialled: it is a key"
                    yield Finding(choice.at, message, "take `*`, with which no number begins")
            case Menu(choices=keys, extension=Digits() as digits):
                pass
            case _:
                continue
        for choice in keys:
            if choice.key == "#" and not digits.fixed:
                message = f"callers who end their number with # come to {_names(choice)}"
                yield Finding(choice.at, message, "take `*`: # ends what is dialled")
