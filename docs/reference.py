"""The page `docs/language.md`: prose from `docs/language/`, tables from the code.

A line `<!-- keys menu -->` in the prose stands for a table. Whatever a table does not know of the
code fails here, so a new key, filter or type has its row before it is written down.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from grammar import Grammar, Json
from snippets import snippets
from words import CONTEXTS, FILTERS, FUNCTIONS, LIMITS, NAMES, TESTS, TYPES, VALUES

from ivrflow import shipped
from ivrflow.analysis.rules.limits import KEYS_BY_TARGET
from ivrflow.analysis.rules.references import RESERVED
from ivrflow.analysis.subject import CALL, WORDS, Application, Subject
from ivrflow.checking import check_text, shipped_flow
from ivrflow.compiler.platform import Level, Ruling
from ivrflow.expr import filters, functions
from ivrflow.expr.compile import compile_tree
from ivrflow.expr.parse import parse_expression
from ivrflow.expr.relations import describe
from ivrflow.expr.spoken import Spoken
from ivrflow.expr.types import T, Type
from ivrflow.model import build
from ivrflow.model.app import App
from ivrflow.model.flow import Decl, Flow, Ref
from ivrflow.model.reader import child, word
from ivrflow.scenarios.values import duration
from ivrflow.sinch import limits
from ivrflow.sinch.matrix import ACTIONS, INSTRUCTIONS
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.voices import NAMES_BY_LOCALE
from ivrflow.source.yaml import parse

PARTS = Path(__file__).parent / "language"
MARK = re.compile(r"^<!-- ([a-z_]+)(?: (.*))? -->$", re.MULTILINE)

FLOW, APP = Grammar("flow"), Grammar("app")


def language_page() -> str:
    """Return the page, its tables filled in."""
    parts = [path.read_text("utf-8").strip() for path in sorted(PARTS.glob("*.md"))]
    prose = "\n\n".join(parts) + "\n"
    _refuse_gaps(prose)
    filled = _with_findings(MARK.sub(_table, prose))
    return filled.replace("<!-- contents -->", "\n".join(_contents(filled)))


def _table(mark: re.Match[str]) -> str:
    name, argument = mark.groups()
    if name not in TABLES:
        return mark.group()
    return "\n".join(TABLES[name](argument) if argument else TABLES[name]())


def _refuse_gaps(prose: str) -> None:
    """Every owner of keys must have its table."""
    shown = {argument for name, argument in MARK.findall(prose) if name == "keys"}
    gaps = {owner for owner, _ in FLOW.supported | APP.supported} - shown
    assert not gaps, f"in no table: {sorted(gaps)}"


def _contents(page: str) -> Iterator[str]:
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    for level, title in re.findall(r"^(##+) (.*)$", prose, re.MULTILINE):
        yield f"{'  ' * (len(level) - 2)}- [{title}](#{anchor(title)})"


def anchor(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _with_findings(page: str) -> str:
    """Put what lint says of each wrong example behind it."""
    wrong = [each for each in snippets(page) if each.code]
    marks = page.count("\n<!-- finding -->\n")
    assert marks == len(wrong), f"{len(wrong)} wrong examples, {marks} marks <!-- finding -->"
    told = iter([_finding(each.whole) for each in wrong])
    return re.sub(r"^<!-- finding -->$", lambda mark: next(told), page, flags=re.MULTILINE)


def _finding(text: str) -> str:
    lines = ["```text"]
    for each in check_text("example.flow.yaml", text, PLATFORM).diagnostics:
        lines.append(f"{each.severity} {each.code} [{each.name}] {each.message}")
        lines += [f"  help: {each.help}"] if each.help else []
    return "\n".join([*lines, "```"])


# -- keys -----------------------------------------------------------------------------------------


def _keys(owner: str) -> Iterator[str]:
    """The keys of an owner that work."""
    grammar = APP if owner.split(".")[0] == "app" else FLOW
    yield "| key | value | default | meaning | example |"
    yield "|---|---|---|---|---|"
    for name, key in grammar.keys[owner].items():
        needed = "**needed**" if name in grammar.required[owner] else _default(key)
        value = VALUES.get(f"{owner}.{name}") or _value(key)
        example = f"{name}: {_inline(key['examples'][0])}"
        yield _row([f"`{name}`", value, needed, key["description"], f"`{example.rstrip()}`"])


def _default(key: Json) -> str:
    return f"`{_inline(key['default'])}`" if "default" in key else ""


def _value(key: Json) -> str:
    definition = key.get("$ref", "").removeprefix("#/definitions/")
    if definition in VALUES:
        return VALUES[definition]
    if definition:
        key = FLOW.schema["definitions"].get(definition) or APP.schema["definitions"][definition]
    if "enum" in key:
        shown = [each for each in key["enum"] if each not in HIDDEN_VALUES]
        return _words(_inline(each) for each in shown)
    if "title" in key:
        return str(key["title"])
    if "if" in key:
        return str(key["then"]["title"])
    kinds = key.get("type", "string")
    return VALUES[kinds if isinstance(kinds, str) else kinds[0]]


HIDDEN_VALUES = {"true", "false"}
"""Booleans may be quoted; nobody has to know."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./-]*[A-Za-z0-9_./]|[A-Za-z]|[0-9]+(ms|s|m|h|d)")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def _inline(value: Any) -> str:
    """A value as YAML on one line."""
    match value:
        case dict():
            inner = (f"{_key(each)}: {_inline(held)}".rstrip() for each, held in value.items())
            return "{" + ", ".join(inner) + "}"
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case None:
            return ""
        case str() if _PLAIN.fullmatch(value) and value not in _WORDS:
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key) else json.dumps(key)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(each.replace("|", "\\|") for each in cells) + " |"


