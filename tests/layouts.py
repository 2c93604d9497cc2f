"""JSON values written as YAML, as unevenly as YAML allows."""

import json
import re
from collections.abc import Iterable
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

PLAIN = re.compile(r"[A-Za-z][A-Za-z .]*[A-Za-z]")


class Writer:
    """Writes files with the dice of `random`."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def file(self, value: Any) -> str:
        """Write a mapping or list."""
        around = self.blanks(), self.blanks(), self.remark(4)
        return around[0] + "".join(self.block(value, 0)) + around[1] + around[2]

    def block(self, value: Any, column: int) -> list[str]:
        """Write a mapping or list, which is not empty, with its entries at `column`."""
        entries: Iterable[tuple[str | None, Any]]
        entries = value.items() if isinstance(value, dict) else [(None, each) for each in value]
        lines: list[str] = []
        for key, inner in entries:
            if lines:
                lines += [self.blanks(), self.remark(column + 4)]
            lines += self.item(inner, column) if key is None else self.entry(key, inner, column)
        return lines

    def entry(self, key: str, value: Any, column: int) -> list[str]:
        names = [json.dumps(key), f"'{key}'", *([key] if PLAIN.fullmatch(key) else [])]
        head = " " * column + self.one_of(*names) + self.one_of(":", ":", " :")
        if is_nested(value) and self.one_of(True, False):
            least = 0 if isinstance(value, list) else 1
            inner = self.block(value, column + self.random.randint(least, 4))
            return [head + self.end(), self.remark(column + 4), *inner]
        return [head + self.gap() + self.leaf(value, column)]

    def item(self, value: Any, column: int) -> list[str]:
        pad = " " * column
        if not is_nested(value) or self.one_of(True, False):
            return [pad + "-" + self.gap() + self.leaf(value, column)]
        first, *more = self.block(value, column + self.random.randint(2, 5))
        if self.one_of(True, False):
            return [pad + "-\n", first, *more]
        return [pad + "-" + first[column + 1 :], *more]

    def leaf(self, value: Any, column: int) -> str:
        inline = json.dumps(value, ensure_ascii=False)
        indent = " " * (column + self.random.randint(1, 5))
        if is_nested(value) and self.one_of(True, False):
            spread = json.dumps(value, ensure_ascii=False, indent=1)
            return spread.replace("\n", f"\n{indent}") + "\n"
        if not isinstance(value, str) or not value.strip() or value != value.strip():
            return inline + self.end()
        sign = self.one_of("|-", ">-")
        block = f"{sign}{self.end()}{indent}{value}\n"
        styles = [inline + self.end(), block, f"\n{indent}{inline}{self.end()}"]
        if PLAIN.fullmatch(value):
            styles += [value + "  \n", value.replace(" ", f"\n{indent}") + "\n"]
        return self.one_of(*styles)

    def blanks(self) -> str:
        return self.one_of("", "", "", "\n", "\n \n\n")

    def remark(self, most: int) -> str:
        remark = " " * self.random.randint(0, most) + "# a remark\n"
        return self.one_of("", "", remark)

    def gap(self) -> str:
        return self.one_of(" ", " ", "   ")

    def end(self) -> str:
        return self.one_of("\n", "\n", "  \n", " # behind\n", "\t\n")

    def one_of(self, *choices: T) -> T:
        return self.random.choice(choices)


def is_nested(value: object) -> bool:
    return bool(value) and isinstance(value, dict | list)
