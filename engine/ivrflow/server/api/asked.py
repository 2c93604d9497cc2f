"""What a request asks for: the parameters and bodies of operations, and the pages of lists."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ivrflow.clock import as_text, from_milliseconds
from ivrflow.server.api.problems import unfit
from ivrflow.sinch.limits import REGIONS

LONGEST_PAGE = 100

T = TypeVar("T")

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Moment = Annotated[
    str, Meta(description="a point in time with its offset, 2026-11-23T10:00:00+01:00")
]
"""Read by `moment_of`, not with the request: of many orders one may say it wrong, and the others
count."""

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


def cut_names(names: Iterable[str], asked: Listing) -> tuple[list[str], str | None]:
    """Return the page that is asked for of sorted names, and the cursor of the one that follows."""
    after = asked.cursor or ""
    left = [name for name in names if name > after][: asked.limit + 1]
    return cut(left, asked.limit, str)


def moment(milliseconds: int) -> str:
    """Return a point in time, as all times of the API are written."""
    return as_text(from_milliseconds(milliseconds))


def moment_of(text: str) -> datetime:
    """Return the point in time that `at` names; raises `Problem` where it names none."""
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        raise unfit(f'`at`: "{text}" is no time such as 2026-11-23T10:00:00+01:00') from None
    if at.tzinfo is None:
        raise unfit("`at` names no offset from UTC")
    return at
