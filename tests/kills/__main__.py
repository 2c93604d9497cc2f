"""`make torture` kills servers, too: at every boundary of every story.

python -m kills                         all of them
python -m kills --story desk --at 80    one that failed
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kills.stories import STORIES
from kills.trial import Story, engines, play


def main() -> int:
    parser = argparse.ArgumentParser(prog="kills")
    parser.add_argument("--story", choices=[each.name for each in STORIES])
    parser.add_argument("--at", type=int)
    given = parser.parse_args()
    points = failed = 0
    for story in STORIES:
        if given.story in (None, story.name):
            for faults in tried(story, 1, given.at):
                points += 1
                failed += bool(faults)
                print(faults, end="", flush=True)
    print(f"{points} kills, {failed} of them noticed", file=sys.stderr)
    return 1 if failed else 0


def tried(story: Story, every: int, only: int | None = None) -> Iterator[str]:
    """Play a story again and again, and kill its server at each boundary that is a multiple of
    `every`; yields what was noticed, "" if nothing was."""
    with tempfile.TemporaryDirectory() as directory, engines(story, Path(directory)) as path:
        calm = play(story, path, Path(directory) / "calm.db")
        assert not calm.faults, calm
        for at in [only] if only else range(every, calm.passed + 1, every):
            played = play(story, path, Path(directory) / f"{at}.db", at)
            assert played.died or at > calm.passed - 8, "its server has lived too long"
            told = "".join(f"  {each}\n" for each in played.faults)
            again = f"PYTHONPATH=tests .venv/bin/python -m kills --story {story.name} --at {at}"
            whole = f"{story.name}, killed at {at}\n{told}to try it again\n  {again}\n"
            yield whole if told else ""


if __name__ == "__main__":
    sys.exit(main())
