"""Outgoing calls as values: whom to call, and what for."""

import msgspec

from ivrflow.model.flow import Amd


class Dial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How to call somebody. `to` is a number in E.164, or, if `is_sip`, a SIP address. `cli` ""
    leaves it to the platform, `private` withholds it. Durations in milliseconds, 0 for the
    platform's own. `amd`: the flow waits until it is known whether a machine has answered, or, if
    `async`, it does not and is told later."""

    to: str
    cli: str = ""
    timeout: int = 0
    max_duration: int = 0
    amd: Amd = False
    dtmf: str = ""
    is_sip: bool = False


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A callout that somebody wants placed: the one called `name` that `flow` declares, with its
    parameters. Of one `key`, unless it is "", only one is pending or live.

    `dial` is None where they make no call: `fault` says why. `generation` counts the callouts that
    led to it: each was ordered by the one before, within an hour of its own order. `region` is
    where it is placed, "" for the one that is configured. One that is the leg number `leg` of a
    call has that as its `parent`.
    """

    flow: str
    name: str
    params: dict[str, object] = {}
    key: str = ""
    dial: Dial | None = None
    fault: str = ""
    generation: int = 0
    region: str = ""
    parent: str = ""
    leg: int = 0
