"""E4xx and W9xx: what callers are told to press, and what they can press."""

from collections.abc import Iterator

from ivrflow.analysis.pressing import (
    NONE,
    UNKNOWN,
    Pressing,
    moved_prompt,
    own_prompt,
    pressing,
    staying,
    sure,
)
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Application, Subject
from ivrflow.analysis.telling import Keys, Said
from ivrflow.diagnostics import Related, Severity, Span, listed
from ivrflow.model.flow import Choice, Collect, Hold, Menu, PlayPart, State

TOLD_ONCE = frozenset("*#0")
"""Keys that callers remember: it is enough that the flow speaks of them somewhere."""


@FLOW.add(
    "E405",
    "key-not-offered",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: "For sales, press 1. For support, press 3.", choices: {1: sales, 2: support}}
    on: {no_input: support, no_match: support}
  sales: {connect: {number: "+46850000001"}}
  support: {connect: {number: "+46850000002"}}
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: "For sales, press 1. For support, press 2.", choices: {1: sales, 2: support}}
    on: {no_input: support, no_match: support}
  sales: {connect: {number: "+46850000001"}}
  support: {connect: {number: "+46850000002"}}
""",
)
def key_not_offered(subject: Subject) -> Iterator[Finding]:
    """Callers are told to press a key that nothing is bound to: they would hear that it is wrong.

    What is said on the way to a menu counts as told there. `#` ends digits wherever they are asked
    for.
    """
    found: dict[tuple[Span, str], Finding] = {}
    for said, keys, place, lacking in _heard(subject):
        for telling in () if said.possible <= keys else said.told:
            if telling.key not in keys:
                message = f"callers are told to press {telling.key}, and {lacking} no such key"
                there = listed(sorted(keys) or ["nothing"])
                help = f"offer the key, or mend the words: {there} can be pressed"
                related = [Related(subject.flow.path, place, "this is heard here")]
                if telling.outer is not None:
                    related.append(Related(subject.app.path, telling.word, "these are the words"))
                finding = Finding(telling.span, message, help, tuple(related))
                found.setdefault((telling.span, telling.key), finding)
    yield from found.values()


def _heard(subject: Subject) -> Iterator[tuple[Said, Keys, Span, str]]:
    """Yield what is said to callers who can press keys then: the keys, where that is, and the words
    for who asks for them."""
    flow, known = subject.flow, pressing(subject.application)
    for state in subject.states.values():
        keys = known.pressable.get((flow.name, state.name))
        if keys is not None:
            lacking = f'"{state.name}" has' if _asks(state) else "what comes next has"
            yield known.own(flow, state), keys, state.at, lacking
    for move in subject.moves():
        prompt = moved_prompt(move)
        if prompt and move.next is not None:
            keys = known.pressable.get((flow.name, move.next.name))
            if keys is not None:
                said = known.tellings.said(flow, prompt)
                yield said, keys, move.next.at, f'"{move.next.name}" has'

    for state, move in staying(flow):
        said = known.tellings.said(flow, moved_prompt(move))
        keys = known.pressable.get((flow.name, state.name), NONE)
        yield said, keys, move.at, f'"{state.name}" has'


def _asks(state: State) -> bool:
    return isinstance(state.action, Menu | Collect | Hold)


@FLOW.add(
    "W901",
    "unspoken-key",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: "For sales, press 1.", choices: {1: sales, 2: support}}
    on: {no_input: sales, no_match: sales}
  sales: {connect: {number: "+46850000001"}}
  support: {connect: {number: "+46850000002"}}
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: "For sales, press 1, for support 2.", choices: {1: sales, 2: support}}
    on: {no_input: sales, no_match: sales}
  sales: {connect: {number: "+46850000001"}}
  support: {connect: {number: "+46850000002"}}
""",
)
def unspoken_key(subject: Subject) -> Iterator[Finding]:
    """A key works and no words speak of it, in some language: no caller would know of it.

    Lint stays silent where it does not know all words: in sound files, inserted texts and
    languages that it can't read; and where another key is told by mistake, which is E405. Of `*`,
    `#`, `0` and the keys of the flow it is enough to speak once.
    """
    known = pressing(subject.application)
    for state in subject.states.values():
        yield from _unspoken(state, _silent_keys(subject, state, known))
    around = _spoken_around(subject.application, known) if subject.flow.on.keys else {UNKNOWN}
    for choice in subject.flow.on.keys:
        if UNKNOWN not in around and choice.key not in around:
            message = f"key {choice.key} works in every menu, and no prompt speaks of it"
            yield Finding(choice.at, message, "tell callers once what it does")


