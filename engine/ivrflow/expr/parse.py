"""Text and expressions to trees: Jinja2 parses, and only what is listed here may stand in one.

Everything else that Jinja2 knows (statements, other calls, powers, macros) is an
`ExpressionError`: what remains always ends, soon, and can be typed before the call.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser

from ivrflow.diagnostics import nearest
from ivrflow.errors import ExpressionError
from ivrflow.expr.functions import FUNCTIONS

MAX_LENGTH = 10_000
MAX_DEPTH = 40
MAX_NUMBER = 2**53
"""What JSON keeps exactly."""

Segment = str | nodes.Expr

OPERATORS: dict[type[nodes.BinExpr], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
}

ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Pos,
    nodes.Concat,
    nodes.CondExpr,
    nodes.TemplateData,
    *OPERATORS,
)

REMEDY_BY_NODE: dict[type[nodes.Node], str] = {
    nodes.Pow: "powers are not part of the language",
    nodes.Dict: "objects can't be written in an expression; write them in YAML",
    nodes.Tuple: "write a list in square brackets",
    nodes.Slice: "slices are not part of the language",
}

_ENVIRONMENT = Environment(keep_trailing_newline=True)  # noqa: S701  nothing is rendered with it
_MARKS = ("block_begin", "comment_begin")


@lru_cache(maxsize=4096)
def parse_expression(source: str) -> nodes.Expr:
    """Return the tree of an expression without braces; raises `ExpressionError`."""
    _check_length(source)
    try:
        parser = Parser(_ENVIRONMENT, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            rest = str(parser.stream.current.value)
            help = 'compare with "=="' if rest == "=" else ""
            raise ExpressionError(
                f'"{rest}" is left over', offset=max(0, source.rfind(rest)), help=help
            )
    except TemplateSyntaxError as error:
        raise ExpressionError(_spoken(error), help=_remedy(source)) from None
    except RecursionError:
        raise ExpressionError("nested too deeply") from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise ExpressionError("the number is too large") from None
    _check(tree, source, 0)
    return tree


@lru_cache(maxsize=4096)
def parse_text(source: str) -> tuple[Segment, ...]:
    """Return the literal and computed segments of a text with `{{ }}`; raises `ExpressionError`."""
    if "{{" not in source and "{%" not in source and "{#" not in source:
        return (source,) if source else ()
    _check_length(source)
    try:
        _refuse_statements(source)
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise ExpressionError(
            _spoken(error), offset=source.find("{{"), help="write {{ name }}, or quote the braces"
        ) from None
    except RecursionError:
        raise ExpressionError("nested too deeply") from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise ExpressionError("the number is too large") from None
    return tuple(_segments(tree, source))


@lru_cache(maxsize=4096)
def whole_expression(source: str) -> nodes.Expr | None:
    """Return the tree of a text that is one whole `{{ }}`, None for any other text."""
    stripped = source.strip()
    if not (stripped.startswith("{{") and stripped.endswith("}}")):
        return None
    segments = parse_text(stripped)
    if len(segments) == 1 and not isinstance(segments[0], str):
        return segments[0]
    return None


def offset_of(word: str, source: str) -> int:
    """Return where `word` stands in `source`, 0 if it can't be told."""
    match = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", source)
    if match is None:
        match = re.search(re.escape(word), source)
    return match.start() if match else 0


def _check_length(source: str) -> None:
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH:,} characters")


def _refuse_statements(source: str) -> None:
    offset = 0
    for _, token, value in _ENVIRONMENT.lexer.tokeniter(source, None):
        if token in _MARKS:
            raise ExpressionError(
                f'"{value}" is not part of the language',
                offset=offset,
                help="choose with `when:`, compute with {{ a if condition else b }}",
            )
        offset += len(value)


def _segments(tree: nodes.Template, source: str) -> Iterator[Segment]:
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            raise ExpressionError("only {{ }} may stand in a text")
        for node in output.nodes:
            _check(node, source, 0)
            if isinstance(node, nodes.TemplateData):
                yield node.data
            else:
                yield node


def _check(node: nodes.Node, source: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ExpressionError("nested too deeply")
    if isinstance(node, nodes.Call):
        _check_call(node, source)
    elif not isinstance(node, ALLOWED):
        kind = type(node)
        raise ExpressionError(
            f"a {kind.__name__.lower()} can't stand in an expression",
            offset=source.find("{{") + 1,
            help=REMEDY_BY_NODE.get(kind, ""),
        )
    number = node.value if isinstance(node, nodes.Const) else 0
    if isinstance(number, int | float) and not -MAX_NUMBER <= number <= MAX_NUMBER:
        raise ExpressionError("the number is too large")
    for child in node.iter_child_nodes():
        _check(child, source, depth + 1)


def _check_call(node: nodes.Call, source: str) -> None:
    """Refuse all calls but those of the language's functions, with arguments by their place."""
    called = node.node.name if isinstance(node.node, nodes.Name) else ""
    offset = max(0, source.find("("))
    if called not in FUNCTIONS:
        likely = nearest(called, FUNCTIONS)
        known = f"functions: {', '.join(FUNCTIONS)}; filters are written with a bar: value | upper"
        help = known if likely is None else f'did you mean "{likely}"?'
        raise ExpressionError("a call can't stand in an expression", offset=offset, help=help)
    if node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise ExpressionError(f'"{called}" takes its arguments by their place', offset=offset)


def _remedy(source: str) -> str:
    foreign = any(each in source for each in ("&&", "||", "!"))
    return "write `and`, `or`, `not`" if foreign and "!=" not in source else ""


def _spoken(error: TemplateSyntaxError) -> str:
    message = (error.message or "this is no expression").rstrip(".")
    for inner, shown in (("'end of print statement'", '"}}"'), ("end of template", "the end")):
        message = message.replace(inner, shown)
    return message[:1].lower() + message[1:]
