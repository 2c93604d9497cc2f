"""Mutations of what a text says: keys, values and expressions, written down anew."""

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from layouts import Writer
from torture.expressions import expression

from ivrflow.source.node import Mapping, Node, Scalar, Sequence
from ivrflow.source.yaml import parse

Json = Any
"""Mappings, lists, texts, truth and nothing."""

Holder = Any
"""A mapping or list in which something stands."""

TEMPLATE = re.compile(r"\{\{.*?\}\}")
CONDITIONS = ("when", "check", "unless", "for_each")
MOST_CHANGES = 3
DEEP, LONG = 120, 5_000

ODD: tuple[Json, ...] = (
    *(
        None,
        True,
        False,
        "",
        " ",
        "0",
        "1",
        "-1",
        "1.5",
        "1e9",
        "on",
        "no",
        "~",
        "ö 您好 \U0001f600",
    ),
    *([], {}, [[]], [{}], {"": ""}, {"say": "x"}, ["x", "y"], {"a": {"b": {"c": "d"}}}),
    *(
        "{{ x }}",
        "{{",
        "}}",
        "{{ }}",
        "{% x %}",
        "{{ input }}{{ input }}",
        "5s",
        "0s",
        "+46850000001",
    ),
    *(
        "x" * LONG,
        "{{ " + "x." * 500 + "x }}",
        "\0",
        "\x1b[2J",
        "\u202e",
        "]",
        "#tts[x]",
        "<speak>",
    ),
)


def mutate(text: str, dice: Random, *, gently: bool) -> str:
    """Return what `text` says, changed and laid out anew; `text` if it is no mapping or list.

    What is changed `gently` is mostly of the right form.
    """
    root = parse("mutated.yaml", text.encode("utf-8", "surrogatepass")).root
    value = None if root is None else _plain(root)
    if not isinstance(value, dict | list) or not value:
        return text
    changes = GENTLE_CHANGES if gently else CHANGES
    for _ in range(dice.randint(1, MOST_CHANGES)):
        places = list(_places(value))
        if not places:
            return text
        holder, key = dice.choice(places)
        dice.choice(changes)(holder, key, places, dice)
    return Writer(dice).file(value) if value else text


def _plain(node: Node) -> Json:
    match node:
        case Mapping():
            return {entry.key.text: _plain(entry.value) for entry in node}
        case Sequence():
            return [_plain(each) for each in node]
        case Scalar():
            return None if node.is_null else node.text


def _places(value: Json) -> Iterator[tuple[Holder, Json]]:
    """Yield all that stands somewhere, by what holds it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield value, key
        if isinstance(each, dict | list):
            yield from _places(each)


Places = list[tuple[Holder, Json]]
Change = Callable[[Holder, Json, Places, Random], None]


def _drop(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    del holder[key]


def _retype(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    now = holder[key]
    holder[key] = dice.choice((dice.choice(ODD), [now], {"value": now}, str(now)))


def _copy(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    other, there = dice.choice(places)
    holder[key] = _again(other[there])


def _like(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    """What stands under the same key elsewhere: another target, prompt or number."""
    alike = [(other, there) for other, there in places if there == key and other is not holder]
    if alike:
        other, there = dice.choice(alike)
        holder[key] = _again(other[there])


def _swap(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    other, there = dice.choice(places)
    mine, theirs = _again(holder[key]), _again(other[there])
    holder[key] = theirs
    other[there] = mine


def _rename(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    if not isinstance(holder, dict):
        return
    names = [each for _, each in places if isinstance(each, str)]
    odd = ("", "é", "k" * LONG, "a b", "\0", "{{ x }}", "1", "*", key[::-1], key + "x", key.upper())
    holder[dice.choice((dice.choice(names or [key]), dice.choice(odd)))] = holder.pop(key)


def _add(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    other, there = dice.choice(places)
    if isinstance(holder, list):
        holder.insert(dice.randint(0, len(holder)), _again(other[there]))
    elif isinstance(there, str):
        holder[there] = _again(other[there])


def _reorder(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    if isinstance(holder, list):
        dice.shuffle(holder)
        return
    names = list(holder)
    dice.shuffle(names)
    for name in names:
        holder[name] = holder.pop(name)


def _bury(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    for _ in range(dice.choice((1, 2, 8, DEEP))):
        holder[key] = dice.choice(([holder[key]], {"say": holder[key]}, {"next": holder[key]}))


def _many(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    """The same many times: as items, or under names that count."""
    now = holder[key]
    if dice.random() < 0.5 or not isinstance(holder, dict):
        holder[key] = [_again(now) for _ in range(dice.choice((2, 40)))]
        return
    for number in range(dice.choice((2, 40))):
        holder[f"{key}_{number}"] = _again(now)


def _express(holder: Holder, key: Json, places: Places, dice: Random) -> None:
    """Another expression where one is, or may be."""
    texts = [(each, name) for each, name in places if isinstance(each[name], str)]
    having = [(each, name) for each, name in texts if "{{" in each[name] or name in CONDITIONS]
    if not texts:
        return
    where, name = dice.choice(having or texts)
    new = expression(dice)
    template = "{{ " + new + " }}"
    if name in CONDITIONS:
        where[name] = new
    elif "{{" in where[name]:
        where[name] = TEMPLATE.sub(lambda found: template, where[name], count=1)
    else:
        where[name] = dice.choice((template, where[name] + template))


def _again(value: Json) -> Json:
    """Return a copy, so that no value holds itself."""
    if isinstance(value, dict):
        return {key: _again(each) for key, each in value.items()}
    return [_again(each) for each in value] if isinstance(value, list) else value


CHANGES: tuple[Change, ...] = (
    *(_drop, _retype, _copy, _swap, _rename, _add, _reorder, _bury, _many),
    *(_express, _express, _express),
)
GENTLE_CHANGES: tuple[Change, ...] = (_like, _like, _like, _like, _drop, _express)
