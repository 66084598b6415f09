"""Checkpoints: a log's size and root, signed, in the form of C2SP tlog-checkpoint and signed-note.

    desist-ledger/<session of the first entry>
    1234
    <base64 of the root>

    <em dash> <name of the key> <base64 of key id and Ed25519 signature>

A checkpoint that is kept elsewhere is an anchor: the record up to its size can no longer be rewritten unseen. The
standard library and `cryptography` are enough to check one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["BadNote", "Checkpoint", "Signer", "Verifier", "decode_base64"]

_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "
_BODY = re.compile(r"([^\s+]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")
_NAME = re.compile(r"[^\s+]+")


class BadNote(ValueError):
    """A checkpoint or a key that is not what it claims to be, in one clause."""


class Checkpoint(NamedTuple):
    """What a log says of itself: its name, how many entries, their root (32 octets)."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, body: str) -> Checkpoint:
        """Read the text that is signed; extension lines are refused, since nobody here writes any."""
        found = _BODY.fullmatch(body)
        if not found:
            raise BadNote("is not the three lines of a checkpoint")
        return cls(found[1], int(found[2]), decode_base64(found[3]))

    @classmethod
    def of(cls, note: str) -> Checkpoint:
        """What a signed note says, whoever signed it: to choose among notes, never to trust one. BadNote."""
        body, gap, _ = note.partition("\n\n")
        if not gap:
            raise BadNote("is not a signed note")
        return cls.parse(body + "\n")


def decode_base64(text: str) -> bytes:
    """Strict base64: hidden pad bits would give one note many forms (RFC 4648 section 3.5)."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadNote("holds what is no base64") from error
    if base64.b64encode(raw).decode() != text:
        raise BadNote("holds base64 with bits in its padding")
    return raw


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


class Verifier:
    """A log's public key, pinned where the log's writer cannot reach: `name+id+key` (C2SP signed-note)."""

    def __init__(self, name: str, public: Ed25519PublicKey) -> None:
        self.name = name
        self._public = public
        self.id = _key_id(name, public.public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read a verifier key; BadNote for anything else."""
        name, _, rest = text.strip().partition("+")
        identity, _, key = rest.partition("+")
        raw = decode_base64(key)
        if not _NAME.fullmatch(name) or len(raw) != 33 or raw[:1] != _ED25519:
            raise BadNote("is not an Ed25519 verifier key")
        verifier = cls(name, Ed25519PublicKey.from_public_bytes(raw[1:]))
        if identity != verifier.id.hex():
            raise BadNote("has an id that is not its key's")
        return verifier

    def __str__(self) -> str:
        raw = _ED25519 + self._public.public_bytes_raw()
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(raw).decode()}"

    def check(self, note: str) -> Checkpoint:
        """The checkpoint of a note that this key has signed; signatures of other keys are not looked at. BadNote."""
        body, gap, signatures = note.partition("\n\n")
        if not gap or not signatures.endswith("\n"):
            raise BadNote("is not a signed note")
        body += "\n"
        lines = signatures[:-1].split("\n")
        ours = [raw for line in lines if (raw := self._ours(line)) is not None]
        if len(ours) != 1:
            raise BadNote(f"is signed {len(ours)} times by the key {self.name}")
        try:
            self._public.verify(ours[0], body.encode())
        except InvalidSignature as error:
            raise BadNote(f"has a signature that the key {self.name} did not make") from error
        return Checkpoint.parse(body)

    def _ours(self, line: str) -> bytes | None:
        """The signature in a line if it names this key; BadNote for a line that is no signature."""
        name, _, text = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not _NAME.fullmatch(name):
            raise BadNote("has a line that is no signature")
        raw = decode_base64(text)
        if len(raw) < 5:
            raise BadNote("has a signature that is too short")
        return raw[4:] if name == self.name and raw[:4] == self.id else None


class Signer:
    """A log's private key."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.verifier = Verifier(name, private.public_key())

    def sign(self, checkpoint: Checkpoint) -> str:
        """The note: the checkpoint's text, an empty line, one signature."""
        body = checkpoint.body()
        raw = self.verifier.id + self._private.sign(body.encode())
        return f"{body}\n{_DASH}{self.verifier.name} {base64.b64encode(raw).decode()}\n"
