"""Stories with people in them who answer, talk, and hang up."""

from pathlib import Path

from ivrflow.emulator.setup import Person
from kills.trial import Story

APPLICATION = """
app: {flow}
dial: {{allow: ["+46"]}}
routes: [{{flow: {flow}}}]
webhooks: {{crm: {{url: "https://crm.example.com/events"}}}}
"""

DESK = """
flow: desk
start: greet
vars: {agents: {type: list, of: phone, default: ["+46701000001", "+46701000002"]}}
on: {ended: {do: [{emit: {event: call.ended, to: crm}}]}}
states:
  greet:
    menu: {prompt: Press 1 for sales., choices: {1: sales}}
    on: {no_input: bye, no_match: bye}
  sales:
    do: [{emit: {event: call.asked, to: crm}}]
    run: {flow: std/ring, with: {to: "{{ agents }}", whisper: A caller., patience: 5m}}
    on: {talked: bye, nobody: closed}
  closed: {say: Nobody is free. Goodbye., hangup: }
  bye: {do: [{emit: {event: call.done, to: crm}}], say: Goodbye., hangup: }
"""

PARKED = """
flow: parked
start: waiting
callouts:
  agent: {flow: std/ring-leg, to: "{{ to }}"}
on: {ended: {do: [{emit: {event: call.ended, to: crm}}]}}
states:
  waiting:
    do:
      - emit: {event: call.waits, to: crm}
      - callout: {name: agent, with: {to: "+46701000001", cli: "{{ none }}", whisper: Hello.}}
      - callout: {name: agent, with: {to: "+46701000002", cli: "{{ none }}", whisper: Hello.}}
    hold: {prompt: Please wait.}
    on:
      leg.bridged: talking
      leg.ended: [{when: legs == 0, next: nobody}, {next: stay}]
    timers: [{after: 5m, next: nobody}]
  talking: {bridge: leg, on: {leg.ended: nobody}}
  nobody: {say: Goodbye., hangup: }
"""

CONFERENCE = """
flow: conference
start: ask
callouts:
  invite: {flow: invited, to: "{{ to }}"}
states:
  ask:
    menu: {prompt: Press 1 for the meeting., choices: {1: meet}}
    on: {no_input: bye, no_match: bye}
  meet:
    do:
      - emit: {event: began, to: crm}
      - callout: {name: invite, with: {to: "+46701000003"}, keep: true}
      - callout: {name: invite, with: {to: "+46701000004"}, keep: true}
    conference: {id: hall, max: 2, start_on_enter: true, end_on_exit: true}
    on:
      full: bye
      ended: {do: [{emit: {event: ended, to: crm}}]}
  bye: {hangup: }
"""

INVITED = """
flow: invited
start: greet
params: {to: phone}
states:
  greet:
    menu: {prompt: Press 1 to confirm., choices: {1: join}}
    on: {no_input: bye, no_match: bye}
  join:
    conference: {id: hall, max: 2, start_on_enter: false}
    on:
      full: full
      ended: {do: [{emit: {event: met, to: crm, data: {who: "{{ params.to }}"}}}]}
  full: {say: The meeting is full., hangup: }
  bye: {hangup: }
"""

REMINDER = """
flow: reminder
start: ask
records: {asked: {key: phone, value: integer}}
callouts:
  remind:
    flow: remind
    to: "{{ to }}"
    key: "{{ to }}"
    retry: {results: [busy, no_answer], times: 1, every: 1m}
states:
  ask:
    do:
      - count: {record: asked, key: "{{ call.from }}", into: times}
      - emit: {event: "asked", to: crm, data: {times: "{{ times }}"}}
      - callout: {name: remind, with: {to: "+46701000003"}, keep: true}
      - callout: {name: remind, with: {to: "+46701000004"}, keep: true}
    say: Thank you. Goodbye.
    hangup:
"""

REMIND = """
flow: remind
start: greet
params: {to: phone}
on: {unreached: {do: [{emit: {event: unreached, to: crm, data: {to: "{{ params.to }}"}}}]}}
states:
  greet:
    menu: {prompt: Press 1 to confirm., choices: {1: confirmed}}
    on: {no_input: bye, no_match: bye}
  confirmed:
    do: [{emit: {event: confirmed, to: crm, data: {to: "{{ params.to }}"}}}]
    say: Thank you.
    hangup:
  bye: {hangup: }
"""

AGENTS = (
    Person(address="+46701000001", does="no_answer"),
    Person(address="+46701000002", does="human"),
)
THOSE_REMINDED = (
    Person(address="+46701000003", does="human"),
    Person(address="+46701000004", does="busy"),
)
FLOWS = {
    each.name: each.read_text("utf-8")
    for each in (Path(__file__).parents[2] / "flows").iterdir()
    if each.name == "app.yaml" or each.name.endswith(".flow.yaml")
}
LEAD = {
    "lead": "+46701000003",
    "name": "Ada",
    "company": "Acme",
    "topic": "telephones",
}
APPOINTMENT = {
    "appointment": "17",
    "patient": "+46701000003",
    "name": "Ada",
    "day": "2026-01-02",
    "hour": "10:00",
}
EXPERTS = (
    Person(address="eve@sip.example.com", does="no_answer"),
    Person(address="+46850001021", does="busy"),
    Person(address="+46850001022"),
)
SUPPORTERS = (
    Person(address="astrid@sip.example.com", does="busy"),
    Person(address="+46850001021"),
    Person(address="+46850001022"),
)

GUESTS = (
    Person(address="+46701000003", does="human"),
    Person(address="+46701000004", does="human"),
)

KEYS = {
    "Press 1 for the meeting": "1",
    "Press 1 for sales": "1",
    "To take the call": "1",
    "Press 1 to confirm": "1",
}

STORIES = (
    Story(
        name="desk",
        files={"app.yaml": APPLICATION.format(flow="desk"), "desk.flow.yaml": DESK},
        people=AGENTS,
        keys=KEYS,
        events=("call.asked", "call.ended"),
    ),
    Story(
        name="parked",
        files={"app.yaml": APPLICATION.format(flow="parked"), "parked.flow.yaml": PARKED},
        people=AGENTS,
        keys=KEYS,
        events=("call.waits", "call.ended"),
    ),
    Story(
        name="conference",
        files={
            "app.yaml": APPLICATION.format(flow="conference"),
            "conference.flow.yaml": CONFERENCE,
            "invited.flow.yaml": INVITED,
        },
        people=GUESTS,
        keys=KEYS,
        events=("began", "ended"),
    ),
    Story(
        name="reminder",
        files={
            "app.yaml": APPLICATION.format(flow="reminder"),
            "reminder.flow.yaml": REMINDER,
            "remind.flow.yaml": REMIND,
        },
        people=THOSE_REMINDED,
        keys=KEYS,
        tries=2,
        events=("asked",),
    ),
    Story(
        name="support",
        files=FLOWS,
        to="+46850000500",
        people=SUPPORTERS,
        keys=KEYS,
        tries=2,  # who was rung and is not heard of has a rest
    ),
    Story(
        name="lead",
        files=FLOWS,
        orders=(("call_lead", LEAD),),
        people=(*THOSE_REMINDED, *EXPERTS),
        keys={**KEYS, "To talk to an expert now": "1"},
        events=("called|unreached",),
    ),
    Story(
        name="appointment",
        files=FLOWS,
        orders=(("remind", APPOINTMENT),),
        people=THOSE_REMINDED,
        keys={**KEYS, "press 1": "1"},
    ),
)
