"""What a callout carries so that its events are known again: id, try, and a MAC over both.

Whoever can sign callbacks for the application could still not make one up.
"""

import hashlib
import hmac
import re

_TOKEN = re.compile(r"ivrflow:([0-9a-f]{32}):([0-9]{1,9}):([0-9a-f]{32})")


def token(key: bytes, id: str, attempt: int) -> str:
    """Return the token of one try of a callout."""
    return f"ivrflow:{id}:{attempt}:{_mac(key, id, attempt)}"


def is_token(text: str) -> bool:
    """Whether `text` looks like a token, whoever made it."""
    return _TOKEN.fullmatch(text) is not None


def read_token(key: bytes, text: str) -> tuple[str, int] | None:
    """Return the callout's id and its try, None where `text` is no token of ours."""
    found = _TOKEN.fullmatch(text)
    if found is None:
        return None
    id, attempt = found[1], int(found[2])
    return (id, attempt) if hmac.compare_digest(found[3], _mac(key, id, attempt)) else None


def _mac(key: bytes, id: str, attempt: int) -> str:
    text = f"{id}:{attempt}".encode()
    return hashlib.blake2b(text, digest_size=16, key=key, person=b"ivrflow callout").hexdigest()
