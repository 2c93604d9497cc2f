"""Rules of webhooks: which events go where, and signed with what."""

import re
from collections.abc import Iterator

from ivrflow import addresses
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import APPLICATION, FLOW
from ivrflow.analysis.subject import Application, Subject
from ivrflow.diagnostics import Span, did_you_mean
from ivrflow.machine.environment import MARKED, WRITTEN, marked
from ivrflow.model.app import Webhook
from ivrflow.model.flow import EmitStep, Text

ADDRESS = re.compile(rf"(?:{MARKED.pattern}|https?://[^{{}}]*)")
"""An address that is written out, or one that the environment holds."""

IN_CLEAR = re.compile(r"http://(?!(?:localhost|127(?:\.[0-9]+){3}|\[::1\])(?:[:/?#]|$))")

DECLARE = "declare it in app.yaml: webhooks: {{{name}: {{url: ..}}}}"


@FLOW.add(
    "E191",
    "unknown-webhook",
    fatal=True,
    bad="""
# app.yaml
app: example
webhooks: {crm: {url: "https://crm.example.com/calls"}}
routes: [{flow: example}]
# example.flow.yaml
flow: example
start: greet
states:
  greet: {emit: {event: called, to: cmr}, say: Hello., hangup: }
""",
    good="""
# app.yaml
app: example
webhooks: {crm: {url: "https://crm.example.com/calls"}}
routes: [{flow: example}]
# example.flow.yaml
flow: example
start: greet
states:
  greet: {emit: {event: called, to: crm}, say: Hello., hangup: }
""",
)
def unknown_webhook(subject: Subject) -> Iterator[Finding]:
    """An event goes to a webhook that the application does not declare: nobody would get it."""
    known = subject.app.webhooks
    for step in _emitted(subject):
        if step.to is not None and step.to.name not in known:
            name = step.to.name
            help = did_you_mean(name, known) or DECLARE.format(name=name)
            yield Finding(step.to.at, f'no webhook is called "{name}"', help)


@FLOW.add(
    "E192",
    "event-to-nobody",
    fatal=True,
    bad="""
flow: example
start: greet
states:
  greet: {emit: called, say: Hello., hangup: }
""",
    good="""
# app.yaml
app: example
webhooks: {crm: {url: "https://crm.example.com/calls"}}
routes: [{flow: example}]
# example.flow.yaml
flow: example
start: greet
states:
  greet: {emit: called, say: Hello., hangup: }
""",
)
def event_to_nobody(subject: Subject) -> Iterator[Finding]:
    """An event names no webhook, and the application has not just one: nobody would get it."""
    known = subject.app.webhooks
    for step in _emitted(subject):
        if step.to is None and not known:
            message = f'"{step.event}" has nowhere to go: there is no webhook'
            yield Finding(step.at, message, DECLARE.format(name="crm"))
        elif step.to is None and len(known) > 1:
            named = ", ".join(sorted(known))
            message = f'where is "{step.event}" to go? there are several webhooks: {named}'
            help = f"name one: emit: {{event: {step.event}, to: {min(known)}}}"
            yield Finding(step.at, message, help)


@APPLICATION.add(
    "E193",
    "wrong-webhook",
    fatal=True,
    bad="""
app: example
webhooks: {crm: {url: "https://{{ call.to }}.example.com/calls"}}
routes: [{flow: example}]
""",
    good="""
app: example
webhooks: {crm: {url: "{{ env.CRM_HOOK }}"}}
routes: [{flow: example}]
""",
)
def wrong_webhook(application: Application) -> Iterator[Finding]:
    """A webhook has an address that nothing can be sent to, or that is not the same for all.

    It is written out, or one variable of the environment holds all of it.
    """
    for webhook in application.app.webhooks.values():
        place = _place(webhook.url, webhook)
        address = marked(webhook.url.source)
        if ADDRESS.fullmatch(address) is None:
            help = "write https://host/path, or {{ env.NAME }} alone"
            yield Finding(place, "the address of a webhook is literal, or {{ env.NAME }}", help)
        elif not MARKED.fullmatch(address) and (reason := addresses.fault(address)):
            yield Finding(place, f"nothing can be sent: {reason}")


@APPLICATION.add(
    "E874",
    "webhook-in-clear",
    bad="""
app: example
webhooks: {crm: {url: "http://crm.example.com/calls"}}
routes: [{flow: example}]
""",
    good="""
app: example
webhooks: {crm: {url: "https://crm.example.com/calls"}}
routes: [{flow: example}]
""",
    fatal=True,
)
def webhook_in_clear(application: Application) -> Iterator[Finding]:
    """What is told about callers would travel without encryption, for others to read."""
    for webhook in application.app.webhooks.values():
        if IN_CLEAR.match(webhook.url.source):
            message = "http goes in clear over the network"
            yield Finding(_place(webhook.url, webhook), message, "write https://")


@APPLICATION.add(
    "E875",
    "written-out-secret",
    bad="""
app: example
webhooks:
  crm: {url: "https://crm.example.com/calls", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}
routes: [{flow: example}]
""",
    good="""
app: example
webhooks:
  crm: {url: "https://crm.example.com/calls", secret: "{{ env.CRM_SECRET }}"}
routes: [{flow: example}]
""",
)
def written_out_secret(application: Application) -> Iterator[Finding]:
    """A secret stands in a file: whoever reads the flows could sign as this application."""
    for webhook in application.app.webhooks.values():
        secret = webhook.secret
        if secret is not None and not WRITTEN.fullmatch(secret.source.strip()):
            message = "the secret of a webhook comes from the environment"
            help = "write {{ env.NAME }}, and name it in IVRFLOW_ENV_ALLOW"
            yield Finding(_place(secret, webhook), message, help)


def _emitted(subject: Subject) -> Iterator[EmitStep]:
    for step in subject.steps():
        if isinstance(step, EmitStep):
            yield step


def _place(text: Text, webhook: Webhook) -> Span:
    return webhook.at if text.scalar is None else text.scalar.span
