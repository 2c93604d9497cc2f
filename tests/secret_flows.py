"""A flow that asks for a secret, and what callers do with it. `CANARY` is what they type."""

from typing import Any

from canary import CANARY

BANK = """
flow: bank
start: choose
vars: {pin: {type: digits, secret: true}, again: {type: digits, secret: true}}
states:
  choose:
    menu:
      prompt: For your account press 1.
      choices: {1: ask}
      extension: {length: 3, pattern: 9XX, into: branch}
    on: {no_input: bye, no_match: person, collected: bye}
  ask:
    collect:
      prompt: Your code?
      min: 4
      max: 20
      into: pin
      check: input | luhn
      wrong: "That were {{ input | length }} digits."
    on: {collected: repeat, no_input: bye, invalid: bye}
  repeat:
    collect: {prompt: Once more?, min: 4, max: 20, into: again}
    on:
      collected: [{when: again == pin, next: keep}, {next: bye}]
      no_input: bye
      invalid: bye
  keep:
    run: {flow: vault, with: {code: "{{ pin }}"}, into: kept}
    on: {kept: done}
  done:
    do: [log: "kept {{ pin | length }} digits"]
    say: "{{ 'Thank you.' if kept.code == pin else 'Sorry.' }}"
    hangup:
  bye: {say: Goodbye., hangup: }
  person: {connect: {number: "+46850000009"}}
"""

VAULT = """
flow: vault
start: ask
params: {code: {type: digits, secret: true}}
returns: {kept: {code: {type: digits, secret: true}}}
states:
  ask:
    menu: {prompt: Press 1 to keep it., choices: {1: done}}
    on: {no_input: done, no_match: done}
  done: {return: {name: kept, values: {code: "{{ params.code }}"}}}
"""

ICE: dict[str, Any] = {
    "event": "ice",
    "callid": "call-1",
    "timestamp": "2026-11-23T10:00:00Z",
    "cli": "46701234567",
    "to": {"type": "did", "endpoint": "+46850000000"},
    "domain": "pstn",
}


def typed(digits: str = CANARY, at: str = "10:01:00") -> dict[str, Any]:
    """The callback of digits that a caller typed."""
    return pie("sequence", digits, at)


def pie(type_: str, value: str, at: str) -> dict[str, Any]:
    result = {"type": type_, "value": value, "menuId": "main", "inputMethod": "dtmf"}
    stamp = f"2026-11-23T{at}Z"
    return {"event": "pie", "callid": "call-1", "timestamp": stamp, "menuResult": result}
