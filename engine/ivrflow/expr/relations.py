"""How types relate: what may stand for what, what one or the other is, and their names in words."""

import re
from collections.abc import Callable, Mapping

import msgspec

from ivrflow.expr.filters import NUMBERS, TEXTS
from ivrflow.expr.secrecy import is_secret
from ivrflow.expr.types import T, Type
from ivrflow.numbers import is_e164

NULL = Type(name=T.NULL)


def describe(type_: Type | None) -> str:
    """Return a type in words: `digits`, `one of "a", "b"`."""
    if type_ is None:
        return "something"
    if type_.enum:
        return "one of " + ", ".join(f'"{each}"' for each in type_.enum)
    return f"{type_.name}?" if type_.nullable else str(type_.name)


def accepts(wanted: Type | None, given: Type | None) -> bool:
    """Whether a value of type `given` may stand where `wanted` is asked for."""
    if wanted is None or given is None:
        return True
    if given.name is T.NULL:
        return wanted.nullable
    if given.nullable and not wanted.nullable:
        return False
    if wanted.enum:
        return bool(given.enum) and set(given.enum) <= set(wanted.enum)
    if wanted.name is T.STRING:
        return given.name in TEXTS
    if wanted.name is T.NUMBER:
        return given.name in NUMBERS
    return wanted.name is given.name or reads_as(given, wanted.name)


READS_BY_TYPE: Mapping[T, Callable[[str], object]] = {
    T.DIGITS: re.compile("[0-9*#]+").fullmatch,
    T.PHONE: is_e164,
}


def reads_as(given: Type, name: T) -> bool:
    """Whether `given` is text written out (`'0042'`) that is a value of the type `name` too."""
    reads = READS_BY_TYPE.get(name)
    return reads is not None and bool(given.enum) and all(map(reads, given.enum))


def either(left: Type | None, right: Type | None) -> Type | None:
    """Return the type of what is one or the other; None where they have nothing in common.

    What may be a secret is one, whatever else it may be.
    """
    if is_secret(left) or is_secret(right):
        return _secret(left, right)
    if left is None or right is None:
        return None
    if left.name is T.NULL or right.name is T.NULL:
        other = right if left.name is T.NULL else left
        return msgspec.structs.replace(other, nullable=True)
    nullable = left.nullable or right.nullable
    enum = (*left.enum, *right.enum) if left.enum and right.enum else ()
    if left.name is right.name:
        of, properties = either(left.of, right.of), _in_common(left, right)
        return Type(name=left.name, nullable=nullable, enum=enum, of=of, properties=properties)
    for kind, other in ((left.name, right), (right.name, left)):
        if reads_as(other, kind):
            return Type(name=kind, nullable=nullable)
    if left.name in TEXTS and right.name in TEXTS:
        return Type(name=T.STRING, nullable=nullable)
    if left.name in NUMBERS and right.name in NUMBERS:
        return Type(name=T.NUMBER, nullable=nullable)
    return None


def _in_common(left: Type, right: Type) -> dict[str, Type] | None:
    """The properties of one object or the other: null where only one has it. None (any) where one
    has any, or where two of the same name have nothing in common."""
    if left.properties is None or right.properties is None:
        return None
    found: dict[str, Type] = {}
    for name in left.properties | right.properties:
        both = either(left.properties.get(name, NULL), right.properties.get(name, NULL))
        if both is None:
            return None
        found[name] = both
    return found


def _secret(left: Type | None, right: Type | None) -> Type:
    """The type of what is one or the other, where a secret is in one of them.

    Where their kinds differ it is the secret's: more than comparing it can't be done with it.
    """
    pair = [each for each in (left, right) if each is not None]
    pair.sort(key=lambda each: (not each.secret, not is_secret(each)))
    first, *rest = pair
    for other in rest:
        nullable = first.nullable or other.nullable or other.name is T.NULL
        first = msgspec.structs.replace(first, nullable=nullable, enum=())
        if first.name is other.name and not first.secret:
            of, properties = either(first.of, other.of), _properties(first, other)
            return msgspec.structs.replace(first, of=of, properties=properties)
    return first


def _properties(left: Type, right: Type) -> dict[str, Type] | None:
    """What is known of the properties of one object or the other; of an open one, its secrets."""
    if left.properties is None or right.properties is None:
        return left.properties or right.properties
    both = {**right.properties, **left.properties}
    shared = left.properties.keys() & right.properties.keys()
    found = {name: either(left.properties[name], right.properties[name]) for name in shared}
    return {name: found.get(name) or type_ for name, type_ in both.items()}


def group(type_: Type) -> str:
    """Return what values can be compared with each other: `text`, `number`, or a type's name."""
    if type_.name in TEXTS:
        return "text"
    return "number" if type_.name in NUMBERS else str(type_.name)
