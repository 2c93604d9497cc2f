"""The statements of the SQL stores, one a file."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """Return the text of `NAME.sql`."""
    return (files("ivrflow.store.sql") / f"{name}.sql").read_text("utf-8")
