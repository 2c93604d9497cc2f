"""The API keeps to its own document, whatever it is asked: schemathesis finds nothing."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from server.conftest import KEY
from server.managed import TOKEN, Managed, managed

EXAMPLES = 6

# What a schema can't say (a name that none has, a value of another type than a record declares) is
# refused with these; nothing else that is well formed may be.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "422"]
[parameters]
"""


def known(house: Managed) -> dict[str, str]:
    """Have a call that is in the room, a job and an order; return what each is called."""
    tells, call = house.call(), house.call()
    house.phone.act(tells, "press", keys="1")
    house.phone.until(type="heard", call=tells, text="Noted.")
    house.phone.act(call, "press", keys="3")
    house.phone.until(type="joined", call=call)
    to, at = "+46701234509", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
    wanted = {"name": "call_back", "with": {"to": to}, "at": at}
    (order,) = house.client.post("/v1/callouts", json={"callouts": [wanted]}).json()
    return {
        "path.call": call,
        "path.callout": order["callout"]["id"],
        "path.flow": "desk",
        "path.job": house.get("jobs")["jobs"][0]["id"],
        "path.record": "attempts",
        "path.room": "the room",
        "path.schedule": "office",
        "query.application": KEY,
        "query.key": "+46701234501",
        "query.region": "euc1",
    }


@pytest.mark.parametrize("fixed", [False, True], ids=["any names", "names of what is there"])
def test_whatever_is_asked_is_answered_as_the_document_says(tmp_path: Path, fixed: bool) -> None:
    with managed(tmp_path) as house:
        names = known(house)
        ran = asked(house, names if fixed else {})
        assert ran.returncode == 0, ran.stdout[-4000:] + house.served.log[-2000:]


def asked(house: Managed, names: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    lines = [f'"{name}" = "{value}"' for name, value in names.items()]
    config = house.served.directory / "schemathesis.toml"
    config.write_text(CONFIG + "\n".join(lines), "utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    options = [
        "--max-examples",
        str(EXAMPLES),
        "--seed",
        "1",
        "--request-timeout",
        "60",
        "--no-color",
    ]
    return subprocess.run(
        [
            *command,
            f"{house.served.url}/v1/openapi.json",
            "--header",
            f"Authorization: Bearer {TOKEN}",
            *options,
        ],
        env={"PATH": os.environ["PATH"], "HOME": str(house.served.directory)},
        cwd=house.served.directory,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
