"""Who asks the Voice API: the headers that say so, over the very bytes that are sent.

Source: the reference, section 5. A signed request is valid for minutes and shows no secret, Basic
shows it to whoever reads the request; some methods take signed requests only (40301).
"""

import base64
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

from ivrflow.sinch.signing import decode_secret, signature

Scheme = Literal["signed", "basic"]

CONTENT_TYPE = "application/json; charset=utf-8"


class Credentials(Struct, frozen=True, kw_only=True):
    """Key and secret of an application, as the dashboard shows them."""

    key: str
    secret: str
    scheme: Scheme = "signed"

    def headers(self, method: str, path: str, body: bytes, at: datetime) -> dict[str, str]:
        """Return the headers of a request that is sent at a moment.

        `path` is the URL's path alone, as it is sent. Raises `SettingsError` for a secret that is
        none.
        """
        typed = {"Content-Type": CONTENT_TYPE} if body else {}
        if self.scheme == "basic":
            # As shown, though it is base64: only signing decodes it (5.1).
            pair = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
            return {**typed, "Authorization": f"Basic {pair}"}
        moment = stamp(at)
        signed = signature(
            decode_secret(self.secret),
            verb=method,
            path=path,
            timestamp=moment,
            content_type=typed.get("Content-Type", ""),
            body=body,
        )
        return {
            **typed,
            "x-timestamp": moment,
            "Authorization": f"Application {self.key}:{signed}",
        }

    def __repr__(self) -> str:
        return f"Credentials(key={self.key!r}, scheme={self.scheme!r})"


def stamp(at: datetime) -> str:
    """Return a moment as `x-timestamp` has it, in milliseconds: 2026-11-23T10:00:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
