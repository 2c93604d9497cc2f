"""Flows: what is served, as people and programs look at it."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from ivrflow.compiler.diagram import mermaid
from ivrflow.expr.secrecy import is_secret
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import Decl, callee, runs
from ivrflow.model.flow import Flow as Written
from ivrflow.server.api.asked import Asked, Listing, Name, cut_names
from ivrflow.server.api.contents import Contents
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.problems import missing


class TypeOfValue(
    Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"name": "type", "of": "items"}
):
    """The type of a value, in the words of the language. `nullable`: it may be null. `enum` are
    the only values, `items` types those of a list, `properties` the fields of an object."""

    name: T
    nullable: bool = False
    enum: tuple[str, ...] = ()
    of: "TypeOfValue | UnsetType" = UNSET
    properties: "dict[str, TypeOfValue] | UnsetType" = UNSET
    secret: bool = False

    @classmethod
    def of_type(cls, type_: Type) -> "TypeOfValue":
        held = type_.properties
        return cls(
            name=type_.name,
            nullable=type_.nullable,
            enum=type_.enum,
            of=UNSET if type_.of is None else cls.of_type(type_.of),
            properties=UNSET
            if held is None
            else {name: cls.of_type(each) for name, each in held.items()},
            secret=type_.secret,
        )


class Parameter(Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"kind": "type"}):
    """A parameter. One that has no `default` must be given; a secret one is not shown."""

    kind: TypeOfValue
    required: bool
    default: object = None


class DeclaredCallout(Struct, frozen=True, kw_only=True):
    """A callout. An order gives `params`, which are those of the flow that runs when it is
    answered."""

    flow: str
    params: dict[str, Parameter]


class Flow(Struct, frozen=True, kw_only=True):
    """A flow. `program` names the program that new calls run on, "" for a flow that only others
    run; `runs` are the flows that it runs itself."""

    name: str
    title: str
    program: str
    params: dict[str, Parameter]
    callouts: dict[str, DeclaredCallout]
    runs: list[str]


class FlowPage(Struct, frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, null behind the last."""

    flows: list[Flow]
    next: str | None = None


class OneFlow(Asked, frozen=True, kw_only=True):
    flow: Annotated[Name, Meta(description="its name")]


async def listed(engine: Engine, asked: Listing) -> FlowPage:
    """Return the flows that calls can come to, by their names."""
    contents = engine.contents()
    page, more = cut_names(contents.flows, asked)
    return FlowPage(flows=[_shown(name, contents) for name in page], next=more)


async def one(engine: Engine, asked: OneFlow) -> Flow:
    """Return a flow."""
    contents = engine.contents()
    _flow(asked.flow, contents)
    return _shown(asked.flow, contents)


async def diagram(engine: Engine, asked: OneFlow) -> str:
    """Draw a flow, as a flow chart of Mermaid."""
    contents = engine.contents()
    return mermaid(_flow(asked.flow, contents))


def _flow(name: str, contents: Contents) -> Written:
    if name not in contents.flows:
        raise missing("flow", name)
    return contents.flows[name]


def _shown(name: str, contents: Contents) -> Flow:
    flow, program = contents.flows[name], contents.programs.get(name)
    return Flow(
        name=name,
        title=flow.title,
        program="" if program is None else program.id,
        params=_params(flow.params),
        callouts={
            each: _callout(callee(declared, flow), contents)
            for each, declared in flow.callouts.items()
        },
        runs=sorted({each.flow.name for each in runs(flow)}),
    )


def _callout(flow: str, contents: Contents) -> DeclaredCallout:
    params = contents.flows[flow].params if flow in contents.flows else {}
    return DeclaredCallout(flow=flow, params=_params(params))


def _params(declared: Mapping[str, Decl]) -> dict[str, Parameter]:
    return {name: _parameter(each) for name, each in declared.items()}


def _parameter(declared: Decl) -> Parameter:
    shows = declared.has_default and not is_secret(declared.type)
    return Parameter(
        kind=TypeOfValue.of_type(declared.type),
        required=not declared.has_default,
        default=declared.default if shows else None,
    )
