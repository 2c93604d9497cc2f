"""Actions from nodes: what ends a reply."""

from typing import Literal, cast

from ivrflow.diagnostics import Kind
from ivrflow.errors import ExpressionError
from ivrflow.expr.pattern import parse_pattern
from ivrflow.model.build_prompts import build_prompt
from ivrflow.model.build_steps import StepBuilder
from ivrflow.model.flow import (
    Action,
    Bridge,
    Collect,
    Conference,
    Connect,
    Continue,
    Decl,
    Digits,
    Hangup,
    Hold,
    Menu,
    Park,
    PlayPart,
    RequestAction,
    Retries,
    Return,
    Run,
    Text,
)
from ivrflow.model.reader import (
    Reader,
    amd,
    boolean,
    child,
    duration,
    entries,
    expression,
    fixed,
    integer,
    place,
    ref,
    text,
    word,
)
from ivrflow.source.node import Entry, Mapping, Node, Scalar

TARGETS = ("number", "sip", "user", "stream")

MENU_TIMEOUT = 5_000
ROOM_TIMEOUT = 3_000
HOLD_PAUSE, MUSIC_PAUSE = 10_000, 1_000
"""Milliseconds of silence before a held caller hears words, or music, again."""
MOST_DIGITS = 32
"""Digits wanted at most where the author computes only the least."""

