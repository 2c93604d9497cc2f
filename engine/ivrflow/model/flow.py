"""A flow as its author means it: typed values, references still by name, expressions still text.

Fields called `at` or `scalar` hold the place in the author's file. They are renamed to "@", which
the canonical closure leaves out, so a flow means the same wherever and however it is laid out.
Durations are milliseconds.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from ivrflow.diagnostics import START, Span
from ivrflow.expr.types import T, Type
from ivrflow.model.places import PLACE as PLACE
from ivrflow.model.schedule import Schedule
from ivrflow.source.node import Scalar

SIP = "sip:"
"""How a SIP address may begin."""

_COMPUTED = re.compile(r"\{\{.*?\}\}", re.DOTALL)


class _Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Kind(_Value, frozen=True, kw_only=True, tag_field="kind", tag=lambda name: name.lower()):
    pass


class Text(_Value, frozen=True, kw_only=True):
    """Text with `{{ }}`. `scalar` is where it stands; None if it was read from a closure."""

    source: str
    scalar: Scalar | None = msgspec.field(default=None, name=PLACE)


class Expr(_Value, frozen=True, kw_only=True):
    """An expression without braces, as in `when:`."""

    source: str
    scalar: Scalar | None = msgspec.field(default=None, name=PLACE)


class Fixed(_Kind, frozen=True, kw_only=True):
    """A duration written out."""

    milliseconds: int
    at: Span = msgspec.field(default=START, name=PLACE)


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What only lint reads of a flow or an application: its file, where its `locale` stands in it,
    the budget of its callers' patience."""

    path: str = ""
    locale: Span = START
    budget: dict[str, Fixed] = {}


class Ref(_Value, frozen=True, kw_only=True):
    """The name of something declared elsewhere: a state, a flow."""

    name: str
    at: Span = msgspec.field(default=START, name=PLACE)


# -- prompts --------------------------------------------------------------------------------------


Listener = Literal["", "caller", "callee", "both"]
"""Who hears a part, where two talk to each other; "" is the caller."""


class SayPart(_Kind, frozen=True, kw_only=True):
    """Words to be spoken."""

    text: Text
    voice: str = ""
    locale: str = ""
    when: Expr | None = None
    to: Listener = ""
    at: Span = msgspec.field(default=START, name=PLACE)


class SsmlPart(_Kind, frozen=True, kw_only=True):
    """SSML to be spoken."""

    text: Text
    voice: str = ""
    locale: str = ""
    when: Expr | None = None
    to: Listener = ""
    at: Span = msgspec.field(default=START, name=PLACE)


class PlayPart(_Kind, frozen=True, kw_only=True):
    """A declared prompt by its name, or a sound file by its URL (a text with `://` or `{{ }}`)."""

    target: Text
    voice: str = ""
    locale: str = ""
    when: Expr | None = None
    to: Listener = ""
    at: Span = msgspec.field(default=START, name=PLACE)


Part = SayPart | SsmlPart | PlayPart
Prompt = tuple[Part, ...]


class DeclaredPrompt(_Value, frozen=True, kw_only=True):
    """A prompt declared once: `by_locale`, or one sound file for all locales."""

    by_locale: dict[str, Prompt] = {}
    audio: Text | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


# -- values and steps -----------------------------------------------------------------------------


class Decl(_Value, frozen=True, kw_only=True):
    """A declared variable or parameter. `default` is a JSON value of `type` if `has_default`."""

    type: Type
    default: object = None
    has_default: bool = False
    at: Span = msgspec.field(default=START, name=PLACE)


class Record(_Value, frozen=True, kw_only=True):
    """Memory across calls: one value, or one queue of calls, for each key.

    Without `key` there is one only; without `value` what is kept is `true`. `expires` is how long
    it is kept after the last change, 0 for ever.
    """

    key: Type | None = None
    value: Type | None = None
    kind: Literal["value", "queue"] = "value"
    expires: int = 0
    at: Span = msgspec.field(default=START, name=PLACE)

    @property
    def kept(self) -> Type:
        """The type of what is kept."""
        return self.value or Type(name=T.BOOLEAN)


