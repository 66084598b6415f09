"""The Merkle tree over leaf hashes, and its proofs (RFC 9162 section 2.1); the standard library is enough.

Proofs are lists of hashes; building one asks for the hashes of full subtrees (`tiles.py` keeps them), checking one asks
for nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

__all__ = ["EMPTY", "NodeAt", "consistency", "consistent", "included", "inclusion", "node"]

EMPTY = hashlib.sha256(b"").digest()
"""Root of the tree without leaves (RFC 9162 section 2.1.1)."""
NodeAt = Callable[[int, int], bytes]
"""The hash of the full subtree at (level, index): over the leaves from `index << level`, `1 << level` of them."""


def node(left: bytes, right: bytes) -> bytes:
    """`SHA-256(0x01 || left || right)` (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _subtree(start: int, size: int, node_at: NodeAt) -> bytes:
    """The hash over `size` leaves from `start`, which is a multiple of the next power of two."""
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node_at(level, start >> level)
    left = _split(size)
    return node(_subtree(start, left, node_at), _subtree(start + left, size - left, node_at))


def inclusion(index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """The proof that leaf `index` (from 0) is in the tree of `size` leaves (RFC 9162 section 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    proof, start = [], 0
    while size > 1:
        left = _split(size)
        if index - start < left:
            proof.append(_subtree(start + left, size - left, node_at))
            size = left
        else:
            proof.append(_subtree(start, left, node_at))
            start, size = start + left, size - left
    return proof[::-1]


def included(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows the leaf at `index` in the tree with this root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, digest = index, size - 1, leaf_hash
    for one in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            digest = node(one, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node(digest, one)
        place, last = place >> 1, last >> 1
    return last == 0 and digest == root


def consistency(before: int, size: int, node_at: NodeAt) -> list[bytes]:
    """The proof that the tree of `size` leaves begins with that of `before` (RFC 9162 section 2.1.4.1)."""
    if not 0 < before <= size:
        raise ValueError(f"a tree of {size} leaves does not begin with one of {before}")
    proof, start, whole = [], 0, True
    while before != size:
        left = _split(size)
        if before <= left:
            proof.append(_subtree(start + left, size - left, node_at))
            size = left
        else:
            proof.append(_subtree(start, left, node_at))
            start, before, size, whole = start + left, before - left, size - left, False
    if not whole:
        proof.append(_subtree(start, size, node_at))
    return proof[::-1]


def consistent(before: int, size: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree with root `new` begins with the one with root `old` (RFC 9162 2.1.4.2)."""
    if not 0 < before <= size:
        return False
    if before == size:
        return old == new and not proof
    path = list(proof) if before & (before - 1) else [old, *proof]
    if not path:
        return False
    place, last = before - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node(one, first), node(one, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node(second, one)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old and second == new
