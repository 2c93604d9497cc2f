"""JSON Schemas of the wire, generated from its types."""

from typing import Any

import msgspec

from ivrflow.sinch.callbacks import Callback
from ivrflow.sinch.svaml import Svaml

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def svaml_schema() -> dict[str, Any]:
    """Return the schema of a reply to ICE, ACE or PIE."""
    return _schema(Svaml, "SVAML, a reply to a callback of the Sinch Voice API v1")


def callback_schema() -> dict[str, Any]:
    """Return the schema of what Sinch posts."""
    return _schema(Callback, "a callback of the Sinch Voice API v1")


def _schema(type_: Any, title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title, **msgspec.json.schema(type_)}