class Set(_Kind, frozen=True, kw_only=True):
    """Assign to one variable."""

    name: str
    value: "Template"
    at: Span = msgspec.field(default=START, name=PLACE)


class Constant(_Kind, frozen=True, kw_only=True, tag="constant"):
    """A value without `{{ }}`, already read as JSON value by its YAML form (`3`, `true`, null)."""

    value: str | int | float | bool | None
    at: Span = msgspec.field(default=START, name=PLACE)


class TextValue(_Kind, frozen=True, kw_only=True, tag="text"):
    """A text, with or without `{{ }}`; one whole `{{ }}` keeps its value's type."""

    text: Text


class ListValue(_Kind, frozen=True, kw_only=True, tag="list"):
    items: tuple["Template", ...]
    at: Span = msgspec.field(default=START, name=PLACE)


class ObjectValue(_Kind, frozen=True, kw_only=True, tag="object"):
    properties: dict[str, "Template"]
    at: Span = msgspec.field(default=START, name=PLACE)


Template = Constant | TextValue | ListValue | ObjectValue


class PromptStep(_Kind, frozen=True, kw_only=True):
    prompt: Prompt


class LocaleStep(_Kind, frozen=True, kw_only=True):
    """Go on in another locale: a literal `sv-SE`, or a text that yields one."""

    locale: Text


class AnswerStep(_Kind, frozen=True, kw_only=True):
    at: Span = msgspec.field(default=START, name=PLACE)


class RecordStep(_Kind, frozen=True, kw_only=True):
    """Record the call. `transcribe` is None for no transcript, "" for one in the call's locale."""

    to: Text
    credentials: Text | None = None
    format: str = ""
    transcribe: str | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


class StopRecordingStep(_Kind, frozen=True, kw_only=True):
    at: Span = msgspec.field(default=START, name=PLACE)


class SendDtmfStep(_Kind, frozen=True, kw_only=True):
    tones: Text
    at: Span = msgspec.field(default=START, name=PLACE)


class LogStep(_Kind, frozen=True, kw_only=True):
    text: Text


FATES = ("ordered", "already", "refused")
"""What becomes of a callout that a step wants: it will be placed; one of its key waits or is live
already; there is nothing to dial."""


class CalloutStep(_Kind, frozen=True, kw_only=True, tag="callout"):
    """Place a declared callout, once for each item of `for_each` if given. `params` are literals
    until the declarations of the flow that it runs read them. `when`: at what time, else at once.
    One that the run does not `keep` is a leg: it ends with the run that placed it. `into` gets what
    became of it, one of `FATES`."""

    callout: Ref
    params: dict[str, Template] = {}
    for_each: Text | None = None
    when: Text | None = None
    keep: bool = True
    into: Ref | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


class EmitStep(_Kind, frozen=True, kw_only=True, tag="emit"):
    """Send an event to a webhook of the application; `to` is None where there is only one."""

    event: str
    data: dict[str, Template] = {}
    to: Ref | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


class SignalStep(_Kind, frozen=True, kw_only=True, tag="signal"):
    """Send a signal to the call whose id `to` yields."""

    name: str
    to: Text
    data: Template | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


Command = Literal["mute", "unmute", "hold", "resume", "kick", "kick_all"]
HoldMusic = Literal["ring", "music1", "music2", "music3"]

ALL = "all"
"""Who is meant by everybody in a room, where it is written out."""


class ControlStep(_Kind, frozen=True, kw_only=True, tag="control"):
    """Mute, hold or remove participants of a room. `who` is a call by its id, or `ALL`; None is
    this call."""

    command: Command
    conference: Text
    who: Text | None = None
    hold_music: HoldMusic | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


Operation = Literal["read", "put", "delete", "count", "claim", "enqueue", "dequeue", "place"]


class RecordOperation(_Kind, frozen=True, kw_only=True):
    """Read or change a record, memory across calls; `RecordStep` records the call.

    `operation` is the step's word. `any` are the keys of a `claim` of which the first free one is
    taken. Keys and `value` are literals until the record's declaration reads them.
    """

    operation: Operation
    record: Ref
    key: Template | None = None
    any: Template | None = None
    value: Template | None = None
    into: Ref | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


