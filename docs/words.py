"""What tables of `docs/language.md` say of words whose meaning the code doesn't tell."""

from ivrflow.expr import compile as expressions
from ivrflow.expr.parse import MAX_LENGTH
from ivrflow.expr.types import T
from ivrflow.machine import lookups, recorded, speak, walk
from ivrflow.model.context import Context
from ivrflow.sinch import limits
from ivrflow.source import yaml

VALUES = {
    "text": "text",
    "string": "text",
    "expression": "expression",
    "id": "name",
    "flow_name": "name of a flow",
    "locale": "locale",
    "duration": "duration, or `{{ }}`",
    "plain_duration": "duration",
    "count": "whole number",
    "many": "whole number from 1",
    "how_many": "whole number from 1, or `{{ }}`",
    "boolean": "`true` `false`",
    "value": "value",
    "nothing": "nothing",
    "null": "nothing",
    "object": "mapping",
    "array": "list",
    "prompt": "[prompt](#prompts)",
    "transition": "[transition](#transitions)",
    "effects": "[effects](#the-end-of-a-call-recordings-transcripts)",
    "choice": "[transition](#transitions)",
    "choices": "[choices](#choices)",
    "outcomes": "[transitions](#transitions) by outcome",
    "declarations": "[declarations](#variables)",
    "prompts": "[prompts](#declared-prompts) by name",
    "retries": "whole number, or `{no_input, no_match}`",
    "budget": "[bounds](#budget-how-long-callers-are-kept)",
    "handlers": "[handlers](#on-what-holds-everywhere)",
    "menu": "[menu](#menus)",
    "collect": "[collect](#collecting-digits)",
    "connect": "[connect](#connecting)",
    "conference": "[conference](#conferences)",
    "park": "[park](#parking)",
    "hold": "[hold](#waiting)",
    "bridge": "`leg`, or `parent`",
    "timers": "[timers](#timers)",
    "run": "[run](#flows-that-run-each-other)",
    "return": "[return](#flows-that-run-each-other)",
    "requests": "[requests](#look-ups-over-http) by name",
    "request_action": "[request](#look-ups-over-http)",
    "request.status": "outcomes by status code",
    "request.headers": "texts by name",
    "request_action.with": "values by name",
    "records": "[records](#memory-across-calls) by name",
    "step.claim.any": "keys",
    "records.value": "type, or types by name",
    **{
        f"step.{name}": "[record step](#the-keys-of-record-steps)"
        for name in ("read", "put", "delete", "count", "claim", "enqueue", "dequeue", "place")
    },
    "record_step": "[recording](#recording)",
    "type": "[type](#types)",
    "type_name": "[type](#types)",
    "schedules": "[schedules](#opening-hours) by name",
    "schedules.open": "hours by day, or days",
    "schedules.special": "hours by date",
    "schedules.closed": "dates",
    "app.routes": "[routes](#routes)",
    "app.dial": "[prefixes](#what-may-be-dialled)",
    "app.on": "[words](#words-for-failures)",
    "app.routes.to": "number, or prefixes",
    "menu.extension": "[extension](#extensions)",
    "flow.returns": "[outcomes](#flows-that-run-each-other) by name",
    "flow.states": "[states](#states) by name",
    "move.do": "[steps](#steps)",
    "state.do": "[steps](#steps)",
    "choice.do": "[steps](#steps)",
    "effect.do": "[steps](#steps)",
    "record_step.transcribe": "`true` `false`, or locale",
}
"""The values of keys, by their definition in the schema, or by the key itself."""

CONTEXTS = {
    Context.ICE: "call comes in",
    Context.MENU: "after a menu",
    Context.ANSWERED: "callout answered",
    Context.BRIDGED: "other party is there",
    Context.HELD: "held",
    Context.PARKED: "parked",
    Context.ROOM: "in a room",
    Context.LIVE: "two talk",
    Context.NONE: "nobody is there",
}
"""The contexts that a call can be in, as the page calls them."""

TYPES = {
    T.STRING: ("any text", '`Ada`, `"0123"` (quoted)'),
    T.INTEGER: ("a whole number", "`3`"),
    T.NUMBER: ("a number", "`2.5`"),
    T.BOOLEAN: ("true or false", "`true`"),
    T.DIGITS: ("what is pressed: 0 to 9, `*`, `#`; zeros at the beginning count", "`0123`"),
    T.PHONE: ("a telephone number in international form", "`+46850000001`"),
    T.DATE: ("a day", "`2026-11-23`"),
    T.TIME: ("a time of day", "`08:30`"),
    T.DURATION: ("a length of time, a number of milliseconds in expressions", "`20s`, `1m30s`"),
    T.LIST: ("values in order", "`[1, 2]`"),
    T.OBJECT: ("values by name", "`{city: Lund}`"),
    T.SCHEDULE: ("[opening hours](#opening-hours) that are declared", "the name: `office`"),
    T.PROMPT: (
        "something to hear; for parameters of flows that are run",
        "`One moment.`, `{play: jingle}`",
    ),
}

