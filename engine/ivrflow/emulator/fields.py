"""Objects of the wire, read as tolerantly as the platform does."""

from collections.abc import Iterator

import msgspec

from ivrflow.emulator.transcript import Json
from ivrflow.errors import IllegalError, MissingError


def decode(body: bytes | str) -> object:
    """Return the JSON in `body`; raises `IllegalError`."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IllegalError(f"no JSON: {error}") from None


class Fields:
    """A JSON object. Keys are read in any casing, null counts as absent; what is read as a type
    that it can't be is an `IllegalError` that names the field. `notes` collects what is odd."""

    def __init__(self, raw: object, place: str, notes: list[str]) -> None:
        if not isinstance(raw, dict):
            raise IllegalError(f"{place} is no object")
        self.place = place
        self.notes = notes
        self._by_key: Json = {
            str(key).lower(): value for key, value in raw.items() if value is not None
        }
        self._spelled = {str(key).lower(): str(key) for key in raw}
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key.lower() in self._by_key

    def value(self, key: str) -> object:
        """Return what stands under `key`, None where nothing does."""
        low = key.lower()
        self._read.add(low)
        if self._spelled.get(low, key) != key:
            self.notes.append(f'{self.place} has "{self._spelled[low]}": it is spelled "{key}"')
        return self._by_key.get(low)

    def text(self, key: str, default: str = "") -> str:
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, str | int | None):
            raise self._wrong(key, "a string")
        if isinstance(value, int):
            self.notes.append(f"{self.place}.{key} is a number: it should be a string")
        return default if value is None else str(value)

    def need_text(self, key: str) -> str:
        text = self.text(key)
        if not text:
            raise MissingError(f"{self.place} has no {key}")
        return text

    def integer(self, key: str, default: int = 0) -> int:
        value = self.value(key)
        if value is None:
            return default
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
            self.notes.append(f"{self.place}.{key} is a string: it should be a number")
            return int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
            raise self._wrong(key, "a whole number that is not negative")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.value(key)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            self.notes.append(f"{self.place}.{key} is a string: it should be true or false")
            return value.lower() == "true"
        if not isinstance(value, bool | None):
            raise self._wrong(key, "true or false")
        return default if value is None else value

    def child(self, key: str) -> "Fields | None":
        value = self.value(key)
        return None if value is None else Fields(value, f"{self.place}.{key}", self.notes)

    def children(self, key: str) -> Iterator["Fields"]:
        for number, each in enumerate(self._list(key)):
            yield Fields(each, f"{self.place}.{key}[{number}]", self.notes)

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._list(key)
        if not all(isinstance(each, str) for each in values):
            raise self._wrong(key, "a list of strings")
        return tuple(str(each) for each in values)

    def pairs(self, key: str) -> dict[str, str]:
        """Return a list of `{key, value}` as a mapping."""
        return {each.text("key"): each.text("value") for each in self.children(key)}

    def done(self) -> None:
        """Note what nobody read."""
        for low in self._by_key:
            if low not in self._read:
                self.notes.append(f'{self.place} has "{self._spelled[low]}", which nobody knows')

    def _list(self, key: str) -> list[object]:
        value = self.value(key)
        if not isinstance(value, list | None):
            raise self._wrong(key, "a list")
        return value or []

    def _wrong(self, key: str, expected: str) -> IllegalError:
        return IllegalError(f"{self.place}.{key} is not {expected}")