# -- outcomes and contexts ------------------------------------------------------------------------

SAMPLE = """\
flow: a
start: s
requests: {find: {get: "https://a.example", timeout: 1s}}
states:
  s:
    """
ACTIONS_BY_NAME = {
    "`menu`": "menu: {prompt: a, choices: {1: s}}",
    "`menu` with `extension`": "menu: {prompt: a, choices: {1: s}, extension: {length: 4}}",
    "`collect` with `length` alone": "collect: {prompt: a, length: 4}",
    "`collect` otherwise": "collect: {prompt: a, min: 2, max: 4}",
    "`connect`": "connect: {sip: a@b}",
    "`connect` with `amd: true`": "connect: {sip: a@b, amd: true}",
    "`connect` with `amd: async`": "connect: {sip: a@b, amd: async}",
    "`conference`": "conference: {id: a}",
    "`conference` with `max`": "conference: {id: a, max: 9}",
    "`conference` with `dtmf: detect`": "conference: {id: a, dtmf: detect}",
    "`hold`": "hold: {prompt: a}",
    "`bridge: leg`": "bridge: leg",
    "`bridge: parent`": "bridge: parent",
    "`park`": "park: {}",
    "`request`": "request: {name: find, meanwhile: a}",
    "`continue`": "continue:",
    "`hangup`": "hangup:",
}


def _outcomes() -> Iterator[str]:
    yield "| action | needed | may be handled |"
    yield "|---|---|---|"
    for shown, action in ACTIONS_BY_NAME.items():
        flow = check_text("a.flow.yaml", SAMPLE + action, PLATFORM).flows["a"]
        graph, state = _subject(flow).graph, flow.states["s"]
        needed = graph.required_outcomes(state)
        rest = [each for each in graph.outcomes_of(state) if each not in needed]
        yield _row([shown, _words(needed) or "-", _words(rest)])


def _subject(flow: Flow) -> Subject:
    return Subject(flow, Application(App(), (flow,), PLATFORM))


def _words(names: Iterable[str]) -> str:
    return " ".join(f"`{each}`" for each in names)


def _actions() -> Iterator[str]:
    yield from _rulings(ACTIONS, "action")


def _instructions() -> Iterator[str]:
    yield from _rulings(INSTRUCTIONS, "step")


def _rulings(matrix: Any, kind: str) -> Iterator[str]:
    ruled = list(dict.fromkeys(each for context in CONTEXTS for each in matrix[context]))
    notes: list[str] = []
    yield _row([kind, *CONTEXTS.values()])
    yield "|---" * (len(CONTEXTS) + 1) + "|"
    for each in ruled:
        rulings = [matrix[context].get(each) for context in CONTEXTS]
        yield _row([f"`{each}`", *(_ruling(one, notes) for one in rulings)])
    yield ""
    for number, note in enumerate(notes, 1):
        yield f"{number}. {note}"


