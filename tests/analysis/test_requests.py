"""What lint knows of look-ups before the phone rings."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ivrflow.checking import check, check_text
from ivrflow.sinch.platform import PLATFORM

FLOW: dict[str, Any] = {
    "flow": "example",
    "start": "find",
    "requests": {
        "find": {
            "params": {"id": "digits", "page": 1},
            "get": "https://crm.example.com/{{ id }}",
            "timeout": "1s",
            "status": {"409": "taken"},
            "returns": {"name": "string", "balance": "integer?"},
        }
    },
    "states": {
        "find": {
            "request": {"name": "find", "with": {"id": "0123"}, "into": "found"},
            "on": {"ok": "greet", "error": "sorry", "taken": "sorry"},
        },
        "greet": {"say": "Hello, {{ found.name }}.", "hangup": None},
        "sorry": {"say": "Sorry.", "hangup": None},
    },
}


def changed(path: str, value: object) -> str:
    """The flow with one value replaced, or removed if that is None."""
    flow = json.loads(json.dumps(FLOW))
    *way, last = path.split("/")
    held = flow
    for key in way:
        held = held[key]
    held[last] = value
    return text_of(flow)


def text_of(flow: dict[str, Any]) -> str:
    """A flow as YAML: types are plain words, which JSON would quote."""
    return re.sub(r'"((?:string|integer|digits|prompt)\??)"', r"\1", json.dumps(flow))


def found(text: str) -> list[tuple[str, str]]:
    checked = check_text("example.flow.yaml", text, PLATFORM)
    return [(each.code, f"{each.message}; {each.help}") for each in checked.diagnostics]


def test_a_good_look_up_is_left_alone() -> None:
    assert found(text_of(FLOW)) == []


@pytest.mark.parametrize(
    ("path", "value", "code", "told"),
    [
        ("states/find/request/name", "fnd", "E171", 'did you mean "find"?'),
        ("states/find/request/with", {}, "E172", '"find" needs "id"'),
        ("states/find/request/with", {"id": "x"}, "E172", '"x" is not digits'),
        ("states/find/request/with", {"id": "1", "it": "1"}, "E172", 'no parameter "it"'),
        ("states/find/request/with", {"id": "{{ call.custom }}"}, "E602", "is digits, not string"),
        ("states/find/on", {"ok": "greet", "taken": "sorry"}, "E206", '"error"'),
        ("states/find/on", {"ok": "greet", "error": "sorry"}, "E206", '"taken"'),
        ("states/greet/say", "{{ found.nmae }}", "E104", 'did you mean "name"?'),
        ("states/greet/say", "{{ found.balance + 1 }}", "E602", "there may be no number"),
        ("states/sorry/say", "{{ found.name }}", "E603", '"found" may have no value here'),
        ("requests/find/get", "https://{{ id }}.example.com/", "E871", "literal"),
        ("requests/find/get", "{{ env.CRM }}{{ id }}", "E871", "literal"),
        ("requests/find/get", "https://me:pw@crm.example.com/", "E871", "literal"),
        ("requests/find/get", "/customers", "E871", "literal"),
        ("requests/find/get", "http://crm.example.com/{{ id }}", "E872", "in clear"),
        ("requests/find/get", "http://localhost.example.com/{{ id }}", "E872", "in clear"),
        ("requests/find/get", "https://crm.example.com/{{ call.id }}", "E104", '"call"'),
        ("requests/find/get", "https://crm.example.com/{{ env.X | upper }}", "E801", "env.NAME"),
        ("requests/find/get", "https://crm.example.com/{{ id + }}", "E601", ""),
        ("requests/find/headers", {"X Y": "1"}, "E873", "no name of a header"),
        ("requests/find/headers", {"host": "a"}, "E873", "itself"),
        ("requests/find/headers", {"X-A": "a", "x-a": "b"}, "E873", "given twice"),
        ("requests/find/headers", {"X-A": "a\nb"}, "E873", "control character"),
        ("requests/find/get", "https://crm.example.com:abc/", "E173", "a port that there can't be"),
        ("requests/find/get", "https://crm..example.com/", "E173", "a host or a port"),
        ("requests/find/get", "{{ env.CRM }}/a b/{{ id }}", "E173", "as %20"),
        ("requests/find/get", "https://crm.example.com/é", "E173", "beyond ASCII"),
        ("requests/find/get", "https://169.254.169.254/", "E173", "link-local"),
        ("requests/find/get", "https://[fd00:ec2::254]/", "E173", "metadata"),
        ("requests/find/status", {"409": "taken", "404": "ok"}, "E173", "no outcome of 404"),
        ("requests/find/status", {"409": "taken", "404": "error"}, "E173", "such as not_found"),
        ("requests/find/form", {"a": "b"}, "E173", "has no body"),
        ("requests/find/status", {"40": "taken"}, "E173", "no status"),
        ("requests/find/params", {"id": "digits", "words": "prompt?"}, "E173", "can't be sent"),
        ("requests/find/returns", {"name": "string", "balance": 7}, "E671", "needs a type"),
        ("requests/find/timeout", "3s", "E271", "find can take 3 s"),
        ("requests/find/timeout", "0s", "E173", "lets nothing be answered"),
        ("states/greet/say", "{{ env.TOKEN }}", "E801", "in requests"),
    ],
)
def test_each_fault_is_found_at_its_place(path: str, value: object, code: str, told: str) -> None:
    faults = found(changed(path, value))
    assert [each for each, _ in faults] == [code]
    assert told in faults[0][1]


@pytest.mark.parametrize(
    "request_",
    [
        {"timeout": "1s"},
        {"get": "https://a.example/", "post": "https://a.example/", "timeout": "1s"},
        {"get": "https://a.example/"},
    ],
)
def test_a_request_without_one_method_or_a_timeout_has_a_finding(request_: object) -> None:
    assert found(changed("requests/find", request_))


@pytest.mark.parametrize(
    "address",
    [
        "{{ env.CRM }}/{{ id }}?page={{ page }}",
        "{{env.CRM}}",
        "https://{{ env.HOST }}:8443/{{ id }}",
        "https://crm.example.com:{{ env.PORT }}/{{ id }}",
        "https://bücher.example/%C3%A9?q={{ id }}",
        "http://127.0.0.1:8080/{{ id }}",
        "http://[::1]/{{ id }}",
        "https://crm.example.com?id={{ id }}",
    ],
)
def test_addresses_that_the_author_or_the_operator_chose_are_good(address: str) -> None:
    assert found(changed("requests/find/get", address)) == []


def test_a_caller_who_hears_something_meanwhile_does_not_wait_for_ever_either() -> None:
    text = changed("states/find/request/meanwhile", "One moment.")
    assert found(text.replace('"1s"', '"2m"')) == []
    assert [code for code, _ in found(text.replace('"1s"', '"121s"'))] == ["E173"]
    assert [code for code, _ in found(text.replace('"1s"', '"1s", "retries": 11'))] == ["E173"]


def test_the_end_of_a_call_is_no_outcome_of_a_status() -> None:
    text = changed("requests/find/status", {"409": "taken", "404": "ended"})
    assert "E173" in [code for code, _ in found(text)]


def test_several_look_ups_share_the_patience_even_across_flows(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(
        "app: a\nroutes: [{flow: outer}]\n"
        'requests: {slow: {get: "https://crm.example.com/", timeout: 1500ms}}\n'
    )
    (tmp_path / "outer.flow.yaml").write_text(
        "flow: outer\nstart: first\nstates:\n"
        "  first: {run: {flow: inner}, on: {done: second}}\n"
        "  second: {request: {name: slow}, on: {ok: bye, error: bye}}\n"
        "  bye: {hangup: }\n"
    )
    (tmp_path / "inner.flow.yaml").write_text(
        "flow: inner\nstart: look\nreturns: {done: {}}\nstates:\n"
        "  look: {request: {name: slow}, on: {ok: back, error: back}}\n"
        "  back: {return: {name: done}}\n"
    )
    (checked,) = check([tmp_path], PLATFORM)
    (fault,) = checked.diagnostics
    assert (fault.code, fault.path[-15:]) == ("E271", "inner.flow.yaml")
    assert fault.message.startswith("slow and slow can take 3 s")


def test_what_is_said_meanwhile_makes_it_patient_and_needs_a_context() -> None:
    said = {"name": "find", "with": {"id": "0"}, "into": "found", "meanwhile": "One moment."}
    flow = json.loads(json.dumps(FLOW))
    flow["states"]["find"]["request"] = said
    flow["requests"]["find"]["timeout"] = "10s"
    assert found(text_of(flow)) == []
    flow["states"]["ring"] = {"connect": {"number": "+46850000001"}, "on": {"answered": "find"}}
    flow["start"] = "ring"
    assert found(text_of(flow)) == []


def test_what_is_said_meanwhile_can_t_read_a_key_that_is_long_gone() -> None:
    said = "You pressed {{ input }}."
    request = {"name": "find", "with": {"id": "0"}, "into": "found", "meanwhile": said}
    flow = json.loads(json.dumps(FLOW))
    flow["states"]["find"]["request"] = request
    choices = {"1": "find"}
    on = {"no_input": "sorry", "no_match": "sorry"}
    flow["states"]["ask"] = {"menu": {"prompt": "Press 1.", "choices": choices}, "on": on}
    flow["start"] = "ask"
    assert [code for code, _ in found(text_of(flow))] == ["E603"]


def test_a_long_way_of_passing_states_is_followed_to_its_end() -> None:
    flow = json.loads(json.dumps(FLOW))
    flow["requests"]["find"]["timeout"] = "60ms"
    look_up = flow["states"]["find"]["request"]
    for number in range(600):
        after = f"s{number + 1}" if number < 599 else "sorry"
        on = {"ok": after, "error": after, "taken": after}
        flow["states"][f"s{number}"] = {"request": look_up, "on": on}
    flow["states"]["find"]["on"]["error"] = "s0"
    codes = {code for code, _ in found(text_of(flow))}
    assert codes == {"E222", "E271"}


def test_look_ups_that_lead_round_in_a_circle_are_found() -> None:
    on = {"ok": "greet", "error": "find", "taken": "sorry"}
    assert [code for code, _ in found(changed("states/find/on", on))] == ["E202"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ('{params: {id: digits}, get: "https://{{ id }}/", timeout: 1s}', "E871"),
        ('{get: "http://crm.example.com/", timeout: 1s}', "E872"),
        ('{get: "https://crm.example.com/", headers: {host: a}, timeout: 1s}', "E873"),
        ('{get: "https://crm.example.com/{{ id }}", timeout: 1s}', "E104"),
        ('{get: "https://crm.example.com/{{ 1 + }}", timeout: 1s}', "E601"),
        ("{get: \"https://crm.example.com/{{ 1 + 'a' }}\", timeout: 1s}", "E602"),
        ('{get: "https://crm.example.com/{{ env.X | upper }}", timeout: 1s}', "E801"),
        ('{get: "https://crm.example.com/", json: {a: b}, timeout: 1s}', "E173"),
        ('{params: {id: PIN}, get: "https://crm.example.com/{{ id }}", timeout: 1s}', "E803"),
        ('{params: {id: PIN}, post: "https://a.example/{{ id | upper }}", timeout: 1s}', "E804"),
    ],
)
def test_a_request_of_the_application_is_judged_as_one_of_a_flow(
    tmp_path: Path, request_: str, code: str
) -> None:
    request_ = request_.replace("PIN", "{type: digits, secret: true}")
    (tmp_path / "app.yaml").write_text(
        f"app: a\nroutes: [{{flow: one}}]\nrequests: {{find: {request_}}}\n"
    )
    (tmp_path / "one.flow.yaml").write_text("flow: one\nstart: a\nstates: {a: {hangup: }}\n")
    (checked,) = check([tmp_path], PLATFORM)
    assert [(each.path[-8:], each.code) for each in checked.diagnostics] == [("app.yaml", code)]


PLACES = """\
flow: example
start: a
requests:
  find:
    get: "https://crm.example.com/"
    timeout: 1s
    MORE
