"""Steps on records, memory across calls, against what the records are declared to be."""

from collections.abc import Iterator

from ivrflow.analysis.faults import span_of
from ivrflow.analysis.reading import TypeOf, typing_of
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.analysis.values import mismatch, wrong_literal
from ivrflow.diagnostics import did_you_mean
from ivrflow.expr.relations import accepts, describe
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import ListValue, ObjectValue, Record, RecordOperation, Template, TextValue
from ivrflow.model.given import is_computed

ON_VALUES = ("read", "put", "count", "claim")
ON_QUEUES = ("enqueue", "dequeue", "place")
KEEPING = ("put", "claim", "enqueue")


def _operations(subject: Subject) -> Iterator[tuple[RecordOperation, Record]]:
    """Yield the steps on records that are declared."""
    for step in subject.steps():
        if isinstance(step, RecordOperation) and step.record.name in subject.records:
            yield step, subject.records[step.record.name]


@FLOW.add(
    "E121",
    "unknown-record",
    fatal=True,
    bad="""
flow: example
start: greet
records: {attempts: {key: phone?, value: integer}}
states:
  greet: {do: [count: {record: atempts, key: "{{ call.from }}"}], say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
records: {attempts: {key: phone?, value: integer}}
states:
  greet: {do: [count: {record: attempts, key: "{{ call.from }}"}], say: Hello., hangup: }
""",
)
def unknown_record(subject: Subject) -> Iterator[Finding]:
    """A record is used that nobody declared: callers would hear an apology."""
    for step in subject.steps():
        if isinstance(step, RecordOperation) and step.record.name not in subject.records:
            help = did_you_mean(step.record.name, subject.records)
            help = help or "declare it under `records:`, here or in app.yaml"
            yield Finding(step.record.at, f'no record is called "{step.record.name}"', help)


@FLOW.add(
    "E621",
    "wrong-record-step",
    fatal=True,
    bad="""
flow: example
start: greet
records: {waiting: {kind: queue, value: string}}
states:
  greet: {do: [count: {record: waiting}], say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
records: {waiting: {kind: queue, value: string}}
states:
  greet: {do: [enqueue: {record: waiting, value: "{{ call.id }}"}], say: Hello., hangup: }
""",
)
def wrong_record_step(subject: Subject) -> Iterator[Finding]:
    """A step that this kind of record has not, or one without the key or value that it needs."""
    for step, record in _operations(subject):
        fault = _of_kind(step, record) or _of_key(step, record) or _of_value(step, record)
        if fault is not None:
            message, help = fault
            yield Finding(step.at, message, help)


def _of_kind(step: RecordOperation, record: Record) -> tuple[str, str] | None:
    name, word = step.record.name, step.operation
    if record.kind == "value" and word in ON_QUEUES:
        return f'"{name}" is no queue, which "{word}" needs', "declare it with `kind: queue`"
    if record.kind == "queue" and word in ON_VALUES:
        help = "a queue has enqueue, dequeue, place and delete"
        return f'"{name}" is a queue, and "{word}" is for values', help
    if word == "count" and (record.kept.name is not T.INTEGER or record.kept.nullable):
        kept = describe(record.kept)
        return f'"{name}" keeps {kept}, which can\'t be counted', "declare it with `value: integer`"
    return None


def _of_key(step: RecordOperation, record: Record) -> tuple[str, str] | None:
    name, given = step.record.name, step.key or step.any
    if step.key is not None and step.any is not None:
        return "`key` is one key and `any` are several", "leave one of them out"
    if record.key is not None and given is None:
        what = "queue" if record.kind == "queue" else "value"
        return f'"{name}" has a {what} for each {record.key.name}: which?', "add `key:`"
    if record.key is None and given is not None:
        help = f"leave it out, or declare the type of its keys: `{name}: {{key: phone?, ...}}`"
        return f'"{name}" has no keys', help
    return None


def _of_value(step: RecordOperation, record: Record) -> tuple[str, str] | None:
    name = step.record.name
    if step.operation not in KEEPING:
        return None
    if record.value is not None and step.value is None:
        return f'"{name}" keeps {describe(record.kept)}: which?', "add `value:`"
    if record.value is None and step.value is not None:
        help = f"leave it out, or declare its type: `{name}: {{value: string, ...}}`"
        return f'"{name}" keeps no values, only that there is something', help
    return None


