"""`make torture` keeps promises, too: whatever lints clean is played in every world.

python -m promises                    3,000 applications, in two processes
python -m promises --count 500 --seed 7
python -m promises --only 341         one that failed
"""

import argparse
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from promises.flows import make
from promises.trial import attempt

CHUNK = 50


def main() -> int:
    parser = argparse.ArgumentParser(prog="promises")
    parser.add_argument("--count", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", type=int)
    given = parser.parse_args()
    if given.only is not None:
        told = list(failures(given.seed, range(given.only, given.only + 1)))
        print("".join(told), end="")
        return 1 if told else 0
    failed = 0
    starts = range(0, given.count, CHUNK)
    with ProcessPoolExecutor(given.processes) as pool:
        chunks = pool.map(_chunk, [given.seed] * len(starts), starts)
        for start, told in zip(starts, chunks, strict=True):
            failed += len(told)
            print("".join(told), end="", flush=True)
            line = f"\r{start + CHUNK} applications of seed {given.seed}, {failed} failed"
            print(line, end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return 1 if failed else 0


def _chunk(seed: int, start: int) -> list[str]:
    return list(failures(seed, range(start, start + CHUNK)))


def failures(seed: int, numbers: range) -> Iterator[str]:
    """Make and play applications; yield what became of those that broke a promise."""
    for number in numbers:
        files, dice = make(seed, number)
        try:
            attempt(files, dice)
        except Exception:
            again = f"PYTHONPATH=tests .venv/bin/python -m promises --seed {seed} --only {number}"
            flows = "\n".join(files.values())
            yield f"\n{traceback.format_exc(limit=-4)}{flows}\nto try it again\n  {again}\n"


if __name__ == "__main__":
    sys.exit(main())
