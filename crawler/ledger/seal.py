"""Details, sealed to counsel: the crawl host writes them and cannot read the earlier ones.

A data key is made for an hour of a session, wrapped to counsel's public key (HPKE, RFC 9180: X25519, HKDF-SHA256,
AES-256-GCM) and forgotten. Each entry's details are a box: nonce || AES-256-GCM(data key, salt || JSON), with the
leaf hash as associated data, so that a box opens for its own entry only. Erasing a box takes the salt with it: the
commitments in the leaf then commit to nothing that anybody could guess.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ..errors import UsageError

__all__ = [
    "COMMITTED",
    "SUITE",
    "CounselKey",
    "Sealer",
    "commitment",
    "commitments",
    "info_of",
    "name_salt",
    "parse_key",
    "tag",
]

COMMITTED: Final = ("operator", "spider", "url")
"""Details that can be disclosed one by one; `all` commits to the whole of them."""
SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
"""How data keys are wrapped (RFC 9180)."""
_PREFIX: Final = "desist-x25519:"


class CounselKey:
    """Counsel's public key, to which details are sealed; `kid` is how the ledger names it."""

    def __init__(self, public: X25519PublicKey) -> None:
        self.public = public
        self.kid = hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]

    @classmethod
    def parse(cls, text: str) -> CounselKey:
        """Read `desist-x25519:<base64>`; UsageError for anything else, a private key included."""
        return cls(X25519PublicKey.from_public_bytes(parse_key(text, _PREFIX, "public")))

    def __str__(self) -> str:
        """The form that `DESIST_COUNSEL_KEY` takes."""
        return _PREFIX + base64.b64encode(self.public.public_bytes_raw()).decode()


def parse_key(text: str, prefix: str, what: str) -> bytes:
    """32 octets of strict base64: what does not encode back to itself carries hidden bits."""
    head, body = text.strip()[: len(prefix)], text.strip()[len(prefix) :]
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if head != prefix or len(raw) != 32 or base64.b64encode(raw).decode() != body:
        mend = f"it reads `{prefix}` and 44 characters of base64; `desist doctor` says which is in use"
        raise UsageError(f"this is not counsel's {what} key", help=mend)
    return raw


class Sealer:
    """Seals for one session and hour; `wrapped` is what counsel needs to open it all, kept in the ledger under `id`."""

    def __init__(self, key: CounselKey, session: str, tag_key: bytes) -> None:
        self._data_key = AESGCM(secret := os.urandom(32))
        self.id = 0
        self.session = session
        self.kid = key.kid
        self.wrapped: bytes = SUITE.encrypt(secret + tag_key, key.public, info_of(session))

    def seal(self, leaf_hash: bytes, plaintext: bytes) -> bytes:
        """A box for the entry with this hash. Nonces are random: a cloned machine must not repeat one."""
        nonce = os.urandom(12)
        return nonce + self._data_key.encrypt(nonce, plaintext, leaf_hash)


def info_of(session: str) -> bytes:
    """What a wrapped data key is bound to: this use, and its session (`info` of RFC 9180 section 5.1)."""
    return b"desist ledger data key, version 1, " + session.encode()


def commitment(salt: bytes, name: str, value: bytes) -> bytes:
    """`SHA-256(salt(name) || name || 0x00 || value)`: disclosing one name's salt discloses no other's."""
    return hashlib.sha256(name_salt(salt, name) + name.encode() + b"\x00" + value).digest()


def name_salt(salt: bytes, name: str) -> bytes:
    """The salt of one name: the first 16 octets of `SHA-256(salt || name)`, `salt` being the entry's 16 octets."""
    return hashlib.sha256(salt + name.encode()).digest()[:16]


def commitments(salt: bytes, details: Mapping[str, Any], body: bytes) -> dict[str, bytes]:
    """The commitments of an entry to its details and to the whole of them (`body`, their JSON)."""
    result = {
        name: commitment(salt, name, str(details[name]).encode("utf-8", "surrogatepass"))
        for name in COMMITTED
        if name in details
    }
    return result | {"all": commitment(salt, "all", body)}


def tag(key: bytes, name: str) -> str:
    """`~` and 16 octets of HMAC-SHA256 in base64url: a name that only the holder of the session's tag key can test."""
    return "~" + base64.urlsafe_b64encode(hmac.digest(key, name.encode(), "sha256")[:16]).decode().rstrip("=")