WORD_BY_LEVEL = {Level.ACCEPT: "yes", Level.WARN: "doubtful", Level.REJECT: "no"}


def _ruling(ruling: Ruling | None, notes: list[str]) -> str:
    if ruling is None:
        return WORD_BY_LEVEL[Level.REJECT]
    if not ruling.note:
        return WORD_BY_LEVEL[ruling.level]
    if ruling.note not in notes:
        notes.append(ruling.note)
    return f"{WORD_BY_LEVEL[ruling.level]} <sup>{notes.index(ruling.note) + 1}</sup>"


# -- values and expressions -----------------------------------------------------------------------


def _types() -> Iterator[str]:
    hidden = {T.NULL, T.INSTANT, *build.LATER_TYPES}
    yield "| type | values | written |"
    yield "|---|---|---|"
    for each in T:
        if each not in hidden:
            meaning, written = TYPES[each]
            yield _row([f"`{each}`", meaning, written])


def _names() -> Iterator[str]:
    flow = Flow(name="a", start=Ref(name="s"))
    names = _subject(flow).names
    yield "| name | type | |"
    yield "|---|---|---|"
    for name, type_ in names.items():
        if name == "call":
            assert CALL.properties is not None
            for each, inner in CALL.properties.items():
                yield _row([f"`call.{each}`", _type(inner), NAMES[f"call.{each}"]])
        else:
            shown = {"visits": "visits.STATE", "params": "params.NAME", "run": "run.id"}
            yield _row([f"`{shown.get(name, name)}`", _type(type_), NAMES[name]])


def _type(type_: Type | None) -> str:
    if type_ is None or (type_.properties is not None):
        return ""
    if type_.enum:
        return _words(type_.enum)
    return f"`{describe(type_)}`" if type_.name is not T.INSTANT else "a point in time"


def _targets() -> Iterator[str]:
    yield "| | what counts |"
    yield "|---|---|"
    for target, keys in KEYS_BY_TARGET.items():
        order = [each for each in FLOW.keys["connect"] if each in keys]
        yield _row([f"`{target}`", _words(order)])


def _saying() -> Iterator[str]:
    yield "| filter | `en-US` | `sv-SE` | `de-DE` |"
    yield "|---|---|---|---|"
    for name in sorted(filters.SPEAKING):
        said = [_said(FILTERS[name][1], locale) for locale in ("en-US", "sv-SE", "de-DE")]
        yield _row([f"`{FILTERS[name][1]}`", *said])


def _said(expression: str, locale: str) -> str:
    value = compile_tree(parse_expression(expression))({})
    assert isinstance(value, Spoken)
    said = PLATFORM.speech.say_as(filters.SPEAKING)(value, locale)
    markup = re.search('interpret-as="([^"]*)"', said)
    return f"`say-as {markup.group(1)}`" if markup else f"*{said}*"


def _ssml() -> Iterator[str]:
    yield _words(f"<{each}>" for each in sorted(PLATFORM.speech.tags))


def _voices() -> Iterator[str]:
    yield "| locale | voices |"
    yield "|---|---|"
    for locale, names in NAMES_BY_LOCALE.items():
        yield _row([f"`{locale}`", _words(names)])
    yield ""
    others = sorted(PLATFORM.speech.locales - NAMES_BY_LOCALE.keys())
    yield f"Also {_words(others)}, whose voices have names such as `cs-CZ-VlastaNeural`."


def _functions() -> Iterator[str]:
    yield "| function | gives | |"
    yield "|---|---|---|"
    for name, function in functions.FUNCTIONS.items():
        record = ["RECORD", "KEY"] if function.of_record else []
        takes = ", ".join([*record, *(each.name.upper() for each in function.takes)])
        gives = "`instant?`" if function.gives.name is T.INSTANT else _type(function.gives)
        yield _row(
            [f"`{name}({takes})`", gives.replace("instant?", "point in time?"), FUNCTIONS[name]]
        )


