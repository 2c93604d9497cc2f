"""Which server is reached is the author's to say, not the caller's."""

import pytest

from ivrflow.checking import check_text
from ivrflow.sinch.platform import PLATFORM

BAD = [
    "{connect: {sip: 'x@{{ call.headers.site }}.example.com'}}",
    "{connect: {sip: '{{ call.custom }}'}}",
    "{connect: {stream: 'wss://{{ call.headers.site }}/calls'}}",
    "{play: 'https://{{ call.custom }}/jingle.mp3', hangup: }",
    "{say: Recorded., do: [record: {to: 's3://{{ call.headers.bucket }}/x'}], hangup: }",
    "{set: {site: '{{ call.custom }}'}, connect: {sip: 'x@{{ site }}'}}",
]
GOOD = [
    "{connect: {sip: '{{ call.custom }}@sip.example.com'}}",
    "{connect: {sip: 'x@{{ params.site }}'}}",
    "{connect: {stream: 'wss://bot.example.com/{{ call.custom }}'}}",
    "{play: 'https://example.com/{{ call.custom }}.mp3', hangup: }",
    "{set: {site: sip.example.com}, connect: {sip: 'x@{{ site }}'}}",
]


def codes(state: str) -> list[str]:
    head = "flow: example\nstart: a\nvars: {site: ''}\nparams: {site: {type: string, default: x}}\n"
    text = f"{head}states:\n  a: {state}\n"
    return [each.code for each in check_text("f.flow.yaml", text, PLATFORM).diagnostics]


@pytest.mark.parametrize("state", BAD)
def test_a_caller_chooses_no_server(state: str) -> None:
    assert codes(state) == ["E812"]


@pytest.mark.parametrize("state", GOOD)
def test_a_caller_may_fill_in_the_rest(state: str) -> None:
    assert codes(state) == []


@pytest.mark.parametrize(
    ("to", "headers", "expected"),
    [
        ("sip: ada@example.com", "{Customer number: x}", ["E711"]),
        ("user: ada", "{Customer number: x}", []),
        ("user: ada", "{x: " + "y" * 1_023 + "}", []),
        ("user: ada", "{x: " + "ö" * 600 + "}", ["E711"]),
        ("sip: ada@example.com", "{X-Id: '{{ call.id }}'}", []),
    ],
)
def test_headers_of_a_call_are_such_that_they_arrive(
    to: str, headers: str, expected: list[str]
) -> None:
    assert codes(f"{{connect: {{{to}, headers: {headers}}}}}") == expected
