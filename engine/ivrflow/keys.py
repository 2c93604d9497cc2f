"""The key with which secrets are sealed, as operators write it: 32 bytes in base64."""

import base64
import binascii
import secrets

BYTES = 32


def read_key(text: str) -> bytes:
    """Return the key that `text` holds; raises `ValueError`, which says what it should be."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != BYTES:
        raise ValueError(f"not {BYTES} bytes in base64: make one with `openssl rand -base64 32`")
    return key


def make_key() -> str:
    """Return a new key."""
    return base64.b64encode(secrets.token_bytes(BYTES)).decode()
