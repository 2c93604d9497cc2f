"""The flow and the callbacks that the engine is measured with."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

KEY = "669E367E-6BBA-48AB-AF15-266871C28135"
SECRET = "BeIukql3pTKJ8RGL5zo0DA=="
PATH = "/callbacks/sinch"
CONTENT_TYPE = "application/json; charset=utf-8"

FLOW = """\
flow: measured
start: greet
locale: en-US
vars: {name: Ada, order: A-1029384756, attempts: 0}
states:
  greet: {say: "Welcome back {{ name }}.", next: main_menu}
  main_menu:
    menu:
      prompt: "{{ name }}, your order {{ order }} is on its way. Press 1 for sales, 2 or star."
      reprompt: Sorry, I did not get that. Press 1, 2 or star.
      retries: 3
      choices:
        1: sales
        2: support
        "*":
          - {when: attempts > 1000000 and tries > 3, next: bye}
          - {when: attempts < 1000000, set: {attempts: "{{ attempts + 1 }}"}, next: main_menu}
          - {next: bye}
    on: {no_input: bye, no_match: bye}
  sales: {connect: {number: "+46850000001"}}
  support: {conference: {id: "support-{{ call.id }}"}}
  bye: {say: Goodbye., hangup: }
"""


def call_id(round_: str, number: int) -> str:
    return hashlib.md5(f"{round_}-{number}".encode(), usedforsecurity=False).hexdigest()


def ice(call: str) -> bytes:
    return json.dumps(
        {
            "event": "ice",
            "callid": call,
            "timestamp": "2026-11-23T06:00:00Z",
            "version": 1,
            "cli": "46701234567",
            "to": {"type": "did", "endpoint": "+46850000000"},
            "domain": "pstn",
            "originationType": "PSTN",
        }
    ).encode()


def pie(call: str, offer: int) -> bytes:
    """A key press of 432 bytes: the star, as the reply of number `offer` offers it."""
    event = {
        "event": "pie",
        "callid": call,
        "timestamp": f"2026-11-23T06:{offer // 60 % 60:02}:{offer % 60:02}Z",
        "version": 1,
        "custom": '{"order":"A-1029384756","tier":"gold","lang":"en-US"}',
        "applicationKey": KEY,
        "userRate": {"currencyId": "USD", "amount": 0.0117},
        "menuResult": {
            "menuId": "main",
            "type": "return",
            "value": f"*.{offer}",
            "inputMethod": "dtmf",
        },
        "conferenceId": "",
        "domain": "pstn",
    }
    return json.dumps(event).encode()


def signed(body: bytes, timestamp: str) -> str:
    """Return the header that authorises `body`."""
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    text = f"POST\n{digest}\n{CONTENT_TYPE}\nx-timestamp:{timestamp}\n{PATH}"
    mac = hmac.digest(base64.b64decode(SECRET), text.encode(), "sha256")
    return f"application {KEY}:{base64.b64encode(mac).decode()}"


def lines(bodies: Iterator[bytes], timestamp: str) -> Iterator[str]:
    """Yield what `load.lua` reads: timestamp, authorization and body of each request."""
    for body in bodies:
        yield "\t".join((timestamp, signed(body, timestamp), body.decode())) + "\n"
