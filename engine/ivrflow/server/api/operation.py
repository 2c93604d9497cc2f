"""One thing that the API can be asked, as a value: from it come answers and the document alike."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from inspect import cleandoc
from typing import Literal, get_type_hints

from msgspec import Struct
from msgspec.structs import fields

Method = Literal["GET", "POST", "PUT", "DELETE"]
Handle = Callable[..., Awaitable[object]]
"""From an engine, what was asked (an `Asked`) and, where it takes one, a `body`, to an answer: a
value of JSON, or a text where the operation says of which kind; None for no content."""

JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """Answers `method` at `path`. `problems` are the statuses of its own refusals; what every
    operation may refuse need not be told. `is_public`: nobody has to show the token."""

    id: str
    method: Method
    path: str
    handle: Handle
    problems: tuple[HTTPStatus, ...] = ()
    status: HTTPStatus = HTTPStatus.OK
    media: str = JSON
    is_public: bool = False

    @cached_property
    def _hints(self) -> dict[str, type]:
        return get_type_hints(self.handle, include_extras=True)

    @property
    def asked(self) -> type[Struct]:
        """The type of its parameters."""
        return self._hints["asked"]

    @property
    def body(self) -> type[Struct] | None:
        """The type of its body, None if it takes none."""
        return self._hints.get("body")

    @property
    def needs_body(self) -> bool:
        """Whether a body says something that can't be left out."""
        return self.body is not None and any(each.required for each in fields(self.body))

    @property
    def answer(self) -> object:
        """The type of its answer."""
        return self._hints["return"]

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        return self._told[0].rstrip(".")

    @property
    def description(self) -> str:
        """What else there is to say of it."""
        return self._told[1]

    @cached_property
    def _told(self) -> tuple[str, str]:
        first, _, rest = cleandoc(self.handle.__doc__ or "").partition("\n\n")
        return " ".join(first.split()), rest
