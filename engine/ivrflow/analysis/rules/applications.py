"""E1xx and E2xx of applications: routes, and what flows share."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from ivrflow.analysis.reading import prompt_faults
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import APPLICATION
from ivrflow.analysis.rules.limits import wrong_address_of
from ivrflow.analysis.rules.locales import prompt_locales, unknown_locales, unknown_voices
from ivrflow.analysis.rules.prompts import faulty_playing
from ivrflow.analysis.rules.references import (
    RESERVED,
    reserved,
    unknown_prompts,
    unknown_schedules,
)
from ivrflow.analysis.rules.speech import odd_sounds, sounds, unsplittable_parts, wrong_parts
from ivrflow.analysis.subject import DOMAINS, SCHEDULE, WORDS, Application, declared_parts
from ivrflow.compiler.values import given_literal
from ivrflow.diagnostics import Related, Severity, did_you_mean
from ivrflow.expr.types import T
from ivrflow.model.app import Route
from ivrflow.model.flow import Flow
from ivrflow.model.given import is_computed

EVERYWHERE = {name: WORDS[name] for name in ("call", "locale", "now")}
"""What prompts of an application can read: they are heard in any of its flows."""


@APPLICATION.add(
    "E105",
    "unknown-flow",
    fatal=True,
    bad="""
app: example
routes: [{flow: front-dor}]
""",
    good="""
app: example
routes: [{flow: example}]
""",
)
def unknown_flow(application: Application) -> Iterator[Finding]:
    """A route leads to a flow that does not exist: its callers would hear an apology."""
    known = {flow.name for flow in application.flows}
    for route in application.app.routes:
        if route.flow.name not in known:
            help = did_you_mean(route.flow.name, known)
            yield Finding(route.flow.at, f'no flow is called "{route.flow.name}"', help)


@APPLICATION.add(
    "E106",
    "wrong-parameter",
    fatal=True,
    bad="""
app: example
routes: [{flow: example, with: {departmnt: sales}}]
""",
    good="""
app: example
routes: [{flow: example, with: {department: sales}}]
""",
)
def wrong_parameter(application: Application) -> Iterator[Finding]:
    """A route gives a parameter that the flow has not, of another type, or leaves one out."""
    flows = {flow.name: flow for flow in application.flows}
    for route in application.app.routes:
        flow = flows.get(route.flow.name)
        if flow is not None:
            yield from _parameters(route, flow, application.app.schedules)


def _parameters(route: Route, flow: Flow, schedules: Iterable[str]) -> Iterator[Finding]:
    for name, value in route.params.items():
        decl = flow.params.get(name)
        if decl is None:
            help = did_you_mean(name, flow.params)
            yield Finding(route.at, f'"{flow.name}" has no parameter "{name}"', help)
            continue
        if decl.type.name is not T.PROMPT and is_computed(value):
            help = "let the flow read `call`, or give it another parameter"
            yield Finding(route.at, f'parameter "{name}": a route computes nothing', help)
            continue
        try:
            given = given_literal(value, decl.type)
        except ValueError as error:
            yield Finding(route.at, f'parameter "{name}": {error}')
            continue
        if decl.type.name is T.SCHEDULE and isinstance(given, str):
            yield from unknown_schedules(given, route.at, schedules)
    for name, decl in flow.params.items():
        if not decl.has_default and not decl.type.nullable and name not in route.params:
            help = f"add `with: {{{name}: ...}}`, or give it a default"
            yield Finding(route.at, f'"{flow.name}" needs the parameter "{name}"', help)


@APPLICATION.add(
    "E107",
    "unknown-name-in-prompt",
    fatal=True,
    bad="""
app: example
prompts: {welcome: {en-US: "Hello, {{ name }}."}}
routes: [{flow: example}]
""",
    good="""
app: example
prompts: {welcome: {en-US: "Hello, {{ call.from | default('stranger') }}."}}
routes: [{flow: example}]
""",
)
def unknown_name_in_prompt(application: Application) -> Iterator[Finding]:
    """A prompt of the application reads what only some flow has, or holds no expression."""
    names = dict.fromkeys(application.app.schedules, SCHEDULE) | EVERYWHERE
    for fault in prompt_faults(application.app.prompts, names):
        yield Finding(fault.span, fault.message, fault.help)


@APPLICATION.add(
    "E164",
    "reserved-schedule-name",
    fatal=True,
    bad="""
app: example
schedules: {now: {timezone: Europe/Stockholm, open: {mon-fri: "08:00-17:00"}}}
routes: [{flow: example}]
""",
    good="""
