"""The JSON Schemas that ship with ivrflow: the grammar of its files, the shape of the wire."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

NAMES = ("flow", "app", "svaml", "callback")


@cache
def load(name: str) -> dict[str, Any]:
    """Return the schema `name`, one of `NAMES`."""
    # A wheel carries the schemas inside the package; a checkout keeps them at its root.
    shipped = files("ivrflow") / "_schemas"
    root = shipped if shipped.is_dir() else Path(__file__).parents[2] / "schemas"
    schema: dict[str, Any] = json.loads((root / f"{name}.schema.json").read_text("utf-8"))
    return schema