def _reserved() -> Iterator[str]:
    yield f"  {_words(sorted(RESERVED | WORDS.keys()))}."


def _filters() -> Iterator[str]:
    yield from _computed("filter", filters.FILTERS, FILTERS)


def _tests() -> Iterator[str]:
    yield from _computed("test", filters.TESTS, TESTS)


def _computed(kind: str, known: Iterable[str], told: dict[str, tuple[str, str]]) -> Iterator[str]:
    yield f"| {kind} | | example | gives |"
    yield "|---|---|---|---|"
    for name in known:
        meaning, example = told[name]
        yield _row([f"`{name}`", meaning, f"`{example}`", f"`{_result(example)}`"])


def _result(expression: str) -> str:
    value = compile_tree(parse_expression(expression))({})
    return json.dumps(value, ensure_ascii=False)


# -- the rest -------------------------------------------------------------------------------------


def _limits() -> Iterator[str]:
    yield "| what | bound |"
    yield "|---|---|"
    for what, bound in LIMITS:
        yield _row([what, bound])


def _tones() -> Iterator[str]:
    yield _words(sorted(limits.TONES))


def _library() -> Iterator[str]:
    for name in shipped.names():
        flow = shipped_flow(name)
        spoken = {locale for prompt in flow.prompts.values() for locale in prompt.by_locale}
        yield f"**`{name}`**: {_described(name)} It speaks {_words(sorted(spoken))}."
        yield ""
        told = _remarks(name)
        yield "| parameter | type | default | |"
        yield "|---|---|---|---|"
        for each, decl in flow.params.items():
            kind = f"{_type(decl.type)}, secret" if decl.type.secret else _type(decl.type)
            if decl.type.of is not None:
                kind += f" of {_type(decl.type.of)}"
            yield _row([f"`{each}`", kind, _given(decl), told["params"].get(each, "")])
        yield ""
        if not flow.returns:
            continue
        yield "| outcome | values | |"
        yield "|---|---|---|"
        for outcome, values in flow.returns.items():
            held = ", ".join(f"`{each}` ({decl.type.name})" for each, decl in values.items())
            yield _row([f"`{outcome}`", held or "-", told["returns"].get(outcome, "")])
        yield ""


def _given(decl: Decl) -> str:
    if not decl.has_default:
        return "nothing" if decl.type.nullable else "**needed**"
    if decl.type.name is T.DURATION and isinstance(decl.default, int):
        return f"`{duration(decl.default)}`"
    return f"`{_inline(decl.default)}`"


REMARK = re.compile(r"  (\w+): .*? # (.*)")
"""A name that a flow declares, and what stands behind it."""


def _remarks(name: str) -> dict[str, dict[str, str]]:
    """Return what a flow of the library says of what it declares, by key and name."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    key = ""
    for line in shipped.text(name).decode().splitlines():
        if line and line[0] not in " #":
            key = line.partition(":")[0]
        elif remark := REMARK.fullmatch(line):
            found[key][remark[1]] = remark[2]
    return found


def _described(name: str) -> str:
    root = parse(name, shipped.text(name)).root
    assert root is not None
    return word(child(root, "description"))


def _later() -> Iterator[str]:
    """Words that the grammar has and lint refuses."""
    keys: dict[str, str] = {}
    known = {name for _, name in FLOW.supported | APP.supported}
    for owner, name in FLOW.later + APP.later:
        keys[name] = f"{owner}.{name}" if name in known else name
    yield "| | words |"
    yield "|---|---|"
    yield _row(["keys", _words(keys[name] for name in sorted(keys))])
    yield _row(["types", _words(build.LATER_TYPES)])


TABLES: dict[str, Callable[..., Iterator[str]]] = {
    "keys": _keys,
    "outcomes": _outcomes,
    "actions": _actions,
    "instructions": _instructions,
    "types": _types,
    "names": _names,
    "filters": _filters,
    "reserved": _reserved,
    "functions": _functions,
    "saying": _saying,
    "ssml": _ssml,
    "voices": _voices,
    "tests": _tests,
    "limits": _limits,
    "tones": _tones,
    "targets": _targets,
    "library": _library,
    "later": _later,
}
