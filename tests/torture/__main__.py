"""`make torture`: inputs that nobody would write, and what must hold of any.

python -m torture                     20,000 inputs in two processes
python -m torture --count 500 --seed 7
python -m torture --replay DIRECTORY  one that failed, as it was written down
"""

import argparse
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

from torture.inputs import Files, make
from torture.trial import attempt

FAILED = Path(".ivrflow", "torture")
CHUNK = 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="torture")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--replay", type=Path, metavar="DIRECTORY")
    given = parser.parse_args()
    if given.replay is not None:
        return _replay(given.replay)
    failed = 0
    starts = range(0, given.count, CHUNK)
    with ProcessPoolExecutor(given.processes) as pool:
        chunks = pool.map(_chunk, [given.seed] * len(starts), starts)
        for start, told in zip(starts, chunks, strict=True):
            failed += len(told)
            print("".join(told), end="", flush=True)
            print(f"\r{start + CHUNK} inputs, {failed} failed", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return 1 if failed else 0


def _chunk(seed: int, start: int) -> list[str]:
    return list(failures(seed, range(start, start + CHUNK)))


def failures(seed: int, numbers: range, directory: Path = FAILED) -> Iterator[str]:
    """Try inputs; yield what became of those that fail, which are written to `directory`."""
    for number in numbers:
        files, dice = make(seed, number)
        try:
            attempt(files, dice)
        except Exception:
            kept = directory / f"{seed}-{number}"
            _write(files, kept)
            again = f"PYTHONPATH=tests .venv/bin/python -m torture --replay {kept}"
            yield f"\n{traceback.format_exc(limit=-6)}{kept}: to try it again\n  {again}\n"


def _write(files: Files, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)


def _replay(directory: Path) -> int:
    files = {each.name: each.read_bytes() for each in sorted(directory.iterdir())}
    for number in range(20):  # keys and answers are other ones each time
        attempt(dict(files), Random(number))
    print(f"{directory}: nothing fails", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
