"""Values that one file gives another: read as the declaration over there says."""

from ivrflow.expr.types import T, Type
from ivrflow.model.flow import (
    Constant,
    Expr,
    ListValue,
    ObjectValue,
    Part,
    PlayPart,
    Prompt,
    SayPart,
    SsmlPart,
    Template,
    Text,
    TextValue,
)
from ivrflow.model.literals import EXAMPLE_BY_TYPE, property_type, read_literal

STRING = Type(name=T.STRING)


def is_computed(template: Template) -> bool:
    """Whether a value holds `{{ }}`, so that only a call knows it."""
    match template:
        case Constant():
            return False
        case TextValue(text=text):
            return "{{" in text.source or "{%" in text.source
        case ListValue(items=items):
            return any(is_computed(each) for each in items)
        case ObjectValue(properties=properties):
            return any(is_computed(each) for each in properties.values())


def is_null(template: Template) -> bool:
    """Whether null is written out."""
    return isinstance(template, Constant) and template.value is None


def coerce(template: Template, type_: Type) -> object:
    """Return the JSON value of a literal read as `type_`; raises `ValueError` with what it should
    be. What a prompt holds is no JSON value: see `as_prompt`."""
    match template:
        case Constant(value=None):
            if not type_.nullable:
                raise ValueError(f"nothing is given, not {expected(type_)}")
            return None
        case Constant(value=value):
            return value
        case TextValue(text=source):
            return read_literal(source.source, type_)
        case ListValue(items=each) if type_.name is T.LIST:
            of = type_.of or STRING
            return [coerce(item, of) for item in each]
        case ObjectValue(properties=properties) if type_.name is T.OBJECT:
            return {
                name: coerce(value, property_type(type_, name) or STRING)
                for name, value in properties.items()
            }
        case _:
            kind = "a list" if isinstance(template, ListValue) else "a mapping"
            raise ValueError(f"{kind} is not {expected(type_)}")


def expected(type_: Type) -> str:
    return EXAMPLE_BY_TYPE.get(type_.name, str(type_.name))


def as_prompt(template: Template) -> Prompt:
    """Return what is heard of a value; raises `ValueError` where it is nothing to hear."""
    match template:
        case Constant(value=None):
            return ()
        case TextValue(text=text):
            return (SayPart(text=text),)
        case ObjectValue():
            return (_part(template),)
        case ListValue(items=items):
            return tuple(part for item in items for part in as_prompt(item))
        case Constant(value=value):
            return (SayPart(text=Text(source=str(value))),)


KINDS = frozenset({"say", "ssml", "play"})
OPTIONS = frozenset({"voice", "locale", "when"})


def _part(value: ObjectValue) -> Part:
    texts = {
        name: each.text for name, each in value.properties.items() if isinstance(each, TextValue)
    }
    kinds = KINDS & texts.keys()
    if len(kinds) != 1 or texts.keys() - kinds - OPTIONS or len(texts) < len(value.properties):
        raise ValueError(
            "not something to hear: words, or one of {say: ..}, {ssml: ..}, {play: ..}"
        )
    (kind,) = kinds
    voice, locale = (texts[name].source if name in texts else "" for name in ("voice", "locale"))
    when = (
        Expr(source=texts["when"].source, scalar=texts["when"].scalar) if "when" in texts else None
    )
    match kind:
        case "say":
            return SayPart(text=texts[kind], voice=voice, locale=locale, when=when, at=value.at)
        case "ssml":
            return SsmlPart(text=texts[kind], voice=voice, locale=locale, when=when, at=value.at)
        case _:
            return PlayPart(target=texts[kind], voice=voice, locale=locale, when=when, at=value.at)
