"""What a request asks for: the parameters and bodies of operations, and the pages of lists."""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from ivrflow.clock import as_text, from_milliseconds
from ivrflow.sinch.limits import REGIONS

LONGEST_PAGE = 100

T = TypeVar("T")

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Limit = Annotated[
    int, Meta(ge=1, le=LONGEST_PAGE, description="how many are wanted, a page at most")
]
Cursor = Annotated[str, Meta(min_length=1, description="`next` of the page before")]
Number = Annotated[str, Meta(pattern="^[1-9][0-9]{0,17}$", description="`next` of the page before")]
Application = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        description="the application key; needed if the server has several",
    ),
]
Region = Annotated[
    str,
    Meta(
        pattern=f"^({'|'.join(sorted(REGIONS))})$",
        description="where the call or room is; the server's usual region else",
    ),
]


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of an operation: those in its path, and those of the query."""


class Listing(Asked, frozen=True, kw_only=True):
    """A list that is read page by page: `next` of one is the `cursor` of the following."""

    limit: Limit = LONGEST_PAGE
    cursor: Cursor | UnsetType = UNSET


def cut(rows: Sequence[T], limit: int, cursor: Callable[[T], str]) -> tuple[list[T], str | None]:
    """Return a page of rows, of which one more than its limit was asked for, and the cursor of the
    page that follows, None behind the last."""
    page = list(rows[:limit])
    return page, cursor(page[-1]) if len(rows) > limit else None


def moment(milliseconds: int) -> str:
    """Return a point in time, as all times of the API are written."""
    return as_text(from_milliseconds(milliseconds))
