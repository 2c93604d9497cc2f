"""Requests as closures over their own parameters: what is sent, each value safe where it lands."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from ivrflow.compiler.platform import Platform
from ivrflow.compiler.prompts import compile_prompt
from ivrflow.compiler.values import given, plain, text, value
from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import Scope, Value, compile_segments
from ivrflow.expr.parse import Segment, parse_text
from ivrflow.expr.types import Type
from ivrflow.machine import program
from ivrflow.machine.environment import marked
from ivrflow.model import flow as model
from ivrflow.model.inherit import outcome_by_status

CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def compile_request(
    action: model.RequestAction,
    state: model.State,
    declared: Mapping[str, model.Request],
    platform: Platform,
) -> program.Request:
    """Return the look-up of `state` as a table; `declared` are the requests that it can name."""
    request = declared[action.request.name]
    types = {name: decl.type for name, decl in request.params.items()}
    return program.Request(
        name=action.request.name,
        method=request.method,
        url=_url(_marked(request.url)),
        headers={name: text(_marked(each), _header) for name, each in request.headers.items()},
        json=None if request.json is None else value(_marked_value(request.json)),
        form=_form(request),
        timeout=request.timeout.milliseconds,
        retries=request.retries,
        status={int(code): name for code, name in outcome_by_status(request, state).items()},
        returns=_wanted(request, action),
        defaults={name: decl.default for name, decl in request.params.items()},
        params={name: given(each, types[name]) for name, each in action.params.items()},
        into=None if action.into is None else action.into.name,
        meanwhile=compile_prompt(action.meanwhile, platform),
    )


def _wanted(request: model.Request, action: model.RequestAction) -> Type | None:
    """The type of the answer, None if nobody reads it."""
    return None if request.returns is None and action.into is None else request.answer


def _form(request: model.Request) -> Mapping[str, Value] | None:
    if request.form is None:
        return None
    return {name: text(_marked(each), plain) for name, each in request.form.items()}


def _marked(source: model.Text) -> model.Text:
    """Put marks in the place of environment variables, see `machine.environment`."""
    return model.Text(source=marked(source.source))


def _marked_value(template: model.Template) -> model.Template:
    match template:
        case model.Constant():
            return template
        case model.TextValue(text=source):
            return model.TextValue(text=_marked(source))
        case model.ListValue(items=items):
            return model.ListValue(items=tuple(_marked_value(each) for each in items))
        case model.ObjectValue(properties=properties):
            marked = {name: _marked_value(each) for name, each in properties.items()}
            return model.ObjectValue(properties=marked)


def _url(source: model.Text) -> Value:
    """Return a closure that yields the address; behind its `?` other values are possible."""
    path, query = _split(parse_text(source.source))
    before, behind = compile_segments(path, _piece), compile_segments(query, _quoted)

    def address(scope: Scope) -> str:
        return f"{before(scope)}{behind(scope)}"

    return address


def _split(segments: tuple[Segment, ...]) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Part the segments before the first `?` of the author from those behind."""
    for index, segment in enumerate(segments):
        if isinstance(segment, str) and "?" in segment:
            path, mark, query = segment.partition("?")
            return (*segments[:index], path), (mark + query, *segments[index + 1 :])
    return segments, ()


def _quoted(inserted: str) -> str:
    return quote(inserted, safe="", errors="replace")


def _piece(inserted: str) -> str:
    """Insert into a path, where nothing, `.` and `..` would ask for something else altogether."""
    if inserted in ("", ".", ".."):
        raise EvaluationError("a value in the address of a look-up is empty, or only dots")
    return _quoted(inserted)


def _header(inserted: str) -> str:
    return CONTROL.sub(" ", inserted)
