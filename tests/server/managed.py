"""An engine with something of everything that the API shows, on an emulated platform."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from emulator.test_http import Emulated, emulated
from server.conftest import PATH, Served, free_port

TOKEN = "a token of the operators"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

APP = """
app: clinic
dial: {allow: ["+46"]}
routes: [{flow: desk}]
records:
  attempts: {key: phone?, value: integer, expires: 1h}
  notice: {value: string}
  line: {kind: queue, key: string, value: string}
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: ["08:00-12:00", "13:00-17:00"], sat: ["22:00-03:00"]}
webhooks:
  crm: {url: "http://127.0.0.1:9/events"}
"""
DESK = """
flow: desk
title: The desk
start: offer
params: {greeting: {type: string, default: Hello}}
records:
  seen: {key: phone?, value: {at: string}}
callouts:
  call_back:
    flow: call-back
    to: "{{ to }}"
    cli: "+46850000000"
    key: "{{ to }}"
    timeout: 5s
    hours: office
states:
  offer:
    do:
      - count: {record: attempts, key: "{{ call.from }}"}
      - put: {record: seen, key: "{{ call.from }}", value: {at: "{{ now }}"}}
      - enqueue: {record: line, key: main, value: "{{ call.id }}"}
    menu:
      prompt: "Welcome. To tell us, press 1. For the PIN, 2. For the room, 3. To wait, press 4."
      timeout: 30s
      retries: 3
      choices: {1: tell, 2: pin, 3: room, 4: wait}
    on: {no_input: bye, no_match: bye}
  tell: {do: [{emit: {event: told, data: {what: something}}}], say: Noted., next: offer}
  pin: {run: {flow: check-pin}, on: {ok: bye, wrong: bye}}
  room:
    conference: {id: "the room"}
    on: {signal.ready: {do: [{log: "{{ signal.data }}"}]}}
  wait:
    hold: {prompt: One moment., every: 1s}
    on:
      signal.ready: {say: "It is {{ signal.data | default('ready') }}.", next: bye}
    timers: [{after: 2m, next: bye}]
  bye: {hangup: }
"""
CHECK_PIN = """
flow: check-pin
start: ask
vars: {given: {type: digits, secret: true}}
returns: {ok: {}, wrong: {}}
states:
  ask:
    collect: {prompt: Your PIN., min: 16, max: 16, into: given}
    on:
      collected: [{when: "given == '1234'", next: good}, {next: bad}]
      no_input: bad
      invalid: bad
  good: {return: {name: ok}}
  bad: {return: {name: wrong}}
"""
CALL_BACK = """
flow: call-back
start: greet
params: {to: phone, tries: {type: integer, default: 1}}
on: {unreached: {do: [{log: "unreached: {{ result }}"}]}}
states:
  greet: {say: You wanted a call., hangup: }
"""
FLOWS = {
    "app.yaml": APP,
    "test.flow.yaml": DESK,
    "call-back.flow.yaml": CALL_BACK,
    "check-pin.flow.yaml": CHECK_PIN,
}


@dataclass
class Managed:
    """An engine, its platform, and a client that shows the token."""

    served: Served
    phone: Emulated
    client: httpx2.Client

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(f"/v1/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.content)

    def call(self, caller: str = "+46701234501") -> str:
        """Call, and hear the menu."""
        call = self.phone.call(caller=caller)
        self.phone.until(type="heard", call=call)
        return call

    def ended(self, call: str) -> dict[str, Any]:
        """Wait until the engine knows that a call is over, and return it."""
        deadline = time.monotonic() + 20
        while (shown := self.get(f"calls/{call}"))["state"] != "over":
            assert time.monotonic() < deadline, shown
            time.sleep(0.02)
        return dict(shown)


@contextmanager
def managed(directory: Path) -> Iterator[Managed]:
    for name, text in FLOWS.items():
        (directory / name).write_text(text, "utf-8")
    served = Served(directory, [], {}, free_port())
    with emulated(served.url + PATH, "--speed", "10") as phone:
        served.environment = {
            "IVRFLOW_VOICE_URL": str(phone.client.base_url),
            "IVRFLOW_API_TOKEN": TOKEN,
        }
        try:
            served.start()
            with httpx2.Client(base_url=served.url, headers=BEARER, trust_env=False) as client:
                yield Managed(served, phone, client)
        finally:
            served.kill()