Step = (
    PromptStep
    | Set
    | LocaleStep
    | AnswerStep
    | RecordStep
    | RecordOperation
    | CalloutStep
    | EmitStep
    | SignalStep
    | ControlStep
    | StopRecordingStep
    | SendDtmfStep
    | LogStep
)


# -- transitions ----------------------------------------------------------------------------------


class Move(_Value, frozen=True, kw_only=True):
    """One way on: if `when` holds, do `steps` (`set`, then `do`), say `prompt`, go to `next`.

    Without `next` the call stays where it is: an effect, or `next: stay`.
    """

    when: Expr | None = None
    steps: tuple[Step, ...] = ()
    prompt: Prompt = ()
    next: Ref | None = None
    stay: bool = False
    at: Span = msgspec.field(default=START, name=PLACE)


Transition = tuple[Move, ...]
"""The moves in order; the first whose `when` holds is taken."""


# -- actions --------------------------------------------------------------------------------------


class Choice(_Value, frozen=True, kw_only=True):
    """What one key of a menu does. `words` are spoken alternatives to the key."""

    key: str
    transition: Transition
    words: tuple[str, ...] = ()
    at: Span = msgspec.field(default=START, name=PLACE)


class Retries(_Value, frozen=True, kw_only=True):
    """How often a menu is repeated. `no_input` and `no_match` count apart unless `together`."""

    together: int | None = 2
    no_input: int = 0
    no_match: int = 0


class Digits(_Value, frozen=True, kw_only=True):
    """The digits wanted: how many, and the pattern (`X` any digit, `[..]` a set) they must fit.

    `computed_min` and `computed_max` are texts that yield the number, where one is not literal.
    """

    min: int
    max: int
    computed_min: Text | None = None
    computed_max: Text | None = None
    pattern: str = ""
    into: Ref | None = None
    fixed: bool = False
    at: Span = msgspec.field(default=START, name=PLACE)


class Menu(_Kind, frozen=True, kw_only=True):
    prompt: Prompt
    reprompt: Prompt = ()
    retries: Retries = Retries()
    timeout: Fixed
    barge: bool = True
    speech: bool = False
    choices: tuple[Choice, ...]
    extension: Digits | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


class Collect(_Kind, frozen=True, kw_only=True):
    """Ask for digits. `fixed` in `digits` tells that `length` was given."""

    prompt: Prompt
    digits: Digits
    reprompt: Prompt = ()
    check: Expr | None = None
    wrong: Prompt = ()
    retries: int = 2
    timeout: Fixed
    barge: bool = True
    keys: tuple[Choice, ...] = ()
    at: Span = msgspec.field(default=START, name=PLACE)


Amd = bool | Literal["async"]
"""Whether it is told who answered: not, before anything else happens, or while it goes on."""


class Connect(_Kind, frozen=True, kw_only=True):
    """Hand the call over. Durations may be templates: a text that yields one."""

    to: Literal["number", "sip", "user", "stream"]
    target: Text
    cli: Text | None = None
    timeout: "Duration | None" = None
    max_duration: "Duration | None" = None
    tones: Text | None = None
    dtmf: Text | None = None
    headers: dict[str, Text] = {}
    amd: Amd = False
    hold_music: str = ""
    transport: str = ""
    callbacks: bool = True
    at: Span = msgspec.field(default=START, name=PLACE)


class Conference(_Kind, frozen=True, kw_only=True):
    """A room. `max` is how many may be in it, a text that yields a number, None for any.

    With `start_on_enter` true the call starts the room, with false it hears music until somebody
    has; None: neither. `end_on_exit`: the room ends with the call.
    """

    id: Text
    hold_music: str = ""
    dtmf: Literal["ignore", "forward", "detect"] = "ignore"
    max_digits: int = 1
    timeout: Fixed
    max: Text | None = None
    start_on_enter: bool | None = None
    end_on_exit: bool = False
    at: Span = msgspec.field(default=START, name=PLACE)


class Park(_Kind, frozen=True, kw_only=True):
    intro: Prompt = ()
    prompt: Prompt = ()
    max_duration: "Duration | None" = None
    at: Span = msgspec.field(default=START, name=PLACE)


