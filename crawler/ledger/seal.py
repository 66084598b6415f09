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
import json
import os
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ..errors import EvidenceError, UsageError

__all__ = ["COMMITTED", "CounselKey", "Opened", "Opener", "Sealer", "commitment", "commitments", "name_salt", "tag"]

COMMITTED: Final = ("operator", "spider", "url")
"""Details that can be disclosed one by one; `all` commits to the whole of them."""
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PREFIX: Final = "desist-x25519:"


class CounselKey:
    """Counsel's public key, to which details are sealed; `kid` is how the ledger names it."""

    def __init__(self, public: X25519PublicKey) -> None:
        self.public = public
        self.kid = hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]

    @classmethod
    def parse(cls, text: str) -> CounselKey:
        """Read `desist-x25519:<base64>`; UsageError for anything else, a private key included."""
        return cls(X25519PublicKey.from_public_bytes(_parse(text, _PREFIX, "public")))

    def __str__(self) -> str:
        """The form that `DESIST_COUNSEL_KEY` takes."""
        return _PREFIX + base64.b64encode(self.public.public_bytes_raw()).decode()


def _parse(text: str, prefix: str, what: str) -> bytes:
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
        self.wrapped: bytes = _SUITE.encrypt(secret + tag_key, key.public, _info(session))

    def seal(self, leaf_hash: bytes, plaintext: bytes) -> bytes:
        """A box for the entry with this hash. Nonces are random: a cloned machine must not repeat one."""
        nonce = os.urandom(12)
        return nonce + self._data_key.encrypt(nonce, plaintext, leaf_hash)


def _info(session: str) -> bytes:
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
        return cls(X25519PrivateKey.from_private_bytes(_parse(text, cls.PREFIX, "private")))

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
            self._unwrapped[wrapped] = _SUITE.decrypt(wrapped, self._private, _info(session))
        return self._unwrapped[wrapped]


def tag(key: bytes, name: str) -> str:
    """`~` and 16 octets of HMAC-SHA256 in base64url: a name that only the holder of the session's tag key can test."""
    return "~" + base64.urlsafe_b64encode(hmac.digest(key, name.encode(), "sha256")[:16]).decode().rstrip("=")