NO_LENGTH = Kind(
    "E401",
    "digits-without-length",
    "Nothing says how many digits are wanted: the platform must know when to stop listening.",
    bad="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: Your number., min: 3, into: account}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: Your number., min: 3, max: 8, into: account}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
)
TWO_LENGTHS = Kind(
    "E481",
    "two-lengths",
    "How many digits are wanted is said twice: exactly so many, and from how many to how many.",
    bad="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: Your number., length: 4, max: 8, into: account}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: Your number., min: 4, max: 8, into: account}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
)
EMPTY_RANGE = Kind(
    "E402",
    "empty-range",
    "No number of digits is allowed: every input would be wrong.",
    bad="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: Your number., min: 8, max: 3, into: account}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: Your number., min: 3, max: 8, into: account}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
)
WRONG_PATTERN = Kind(
    "E403",
    "wrong-pattern",
    "A pattern of digits is written in a way that means nothing: every input would be wrong.",
    bad="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: Your number., pattern: "10[01", into: extension}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: Your number., pattern: "10[01]X", into: extension}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
    fatal=True,
)


class ActionBuilder:
    """Builds the actions of one flow; `returns` are its own outcomes with their declarations."""

    def __init__(
        self, reader: Reader, steps: StepBuilder, returns: dict[str, dict[str, Decl]]
    ) -> None:
        self.reader = reader
        self.steps = steps
        self.returns = returns

    def action(self, state: Node) -> Action | None:
        """Build the action of a state; None where it has none."""
        for each in entries(state):
            built = self.build(each)
            if built is not None:
                return built
        return None

    def build(self, entry: Entry) -> Action | None:
        match entry.key.text:
            case "menu":
                return self.menu(entry)
            case "collect":
                return self.collect(entry)
            case "connect":
                return self.connect(entry)
            case "conference":
                return self.conference(entry)
            case "hold":
                return self.hold(entry)
            case "bridge":
                return _bridge(entry)
            case "park":
                return self.park(entry)
            case _:
                return self.short(entry)

    def short(self, entry: Entry) -> Action | None:
        """Build what waits for nothing."""
        match entry.key.text:
            case "continue":
                return Continue(at=entry.key.span)
            case "hangup":
                return Hangup(at=entry.key.span)
            case "request":
                return self.request(entry)
            case "run":
                return self.run(entry)
            case "return":
                return self.back(entry)
            case _:
                return None

    def menu(self, entry: Entry) -> Menu:
        node = entry.value
        extension = child(node, "extension")
        return Menu(
            prompt=build_prompt(self.reader, child(node, "prompt")),
            reprompt=build_prompt(self.reader, child(node, "reprompt")),
            retries=_retries(child(node, "retries")),
            timeout=fixed(child(node, "timeout"), MENU_TIMEOUT),
            barge=boolean(child(node, "barge"), default=True),
            speech=boolean(child(node, "speech"), default=False),
            choices=self.steps.choices(child(node, "choices")),
            extension=None if extension is None else self.digits(extension),
            at=entry.key.span,
        )

    def collect(self, entry: Entry) -> Collect:
        node = entry.value
        return Collect(
            prompt=build_prompt(self.reader, child(node, "prompt")),
            digits=self.digits(node),
            reprompt=build_prompt(self.reader, child(node, "reprompt")),
            check=expression(child(node, "check")),
            wrong=build_prompt(self.reader, child(node, "wrong")),
            retries=integer(child(node, "retries"), 2),
            timeout=fixed(child(node, "timeout"), MENU_TIMEOUT),
            barge=boolean(child(node, "barge"), default=True),
            keys=self.steps.choices(child(node, "keys")),
            at=entry.key.span,
        )

    def digits(self, node: Node) -> Digits:
        """Read how many digits are wanted: `length`, or `min` and `max`, or as the pattern says."""
        if not isinstance(node, Mapping):
            return Digits(min=1, max=1)
        self.refuse_two_lengths(node)
        computed = {key: _computed(child(node, key)) for key in ("length", "min", "max")}
        if any(computed.values()):
            return self.computed_digits(node, computed)
        found = len(self.reader.findings)
        pattern = self.pattern(child(node, "pattern"))
        length = integer(child(node, "length"), 0)
        least = integer(child(node, "min"), length or pattern or 1)
        most = integer(child(node, "max"), length or pattern)
        span = place(node)
        if len(self.reader.findings) > found:
            least, most = 1, max(most, 1)
        elif not most:
            most = max(least, 1)
            if not node.entries.keys() & {"length", "max"}:
                message = "how many digits? neither length nor max is given"
                help = "write `length: 4`, or `min: 3` and `max: 8`"
                self.reader.note(NO_LENGTH, span, message, help)
        elif least > most:
            message = f"from {least} to {most} digits: no input fits"
            self.reader.note(EMPTY_RANGE, span, message, "let min be at most max")
        elif pattern and not least <= pattern <= most:
            message = f"the pattern has {pattern} digits, not {least} to {most}: no input fits"
            self.reader.note(EMPTY_RANGE, place(child(node, "pattern")), message)
        return Digits(
            min=least,
            max=most,
            pattern=word(child(node, "pattern")),
            into=ref(child(node, "into")),
            fixed=bool(length),
            at=span,
        )

    def refuse_two_lengths(self, node: Mapping) -> None:
        length = node.entries.get("length")
        if length is not None and ("min" in node.entries or "max" in node.entries):
            message = (
                "`length` is exactly how many digits, `min` and `max` from how many to how many"
            )
            self.reader.note(TWO_LENGTHS, length.key.span, message, "remove one or the other")

    def computed_digits(self, node: Mapping, computed: dict[str, Text | None]) -> Digits:
        """Read digits whose number a call tells; what is literal of it stays so."""
        length = computed["length"]
        return Digits(
            min=integer(child(node, "min"), 1),
            max=integer(child(node, "max"), MOST_DIGITS),
            computed_min=length or computed["min"],
            computed_max=length or computed["max"],
            pattern=word(child(node, "pattern")),
            into=ref(child(node, "into")),
            fixed=length is not None,
            at=place(node),
        )

    def pattern(self, node: Node | None) -> int:
        """Return how many digits a pattern has, 0 without one."""
        try:
            return len(parse_pattern(word(node)))
        except ExpressionError as error:
            span = node.part(error.offset, 1) if isinstance(node, Scalar) else place(node)
            self.reader.note(WRONG_PATTERN, span, error.message, error.help)
            return 0

    def connect(self, entry: Entry) -> Connect | None:
        node = entry.value
        to = next((each for each in TARGETS if child(node, each) is not None), "")
        target = text(child(node, to))
        if target is None:
            return None
        return Connect(
            to=cast(Literal["number", "sip", "user", "stream"], to),
            target=target,
            cli=text(child(node, "cli")),
            timeout=duration(child(node, "timeout")),
            max_duration=duration(child(node, "max_duration")),
            tones=text(child(node, "tones")),
            dtmf=text(child(node, "dtmf")),
            headers={
                each.key.text: value
                for each in entries(child(node, "headers"))
                if (value := text(each.value)) is not None
            },
            amd=amd(child(node, "amd")),
            hold_music=word(child(node, "hold_music")),
            transport=word(child(node, "transport")).upper(),
            callbacks=boolean(child(node, "callbacks"), default=True),
            at=entry.key.span,
        )

    def conference(self, entry: Entry) -> Conference | None:
        node = entry.value
        room = text(child(node, "id"))
        if room is None:
            return None
        dtmf = child(node, "dtmf")
        detect = entries(dtmf) if dtmf is not None else iter(())
        mode = "detect" if any(True for _ in detect) else word(dtmf, "ignore")
        starts = child(node, "start_on_enter")
        return Conference(
            id=room,
            hold_music=word(child(node, "hold_music")),
            dtmf=cast(Literal["ignore", "forward", "detect"], mode),
            max_digits=integer(child(dtmf, "length"), 1),
            timeout=fixed(child(dtmf, "timeout"), ROOM_TIMEOUT),
            max=text(child(node, "max")),
            start_on_enter=None if starts is None else boolean(starts, default=True),
            end_on_exit=boolean(child(node, "end_on_exit"), default=False),
            at=entry.key.span,
        )

    def hold(self, entry: Entry) -> Hold:
        """Build a hold: `music` is one sound that is played, `prompt` all that may be said."""
        node = entry.value
        music = text(child(node, "music"))
        prompt = build_prompt(self.reader, child(node, "prompt"))
        if music is not None:
            prompt = (PlayPart(target=music, at=place(child(node, "music"))), *prompt)
        return Hold(
            prompt=prompt,
            keys=self.steps.choices(child(node, "keys")),
            every=fixed(child(node, "every"), HOLD_PAUSE if music is None else MUSIC_PAUSE),
            music=music is not None,
            at=entry.key.span,
        )

    def run(self, entry: Entry) -> Run | None:
        node = entry.value
        flow = ref(child(node, "flow"))
        if flow is None:
            return None
        return Run(
            flow=flow,
            params={
                each.key.text: self.reader.as_written(each.value)
                for each in entries(child(node, "with"))
            },
            into=ref(child(node, "into")),
            at=entry.key.span,
        )

    def request(self, entry: Entry) -> RequestAction | None:
        node = entry.value
        name = ref(child(node, "name"))
        if name is None:
            return None
        return RequestAction(
            request=name,
            params={
                each.key.text: self.reader.as_written(each.value)
                for each in entries(child(node, "with"))
            },
            into=ref(child(node, "into")),
            meanwhile=build_prompt(self.reader, child(node, "meanwhile")),
            at=entry.key.span,
        )

    def back(self, entry: Entry) -> Return | None:
        node = entry.value
        name = ref(child(node, "name"))
        if name is None:
            return None
        declared = self.returns.get(name.name, {})
        return Return(
            name=name,
            values={
                each.key.text: self.reader.template(
                    each.value, declared[each.key.text].type if each.key.text in declared else None
                )
                for each in entries(child(node, "values"))
            },
            at=entry.key.span,
        )

    def park(self, entry: Entry) -> Park:
        node = entry.value
        return Park(
            intro=build_prompt(self.reader, child(node, "intro")),
            prompt=build_prompt(self.reader, child(node, "prompt")),
            max_duration=duration(child(node, "max_duration")),
            at=entry.key.span,
        )


def _bridge(entry: Entry) -> Bridge | None:
    match word(entry.value):
        case "leg" | "parent" as to:
            return Bridge(to=to, at=entry.key.span)
        case _:
            return None


def _computed(node: Node | None) -> Text | None:
    source = text(node)
    return source if source is not None and "{{" in source.source else None


def _retries(node: Node | None) -> Retries:
    if not isinstance(node, Mapping):
        return Retries(together=integer(node, 2))
    return Retries(
        together=None,
        no_input=integer(child(node, "no_input"), 2),
        no_match=integer(child(node, "no_match"), 2),
    )
