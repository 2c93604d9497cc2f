"""The keyboard of a terminal as a telephone's: keys act at once, and nothing is echoed."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

try:
    import termios
    import tty
except ImportError:  # acts are typed as lines on a system without
    HAS_KEYS = False
else:
    HAS_KEYS = True

HANG_UP = "h"
STOP = "\x03"
"""What Ctrl-C and Ctrl-D press, whatever is being typed."""

ESCAPE = "\x1b"
NOTHING = ""
"""What is pressed in a moment in which nobody presses anything."""


class Keyboard:
    """The keys that are pressed on the terminal of a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._keys: asyncio.Queue[str] = asyncio.Queue()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take keys one by one; the terminal is as before afterwards, whatever happens."""
        loop = asyncio.get_running_loop()
        before = termios.tcgetattr(self.descriptor)
        try:
            tty.setcbreak(self.descriptor)
            loop.add_reader(self.descriptor, self._read)
            yield
        finally:
            loop.remove_reader(self.descriptor)
            termios.tcsetattr(self.descriptor, termios.TCSADRAIN, before)

    def press(self, key: str) -> None:
        """Let a key count as pressed."""
        self._keys.put_nowait(key)

    async def key(self, within: float | None) -> str:
        """Return the next key, or `NOTHING` when so many seconds have passed (None: wait)."""
        try:
            async with asyncio.timeout(within):
                return await self._keys.get()
        except TimeoutError:
            return NOTHING

    async def line(self, question: str) -> str:
        """Let somebody type a line, and show it as they type; "" if they think better of it."""
        typed = ""
        while True:
            _show(question + typed)
            key = await self._keys.get()
            if key == STOP:
                self.press(STOP)
            if key in (STOP, ESCAPE):
                typed = ""
            if key in ("\r", "\n", STOP, ESCAPE):
                break
            if key in "\x7f\b":
                typed = typed[:-1]
            elif key.isprintable():
                typed += key
        _show("")
        return typed.strip()

    def _read(self) -> None:
        typed = os.read(self.descriptor, 1024).decode("utf-8", "ignore")
        if not typed or typed == "\x04":  # the terminal is gone, or Ctrl-D
            self.press(STOP)
        elif typed == ESCAPE or not typed.startswith(ESCAPE):  # an arrow key is several bytes
            for key in typed:
                self.press(key)


def _show(line: str) -> None:
    """Let the terminal's last line be `line`."""
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()
