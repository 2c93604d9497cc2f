"""W9xx: menus in which callers get lost."""

from collections.abc import Iterator, Mapping

from ivrflow.analysis.depth import DEEPEST, Ways, branches, ways
from ivrflow.analysis.passing import Place
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import Related, Severity
from ivrflow.model.flow import (
    Bridge,
    Choice,
    Collect,
    Conference,
    Connect,
    Hangup,
    Hold,
    Menu,
    Park,
    State,
    targets,
)

MOST_CHOICES = 5
QUESTIONS = 3
"""So many menus and collects make a call long enough to want a person."""

SOMEBODY = Connect | Conference | Hold | Bridge | Park
"""Where callers come, or may come, to a person."""

STEERING = frozenset("*#09")
"""Keys that lead about in a flow; other digits mean something else in each menu."""


@FLOW.add(
    "W902",
    "changing-key",
    severity=Severity.WARNING,
    bad="""
flow: example
start: top
states:
  top:
    menu: {prompt: "Sales, 1. To hear this again, press star.", choices: {1: sales, "*": top}}
    on: {no_input: operator, no_match: operator}
  sales:
    menu: {prompt: "Prices, 1. To go back, press star.", choices: {1: operator, "*": top}}
    on: {no_input: operator, no_match: operator}
  operator: {connect: {number: "+46850000009"}}
""",
    good="""
flow: example
start: top
states:
  top:
    menu: {prompt: "Sales, 1. To hear this again, press hash.", choices: {1: sales, "#": top}}
    on: {no_input: operator, no_match: operator}
  sales:
    menu: {prompt: "Prices, 1. To go back, press star.", choices: {1: operator, "*": top}}
    on: {no_input: operator, no_match: operator}
  operator: {connect: {number: "+46850000009"}}
""",
)
def changing_key(subject: Subject) -> Iterator[Finding]:
    """One key (`*`, `#`, 0 or 9) repeats, leads back, to a person or elsewhere, as the menu will
    have it: callers press it by habit and come to the wrong place."""
    order = {name: number for number, name in enumerate(_in_order(subject))}
    first: dict[str, tuple[str, State, Choice]] = {}
    told: set[str] = set()
    bound = {choice.key for choice in subject.flow.on.keys}
    for name in order:
        state = subject.states[name]
        for choice in _steering(state, bound):
            if not _targets(choice) <= subject.states.keys():
                continue
            meaning = _meaning(subject, state, choice, order)
            before, other, where = first.setdefault(choice.key, (meaning, state, choice))
            if choice.key not in told and _differs(meaning, choice, before, where):
                told.add(choice.key)
                message = f'key {choice.key} {meaning} here, and {before} in "{other.name}"'
                related = Related(subject.flow.path, where.at, f"in {other.name}")
                yield Finding(choice.at, message, "give each meaning a key of its own", (related,))


def _differs(meaning: str, choice: Choice, before: str, other: Choice) -> bool:
    """Whether two choices mean something else: leading to one state, here back and there on, is one
    thing, but for a menu that is repeated."""
    if "repeats" in (meaning, before):
        return meaning != before
    return meaning != before and _targets(choice) != _targets(other)


def _targets(choice: Choice) -> set[str]:
    return {ref.name for ref in targets(choice.transition)}


def _in_order(subject: Subject) -> list[str]:
    """Return the states as callers come to them, the nearest first."""
    found = [subject.flow.start.name] if subject.flow.start.name in subject.states else []
    seen = set(found)
    for name in found:
        for way in subject.ways_by_state[name]:
            for ref in targets(way.transition):
                if ref.name in subject.states and ref.name not in seen:
                    seen.add(ref.name)
                    found.append(ref.name)
    return found


def _steering(state: State, bound: set[str]) -> Iterator[Choice]:
    """Yield the keys that lead about, but for digits at the end of a long list of choices, and for
    those of the flow, which have a rule of their own."""
    match state.action:
        case Menu(choices=choices) | Collect(keys=choices) | Hold(keys=choices):
            keys = {choice.key for choice in choices}
            listed = {"9", "0"} if {"7", "8"} <= keys else set()
            for choice in choices:
                if choice.key in STEERING - listed - bound:
                    yield choice
        case _:
            pass


def _meaning(subject: Subject, state: State, choice: Choice, order: Mapping[str, int]) -> str:
    names = _targets(choice) & subject.states.keys()
    meanings = {_leads(subject, state, name, order) for name in names}
    return " or ".join(sorted(meanings)) or "changes nothing"


def _leads(subject: Subject, state: State, name: str, order: Mapping[str, int]) -> str:
    target = _acting(subject, name)
    match target.action:
        case _ if target is state:
            return "repeats"
        case Connect() | Conference():
            return "connects"
        case Hangup():
            return "ends the call"
        case _:
            is_back = order.get(name, 0) < order[state.name]
            return "leads back" if is_back else f'leads to "{target.name}"'


def _acting(subject: Subject, name: str) -> State:
    """Return the state where one that passes calls on to a single other in the end comes to."""
    seen = {name}
    state = subject.states[name]
    while state.action is None:
        names = {ref.name for ref in targets(state.next)}
        if len(names) != 1 or not names <= subject.states.keys() or names <= seen:
            break
        seen |= names
        state = subject.states[names.pop()]
    return state


