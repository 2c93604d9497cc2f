"""What lint has found before: a second look at files that are as they were is a file read.

An entry is a file, named by a hash over all that its findings follow from. It is written whole or
not at all and bears a sum, so one that is broken, or of somebody else, is no entry. Whatever keeps
entries from being read or written, lint goes on without them.
"""

import os
import re
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date
from hashlib import sha256
from pathlib import Path

import msgspec

from ivrflow.cli.stamp import stamp
from ivrflow.diagnostics import Diagnostic
from ivrflow.gathering import Gathered

DIRECTORY = Path(".ivrflow", "cache", "lint")

MOST_ENTRIES = 400
LARGEST_ENTRY = 1 << 20
"""Bounds of the directory: the oldest entries go, large ones are not kept."""

SUM = 4
"""How many bytes of an entry are its sum."""

_NAME = re.compile(r"[0-9a-f]{64}|\.[0-9a-f]{64}\.[0-9]+")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in the files of one application, and how many flows were asked for."""

    findings: tuple[Diagnostic, ...]
    flows: int


class Cache:
    """The entries in `directory`; those of other days, engines and data are not seen."""

    def __init__(self, directory: Path, today: date) -> None:
        self.directory = directory
        self._stamp = stamp(today)

    def entry(self, gathered: Gathered, check: Callable[[Gathered], Entry]) -> Entry:
        """Return what is kept of these files, else what `check` finds, which is then kept."""
        if gathered.unreadable:
            return check(gathered)
        name = self._name(gathered)
        entry = self._read(name)
        if entry is None:
            entry = check(gathered)
            self._write(name, entry)
        return entry

    def _name(self, gathered: Gathered) -> str:
        known = sha256(self._stamp)
        for path, content in gathered.contents.items():
            asked_for = b"1" if path in gathered.wanted else b"0"
            for part in (os.fsencode(path), asked_for, content):
                known.update(b"%d:" % len(part))
                known.update(part)
        return known.hexdigest()

    def _read(self, name: str) -> Entry | None:
        file = self.directory / name
        try:
            content = file.read_bytes()
            if content[:SUM] != _sum(content[SUM:]):
                return None
            entry = msgspec.msgpack.decode(content[SUM:], type=Entry)
        except (OSError, msgspec.DecodeError):
            return None
        with suppress(OSError):
            os.utime(file)  # so that those go first that nobody has asked for
        return entry

    def _write(self, name: str, entry: Entry) -> None:
        beside = self.directory / f".{name}.{os.getpid()}"
        try:
            body = msgspec.msgpack.encode(entry)
            if len(body) > LARGEST_ENTRY:
                return
            self._make_room()
            beside.write_bytes(_sum(body) + body)
            beside.replace(self.directory / name)
        except (OSError, UnicodeEncodeError):  # names of files may be no text
            with suppress(OSError):
                beside.unlink()

    def _make_room(self) -> None:
        if not self.directory.exists():
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.directory / ".gitignore").write_text("*\n")
        # Nothing else is touched: somebody may have named a directory that holds more.
        entries = [each for each in self.directory.iterdir() if _NAME.fullmatch(each.name)]
        if len(entries) >= MOST_ENTRIES:
            _remove_oldest(entries)


def _remove_oldest(entries: Iterable[Path]) -> None:
    """Remove half of `entries`, so that they are not counted out at each lint."""
    ages = []
    for entry in entries:
        with suppress(OSError):  # another lint may have removed it
            ages.append((entry.stat().st_mtime_ns, entry))
    for _, entry in sorted(ages)[: len(ages) // 2]:
        with suppress(OSError):
            entry.unlink()


def _sum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(SUM)
