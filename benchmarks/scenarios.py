"""How long scenario tests take: the shipped ones, and a thousand calls to the front door."""

import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

FLOWS = Path(__file__).parents[1] / "flows"
WANTED = 1_000


def main() -> None:
    measure("ivrflow test flows", FLOWS)
    with TemporaryDirectory() as directory:
        for file in (FLOWS / "app.yaml", *FLOWS.glob("*.flow.yaml")):
            shutil.copy(file, directory)
        (Path(directory) / "many.calltest.yaml").write_text(many())
        measure(f"{WANTED} scenarios of the front door", Path(directory))


def many() -> str:
    """The scenarios of the front door, again and again; none that restarts the server."""
    head, body = (FLOWS / "front-door.calltest.yaml").read_text().split("scenarios:\n", 1)
    blocks = [block for block in re.split(r"\n(?=  \S)", body) if "restart" not in block]
    named = [block.lstrip().split(":\n", 1) for block in blocks]
    copies = (
        f"  {name} {number}:\n{rest}"
        for number in range(WANTED)
        for name, rest in [named[number % len(named)]]
    )
    return f"{head}scenarios:\n" + "\n".join(copies)


def measure(title: str, directory: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    begun = perf_counter()
    command = [sys.executable, "-m", "ivrflow", "test", str(directory)]
    subprocess.run(command, check=True, capture_output=True)
    seconds = perf_counter() - begun
    busy = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    print(f"{title}: {seconds:.2f} s, {busy:.2f} s of CPU")


if __name__ == "__main__":
    main()
