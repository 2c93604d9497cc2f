"""Steps and transitions from nodes: what is done on the way, and where the call goes next."""

from collections.abc import Iterator, Mapping
from typing import cast, get_args

from ivrflow.expr.types import Type
from ivrflow.model.build_prompts import build_own_prompt, refuse_two_prompts
from ivrflow.model.build_requests import json_value
from ivrflow.model.flow import (
    AnswerStep,
    CalloutStep,
    Choice,
    Command,
    ControlStep,
    EmitStep,
    HoldMusic,
    LocaleStep,
    LogStep,
    Move,
    Operation,
    PromptStep,
    RecordOperation,
    RecordStep,
    Ref,
    SendDtmfStep,
    Set,
    SignalStep,
    Step,
    StopRecordingStep,
    Timer,
    Transition,
)
from ivrflow.model.reader import (
    Reader,
    boolean,
    child,
    duration,
    entries,
    expression,
    items,
    place,
    ref,
    several,
    text,
    word,
)
from ivrflow.source.node import Entry, Node, Scalar, Sequence
from ivrflow.source.node import Mapping as YamlMapping

STAY = "stay"

OPERATIONS: dict[str, Operation] = {name: name for name in get_args(Operation)}

COMMANDS = get_args(Command)

Types = Mapping[str, Type]


