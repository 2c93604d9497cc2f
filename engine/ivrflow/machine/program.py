"""A program: one flow as frozen tables, ready for the machine to walk.

Theory of operation. A call is always *in* one waiting state (or at its start). An event picks one
outcome of that state; the outcome's transition is a tuple of moves, of which the first that holds
is taken. Walking a move and the states it leads to, until the next action, collects the reply:

    move: steps, prompt -> state: steps, prompt -> (next: move ...) -> state: steps, prompt, action

Templates and expressions are closures over the names in scope; all else is data. A program is
identified by the hash of its canonical closure and compiled again from it (`load_program`), so it
can be stored with the calls that run on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import Scope, Value
from ivrflow.expr.speech import Fill
from ivrflow.expr.types import Type
from ivrflow.machine.calendar import Calendar
from ivrflow.machine.replies import Key
from ivrflow.model.flow import Amd, Command, HoldMusic, Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenPart:
    """Words, or SSML if `ssml`. `voice` and `locale` override the call's if not empty."""

    text: Value
    ssml: bool = False
    voice: str = ""
    locale: str = ""
    when: Value | None = None
    to: Listener = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedPart:
    """A declared prompt by its name, else the sound file at a URL: `target` yields which."""

    target: Value
    locale: str = ""
    voice: str = ""
    when: Value | None = None
    to: Listener = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledPart:
    """Words or SSML with values that are said by their kind, in the voice that says them."""

    fill: Fill
    voice: str = ""
    locale: str = ""
    when: Value | None = None
    to: Listener = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenPart:
    """What another flow gave as the parameter `name`: parts that are filled in already, or a value
    to be `spoken`."""

    name: str
    spoken: SpokenPart
    when: Value | None = None
    to: Listener = ""