@FLOW.add(
    "E622",
    "wrong-key",
    fatal=True,
    bad="""
flow: example
start: greet
records: {attempts: {key: phone, value: integer}}
states:
  greet: {do: [count: {record: attempts, key: "{{ call.from }}"}], say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
records: {attempts: {key: phone?, value: integer}}
states:
  greet: {do: [count: {record: attempts, key: "{{ call.from }}"}], say: Hello., hangup: }
""",
)
def wrong_key(subject: Subject) -> Iterator[Finding]:
    """A key that is not of the record's type, or may be none: the number of a caller who withholds
    it, for example. The flow would fail on such calls."""
    type_of = typing_of(subject)
    for step, record in _operations(subject):
        if record.key is None:
            continue
        if step.key is not None:
            yield from _key(type_of, step, record.key, step.key)
        match step.any:
            case None:
                pass
            case ListValue(items=items):
                for item in items:
                    yield from _key(type_of, step, record.key, item)
            case several:
                yield from _keys(type_of, step, record.key, several)


def _key(type_of: TypeOf, step: RecordOperation, wanted: Type, key: Template) -> Iterator[Finding]:
    name = step.record.name
    if not is_computed(key):
        yield from wrong_literal(f'a key of "{name}"', wanted, key)
        return
    given = type_of(key)
    if accepts(wanted, given) or given is None:
        return
    if given.nullable and accepts(Type(name=wanted.name, nullable=True, enum=wanted.enum), given):
        message = f'this may be null, and a key of "{name}" is {describe(wanted)}'
        yield Finding(span_of(key), message, _help_for_null(wanted, key))
    else:
        message = f'a key of "{name}" is {describe(wanted)}, not {describe(given)}'
        yield Finding(span_of(key), message)


def _help_for_null(wanted: Type, key: Template) -> str:
    """What to do about callers that have no key: most are those who withhold their number."""
    whose = "callers who withhold their number" if _reads_caller(key) else "calls without one"
    if wanted.name is T.STRING:
        return f"`| default('withheld')` gives {whose} one key; choose what they share"
    return (
        f"declare `key: {wanted.name}?`: {whose} share one entry then; "
        "where they should not, part them before with `when:`"
    )


def _reads_caller(key: Template) -> bool:
    return isinstance(key, TextValue) and "call.from" in key.text.source


def _keys(
    type_of: TypeOf, step: RecordOperation, wanted: Type, several: Template
) -> Iterator[Finding]:
    """Judge keys that are computed as one list."""
    given = type_of(several) if is_computed(several) else Type(name=T.STRING)
    if given is None:
        return
    if given.name is not T.LIST or given.nullable:
        message = f"`any` needs a list, not {describe(given)}"
        yield Finding(span_of(several), message, "write [a, b], or one whole {{ }} that is a list")
    elif not accepts(wanted, given.of):
        message = f'a key of "{step.record.name}" is {describe(wanted)}, not {describe(given.of)}'
        yield Finding(span_of(several), message)


@FLOW.add(
    "E623",
    "wrong-record-value",
    fatal=True,
    bad="""
flow: example
start: greet
records: {callers: {key: phone?, value: {name: string, since: date}}}
states:
  greet:
    do:
      - put: {record: callers, key: "{{ call.from }}", value: {name: Ada, since: yesterday}}
    say: Hello.
    hangup:
""",
    good="""
flow: example
start: greet
records: {callers: {key: phone?, value: {name: string, since: date}}}
states:
  greet:
    do:
      - put: {record: callers, key: "{{ call.from }}", value: {name: Ada, since: 2026-11-23}}
    say: Hello.
    hangup:
""",
)
def wrong_record_value(subject: Subject) -> Iterator[Finding]:
    """A record is given a value of another type than it keeps."""
    type_of = typing_of(subject)
    for step, record in _operations(subject):
        if step.value is not None and record.value is not None:
            what = f'what "{step.record.name}" keeps'
            yield from _value(type_of, step.value, record.value, what)


def _value(type_of: TypeOf, value: Template, wanted: Type, what: str) -> Iterator[Finding]:
    if isinstance(value, ObjectValue) and wanted.name is T.OBJECT and wanted.properties is not None:
        yield from _properties(type_of, value, wanted.properties, what)
    elif not is_computed(value):
        yield from wrong_literal(what, wanted, value)
    elif wrong := mismatch(what, wanted, type_of(value)):
        yield Finding(span_of(value), *wrong)


def _properties(
    type_of: TypeOf, value: ObjectValue, wanted: dict[str, Type], what: str
) -> Iterator[Finding]:
    for name, each in value.properties.items():
        if name in wanted:
            yield from _value(type_of, each, wanted[name], f'"{name}"')
        else:
            yield Finding(span_of(each), f'{what} has no "{name}"', did_you_mean(name, wanted))
    for name, type_ in wanted.items():
        if name not in value.properties and not type_.nullable:
            yield Finding(value.at, f'{what} lacks "{name}"', f"add `{name}:`")
