"""Replies, acts and requests that nobody wrote: nearly right, and quite wrong."""

import json
from typing import Any

from hypothesis import strategies as st

from ivrflow.emulator.read_actions import ACTION_BY_NAME
from ivrflow.emulator.read_instructions import INSTRUCTION_BY_NAME

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
prompt = st.sampled_from(
    ["#tts[Hi.]", "#ssml[<speak>a</speak>];x.mp3", "#tts[a];;#tts[b]c", "]", ";", "", "#tts[", "[]"]
)
key = st.sampled_from(list("12*#"))
option = st.fixed_dictionaries(
    {"dtmf": key | st.integers(1, 2), "action": st.sampled_from(["return(a)", "menu(b)", "x", ""])}
)
menu = st.fixed_dictionaries(
    {"id": st.sampled_from(["main", "b", "c"])},
    optional={
        "mainPrompt": prompt,
        "repeatPrompt": prompt,
        "repeats": st.integers(0, 3) | junk,
        "maxDigits": st.integers(0, 4) | junk,
        "timeoutMills": st.integers(0, 9_000) | junk,
        "options": st.lists(option, max_size=3),
    },
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=20),
    "ids": st.lists(prompt, max_size=3),
    "locale": st.sampled_from(["en-US", "sv-SE", "x"]),
    "value": st.sampled_from(["12#", "ww*", "v"]),
    "key": st.sampled_from(["k", "X-Y", "k" * 60]),
    "options": st.fixed_dictionaries({"destinationUrl": st.just("s3://b/f.mp3")}),
    "number": st.sampled_from(["+46850000001", "x"]),
    "dialTimeout": st.integers(0, 30),
    "maxDuration": st.integers(0, 100),
    "suppressCallbacks": st.booleans(),
    "amd": st.fixed_dictionaries({"enabled": st.booleans(), "async": st.booleans()}),
    "destination": st.fixed_dictionaries({"type": st.just("sip"), "endpoint": st.just("a@b")}),
    "conferenceId": st.sampled_from(["room", "other"]),
    "conferenceDtmfOptions": st.fixed_dictionaries(
        {"mode": st.sampled_from(["detect", "forward", "x"]), "maxDigits": st.integers(0, 3)}
    ),
    "moh": st.just("music1"),
    "menus": st.lists(menu, max_size=3),
    "mainMenu": st.sampled_from(["main", "b"]),
    "barge": st.booleans(),
    "enableVoice": st.booleans(),
    "introPrompt": prompt,
    "holdPrompt": prompt,
}


def _as_json(made: object) -> bytes:
    return json.dumps(made).encode()


def named(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Something called by one of these names, with fields of any of them, some of them junk."""
    fields = {
        field: values | (junk if field != "menus" else values) for field, values in FIELDS.items()
    }
    return st.builds(
        lambda name, given: {"name": name, **given},
        st.sampled_from(names),
        st.fixed_dictionaries({}, optional=fields) | st.fixed_dictionaries({}, optional=FIELDS),
    )


def whole(name: str, *needed: str) -> st.SearchStrategy[dict[str, Any]]:
    """One of these as it should be, with some of the fields that it may have."""
    fields = {field: FIELDS[field] for field in needed}
    return st.builds(
        lambda given, more: {"name": name, **more, **given},
        st.fixed_dictionaries(fields),
        st.fixed_dictionaries({}, optional={"maxDuration": FIELDS["maxDuration"]}),
    )


good_menu = st.fixed_dictionaries(
    {"id": st.just("main"), "options": st.lists(option, max_size=3)},
    optional={"mainPrompt": st.just("#tts[Hi.]"), "repeats": st.integers(0, 2)}
    | {"maxDigits": st.integers(0, 4)},
)
good_action = st.one_of(
    st.builds(
        lambda menus: {"name": "runMenu", "menus": menus, "enableVoice": True},
        st.lists(good_menu, min_size=1, max_size=1),
    ),
    whole("connectPstn", "amd", "suppressCallbacks").map(lambda made: {**made, "number": "+4685"}),
    whole("connectSip", "destination"),
    whole("connectMxp", "destination"),
    whole("connectConf", "conferenceId", "conferenceDtmfOptions", "moh"),
    whole("park", "introPrompt", "holdPrompt"),
    whole("continue"),
    whole("hangup"),
)
good_instruction = st.one_of(
    whole("answer"),
    st.just({"name": "say", "text": "Hello.", "locale": "en-US"}),
    st.just({"name": "playFiles", "ids": ["#tts[Hi.]", "a.mp3"]}),
    whole("sendDtmf").map(lambda made: {**made, "value": "w1#"}),
    st.just({"name": "setCookie", "key": "k", "value": "v"}),
    whole("startRecording", "options"),
    whole("stopRecording"),
)
good = st.fixed_dictionaries(
    {"action": good_action}, optional={"instructions": st.lists(good_instruction, max_size=2)}
)
bad = st.fixed_dictionaries(
    {"action": named([*ACTION_BY_NAME, "RUNMENU", "connectPSTN", "dance"])},
    optional={"instructions": st.lists(named([*INSTRUCTION_BY_NAME, "sing"]), max_size=3)},
)
svaml = good | bad
reply = st.integers(0, 9).flatmap(
    lambda luck: (
        good.map(_as_json)
        if luck < 8
        else bad.map(_as_json)
        if luck < 9
        else junk.map(_as_json) | st.binary(max_size=20) | st.sampled_from([500, 401, 204])
    )
)

who = st.sampled_from(["", "", "caller", "callee", "callee2", "nobody"])
act = st.one_of(
    st.tuples(st.just("press"), st.just(""), st.text("12*#", min_size=1, max_size=3)),
    st.tuples(st.just("pick_up"), st.just(""), st.sampled_from(["human", "machine"])),
    st.tuples(st.just("wait"), who, st.just("3000")),
    st.tuples(st.just("press"), who, st.text("0123456789*#x", max_size=5)),
    st.tuples(st.just("speak"), who, st.sampled_from(["sales", "1", ""])),
    st.tuples(st.just("pick_up"), who, st.sampled_from(["human", "machine", "unsure", "x"])),
    st.tuples(st.just("reject"), who, st.sampled_from(["busy", "no_answer", "failed", "x"])),
    st.tuples(st.just("beep"), who, st.just("")),
    st.tuples(st.just("hang_up"), who, st.just("")),
    st.tuples(st.just("wait"), who, st.sampled_from(["100", "2500", "6000", "61000"])),
    st.tuples(st.just("patch"), who, svaml.map(json.dumps)),
    st.tuples(st.just("resend"), who, st.sampled_from(["", "ice", "pie"])),
    st.tuples(
        st.just("fault"),
        st.sampled_from(["delay", "drop", "lose", "duplicate", "reorder"]),
        st.sampled_from(["", "ice", "pie", "dice", "notify"]),
    ),
)
story = st.lists(act, max_size=12)