@FLOW.add(
    "W903",
    "many-choices",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: "Sales 1, support 2, bills 3, parts 4, jobs 5, press 6."
      choices: {1: sales, 2: support, 3: bills, 4: parts, 5: jobs, 6: news}
    on: {no_input: sales, no_match: sales}
  sales: {connect: {number: "+46850000001"}}
  support: {connect: {number: "+46850000002"}}
  bills: {connect: {number: "+46850000003"}}
  parts: {connect: {number: "+46850000004"}}
  jobs: {connect: {number: "+46850000005"}}
  news: {connect: {number: "+46850000006"}}
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: "Sales 1, support 2, bills 3, for anything else press 0."
      choices: {1: sales, 2: support, 3: bills, 0: operator}
    on: {no_input: operator, no_match: operator}
  sales: {connect: {number: "+46850000001"}}
  support: {connect: {number: "+46850000002"}}
  bills: {connect: {number: "+46850000003"}}
  operator: {connect: {number: "+46850000009"}}
""",
)
def many_choices(subject: Subject) -> Iterator[Finding]:
    """A menu has more than five choices, `*`, `#` and 0 not counted: callers forget the first ones
    before they hear the last."""
    for state in subject.states.values():
        if isinstance(state.action, Menu):
            choices = [each for each in state.action.choices if each.key not in "*#0"]
            if len(choices) > MOST_CHOICES:
                message = f"{len(choices)} choices, more than the {MOST_CHOICES} that callers keep"
                help = "ask in two menus, or for a number: `collect: {length: 1}`"
                yield Finding(state.action.at, message + " in mind", help)


@FLOW.add(
    "W904",
    "deep-menu",
    severity=Severity.WARNING,
    bad="""
flow: example
start: one
states:
  one:
    menu: {prompt: 1 or 2?, choices: {1: two, 2: bye}}
    on: &failed {no_input: bye, no_match: bye}
  two: {menu: {prompt: 1 or 2?, choices: {1: three, 2: bye}}, on: *failed}
  three: {menu: {prompt: 1 or 2?, choices: {1: four, 2: bye}}, on: *failed}
  four: {menu: {prompt: 1 or 2?, choices: {1: person, 2: bye}}, on: *failed}
  person: {connect: {number: "+46850000009"}}
  bye: {hangup: }
""",
    good="""
flow: example
start: one
states:
  one:
    menu: {prompt: 1 or 2?, choices: {1: two, 2: bye}}
    on: &failed {no_input: bye, no_match: bye}
  two: {menu: {prompt: 1 or 2?, choices: {1: three, 2: bye}}, on: *failed}
  three: {menu: {prompt: 1 or 2?, choices: {1: person, 2: bye}}, on: *failed}
  person: {connect: {number: "+46850000009"}}
  bye: {hangup: }
""",
)
def deep_menu(subject: Subject) -> Iterator[Finding]:
    """A menu is the fourth on the shortest way to it, those of flows around it counted: callers
    give up before they come there.

    Menus all of whose keys lead to one state, as the questions of a poll, don't count.
    """
    flow = subject.flow
    if flow.name in subject.application.shipped:
        return
    known = ways(subject.application)
    for state in flow.states.values():
        depth = known.depths.get((flow.name, state.name))
        if depth is not None and depth.menus == DEEPEST + 1 and branches(state):
            way = " -> ".join(_menus_to((flow.name, state.name), known))
            message = f'"{state.name}" is the fourth menu on the way: {way}'
            yield Finding(state.at, message, f"{DEEPEST} are enough: lead here sooner")


def _menus_to(place: Place | None, known: Ways) -> list[str]:
    names: list[str] = []
    while place is not None:
        state = known.state(place)
        if state is not None and branches(state):
            names.append(state.name)
        place = known.depths[place].before
    return names[::-1]


def _is_misspelled(subject: Subject) -> bool:
    """Whether a state is named that is not there, which is told: it may be the person."""
    named = (move.next.name for move in subject.moves() if move.next is not None)
    return any(name not in subject.states for name in named)


@FLOW.add(
    "W905",
    "no-way-to-a-person",
    severity=Severity.WARNING,
    bad="""
flow: example
start: account
states:
  account:
    collect: {prompt: Your account number?, length: 6, into: account}
    on: {collected: code, no_input: bye}
  code:
    collect: {prompt: Your code?, length: 4, into: code}
    on: {collected: what, no_input: bye}
  what:
    menu: {prompt: "To order, press 1. To cancel, press 2.", choices: {1: bye, 2: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {say: Goodbye., hangup: }
""",
    good="""
flow: example
start: account
states:
  account:
    collect: {prompt: Your account number?, length: 6, into: account}
    on: {collected: code, no_input: person}
  code:
    collect: {prompt: Your code?, length: 4, into: code}
    on: {collected: what, no_input: person}
  what:
    menu: {prompt: "To order, press 1. To cancel, press 2.", choices: {1: bye, 2: bye}}
    on: {no_input: person, no_match: person}
  bye: {say: Goodbye., hangup: }
  person: {say: One moment., connect: {number: "+46850000009"}}
""",
)
def no_way_to_a_person(subject: Subject) -> Iterator[Finding]:
    """Callers are asked three questions or more, and nothing that they do leads to a person: who
    doesn't get along can only hang up.

    Short flows, as a poll or a notice, need none. A flow that others run is theirs to judge.
    """
    flow, application = subject.flow, subject.application
    routed = any(route.flow.name == flow.name for route in subject.app.routes)
    entered = any(each is flow for each in application.entries)
    if not entered or (flow.returns and not routed) or _is_misspelled(subject):
        return
    reached = list(ways(application).reached((flow.name, flow.start.name)))
    meant = (subject.states[name] for name in subject.reachable)  # by misspelled names
    if any(isinstance(each.action, SOMEBODY) for each in (*reached, *meant)):
        return
    questions = sum(isinstance(each.action, Menu | Collect) for each in reached)
    if questions >= QUESTIONS:
        message = f"callers are asked {questions} questions, and none leads to a person"
        yield Finding(flow.start.at, message, "connect those who don't get along: `connect`")