class Hold(_Kind, frozen=True, kw_only=True):
    """Wait with `prompt` heard again and again, `every` so long after its end, until something
    happens or one of `keys` is pressed. `music`: the prompt is one sound."""

    prompt: Prompt
    keys: tuple[Choice, ...] = ()
    every: Fixed
    music: bool = False
    at: Span = msgspec.field(default=START, name=PLACE)


class Bridge(_Kind, frozen=True, kw_only=True):
    """Talk to the `leg` that accepted, or to the `parent` of this leg if it still waits."""

    to: Literal["leg", "parent"]
    at: Span = msgspec.field(default=START, name=PLACE)


class Run(_Kind, frozen=True, kw_only=True):
    """Run another flow. `params` are literals until the other flow's declarations read them."""

    flow: Ref
    params: dict[str, Template] = {}
    into: Ref | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


class Return(_Kind, frozen=True, kw_only=True):
    """Go back to the flow that ran this one, by one of its `returns`."""

    name: Ref
    values: dict[str, Template] = {}
    at: Span = msgspec.field(default=START, name=PLACE)


class RequestAction(_Kind, frozen=True, kw_only=True, tag="request"):
    """Look something up. `params` are literals until the request's declarations read them.

    With `meanwhile` the reply goes at once and says it until the answer is there.
    """

    request: Ref
    params: dict[str, Template] = {}
    into: Ref | None = None
    meanwhile: Prompt = ()
    at: Span = msgspec.field(default=START, name=PLACE)


class Continue(_Kind, frozen=True, kw_only=True):
    at: Span = msgspec.field(default=START, name=PLACE)


class Hangup(_Kind, frozen=True, kw_only=True):
    at: Span = msgspec.field(default=START, name=PLACE)


class Computed(_Kind, frozen=True, kw_only=True):
    """A duration that a template yields."""

    text: Text


Duration = Fixed | Computed
Action = (
    Menu
    | Collect
    | Connect
    | Conference
    | Hold
    | Bridge
    | Park
    | RequestAction
    | Run
    | Return
    | Continue
    | Hangup
)


# -- requests -------------------------------------------------------------------------------------


