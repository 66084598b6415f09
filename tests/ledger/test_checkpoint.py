"""Checkpoints as C2SP signed notes: read strictly, and only under the key that was pinned."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desist.ledger.checkpoint import BadNote, Checkpoint, Signer, Verifier

SIGNER = Signer("desist-ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
CHECKPOINT = Checkpoint("desist-ledger/one", 1234, hashlib.sha256(b"root").digest())
NOTE = SIGNER.sign(CHECKPOINT)


def test_a_note_is_text_a_gap_and_signatures() -> None:
    """C2SP tlog-checkpoint: origin, size, root; signed-note: an em dash, the key's name, id and signature."""
    body, signature = NOTE.split("\n\n")
    assert body.split("\n")[:2] == ["desist-ledger/one", "1234"]
    dash, name, text = signature.strip().split(" ")
    assert (dash, name, len(base64.b64decode(text))) == ("\u2014", "desist-ledger", 68)
    assert SIGNER.verifier.check(NOTE) == CHECKPOINT


def test_the_key_id_is_the_hash_of_name_and_key() -> None:
    """C2SP signed-note: SHA-256(name, newline, 0x01, key), four octets."""
    name, identity, key = str(SIGNER.verifier).split("+", 2)
    raw = base64.b64decode(key)
    assert identity == hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
    assert str(Verifier.parse(str(SIGNER.verifier))) == str(SIGNER.verifier)


def test_every_flipped_bit_is_refused() -> None:
    """Text, gap, name, id, signature, pad bits: there is one form of a note, and only this one."""
    octets = NOTE.encode()
    for bit in range(len(octets) * 8):
        flipped = bytearray(octets)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            text = flipped.decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises(BadNote):
            SIGNER.verifier.check(text)


def test_a_re_forgers_own_key_does_not_verify() -> None:
    """The same name, another key."""
    forger = Signer("desist-ledger", Ed25519PrivateKey.generate())
    with pytest.raises(BadNote, match="is signed 0 times"):
        SIGNER.verifier.check(forger.sign(CHECKPOINT))


def test_a_witness_may_sign_too() -> None:
    """Signatures of other keys stand beside ours, as C2SP tlog-cosignature has them."""
    other = Signer("witness", Ed25519PrivateKey.generate()).sign(CHECKPOINT)
    assert SIGNER.verifier.check(NOTE + other.split("\n\n")[1]) == CHECKPOINT


@pytest.mark.parametrize(
    "note",
    [
        "",
        NOTE.rstrip("\n"),
        NOTE + "\n",
        NOTE + "more\n",
        NOTE + NOTE.split("\n\n")[1],
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("1234", "01234"),
        NOTE.replace("\u2014", "-"),
    ],
)
def test_another_form_is_refused(note: str) -> None:
    """No ending, two endings, other lines, the signature twice, no gap, a leading zero, another dash."""
    with pytest.raises(BadNote):
        SIGNER.verifier.check(note)


@pytest.mark.parametrize(
    "body",
    [
        "o\n1\n",
        "o\n1\nAA==\n",
        "o\n-1\n" + "A" * 43 + "=\n",
        "o\n1\n" + "A" * 42 + "B=\n",
        "o o\n1\n" + "A" * 43 + "=\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(body: str) -> None:
    """The signature alone does not make it one."""
    with pytest.raises(BadNote):
        Checkpoint.parse(body)


@pytest.mark.parametrize(
    "text", ["", "a+b", "desist-ledger+00000000+" + str(SIGNER.verifier).split("+", 2)[2], "a b+00+AA=="]
)
def test_a_key_that_is_none_is_refused(text: str) -> None:
    """Nothing is pinned by half."""
    with pytest.raises(BadNote):
        Verifier.parse(text)
