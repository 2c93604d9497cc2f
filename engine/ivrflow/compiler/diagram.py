"""Flows as diagrams: Mermaid for Markdown, DOT for Graphviz."""

from collections.abc import Iterator

from ivrflow.model.flow import (
    Action,
    Bridge,
    Collect,
    Conference,
    Connect,
    Flow,
    Menu,
    Park,
    RequestAction,
    State,
    Transition,
)
from ivrflow.model.inherit import handlers_of, keys_of
from ivrflow.model.waiting import outcome_of


def mermaid(flow: Flow) -> str:
    """Return a flow as a Mermaid flow chart."""
    numbers = {name: f"s{number}" for number, name in enumerate(flow.states)}
    lines = ["flowchart TD", f"  start([{_quoted(flow.title or flow.name)}])"]
    for name, state in flow.states.items():
        label = _quoted(f"{name}<br/>{_kind(state)}")
        shape = f"{{{{{label}}}}}" if isinstance(state.action, Menu | Collect) else f"[{label}]"
        lines.append(f"  {numbers[name]}{shape}")
    for source, label, target in edges(flow):
        begin = numbers.get(source, "start")
        arrow = f"-->|{_quoted(label)}|" if label else "-->"
        lines.append(f"  {begin} {arrow} {numbers[target]}")
    return "\n".join(lines) + "\n"


def dot(flow: Flow) -> str:
    """Return a flow as a DOT digraph."""
    lines = [f"digraph {_quoted(flow.name)} {{", "  node [shape=box, fontname=Helvetica];"]
    lines.append(f'  "" [shape=oval, label={_quoted(flow.title or flow.name)}];')
    for name, state in flow.states.items():
        shape = ", shape=hexagon" if isinstance(state.action, Menu | Collect) else ""
        lines.append(f"  {_quoted(name)} [label={_quoted(name + chr(10) + _kind(state))}{shape}];")
    for source, label, target in edges(flow):
        lines.append(f"  {_quoted(source)} -> {_quoted(target)} [label={_quoted(label)}];")
    return "\n".join([*lines, "}"]) + "\n"


def edges(flow: Flow) -> Iterator[tuple[str, str, str]]:
    """Yield (state, outcome, next state), beginning with the start, whose state is ""."""
    if flow.start.name in flow.states:
        yield "", "", flow.start.name
    for name, state in flow.states.items():
        for outcome, transition in outcomes(flow, state):
            for move in transition:
                if move.next is not None and move.next.name in flow.states:
                    condition = f" [{move.when.source}]" if move.when else ""
                    yield name, (outcome + condition).strip(), move.next.name
    if flow.on.error is not None and flow.on.error.name in flow.states:
        yield "", "error", flow.on.error.name


def outcomes(flow: Flow, state: State) -> Iterator[tuple[str, Transition]]:
    """Yield each way out of a state by its name: its keys, outcomes and timers, "" for `next`."""
    for choice in keys_of(flow, state):
        yield choice.key, choice.transition
    yield from handlers_of(flow, state).items()
    for timer in state.timers:
        yield outcome_of(timer), (timer.move,)
    if state.next:
        yield "", state.next


def _kind(state: State) -> str:
    return (
        _action(state.action) if state.action is not None else "says" if state.prompt else "passes"
    )


def _action(action: Action) -> str:
    match action:
        case Connect(to=to, target=target):
            return f"connect {to} {target.source}"
        case Conference(id=room):
            return f"conference {room.source}"
        case Bridge(to=to):
            return f"bridge {to}"
        case RequestAction(request=name):
            return f"request {name.name}"
        case Menu():
            return "menu"
        case Collect():
            return "collect"
        case Park():
            return "park"
        case _:
            return type(action).__name__.lower()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', "'").replace("\n", "\\n") + '"'