class Request(_Value, frozen=True, kw_only=True):
    """A look-up over HTTP, declared once. Its texts see `params` by their bare names, and `env`.

    `retries` is None where the author wrote none, `returns` where the answer has no declared form.
    `status` names outcomes by status code; each has the place of its code.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: Text
    params: dict[str, Decl] = {}
    headers: dict[str, Text] = {}
    json: Template | None = None
    form: dict[str, Text] | None = None
    timeout: Fixed
    retries: int | None = None
    status: dict[str, Ref] = {}
    returns: dict[str, Decl] | None = None
    at: Span = msgspec.field(default=START, name=PLACE)

    @property
    def patience(self) -> int:
        """The milliseconds that it takes at most, all tries together."""
        return patience(self.timeout.milliseconds, self.retries)

    @property
    def answer(self) -> Type:
        """The type of the answer."""
        if self.returns is None:
            return Type(name=T.OBJECT)
        types = {name: decl.type for name, decl in self.returns.items()}
        return Type(name=T.OBJECT, properties=types)

    @property
    def named_outcomes(self) -> list[str]:
        """The outcomes that it gives names of its own."""
        return [each.name for each in self.status.values()]


def patience(timeout: int, retries: int | None) -> int:
    """Return how long all tries take together, in milliseconds, if each takes `timeout`.

    Without the author's word there is no time for another try.
    """
    return timeout * (1 + (retries or 0))


# -- callouts --------------------------------------------------------------------------------------


class Retry(_Value, frozen=True, kw_only=True):
    """Dial again after some of the results, `times` more at most, `every` so long."""

    results: tuple[Literal["busy", "no_answer", "failed"], ...]
    times: int
    every: Fixed


class Callout(_Value, frozen=True, kw_only=True):
    """An outgoing call, declared once. Who answers meets `flow` (None: the one that declares it)
    from its start. All texts see the values of that flow's parameters by their bare names, and
    `env`.

    `amd`: `true` waits for the verdict before the flow starts, `async` does not. Of one `key` one
    callout is pending or live. `unless` is asked when it is dialled, `hours` names a schedule
    outside of which it is not, `computed_hours` is a text that yields one.
    """

    to: Text
    flow: Ref | None = None
    cli: Text | None = None
    timeout: Duration | None = None
    max_duration: Duration | None = None
    amd: Amd = False
    dtmf: Text | None = None
    key: Text | None = None
    unless: Expr | None = None
    hours: Ref | None = None
    computed_hours: Text | None = None
    retry: Retry | None = None
    at: Span = msgspec.field(default=START, name=PLACE)


# -- states and flows -----------------------------------------------------------------------------


class Handlers(_Value, frozen=True, kw_only=True):
    """What a state or flow does on an outcome, by its name: `no_input`, `answered`, `ended`.

    `places` are where the names stand.
    """

    by_outcome: dict[str, Transition] = {}
    places: dict[str, Span] = msgspec.field(default_factory=dict, name=PLACE)
    keys: tuple[Choice, ...] = ()
    error: Ref | None = None


class Timer(_Value, frozen=True, kw_only=True):
    """A move that is taken `time` after its state was entered, or `every` so long."""

    time: Duration
    every: bool
    move: Move
    at: Span = msgspec.field(default=START, name=PLACE)

    @property
    def word(self) -> str:
        """The word of the language for it."""
        return "every" if self.every else "after"


class State(_Value, frozen=True, kw_only=True):
    """Steps and a prompt, then an action (`on` and `timers` say how it goes on), or `next`.

    A state whose author's text held errors may have neither; it never reaches the compiler.
    """

    name: str
    steps: tuple[Step, ...] = ()
    prompt: Prompt = ()
    action: Action | None = None
    on: Handlers = Handlers()
    timers: tuple[Timer, ...] = ()
    next: Transition = ()
    at: Span = msgspec.field(default=START, name=PLACE)


class Flow(_Value, frozen=True, kw_only=True):
    """One flow: a file `*.flow.yaml`.

    `returns` are the outcomes of a flow that others run, with the values that each gives. `answer`
    is `auto` (audible replies to an incoming call begin with `answer`) or `never`.
    """

    name: str
    start: Ref
    title: str = ""
    locale: str = ""
    answer: Literal["auto", "never"] = "auto"
    params: dict[str, Decl] = {}
    vars: dict[str, Decl] = {}
    returns: dict[str, dict[str, Decl]] = {}
    prompts: dict[str, DeclaredPrompt] = {}
    schedules: dict[str, Schedule] = {}
    records: dict[str, Record] = {}
    requests: dict[str, Request] = {}
    callouts: dict[str, Callout] = {}
    on: Handlers = Handlers()
    states: dict[str, State] = {}
    origin: Origin = msgspec.field(default=Origin(), name=PLACE)

    @property
    def path(self) -> str:
        return self.origin.path

    @property
    def budget(self) -> Mapping[str, Fixed]:
        """The longest that callers may be kept, by how they behave or by what they wait for."""
        return self.origin.budget


def targets(transition: Transition) -> Iterator[Ref]:
    """Yield the states that a transition can lead to."""
    for move in transition:
        if move.next is not None:
            yield move.next


def prompts_of(steps: Iterable[Step]) -> Iterator[Prompt]:
    """Yield what steps say."""
    return (step.prompt for step in steps if isinstance(step, PromptStep))


def runs(flow: Flow) -> Iterator[Run]:
    """Yield the runs of other flows that stand in `flow`."""
    for state in flow.states.values():
        if isinstance(state.action, Run):
            yield state.action


def lookups(flow: Flow) -> Iterator[RequestAction]:
    """Yield the look-ups that stand in `flow`."""
    for state in flow.states.values():
        if isinstance(state.action, RequestAction):
            yield state.action


def rings_sip(callout: Callout) -> bool:
    """Whether a callout rings a SIP address: what its author wrote of `to` says so, never what is
    computed."""
    written = _COMPUTED.sub("", callout.to.source).strip()
    return "@" in written or written.startswith(SIP)


def callee(callout: Callout, flow: Flow) -> str:
    """Return the name of the flow that runs when `callout`, which `flow` declares, is answered."""
    return flow.name if callout.flow is None else callout.flow.name