NAMES = {
    "call.id": "the platform's id of the call",
    "call.from": "the caller's number; null if withheld, and of who has none",
    "call.user": "the name of an app user, or the SIP address, of who calls without a number",
    "call.to": "what was dialled: a number with `+`, a user, a SIP address, a room",
    "call.domain": "where the caller is",
    "call.headers": "headers of the call by name: `call.headers['X-Customer']`; null if not sent",
    "call.custom": "text that came with the call, often empty",
    "call.region": "the platform's region, `euc1` for example",
    "params": "the [parameters](#variables) of the flow",
    "visits": "how often the state was entered in this call, the current time included",
    "input": "the key or digits just heard, on the way from a menu or collect until the next event",
    "tries": "how often in a row the waiting state was entered: 1 the first time, "
    "2 if the call comes back to it from itself",
    "amd": "with `amd`: who answered, `human`, `machine` or `unsure`; empty text until it is known",
    "beeped": "with `amd`: whether the answering machine has beeped, and records what is said",
    "result": "in `ended`: how the call ended. In `leg.ended`: how [the leg](#legs) did. In "
    "`recording` and `transcript`: where the file is",
    "reason": "in `ended`: why",
    "legs": "how many [legs](#legs) of the flow's run are open",
    "signal": "on the way from `signal.NAME` until the next event: what came with it is "
    "`signal.data`, or null",
    "locale": "the current language of the call",
    "now": "this moment, in UTC",
    "run": "what tells this call's run from others; the call's id",
}

FUNCTIONS = {
    "open": "whether it is open now",
    "hours": "today's hours, in the language of the call: `08:00 to 12:00 and 13:00 to 17:00`; "
    "empty text if it is closed all day",
    "next_opening": "the next moment at which it is open, this one if it is. Use `| date` and "
    "`| time` on it. What does not open within 400 days is a failure of the flow",
    "recorded": "whether a [record](#memory-across-calls) has a value, under a key if it has keys",
}

FILTERS = {
    "amount": ("to be spoken as an amount of money", "'1234.50' | amount('SEK')"),
    "bucket": ("a number from 0, always the same for the same value", "'+46701234567' | bucket(2)"),
    "date": ("the day of a point in time", "'2026-11-23T10:05:00Z' | date"),
    "default": ("another value where there is none", "none | default('you')"),
    "int": ("digits or a number as a whole number", "'0042' | int"),
    "length": ("how many characters, or items", "'0042' | length"),
    "lower": ("in small letters", "'ADA' | lower"),
    "luhn": ("whether the check digit is right", "'400002' | luhn"),
    "phone": ("to be spoken as a number, digit by digit", "'+4685' | phone"),
    "spell": ("to be spoken letter by letter", "'ABC' | spell"),
    "spoken_digits": ("to be spoken digit by digit", "'0042' | spoken_digits"),
    "time": ("the time of day of a point in time", "'2026-11-23T10:05:00Z' | time"),
    "upper": ("in capital letters", "'ada' | upper"),
    "urlencode": ("safe as a piece of a URL", "'a b&c' | urlencode"),
}
"""What a filter does, and an expression that shows it."""

TESTS = {
    "matching": ("whether all of it fits a [pattern](#patterns)", "'1004' is matching('10[01]X')"),
    "starting": (
        "whether it begins so, or like one of a list",
        "'+46701234567' is starting(['+46', '+47'])",
    ),
}


def _whole(milliseconds: int) -> str:
    return f"{milliseconds // 1000}s"


LIMITS = [
    (
        "silence that a menu or collect waits for (`timeout`)",
        f"{_whole(limits.MIN_MENU_TIMEOUT)} to {_whole(limits.MAX_MENU_TIMEOUT)}",
    ),
    (
        "ringing and length of a connected call (`timeout`, `max_duration`)",
        f"1s to {limits.MAX_CALL}s (4h), whole seconds",
    ),
    ("`max_duration` of `park`", f"1s to {limits.MAX_PARK}s (10m), whole seconds"),
    ("digits of one input", f"{limits.MAX_DIGITS}"),
    ("the name of a room", f"{limits.MAX_ROOM} characters; a longer computed one is shortened"),
    ("one spoken text", f"{limits.MAX_TEXT} characters; longer ones are split at sentence ends"),
    ("tones that can be sent", "`0`-`9`, `#`, and `w` for half a second of silence"),
    ("look-ups without `meanwhile` before one reply", f"{_whole(lookups.BUDGET)} together"),
    ("what an answer to a look-up leaves", f"{lookups.MAX_KEPT // 1024} KiB"),
    ("the key of a record", f"{recorded.MAX_KEY} characters; a longer one is shortened"),
    ("parts of one prompt as heard", f"{speak.MAX_PARTS}"),
    ("passing states in one reply", f"{walk.MAX_PASSING}"),
    ("flows that run each other", f"{walk.MAX_FRAMES} deep"),
    ("an expression or text with `{{ }}`", f"{MAX_LENGTH:,} characters"),
    ("a computed text", f"{expressions.MAX_TEXT:,} characters"),
    ("a list or object", f"{expressions.MAX_ITEMS:,} values, {expressions.MAX_DEPTH} deep"),
    ("a file", f"{yaml.MAX_BYTES // 1024} KiB, {yaml.MAX_DEPTH} levels"),
]
