"""What people write, and what may become of it: the same for the same seed and number."""

from functools import cache
from pathlib import Path
from random import Random

from examples import files_of
from torture import text, tree

import ivrflow.checking  # noqa: F401  it declares all kinds of findings
from ivrflow.diagnostics import KIND_BY_CODE

ROOT = Path(__file__).parents[2]

Files = dict[str, bytes]
"""An application and scenarios about it, by the names of their files."""

DIRECTORIES = ("flows", "tests/library", "examples/embedding/flows", "tests/cases/lint/app-*")
CASES = "tests/cases/lint/*.flow.yaml"
MOST_MUTATIONS = 4


def make(seed: int, number: int) -> tuple[Files, Random]:
    """Return an application of which one file was mutated, and the dice of what is done with it."""
    dice = Random(f"{seed} {number}")
    files = dict(dice.choice(applications()))
    name = dice.choice(sorted(files))
    if not name.endswith(".calltest.yaml"):
        files = {each: text for each, text in files.items() if not each.endswith(".calltest.yaml")}
    mutated = files[name].decode()
    how = dice.random()
    if how < 0.7:
        mutated = tree.mutate(mutated, dice, gently=how < 0.5)
    if how > 0.6:
        for _ in range(dice.randint(1, MOST_MUTATIONS)):
            mutated = text.mutate(mutated, dice)
    content = mutated.encode("utf-8", "surrogatepass")
    files[name] = text.mutate_bytes(content, dice) if dice.random() < 0.05 else content
    return files, dice


@cache
def applications() -> list[Files]:
    """The applications that ship, the cases of lint, the examples of all findings; each flow of
    an application alone, too."""
    found: list[Files] = [{each.name: each.read_bytes()} for each in sorted(ROOT.glob(CASES))]
    directories = (each for pattern in DIRECTORIES for each in ROOT.glob(pattern) if each.is_dir())
    for directory in sorted(directories):
        whole = {each.name: each.read_bytes() for each in sorted(directory.glob("*.yaml"))}
        alone = [{name: text} for name, text in whole.items() if name.endswith(".flow.yaml")]
        found += [whole, *alone]
    for _, kind in sorted(KIND_BY_CODE.items()):
        for example in (kind.bad, kind.good):
            found.append({name: text.encode() for name, text in files_of(example.lstrip()).items()})
    return found
