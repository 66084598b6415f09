"""Counsel's side of the seal: a private key opens details, and tests tags. No crawl host needs it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import EvidenceError
from .seal import SUITE, CounselKey, commitments, info_of, parse_key, tag

__all__ = ["Opened", "Opener"]


class Opened:
    """One entry's details, and the salt that proves them."""

    def __init__(self, plaintext: bytes) -> None:
        self.salt, self.body = plaintext[:16], plaintext[16:]
        self.details: dict[str, Any] = json.loads(self.body)

    def holds(self, committed: Mapping[str, bytes]) -> bool:
        """Whether the details are those to which the leaf committed when it was written."""
        return commitments(self.salt, self.details, self.body) == dict(committed)


class Opener:
    """Counsel's private key; it lives in counsel's hands and never beside a ledger."""

    PREFIX: Final = "desist-x25519-private:"

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private
        self.counsel = CounselKey(private.public_key())
        self._unwrapped: dict[bytes, bytes] = {}

    @classmethod
    def generate(cls) -> Opener:
        """A new key pair."""
        return cls(X25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: str) -> Opener:
        """Read what `private_text` wrote."""
        return cls(X25519PrivateKey.from_private_bytes(parse_key(text, cls.PREFIX, "private")))

    def private_text(self) -> str:
        """The form in which the private key is kept in a file of mode 0600."""
        return self.PREFIX + base64.b64encode(self._private.private_bytes_raw()).decode()

    def open(self, session: str, wrapped: bytes, leaf_hash: bytes, box: bytes) -> Opened:
        """The details of the entry with this hash; EvidenceError where they are not for this key or this entry."""
        try:
            plaintext = AESGCM(self._unwrap(session, wrapped)[:32]).decrypt(box[:12], box[12:], leaf_hash)
        except (InvalidTag, ValueError) as error:
            raise EvidenceError("details do not open with this key for this entry") from error
        return Opened(plaintext)

    def tag(self, session: str, wrapped: bytes, name: str) -> str:
        """The tag under which a session's entries speak of `name`."""
        return tag(self._unwrap(session, wrapped)[32:], name)

    def _unwrap(self, session: str, wrapped: bytes) -> bytes:
        if wrapped not in self._unwrapped:
            self._unwrapped[wrapped] = SUITE.decrypt(wrapped, self._private, info_of(session))
        return self._unwrapped[wrapped]