class StepBuilder:
    """Builds steps and transitions of one flow; `types` are those of its variables."""

    def __init__(self, reader: Reader, types: Types) -> None:
        self.reader = reader
        self.types = types

    def transition(self, node: Node | None) -> Transition:
        """Build `ID | move | move+`."""
        return tuple(move for each in several(node) if (move := self.move(each)) is not None)

    def move(self, node: Node) -> Move | None:
        if isinstance(node, Scalar):
            stay = node.text == STAY
            next_ = None if stay else Ref(name=node.text, at=node.span)
            return Move(next=next_, stay=stay, at=node.span)
        if isinstance(node, Sequence):
            return None
        refuse_two_prompts(self.reader, node)
        target = ref(child(node, "next"))
        stay = target is not None and target.name == STAY
        return Move(
            when=expression(child(node, "when")),
            steps=self.steps_of(node),
            prompt=build_own_prompt(self.reader, node),
            next=None if stay else target,
            stay=stay,
            at=node.span,
        )

    def timers(self, node: Node | None) -> tuple[Timer, ...]:
        """Build `timers:`."""
        return tuple(timer for each in items(node) if (timer := self.timer(each)) is not None)

    def timer(self, node: Node) -> Timer | None:
        word = "after" if child(node, "after") is not None else "every"
        time, move = duration(child(node, word)), self.move(node)
        if time is None or move is None:
            return None
        return Timer(time=time, every=word == "every", move=move, at=place(child(node, word)))

    def steps_of(self, node: Node) -> tuple[Step, ...]:
        """Build what stands under `set`, `emit` and `do`, in that order."""
        emit = node.entries.get("emit") if isinstance(node, YamlMapping) else None
        return (
            *self.assignments(child(node, "set")),
            *(() if emit is None else self.emit(emit)),
            *self.do(child(node, "do")),
        )

    def assignments(self, node: Node | None) -> Iterator[Set]:
        for each in entries(node):
            name = each.key.text
            value = self.reader.template(each.value, self.types.get(name))
            yield Set(name=name, value=value, at=each.key.span)

    def do(self, node: Node | None) -> Iterator[Step]:
        for each in items(node):
            if isinstance(each, Scalar):
                yield from self.bare(each)
                continue
            own = build_own_prompt(self.reader, each)
            if own:
                yield PromptStep(prompt=own)
            for entry in entries(each):
                yield from self.step(entry)

    def bare(self, scalar: Scalar) -> Iterator[Step]:
        match scalar.text:
            case "answer":
                yield AnswerStep(at=scalar.span)
            case "stop_recording":
                yield StopRecordingStep(at=scalar.span)
            case _:
                pass

    def step(self, entry: Entry) -> Iterator[Step]:
        name, value = entry.key.text, entry.value
        match name:
            case "set":
                yield from self.assignments(value)
            case "record":
                yield from self.record(entry)
            case "callout":
                yield from self.callout(entry)
            case "emit":
                yield from self.emit(entry)
            case "signal":
                yield from self.signal(entry)
            case "control":
                yield from self.control(entry)
            case _ if name in OPERATIONS:
                yield from self.operation(entry)
            case _:
                yield from self.short(entry)

    def short(self, entry: Entry) -> Iterator[Step]:
        """Build a step that takes one text, or nothing."""
        source = text(entry.value)
        match entry.key.text:
            case "locale" if source:
                yield LocaleStep(locale=source)
            case "send_dtmf" if source:
                yield SendDtmfStep(tones=source, at=entry.key.span)
            case "log" if source:
                yield LogStep(text=source)
            case "answer":
                yield AnswerStep(at=entry.key.span)
            case "stop_recording":
                yield StopRecordingStep(at=entry.key.span)
            case _:
                pass

    def record(self, entry: Entry) -> Iterator[RecordStep]:
        target = text(child(entry.value, "to"))
        if target is None:
            return
        transcribe = word(child(entry.value, "transcribe"), "false")
        yield RecordStep(
            to=target,
            credentials=text(child(entry.value, "credentials")),
            format=word(child(entry.value, "format")),
            transcribe={"true": "", "false": None}.get(transcribe.lower(), transcribe),
            at=entry.key.span,
        )

    def operation(self, entry: Entry) -> Iterator[RecordOperation]:
        """Build a step on memory across calls; recording is `record`."""
        node = entry.value
        record = ref(child(node, "record"))
        if record is None:
            return
        key, keys, value = (
            None if given is None else self.reader.as_written(given)
            for given in (child(node, "key"), child(node, "any"), child(node, "value"))
        )
        yield RecordOperation(
            operation=OPERATIONS[entry.key.text],
            record=record,
            key=key,
            any=keys,
            value=value,
            into=ref(child(node, "into")),
            at=entry.key.span,
        )

    def callout(self, entry: Entry) -> Iterator[CalloutStep]:
        """Build a step that places a callout."""
        node = entry.value
        name = ref(child(node, "name"))
        if name is None:
            return
        yield CalloutStep(
            callout=name,
            params={
                each.key.text: self.reader.as_written(each.value)
                for each in entries(child(node, "with"))
            },
            for_each=text(child(node, "for_each")),
            when=text(child(node, "at")),
            keep=boolean(child(node, "keep"), default=False),
            into=ref(child(node, "into")),
            at=entry.key.span,
        )

    def signal(self, entry: Entry) -> Iterator[SignalStep]:
        """Build a signal to another call."""
        node = entry.value
        name, to, data = word(child(node, "name")), text(child(node, "to")), child(node, "data")
        if name and to is not None:
            yield SignalStep(
                name=name,
                to=to,
                data=None if data is None else json_value(data),
                at=entry.key.span,
            )

    def emit(self, entry: Entry) -> Iterator[EmitStep]:
        """Build an event: its name alone, or with data and a webhook."""
        node = entry.value
        name = word(node) if isinstance(node, Scalar) else word(child(node, "event"))
        if not name:
            return
        yield EmitStep(
            event=name,
            data={each.key.text: json_value(each.value) for each in entries(child(node, "data"))},
            to=ref(child(node, "to")),
            at=entry.key.span,
        )

    def control(self, entry: Entry) -> Iterator[ControlStep]:
        node = entry.value
        room, command = text(child(node, "conference")), word(child(node, "command"))
        if room is None or command not in COMMANDS:
            return
        yield ControlStep(
            command=cast(Command, command),
            conference=room,
            who=text(child(node, "who")),
            hold_music=cast(HoldMusic, word(child(node, "hold_music"))) or None,
            at=entry.key.span,
        )

    def choices(self, node: Node | None) -> tuple[Choice, ...]:
        """Build `choices:` or `keys:`; a choice is a transition, or a move with `words`."""
        return tuple(
            Choice(
                key=each.key.text,
                transition=self.transition(each.value),
                words=tuple(word(one) for one in several(child(each.value, "words"))),
                at=each.key.span,
            )
            for each in entries(node)
        )
