"""The JSON Schemas that ship with ivrflow: the grammar of its files, the shape of the wire."""

import json
from functools import cache
from pathlib import Path
from typing import Any

NAMES = ("flow", "app", "calltest", "svaml", "callback")


@cache
def load(name: str) -> dict[str, Any]:
    """Return the schema `name`, one of `NAMES`."""
    # A wheel carries the schemas inside the package; a checkout keeps them at its root.
    shipped = Path(__file__).parent / "_schemas"
    root = shipped if shipped.is_dir() else Path(__file__).parents[2] / "schemas"
    schema: dict[str, Any] = json.loads((root / f"{name}.schema.json").read_text("utf-8"))
    return schema