PromptPart = SpokenPart | FilledPart | PlayedPart | GivenPart
Prompt = tuple[PromptPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPrompt:
    """A prompt by locale; `audio` is for those that are one sound file in every locale."""

    by_locale: Mapping[str, Prompt]
    audio: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep:
    """Assign to a variable; `type` is what a value must be that nobody has judged before the call:
    one that a signal brings."""

    name: str
    value: Value
    type: Type | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptStep:
    prompt: Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class LocaleStep:
    locale: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerStep:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecordingStep:
    """`transcribe` is None for no transcript, "" for one in the call's locale."""

    to: Value
    credentials: str
    format: str
    transcribe: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRecordingStep:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDtmfStep:
    tones: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStep:
    text: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRecord:
    """A record by its store-wide name. `key` is the type of its keys, None where there is one value
    only; `kept` that of its values, which last for `lasts` milliseconds, 0 for ever."""

    name: str
    key: Type | None
    kept: Type
    lasts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOperation:
    """Reads or changes a record. `keys` yields a list of keys, one but for a claim of several,
    `value` what is kept; what the operation itself yields is of type `yields`."""

    operation: str
    record: DeclaredRecord
    keys: Value
    value: Value
    yields: Type
    into: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalloutStep:
    """Place a callout of the flow, or one for each `item` of a list; `when` yields a point in
    time. One that is not to `keep` is a leg of the run that places it. `into` is a variable for
    what became of it: of several the first that was not ordered."""

    name: str
    params: Mapping[str, Value]
    for_each: Value | None
    when: Value | None
    keep: bool
    into: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmitStep:
    """Send an event to the webhook `to`."""

    event: str
    data: Mapping[str, Value]
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalStep:
    """Send a signal to the call whose id `to` yields."""

    name: str
    to: Value
    data: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlStep:
    """Command participants of a room: the call that `who` yields, this one if it is None, or
    `everybody`."""

    command: Command
    room: Value
    who: Value | None
    everybody: bool
    hold_music: HoldMusic | None


Step = (
    SetStep
    | PromptStep
    | LocaleStep
    | AnswerStep
    | StartRecordingStep
    | RecordOperation
    | CalloutStep
    | EmitStep
    | SignalStep
    | ControlStep
    | StopRecordingStep
    | SendDtmfStep
    | LogStep
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """`next` is a state's name; None stays where the call is."""

    when: Value | None = None
    steps: tuple[Step, ...] = ()
    prompt: Prompt = ()
    next: str | None = None


Transition = tuple[Move, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Digits wanted: as many as `bounds` yields, at least and at most, that fit the pattern.

    They are kept in the variable `into`. `bounds` raises `EvaluationError`.
    """

    bounds: Callable[[Scope], tuple[int, int]]
    fits: Callable[[str, int, int], bool]
    into: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    key: str
    transition: Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """Choices by what they return, and by their key. `offered` go out as options; the keys that can
    begin an extension do not: they are read from the digits.

    The platform asks `repeats` times more by itself. `no_input` and `no_match` are None then, else
    how often the engine asks again on that failure.
    """

    prompt: Prompt
    reprompt: Prompt
    repeats: int
    no_input: int | None
    no_match: int | None
    timeout: int
    barge: bool
    speech: bool
    offered: tuple[Key, ...]
    choice_by_value: Mapping[str, Choice]
    choice_by_key: Mapping[str, Choice]
    extension: Digits | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect:
    prompt: Prompt
    reprompt: Prompt
    wrong: Prompt
    digits: Digits
    check: Value | None
    retries: int
    timeout: int
    barge: bool
    offered: tuple[Key, ...]
    choice_by_value: Mapping[str, Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """`to` is `number`, `sip`, `user` or `stream`. `fenced`: the target is no literal, so it must
    lie within the application's `dial.allow`."""

    to: str
    target: Value
    fenced: bool
    cli: Value | None
    timeout: Value | None
    max_duration: Value | None
    tones: str
    dtmf: Value | None
    headers: Mapping[str, Value]
    amd: Amd
    hold_music: str
    transport: str
    callbacks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """A room; see `ivrflow.model.flow.Conference`. `max` raises `EvaluationError`."""

    id: Value
    hold_music: HoldMusic | None
    dtmf: str
    max_digits: int
    timeout: int
    max: Callable[[Scope], int] | None
    start_on_enter: bool | None
    end_on_exit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Wait with a prompt, heard again after `every` milliseconds of silence. `parks`: an incoming
    call that nobody has asked anything may be parked for it."""

    prompt: Prompt
    every: int
    offered: tuple[Key, ...]
    choice_by_value: Mapping[str, Choice]
    parks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """Talk to the `leg` that accepted, or to the `parent` of this one."""

    to: Literal["leg", "parent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    intro: Prompt
    prompt: Prompt
    max_duration: Value | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Look something up, see `machine.lookups`. `params` are the values of its parameters, by
    `defaults` where they are not given; all that is sent sees these alone.

    `into` is the variable that gets the answer. With `meanwhile` the reply doesn't wait for it.
    """

    name: str
    method: str
    url: Value
    headers: Mapping[str, Value]
    json: Value | None
    form: Mapping[str, Value] | None
    timeout: int
    retries: int | None
    status: dict[int, str]
    returns: Type | None
    defaults: Mapping[str, object]
    params: Mapping[str, Value]
    into: str | None
    meanwhile: Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run another flow of the program. `prompts` are the parameters that are something to hear;
    what it returns goes to the variable `into`."""

    flow: str
    params: Mapping[str, Value]
    prompts: Mapping[str, Prompt]
    into: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Go back to the flow that ran this one, by its outcome `name`."""

    name: str
    values: Mapping[str, Value]


Passing = Run | Return
"""Actions that the caller doesn't notice: the walk goes on in the same reply. So does a request
without `meanwhile`."""

Action = (
    Menu
    | Collect
    | Connect
    | Conference
    | Hold
    | Bridge
    | Park
    | Request
    | Continue
    | Hangup
    | Passing
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A move that is taken `time` milliseconds after its state was entered; again and again, if
    `every`."""

    time: Value
    every: bool
    move: Move


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`on` holds the transition of every outcome handled here or inherited from the flow, but for
    `ended`: there the state's comes first, then the flow's. `timers` run while the call is in the
    state."""

    name: str
    steps: tuple[Step, ...]
    prompt: Prompt
    action: Action | None
    next: Transition
    on: Mapping[str, Transition]
    timers: tuple[Timer, ...] = ()


def handler_of(state: State, outcome: str) -> Transition:
    """Return what `state` does on an outcome; raises `EvaluationError` where it does nothing."""
    transition = state.on.get(outcome)
    if transition is None:
        raise EvaluationError(f'"{outcome}" is not handled in "{state.name}"')
    return transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Dial again after one of `results`, `times` more, every so many milliseconds."""

    results: frozenset[str]
    times: int
    every: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout:
    """An outgoing call. Whoever answers meets `flow`, whose parameters have the types `params`;
    closures see their values, `defaults` where none are given. `is_sip`: the target is a SIP
    address, else a number. `fenced`: it is no literal, so a number must lie within the
    application's `dial.allow`. `hours` yields the qualified name of a schedule."""

    name: str
    flow: str
    to: Value
    is_sip: bool
    fenced: bool
    cli: Value | None
    timeout: Value | None
    max_duration: Value | None
    amd: Amd
    dtmf: Value | None
    key: Value | None
    unless: Value | None
    hours: Value | None
    retry: Retry | None
    params: Mapping[str, Type]
    defaults: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`known` are the names of all parameters, `params` the values of those with a default. `vars`
    are the variables that have a value from the start; `secrets` those that are declared
    secret or hold one; `keys` are those that work in every menu, those of the flows that this one
    runs included."""

    name: str
    start: str
    locale: str
    answer: bool
    known: frozenset[str]
    params: Mapping[str, object]
    vars: dict[str, object]
    secrets: frozenset[str]
    prompts: Mapping[str, DeclaredPrompt]
    records: Mapping[str, DeclaredRecord]
    callouts: Mapping[str, Callout]
    states: Mapping[str, State]
    on: Mapping[str, Transition]
    keys: Mapping[str, Choice]
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a call runs on. `id` is the hash of `closure`, which the store keeps. `flow` is where a
    call begins; `flows` are all that it can come to, by name.

    `secret`: something in it is declared secret, so its calls are sealed where they are stored.
    `schedules` are by qualified name: `office` is the application's, `front-door.office` the one
    that the flow `front-door` declares. `dial_allow` are the prefixes within which a computed
    number must lie (None: any); `sorry` are the author's words before the engine itself has to
    hang up ("": the engine's own).
    """

    id: str
    closure: bytes = field(repr=False)
    flow: Flow = field(repr=False)
    flows: Mapping[str, Flow] = field(repr=False)
    schedules: Mapping[str, Calendar] = field(repr=False)
    secret: bool
    dial_allow: tuple[str, ...] | None
    sorry: str

    def state(self, flow: str, name: str) -> State | None:
        """Return a state of a flow, None where there is none."""
        found = self.flows.get(flow)
        return None if found is None else found.states.get(name)
