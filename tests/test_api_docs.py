"""docs/api.md: its examples run, and its tables leave nothing out."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from server.managed import TOKEN, Managed, managed

from ivrflow.server.api.openapi import MEANING_BY_STATUS
from ivrflow.server.api.routes import TABLE

PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Managed]:
    with managed(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("/v1/")[1].split()[0])
def test_an_example_is_answered(house: Managed, example: str) -> None:
    call = house.call()
    house.phone.act(call, "press", keys="3")
    house.phone.until(type="joined", call=call)
    ran = subprocess.run(
        ["/bin/sh", "-e", "-c", example.replace("http://127.0.0.1:3000", house.served.url)],
        env={"PATH": os.environ["PATH"], "IVRFLOW_API_TOKEN": TOKEN, "CALL": call},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    assert ran.stdout.startswith(("{", "["))


def test_every_operation_and_every_status_is_in_a_table() -> None:
    rows = set(re.findall(r"^\| `([A-Z]+ /v1/[^`]*)` \|", PAGE, re.MULTILINE))
    assert rows == {f"{each.method} {each.path}" for each in TABLE}
    statuses = set(re.findall(r"\b[45][0-9]{2}\b", PAGE.partition("| status |")[2]))
    assert {str(status.value) for status in MEANING_BY_STATUS} <= statuses