states:
  a: {request: {name: find}, on: {ok: bye, error: bye, MISSING: bye}}
  bye: {hangup: }
"""


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("status: {404: gone, 40: gone}", '"40" is no status of HTTP'),
        ("returns: {name: string, words: prompt}", '"words" is a prompt, which no answer holds'),
        ("json: {name: Ada}", "a GET request has no body"),
        ("form: {name: Ada}", "a GET request has no body"),
    ],
)
def test_what_is_wrong_in_a_request_is_shown_where_it_stands(more: str, message: str) -> None:
    flow = PLACES.replace("MORE", more).replace(", MISSING: bye", ", gone: bye" * ("gone" in more))
    (fault,) = check_text("f.flow.yaml", flow, PLATFORM).diagnostics
    assert (fault.code, fault.message, fault.span.line) == ("E173", message, 7)
    assert fault.span.column > len("    json")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://crm.example.com/{{ who }}", ["E672"]),
        ("https://crm.example.com/{{ who }}?x=1", ["E672"]),
        ("https://crm.example.com/?of={{ who }}", []),
        ("https://crm.example.com/{{ who | default('nobody') }}", []),
    ],
)
def test_a_value_that_may_be_null_is_told_in_the_path_of_an_address(
    url: str, expected: list[str]
) -> None:
    flow = f"""\
flow: example
start: find
requests: {{find: {{params: {{who: phone?}}, get: "{url}", timeout: 1s}}}}
states:
  find:
    request: {{name: find, with: {{who: "{{{{ call.from }}}}"}}}}
    on: {{ok: bye, error: bye}}
  bye: {{hangup: }}
"""
    found = check_text("f.flow.yaml", flow, PLATFORM).diagnostics
    assert [each.code for each in found] == expected
