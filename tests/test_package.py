"""What is shipped: the wheel alone, in an empty environment, lints and serves."""

import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import venv
import zipfile
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parents[1]
SCHEMAS = ["app", "callback", "calltest", "flow", "svaml"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sdist, and the wheel that was built from it."""
    directory = tmp_path_factory.mktemp("dist")
    command = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        str(directory),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return directory


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The executable of a wheel that is installed apart from the checkout."""
    home = tmp_path_factory.mktemp("empty")
    venv.create(home, with_pip=False)
    (wheel,) = built.glob("*.whl")
    site = next(home.glob("lib/python*/site-packages"))
    shutil.unpack_archive(wheel, site, "zip")
    # What the wheel depends on comes from here; the package itself must not.
    others = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(others))
    hidden = "import sys; sys.path[:] = [p for p in sys.path if not p.endswith('engine')]\n"
    (site / "zz_apart.pth").write_text(hidden)
    return home / "bin" / "python"


def test_the_wheel_carries_the_schemas_and_the_statements(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for schema in SCHEMAS:
        assert f"ivrflow/_schemas/{schema}.schema.json" in names
    assert "ivrflow/store/sql/schema.sql" in names
    assert "ivrflow/std/ask-number.flow.yaml" in names
    assert "ivrflow/py.typed" in names
    assert not [name for name in names if name.startswith(("tests", "docs"))]


def test_the_sdist_carries_what_the_checks_need(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    for file in ("Makefile", "constraints.txt", "flows/app.yaml", "schemas/flow.schema.json"):
        assert file in names
    assert not [name for name in names if ".venv" in name or "__pycache__" in name]


def test_the_wheel_alone_lints(installed: Path, tmp_path: Path) -> None:
    origin = "import ivrflow, sys; sys.stdout.write(ivrflow.__file__)"
    run = [str(installed), "-c", origin]
    found = subprocess.run(run, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert str(installed.parents[1]) in found
    for arguments, code in ((["new", "mine"], 0), (["lint", "mine"], 0), (["lint", "."], 0)):
        command = [str(installed), "-m", "ivrflow", *arguments]
        assert subprocess.run(command, cwd=tmp_path, check=False).returncode == code


def test_the_wheel_alone_serves(installed: Path, tmp_path: Path) -> None:
    command = [str(installed), "-m", "ivrflow"]
    subprocess.run([*command, "new", "mine"], cwd=tmp_path, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = [*command, "serve", "mine", "--insecure", "--port", str(port)]
    environment = {"PATH": os.environ["PATH"]}
    server = subprocess.Popen(serve, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    try:
        reply = _first_reply(f"http://127.0.0.1:{port}/callbacks/sinch")
        assert reply["action"]["name"] == "runMenu"
    finally:
        server.terminate()
        assert server.wait(15) == 0


def _first_reply(url: str) -> dict[str, dict[str, object]]:
    deadline = time.monotonic() + 20
    while True:
        try:
            answer = httpx2.post(url, json={"event": "ice", "callid": "first"})
            reply: dict[str, dict[str, object]] = answer.json()
            return reply
        except httpx2.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
