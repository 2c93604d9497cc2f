"""A file of scenarios as its author means it: typed values, each with its place."""

import re

import msgspec

from ivrflow.diagnostics import Span
from ivrflow.emulator.setup import Inbound
from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.source.node import Mapping, Node


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What is recorded before the call: the `value` of a record's `key`, for `lasts` milliseconds
    (0: for ever). `record` is its name in the store; `waits`: it is a queue, and one more call
    waits there."""

    record: str
    key: str
    value: object
    lasts: int = 0
    waits: bool = False
    at: Span


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """Who is in a room before the call: so many others, by whom it was `started` if it was."""

    name: str
    participants: int = 0
    started: bool = False
    at: Span


class Mock(msgspec.Struct, frozen=True, kw_only=True):
    """What a server answers, `delay` milliseconds later; `fails`: it doesn't, and why."""

    status: int = 200
    json: object = None
    delay: int = 0
    fails: str = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the look-up `name` is answered, ask by ask; the last answer again for each further."""

    name: str
    answers: tuple[Mock, ...]
    at: Span


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """The callout that a scenario begins with: `name`, as `flow` declares it; who answers meets the
    flow `callee`. `due` is when it is to be dialled, in milliseconds since 1970; 0: at once."""

    name: str
    flow: str
    callee: str
    params: dict[str, object] = {}
    due: int = 0
    at: Span


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """How a webhook takes `times` events (0: all from then on); `fails`: it doesn't, and why."""

    status: int = 200
    times: int = 0
    fails: str = ""


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """How the webhook `name` takes events, one after the other; it takes all that come later."""

    name: str
    receptions: tuple[Reception, ...]
    at: Span


# -- steps ----------------------------------------------------------------------------------------


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    """`at` is the place of what is expected or done."""

    at: Span


class _Act(_Step, frozen=True, kw_only=True):
    """`who` is a party: caller, callee, or a name that `dials` gave; "" for the one whose turn it
    is on the call that was dealt with last."""

    who: str = ""


class Hear(_Act, frozen=True, kw_only=True):
    """`text` is part of what is heard, in any casing and whatever blanks; between slashes it is a
    pattern."""

    text: str

    @property
    def is_pattern(self) -> bool:
        return len(self.text) > 2 and self.text[0] == self.text[-1] == "/"

    def pattern(self) -> re.Pattern[str]:
        """Return what is looked for; raises `re.error`."""
        words = r"\s+".join(re.escape(word) for word in self.text.split())
        return re.compile(self.text[1:-1] if self.is_pattern else words, re.IGNORECASE)


class Press(_Act, frozen=True, kw_only=True):
    keys: str


class Speak(_Act, frozen=True, kw_only=True):
    text: str


class Silence(_Step, frozen=True, kw_only=True):
    """Nothing is pressed or said until who asks asks again, or gives up."""


class Wait(_Step, frozen=True, kw_only=True):
    """`ms` milliseconds pass."""

    ms: int


class HangUp(_Act, frozen=True, kw_only=True):
    """`who` "": the caller, or, where nobody calls in, who was called."""


class Calls(_Step, frozen=True, kw_only=True):
    """Somebody else calls in; `name` is what they are called from then on."""

    call: Inbound
    name: str = ""


class Dials(_Step, frozen=True, kw_only=True):
    """A phone rings; `name` is what its party is called from then on."""

    to: str
    name: str = ""


class Answer(_Act, frozen=True, kw_only=True):
    voice: Voice = "human"


class Beep(_Act, frozen=True, kw_only=True):
    pass


class Reject(_Act, frozen=True, kw_only=True):
    why: Refusal


class Recorded(_Step, frozen=True, kw_only=True):
    """The recording is there, at an address that contains `to`."""

    to: str = ""


class Emits(_Step, frozen=True, kw_only=True):
    """The event is sent, with this `data` at least, and to this webhook unless `to` is ""."""

    event: str
    data: Node | None = None
    to: str = ""


class Receives(_Step, frozen=True, kw_only=True):
    """A webhook takes an event, with this `data` at least; `to` "": any. `attempt`: at this try of
    those under one id, 0 for whichever."""

    event: str
    data: Node | None = None
    to: str = ""
    attempt: int = 0


class Signals(_Act, frozen=True, kw_only=True):
    """Another program sends a signal to the call of a party, with this `data`."""

    name: str
    data: object = None


class Repeat(_Step, frozen=True, kw_only=True):
    """The platform sends its last callback again."""


class Restart(_Step, frozen=True, kw_only=True):
    """The server is killed and started again."""


class MenuFails(_Step, frozen=True, kw_only=True):
    """The platform reports that it could not run the menu."""


class Remember(_Step, frozen=True, kw_only=True):
    """Other calls record something meanwhile."""

    records: tuple[Record, ...]


Step = (
    Hear
    | Press
    | Speak
    | Silence
    | Wait
    | HangUp
    | Calls
    | Dials
    | Answer
    | Beep
    | Reject
    | Recorded
    | Emits
    | Receives
    | Signals
    | Repeat
    | Restart
    | MenuFails
    | Remember
)

# -- expectations ---------------------------------------------------------------------------------


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The call is over, and this is the state that it was in."""

    state: str
    at: Span


class Visited(msgspec.Struct, frozen=True, kw_only=True):
    """Every state that was entered, in order."""

    states: tuple[str, ...]
    at: Span


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """What one variable, count of visits or record is. `of` is `variables`, `visits` or the name
    that a record has in the store; `waits`: it is a queue, all that waits there is meant."""

    of: str
    key: str
    value: Node
    waits: bool = False
    at: Span


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Part of the last reply, as the platform got it."""

    svaml: Mapping
    at: Span


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """All callouts that were ordered, in order: part of what each is."""

    callouts: Node
    at: Span


Expectation = Ended | Visited | Value | Reply | Called

# -- scenarios and files --------------------------------------------------------------------------


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One call that comes in, or one callout, and all that follows from it. `dialled`: the author
    says which number, so the application's routes decide which flow answers. `begins` is the time
    of the call or the order in milliseconds since 1970. `empty` is the place of an `expect:`
    without content, for `--update` to fill."""

    name: str
    at: Span
    flow: str
    path: str
    call: Inbound = Inbound()
    callout: Ordered | None = None
    dialled: bool = False
    begins: int
    requests: tuple[Request, ...] = ()
    records: tuple[Record, ...] = ()
    rooms: tuple[Room, ...] = ()
    webhooks: tuple[Receiver, ...] = ()
    steps: tuple[Step, ...] = ()
    expect: tuple[Expectation, ...] = ()
    empty: Span | None = None

    @property
    def restarts(self) -> bool:
        return any(isinstance(step, Restart) for step in self.steps)


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file `*.calltest.yaml`: scenarios of one flow."""

    path: str
    flow: str
    at: Span
    scenarios: tuple[Scenario, ...]
