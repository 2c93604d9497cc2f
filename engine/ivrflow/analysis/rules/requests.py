"""Rules of look-ups: what is asked, of whom, with what, and for how long."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from jinja2 import nodes

from ivrflow import addresses
from ivrflow.analysis.costs import MAX_NAMED, Wait
from ivrflow.analysis.faults import place, placed, scalar_span, span_of
from ivrflow.analysis.graph import is_silent
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import APPLICATION, FLOW
from ivrflow.analysis.subject import Application, Subject
from ivrflow.analysis.values import missing_values, wrong_values
from ivrflow.diagnostics import Severity, Span, did_you_mean
from ivrflow.errors import ExpressionError
from ivrflow.expr.check import infer
from ivrflow.expr.parse import offset_of, parse_text
from ivrflow.expr.types import T
from ivrflow.machine.environment import MARK, MARKED, marked
from ivrflow.machine.lookups import BUDGET
from ivrflow.model.flow import Request, lookups

ADDRESS = re.compile(
    rf"(?:{MARKED.pattern}|https?://(?:[^/?#{{}}\s{MARK}@]|{MARKED.pattern})+)(?:[/?#].*)?",
    re.DOTALL,
)
"""An address with marks in the place of variables: nothing else in scheme and host."""

IN_CLEAR = re.compile(r"http://(?!(?:localhost|127(?:\.[0-9]+){3}|\[::1\])(?:[:/?#]|$))")

HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
"""What is put into a text when it is sent, encoded as its place needs."""

MAX_TIMEOUT = 120_000
MAX_RETRIES = 10
OWN_OUTCOMES = frozenset({"ok", "error", "ended"})
"""Outcomes that are not the author's to give."""

UNSENT = frozenset({T.PROMPT, T.SCHEDULE})
"""Types of values that no other server knows."""

OWN_HEADERS = frozenset(
    {"connection", "content-length", "host", "idempotency-key", "transfer-encoding"}
)
"""Headers that the engine writes itself."""


