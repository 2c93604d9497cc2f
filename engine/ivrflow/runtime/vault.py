"""Sealing: what a store keeps of calls that may hold secrets says nothing without the key.

Each call is sealed with a key of its own (AES-GCM), derived from one that lies beside the store, so
that no row can stand for another call and no key serves too many messages.
"""

import hashlib
import os
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from ivrflow.errors import StoreUnavailableError
from ivrflow.runtime.mailbox import Key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEALED = b"\x01"
"""How sealed bytes begin; others are JSON, which never does."""

NONCE = 12


class Vault:
    """Seals with the key that `read_key` returns, which is asked for when it is first needed."""

    def __init__(self, read_key: Callable[[], bytes]) -> None:
        self._read_key = read_key

    @cached_property
    def _key(self) -> bytes:
        return self._read_key()

    def unlock(self) -> None:
        """Get all that sealing needs, so that no call has to wait for it; any thread may.

        Raises `StoreUnavailableError` without a key.
        """
        self._cipher(("", ""))

    @cached_property
    def identities(self) -> "hashlib.blake2b":
        """What hashes the identities of events that may be secrets; to be copied.

        Under a key that lies in the store a short PIN could be found by trying all.
        """
        return hashlib.blake2b(digest_size=16, key=self._key, person=b"ivrflow identity")

    def seal(self, call: Key, content: bytes) -> bytes:
        """Return `content` sealed for `call`; raises `StoreUnavailableError` without a key."""
        nonce = os.urandom(NONCE)
        return SEALED + nonce + self._cipher(call).encrypt(nonce, content, None)

    def open(self, call: Key, content: bytes) -> bytes:
        """Return what was sealed, or `content` itself if it never was.

        Raises `StoreUnavailableError` where the key is another, or the bytes are.
        """
        if not content.startswith(SEALED):
            return content
        from cryptography.exceptions import InvalidTag

        nonce, sealed = content[1 : NONCE + 1], content[NONCE + 1 :]
        try:
            return self._cipher(call).decrypt(nonce, sealed, None)
        except (InvalidTag, ValueError):  # the latter for bytes that are too few
            raise StoreUnavailableError(
                "the call is sealed with another key than this server's: bring back the file "
                "beside the store, or the IVRFLOW_SECRET_KEY, under which it began"
            ) from None

    def _cipher(self, call: Key) -> "AESGCM":
        # Loaded here, so that whoever has no secrets doesn't.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        name = "\0".join(call).encode("utf-8", "surrogatepass")
        derived = hashlib.blake2b(name, key=self._key, digest_size=32, person=b"ivrflow session")
        return AESGCM(derived.digest())