def _unspoken(state: State, silent: dict[str, list[str]]) -> Iterator[Finding]:
    """Yield what to say of silent keys: one finding for a menu that speaks of no key at all."""
    offered = list(_offered(state))
    found = [each for each in offered if each.key in silent]
    if len(found) > 1 and len(found) == len(offered) and state.action is not None:
        keys = listed(each.key for each in found)
        language = _in_locales(silent[found[0].key])
        message = f'"{state.name}" has keys {keys}, and no prompt speaks of any{language}'
        yield Finding(state.action.at, message, "tell callers what to press")
        return
    for choice in found:
        language = _in_locales(silent[choice.key])
        message = f'"{state.name}" has a key {choice.key}, and no prompt speaks of it{language}'
        help = "tell callers what it does, or allow it by a comment if it is hidden on purpose"
        yield Finding(choice.at, message, help)


def _in_locales(locales: list[str]) -> str:
    return f" in {listed(locales)}" if any(locales) else ""


def _offered(state: State) -> Iterator[Choice]:
    """Yield the keys that a state binds itself, but for those that callers name by words."""
    match state.action:
        case Menu(choices=choices, speech=speech):
            yield from (each for each in choices if not (speech and each.words))
        case Collect(keys=keys) | Hold(keys=keys):
            yield from keys
        case _:
            pass


def _silent_keys(subject: Subject, state: State, known: Pressing) -> dict[str, list[str]]:
    """Return the locales in which no words speak of a key of `state`; "" for the only one."""
    found: dict[str, list[str]] = {}
    offered = {choice.key for choice in _offered(state)}
    place = (subject.flow.name, state.name)
    for locale in _locales(subject, state) if offered else ():
        said = known.own(subject.flow, state, locale)
        if said.unknown or offered <= said.written:
            continue
        keys = said.keys | known.said_on_the_way.get(place, NONE)
        astray = any(told.key not in known.pressable[place] for told in said.told)
        silent = set() if astray or UNKNOWN in keys else offered - keys
        for key in silent - said.told_in_any if silent else ():
            found.setdefault(key, []).append(locale)
    once = _spoken_in(subject, known) if TOLD_ONCE & found.keys() else NONE
    return {key: locales for key, locales in found.items() if key not in TOLD_ONCE & once}


def _locales(subject: Subject, state: State) -> list[str]:
    """Return the locales of the prompts that a state plays, "" if it plays none."""
    played = [
        subject.prompts[part.target.source].by_locale
        for part in own_prompt(state)
        if isinstance(part, PlayPart) and part.target.source in subject.prompts
    ]
    locales = sorted({locale for each in played for locale in each})
    return locales if len(locales) > 1 else [""]


def _spoken_in(subject: Subject, known: Pressing) -> Keys:
    """Return the keys that any words of the flow speak of."""
    name = subject.flow.name
    if name not in known.spoken_by_flow:
        keys = (said.keys for said in _all_said(subject, known))
        known.spoken_by_flow[name] = frozenset().union(*keys)
    return known.spoken_by_flow[name]


def _spoken_around(application: Application, known: Pressing) -> Keys:
    """Return the keys that are spoken of anywhere in the application; `UNKNOWN` if there are parts
    of which nothing is known."""
    found: set[str] = set()
    for flow in application.all_flows.values():
        for said in _all_said(Subject(flow, application), known):
            found |= sure(said)
    return frozenset(found)


def _all_said(subject: Subject, known: Pressing) -> Iterator[Said]:
    """Yield all that is said in the flow; a prompt that nobody plays is not."""
    for state in subject.states.values():
        yield known.own(subject.flow, state)
        for prompt in subject.asked(state):
            yield known.tellings.said(subject.flow, prompt)
    for move in subject.moves():
        yield known.tellings.said(subject.flow, moved_prompt(move))