@FLOW.add(
    "E171",
    "unknown-request",
    fatal=True,
    bad="""
flow: example
start: find
requests: {find_customer: {get: "https://crm.example.com/customers", timeout: 1s}}
states:
  find: {request: {name: find_custmer}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
    good="""
flow: example
start: find
requests: {find_customer: {get: "https://crm.example.com/customers", timeout: 1s}}
states:
  find: {request: {name: find_customer}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
)
def unknown_request(subject: Subject) -> Iterator[Finding]:
    """A request is asked that nobody declared: callers would hear an apology."""
    known = subject.requests
    for each in lookups(subject.flow):
        name = each.request.name
        if name not in known:
            help = did_you_mean(name, known) or "declare it under `requests:`"
            yield Finding(each.request.at, f'no request is called "{name}"', help)


@FLOW.add(
    "E172",
    "wrong-request-parameter",
    fatal=True,
    bad="""
flow: example
start: find
requests:
  find: {params: {id: digits}, get: "https://crm.example.com/customers/{{ id }}", timeout: 1s}
states:
  find: {request: {name: find, with: {id: "0123", di: "0123"}}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
    good="""
flow: example
start: find
requests:
  find: {params: {id: digits}, get: "https://crm.example.com/customers/{{ id }}", timeout: 1s}
states:
  find: {request: {name: find, with: {id: "0123"}}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
)
def wrong_request_parameter(subject: Subject) -> Iterator[Finding]:
    """A request gets a parameter that it has not, or of another type, or lacks one it needs."""
    for each in lookups(subject.flow):
        request = subject.graph.request_of(each)
        if request is not None:
            told = f'"{each.request.name}" has no parameter'
            yield from wrong_values(each.params, request.params, told, each.at)
            needs = f'"{each.request.name}" needs'
            yield from missing_values(each.params, request.params, needs, each.at)


@FLOW.add(
    "E173",
    "wrong-request",
    fatal=True,
    bad="""
flow: example
start: find
requests:
  find: {get: "https://crm.example.com/customers", json: {name: Ada}, timeout: 1s}
states:
  find: {request: {name: find}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
    good="""
flow: example
start: find
requests:
  find: {post: "https://crm.example.com/customers", json: {name: Ada}, timeout: 1s}
states:
  find: {request: {name: find}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
)
def wrong_request(subject: Subject) -> Iterator[Finding]:
    """A request that HTTP can't send as it is meant: two bodies, a body to get, no such status, an
    address that there can't be. Or no caller would wait for it."""
    yield from _wrong(subject.flow.requests)


@APPLICATION.also("E173")
def shared_wrong_request(application: Application) -> Iterator[Finding]:
    yield from _wrong(application.app.requests)


def _wrong(requests: Mapping[str, Request]) -> Iterator[Finding]:
    for request in requests.values():
        if request.json is not None and request.form is not None:
            message = "a request has one body, not both `json` and `form`"
            yield Finding(_body(request), message, "leave one of them out")
        elif request.method == "GET" and (request.json or request.form):
            help = "use post, or put the values into the address: ?name={{ name }}"
            yield Finding(_body(request), "a GET request has no body", help)
        yield from _status(request)
        yield from _times(request)
        yield from _address(request)
        yield from _unsent(request)


def _status(request: Request) -> Iterator[Finding]:
    for code, outcome in request.status.items():
        if not re.fullmatch("[1-5][0-9][0-9]", code):
            help = "write three digits, such as 404"
            yield Finding(outcome.at, f'"{code}" is no status of HTTP', help)
        elif outcome.name in OWN_OUTCOMES:
            message = f'"{outcome.name}" has a meaning of its own, and is no outcome of {code}'
            yield Finding(outcome.at, message, "give it a name of its own, such as not_found")


def _times(request: Request) -> Iterator[Finding]:
    timeout = request.timeout.milliseconds
    if not timeout:
        message = "a timeout of 0 lets nothing be answered"
        yield Finding(request.timeout.at, message, "write 1s, for example")
    elif timeout > MAX_TIMEOUT:
        told = f"no caller waits for {timeout // 1000} s, {MAX_TIMEOUT // 1000} s are the most"
        yield Finding(request.timeout.at, told, "write 1s, or 20s with `meanwhile:`")
    if request.retries is not None and request.retries > MAX_RETRIES:
        told = f"{request.retries} retries are too many, {MAX_RETRIES} are the most"
        yield Finding(request.at, told, "write 1, for example")


def _address(request: Request) -> Iterator[Finding]:
    """What can't be sent whatever the values are; those of variables are judged at the start."""
    address = marked(request.url.source)
    if ADDRESS.fullmatch(address) is None:
        return  # E871
    server = re.sub(f"^{MARKED.pattern}", "https://1", address)
    reason = addresses.fault(MARKED.sub("1", VALUE.sub("1", server)))
    if reason:
        help = "encode what HTTP can't carry, a blank as %20" if " holds a " in reason else ""
        yield Finding(
            placed(scalar_span(request.url.scalar), request.at),
            f"nothing can be sent: {reason}",
            help,
        )


def _unsent(request: Request) -> Iterator[Finding]:
    for name, decl in request.params.items():
        if decl.type.name in UNSENT:
            yield Finding(decl.at, f'"{name}" is a {decl.type.name}, which can\'t be sent')
    for name, decl in (request.returns or {}).items():
        if decl.type.name in UNSENT:
            yield Finding(decl.at, f'"{name}" is a {decl.type.name}, which no answer holds')


def _body(request: Request) -> Span:
    """Where the values stand that a request sends."""
    if request.json is not None:
        return span_of(request.json)
    first = next(iter((request.form or {}).values()), None)
    return request.at if first is None else placed(scalar_span(first.scalar), request.at)


@FLOW.add(
    "E672",
    "null-in-address",
    severity=Severity.WARNING,
    bad="""
flow: example
start: find
requests:
  find: {params: {who: phone?}, get: "https://crm.example.com/customers/{{ who }}", timeout: 1s}
states:
  find:
    request: {name: find, with: {who: "{{ call.from }}"}}
    on: {ok: bye, error: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: find
requests:
  find: {params: {who: phone?}, get: "https://crm.example.com/customers?of={{ who }}", timeout: 1s}
states:
  find:
    request: {name: find, with: {who: "{{ call.from }}"}}
    on: {ok: bye, error: bye}
  bye: {hangup: }
""",
)
def null_in_address(subject: Subject) -> Iterator[Finding]:
    """A value that may be null stands in the path of an address: for such calls nothing is asked,
    and the outcome is always `error`."""
    yield from _null_in_path(subject.flow.requests)


@APPLICATION.also("E672")
def shared_null_in_address(application: Application) -> Iterator[Finding]:
    yield from _null_in_path(application.app.requests)


def _null_in_path(requests: Mapping[str, Request]) -> Iterator[Finding]:
    for request in requests.values():
        types = {name: decl.type for name, decl in request.params.items()}
        for tree in _in_path(request.url.source):
            with suppress(ExpressionError):  # told where it is read
                given = infer(tree, types, request.url.source)
                if given is not None and given.nullable:
                    yield _perhaps_null(request, tree)


def _perhaps_null(request: Request, tree: nodes.Expr) -> Finding:
    name = tree if isinstance(tree, nodes.Name) else tree.find(nodes.Name)
    word = name.name if name is not None else ""
    span = place(request.url.scalar, offset_of(word, request.url.source), request.url.source)
    help = "part such calls before with `when:`, or give a value with `| default(...)`"
    told = f'"{word}" may be null here, and the outcome is `error` then'
    return Finding(placed(span, request.at), told, help)


def _in_path(source: str) -> Iterator[nodes.Expr]:
    """Yield what is filled in before the first `?`."""
    try:
        segments = parse_text(source)
    except ExpressionError:  # told where it is read
        return
    for segment in segments:
        if not isinstance(segment, str):
            yield segment
        elif "?" in segment:
            return


@FLOW.add(
    "E271",
    "look-ups-too-slow",
    bad="""
flow: example
start: find
requests: {find: {get: "https://crm.example.com/customers", timeout: 1500ms, retries: 1}}
states:
  find: {request: {name: find}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
    good="""
flow: example
start: find
requests: {find: {get: "https://crm.example.com/customers", timeout: 1500ms, retries: 1}}
states:
  find: {request: {name: find, meanwhile: One moment.}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
)
def look_ups_too_slow(subject: Subject) -> Iterator[Finding]:
    """Look-ups before one reply can take so long, retries included, that the caller hangs up."""
    for state in subject.states.values():
        if state.action is None or not is_silent(state):
            continue
        wait = subject.application.waits.before_reply((subject.flow.name, state.name))
        if wait.longest > BUDGET:
            told = f"{_names(wait)} can take {_seconds(wait.longest)} before the caller hears"
            help = "say something with `meanwhile:`, or shorten timeout and retries"
            yield Finding(state.action.at, f"{told} anything, more than {_seconds(BUDGET)}", help)


def _names(wait: Wait) -> str:
    more = ["others"] if len(wait.names) > MAX_NAMED else []
    return " and ".join([*wait.names[:MAX_NAMED], *more])


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:g} s"


@FLOW.add(
    "E871",
    "computed-host",
    bad="""
flow: example
start: find
requests: {find: {params: {host: string}, get: "https://{{ host }}/customers", timeout: 1s}}
states:
  find: {request: {name: find, with: {host: crm}}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
    good="""
flow: example
start: find
requests: {find: {params: {id: string}, get: "{{ env.CRM }}/customers/{{ id }}", timeout: 1s}}
states:
  find: {request: {name: find, with: {id: ada}}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
)
def computed_host(subject: Subject) -> Iterator[Finding]:
    """Data of a call decides which server is asked, so that a caller could choose any.

    Scheme and host are written out or come from the environment.
    """
    yield from _hosts(subject.flow.requests)


@APPLICATION.also("E871")
def shared_computed_host(application: Application) -> Iterator[Finding]:
    yield from _hosts(application.app.requests)


def _hosts(requests: Mapping[str, Request]) -> Iterator[Finding]:
    for request in requests.values():
        if ADDRESS.fullmatch(marked(request.url.source)) is None:
            help = "write https://host/..., or {{ env.NAME }}/... for the server's address"
            message = "scheme and host of an address are literal, or {{ env.NAME }}"
            yield Finding(placed(scalar_span(request.url.scalar), request.at), message, help)


@FLOW.add(
    "E872",
    "look-up-in-clear",
    bad="""
flow: example
start: find
requests: {find: {get: "http://crm.example.com/customers", timeout: 1s}}
states:
  find: {request: {name: find}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
    good="""
flow: example
start: find
requests: {find: {get: "http://localhost:8080/customers", timeout: 1s}}
states:
  find: {request: {name: find}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
)
def look_up_in_clear(subject: Subject) -> Iterator[Finding]:
    """What is looked up about callers would travel without encryption, for others to read."""
    yield from _in_clear(subject.flow.requests)


@APPLICATION.also("E872")
def shared_look_up_in_clear(application: Application) -> Iterator[Finding]:
    yield from _in_clear(application.app.requests)


def _in_clear(requests: Mapping[str, Request]) -> Iterator[Finding]:
    for request in requests.values():
        if IN_CLEAR.match(request.url.source):
            help = "write https://, or let the environment name a server of yours: {{ env.NAME }}"
            message = "http goes in clear over the network"
            yield Finding(placed(scalar_span(request.url.scalar), request.at), message, help)


@FLOW.add(
    "E873",
    "wrong-header",
    bad="""
flow: example
start: find
requests:
  find: {get: "https://crm.example.com/", headers: {Host: other.example.com}, timeout: 1s}
states:
  find: {request: {name: find}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
    good="""
flow: example
start: find
requests:
  find: {get: "https://crm.example.com/", headers: {X-Team: phones}, timeout: 1s}
states:
  find: {request: {name: find}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
)
def wrong_header(subject: Subject) -> Iterator[Finding]:
    """A header that HTTP doesn't know the form of, that is given twice, or that the engine writes
    itself."""
    yield from _headers(subject.flow.requests)


@APPLICATION.also("E873")
def shared_wrong_header(application: Application) -> Iterator[Finding]:
    yield from _headers(application.app.requests)


def _headers(requests: Mapping[str, Request]) -> Iterator[Finding]:
    for request in requests.values():
        seen: set[str] = set()
        for name, value in request.headers.items():
            place = placed(scalar_span(value.scalar), request.at)
            if HEADER.fullmatch(name) is None:
                yield Finding(place, f'"{name}" is no name of a header')
            elif name.lower() in OWN_HEADERS:
                yield Finding(place, f'the engine writes the header "{name}" itself')
            elif name.lower() in seen:
                help = "give it once: capitals make no other header"
                yield Finding(place, f'the header "{name}" is given twice', help)
            if CONTROL.search(VALUE.sub("", value.source)):
                told = f'the header "{name}" holds a control character, such as a line break'
                yield Finding(place, told, "write it on one line")
            seen.add(name.lower())
