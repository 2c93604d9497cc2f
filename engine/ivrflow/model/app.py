"""An application: which flow answers which call, and the defaults that its flows share."""

from typing import Literal

import msgspec

from ivrflow.diagnostics import START, Span
from ivrflow.model.flow import PLACE, DeclaredPrompt, Origin, Record, Ref, Request, Template, Text
from ivrflow.model.schedule import Schedule

DEFAULT_LOCALE = "en-US"


class _Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Route(_Value, frozen=True, kw_only=True):
    """Calls that `flow` answers. Empty `numbers`, `prefixes` and `domain` match every call.

    `numbers` are E.164; `prefixes` are the beginnings of such numbers.
    """

    flow: Ref
    numbers: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    domain: Literal["", "pstn", "app", "sip", "conference"] = ""
    params: dict[str, Template] = {}
    locale: str = ""
    at: Span = msgspec.field(default=START, name=PLACE)


class Webhook(_Value, frozen=True, kw_only=True):
    """Where events are sent. Both texts see `env` alone; without `secret` nothing is signed."""

    url: Text
    secret: Text | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


class App(_Value, frozen=True, kw_only=True):
    """The file `app.yaml`; an application without one answers every call with its only flow.

    `dial_allow` fences dialled numbers that are not literals: None allows any.
    `sorry` are the words said before the engine itself must hang up; "" for its own.
    """

    locale: str = DEFAULT_LOCALE
    routes: tuple[Route, ...] = ()
    prompts: dict[str, DeclaredPrompt] = {}
    schedules: dict[str, Schedule] = {}
    records: dict[str, Record] = {}
    requests: dict[str, Request] = {}
    webhooks: dict[str, Webhook] = {}
    dial_allow: tuple[str, ...] | None = None
    sorry: str = ""
    origin: Origin = msgspec.field(default=Origin(), name=PLACE)

    def webhook(self, to: Ref | None) -> Webhook | None:
        """Return the webhook of that name, or the only one; None if it isn't there."""
        if to is not None:
            return self.webhooks.get(to.name)
        return next(iter(self.webhooks.values())) if len(self.webhooks) == 1 else None

    @property
    def path(self) -> str:
        return self.origin.path
