"""Stories with people in them who answer, talk, and hang up."""

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

AGENTS = (
    Person(address="+46701000001", does="no_answer"),
    Person(address="+46701000002", does="human"),
)
KEYS = {"Press 1 for sales": "1", "To take the call": "1"}

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
)
