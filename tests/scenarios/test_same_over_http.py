"""What scenarios play in one process is what happens on the phone: at a real server, over HTTP."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp

import pytest
from scenarios.served import SECRET, Others, over_http
from servers import in_thread

from ivrflow.emulator.transcript import Received
from ivrflow.scenarios.disk import Disk
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.run import Result, run_on
from ivrflow.scenarios.stage import Stage, Wires
from ivrflow.scenarios.suite import Applications, find
from ivrflow.sinch.platform import PLATFORM

ROOT = Path(__file__).parents[2]
CERTIFICATE = ROOT / "tests/localhost.pem"
SHIPPED = ("flows", "examples", "tests/library")
FILES = find(ROOT / each for each in SHIPPED)


class Shipped:
    """The shipped flows and scenarios, whose look-ups go to a server of ours."""

    def __init__(self, directory: Path, others: Others, url: str) -> None:
        self.directory = directory
        self.others = others
        self.applications = Applications(PLATFORM)
        for each in SHIPPED:
            shutil.copytree(ROOT / each, directory / each)
        for flow in directory.rglob("*.flow.yaml"):
            text = flow.read_text("utf-8")
            flow.write_text(re.sub(r"https://[a-z.]+\.example\.com", url, text), "utf-8")

    def scenarios(self, file: str) -> tuple[Scenario, ...]:
        read = self.applications.read(str(self.directory / Path(file).relative_to(ROOT)))
        assert read.file is not None, read.findings
        return read.file.scenarios

    async def in_process(self, scenario: Scenario) -> tuple[Stage, Result]:
        return await self._played(scenario, "here", None)

    async def over_http(self, scenario: Scenario, secret: str = SECRET) -> tuple[Stage, Result]:
        async with over_http(self.others, secret) as wires:
            return await self._played(scenario, "there", wires)

    async def _played(
        self, scenario: Scenario, where: str, wires: Wires | None
    ) -> tuple[Stage, Result]:
        tested = self.applications.called_by(scenario)
        disk = Disk(Path(mkdtemp(dir=self.directory, prefix=where)))
        stage = Stage(scenario, tested.library(scenario), disk.open, wires)
        return stage, await run_on(stage, tested)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shipped]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    others = Others()
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        server = stack.enter_context(in_thread(others.habit, tls=tls))
        others.url = server.url
        yield Shipped(tmp_path_factory.mktemp("shipped"), others, server.url)


@pytest.mark.parametrize("file", FILES, ids=lambda file: Path(file).name)
def test_every_shipped_scenario_goes_the_same_way_over_http(
    shipped: Shipped, file: str, subtests: pytest.Subtests
) -> None:
    for scenario in shipped.scenarios(file):
        with subtests.test(scenario.name):
            here, passed = asyncio.run(shipped.in_process(scenario))
            there, passed_there = asyncio.run(shipped.over_http(scenario))
            assert there.platform.transcript == here.platform.transcript
            assert there.seen == here.seen
            assert there.received.delivered == here.received.delivered
            assert [each.at for each in there.answers.given] == [
                each.at for each in here.answers.given
            ]
            assert (passed.failures, passed_there.failures) == ((), ())


def test_a_callback_that_somebody_else_signs_moves_no_call(shipped: Shipped) -> None:
    scenario = shipped.scenarios(FILES[0])[0]
    forged = base64.b64encode(b"another secret").decode()
    stage, _ = asyncio.run(shipped.over_http(scenario, forged))
    statuses = {each.status for each in stage.platform.transcript if isinstance(each, Received)}
    assert statuses == {401}
    assert not stage.seen


def test_what_flows_send_goes_to_a_real_server(shipped: Shipped) -> None:
    (file,) = (each for each in FILES if each.endswith("examples/reminders/reminder.calltest.yaml"))
    told = shipped.others.told
    down = next(each for each in shipped.scenarios(file) if each.webhooks)
    stage, _ = asyncio.run(shipped.over_http(down))
    assert shipped.others.told - told == len(stage.received.delivered) > 1
    assert len({each.id for each in stage.received.delivered}) == 1


def test_what_flows_look_up_is_asked_of_a_real_server(shipped: Shipped) -> None:
    (file,) = (each for each in FILES if Path(each).name == "account.calltest.yaml")
    asked = shipped.others.asked
    stage, _ = asyncio.run(shipped.over_http(shipped.scenarios(file)[0]))
    assert shipped.others.asked - asked == len(stage.answers.given) == 2