app: example
schedules: {office: {timezone: Europe/Stockholm, open: {mon-fri: "08:00-17:00"}}}
routes: [{flow: example}]
""",
)
def reserved_schedule_name(application: Application) -> Iterator[Finding]:
    """A schedule is called like a word of expressions, which would hide it in every flow."""
    declared = [(name, each.at) for name, each in application.app.schedules.items()]
    yield from reserved(declared, RESERVED | WORDS.keys(), {})


@APPLICATION.add(
    "E110",
    "unplayable-prompt",
    fatal=True,
    bad="""
app: example
prompts: {welcome: {en-US: {play: jingel}}, jingle: {audio: "https://example.com/jingle.mp3"}}
routes: [{flow: example}]
""",
    good="""
app: example
prompts: {welcome: {en-US: {play: jingle}}, jingle: {audio: "https://example.com/jingle.mp3"}}
routes: [{flow: example}]
""",
)
def unplayable_prompt(application: Application) -> Iterator[Finding]:
    """A prompt of the application plays one that does not exist, or itself."""
    prompts = application.app.prompts
    yield from unknown_prompts(declared_parts(prompts), prompts)
    yield from faulty_playing(prompts, prompts)


@APPLICATION.add(
    "E512",
    "wrong-shared-prompt",
    bad="""
app: example
prompts: {hours: {en-US: {ssml: "<speak>From <b>nine</b>.</speak>"}}}
routes: [{flow: example}]
""",
    good="""
app: example
prompts: {hours: {en-US: {ssml: "<speak>From <emphasis>nine</emphasis>.</speak>"}}}
routes: [{flow: example}]
""",
)
def wrong_shared_prompt(application: Application) -> Iterator[Finding]:
    """A prompt of the application holds SSML or an address that the platform can't speak or play.

    See E508, E509 and E707, which say so of a flow's own.
    """
    prompts, voices = application.app.prompts, application.platform.speech
    parts = list(declared_parts(prompts))
    yield from wrong_parts(parts, voices)
    yield from unsplittable_parts(parts, voices)
    for target in sounds(parts, prompts):
        yield from wrong_address_of(target, "play")


@APPLICATION.add(
    "E513",
    "doubtful-shared-prompt",
    bad="""
app: example
locale: sv-FI
routes: [{flow: example}]
""",
    good="""
app: example
locale: sv-SE
routes: [{flow: example}]
""",
    severity=Severity.WARNING,
)
def doubtful_shared_prompt(application: Application) -> Iterator[Finding]:
    """The application names a locale, a voice or a kind of sound file that the platform may not
    have; see E506, E507 and E511."""
    app, voices = application.app, application.platform.speech
    parts = list(declared_parts(app.prompts))
    yield from unknown_locales([(app.locale, app.origin.locale)], voices)
    yield from unknown_locales([(each.locale, each.at) for each in app.routes], voices)
    yield from unknown_locales(prompt_locales(parts, app.prompts), voices)
    yield from unknown_voices(parts, voices)
    yield from odd_sounds(sounds(parts, app.prompts), voices)


@APPLICATION.add(
    "E209",
    "unreachable-route",
    bad="""
app: example
routes:
  - flow: example
  - {to: "+46850000000", flow: example}
""",
    good="""
app: example
routes:
  - {to: "+46850000000", flow: example}
  - flow: example
""",
)
def unreachable_route(application: Application) -> Iterator[Finding]:
    """A route stands behind one that takes all of its calls."""
    routes = application.app.routes
    for index, route in enumerate(routes):
        before = _covering(routes[:index], route)
        if before:
            lines = " and ".join(str(each.at.line) for each in before)
            told = "the route in line" if len(before) == 1 else "the routes in lines"
            take = "takes" if len(before) == 1 else "take"
            message = f"{told} {lines} {take} these calls already"
            path = application.app.path
            others = tuple(Related(path, each.at, "this one") for each in before)
            yield Finding(route.at, message, "put it first, or remove it", others)


def _covering(before: Sequence[Route], route: Route) -> list[Route]:
    """Return the routes that together take all calls of another, none where some are left."""
    found: dict[int, Route] = {}
    for domain, number in product(
        (route.domain,) if route.domain else DOMAINS, (*route.numbers, *route.prefixes) or ("",)
    ):
        whole = number in route.numbers
        first = next((each for each in before if _takes(each, domain, number, whole)), None)
        if first is None:
            return []
        found[id(first)] = first
    return sorted(found.values(), key=lambda each: each.at.line)


def _takes(route: Route, domain: str, number: str, whole: bool) -> bool:
    """Whether a route takes the calls of a domain to a `whole` number, or to all that begin so."""
    if route.domain not in ("", domain):
        return False
    if not route.numbers and not route.prefixes:
        return True
    return number.startswith(route.prefixes) or (whole and number in route.numbers)
