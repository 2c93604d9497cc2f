"""Signatures of requests, from Sinch and to it.

Source: Sinch's "Application signed request" (Voice API, authentication): the HMAC-SHA256 of verb,
content MD5, content type, `x-timestamp` and path, under the base64-decoded application secret.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ivrflow.errors import SettingsError, SignatureError

SCHEME = "application"


def signature(
    secret: bytes, *, verb: str, path: str, timestamp: str, content_type: str, body: bytes
) -> str:
    """Return the signature of a request, base64. `secret` is the decoded application secret.

    `path` is the URL's path alone; `timestamp` and `content_type` are the headers' values verbatim,
    the latter "" without one. Without a body the line of its MD5 is empty.
    """
    md5 = content_md5(body) if body else ""
    return seal(
        secret, verb=verb, md5=md5, content_type=content_type, timestamp=timestamp, path=path
    )


def content_md5(body: bytes) -> str:
    """Return the MD5 of a body, base64."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def seal(
    secret: bytes, *, verb: str, md5: str, content_type: str, timestamp: str, path: str
) -> str:
    """Return the signature over these five lines, base64."""
    text = f"{verb.upper()}\n{md5}\n{content_type}\nx-timestamp:{timestamp}\n{path}"
    mac = _keyed(secret).copy()
    mac.update(text.encode())
    return base64.b64encode(mac.digest()).decode()


@lru_cache(maxsize=64)
def _keyed(secret: bytes) -> hmac.HMAC:
    """Return a MAC that has taken the key: to take it costs more than to sign a text does."""
    return hmac.new(secret, digestmod="sha256")


def decode_secret(secret: str) -> bytes:
    """Return the key of an application secret; raises `SettingsError`.

    Takes base64 with `-` and `_` too, and without its padding, as Sinch's Node SDK does.
    """
    standard = secret.strip().replace("-", "+").replace("_", "/").rstrip("=")
    padded = standard + "=" * (-len(standard) % 4)
    try:
        key = base64.b64decode(padded, validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise SettingsError("an application secret is no base64: copy it from the dashboard as is")
    return key


class Keyring:
    """The applications whose callbacks are believed."""

    def __init__(self, secret_by_key: Mapping[str, str]) -> None:
        self._known = {
            key.lower(): (key, decode_secret(secret)) for key, secret in secret_by_key.items()
        }

    def verify(
        self,
        *,
        verb: str,
        path: str,
        authorization: str,
        timestamp: str,
        content_type: str,
        body: bytes,
    ) -> str:
        """Return the key of the application that signed; raises `SignatureError`.

        `authorization` is the header `application KEY:SIGNATURE`; neither the scheme's nor the
        key's letter case counts. Compares in constant time.
        """
        scheme, _, credentials = authorization.strip().partition(" ")
        key, _, given = credentials.strip().partition(":")
        if scheme.lower() != SCHEME or not given or not timestamp:
            raise SignatureError("not signed")
        known = self._known.get(key.lower())
        if known is None:
            raise SignatureError("signed by an application that is not configured")
        name, secret = known
        expected = signature(
            secret,
            verb=verb,
            path=path,
            timestamp=timestamp,
            content_type=content_type,
            body=body,
        )
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            raise SignatureError(f"the signature does not fit (signed path: {path})")
        return name


def is_fresh(timestamp: str, now: datetime, window: timedelta) -> bool:
    """Whether `timestamp` (ISO 8601, UTC without a zone) lies within `window` of `now`."""
    try:
        at = datetime.fromisoformat(timestamp)
    except ValueError:
        return False
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return abs(now - at) <= window
