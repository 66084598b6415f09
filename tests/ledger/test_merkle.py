"""The Merkle tree of RFC 9162 section 2.1, against its definition and against every changed bit."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desist.ledger.merkle import EMPTY, consistency, consistent, included, inclusion, node

LEAVES = [hashlib.sha256(b"\x00" + b"entry %d" % number).digest() for number in range(130)]


@cache
def root(start: int, end: int) -> bytes:
    """MTH of D[start:end], word for word after RFC 9162 section 2.1.1."""
    if start == end:
        return EMPTY
    if end - start == 1:
        return LEAVES[start]
    k = 1
    while k * 2 < end - start:
        k *= 2
    return node(root(start, start + k), root(start + k, end))


def node_at(level: int, index: int) -> bytes:
    """The hash of a full subtree."""
    return root(index << level, (index + 1) << level)


def test_every_inclusion_proof_holds() -> None:
    """Every leaf of every tree up to 70; RFC 9162 section 2.1.3."""
    for size in range(1, 71):
        for index in range(size):
            proof = inclusion(index, size, node_at)
            assert included(index, size, LEAVES[index], proof, root(0, size))


def test_every_consistency_proof_holds() -> None:
    """Every pair of sizes up to 70; RFC 9162 section 2.1.4."""
    for size in range(1, 71):
        for before in range(1, size + 1):
            proof = consistency(before, size, node_at)
            assert consistent(before, size, root(0, before), root(0, size), proof)


@given(st.data())
def test_a_changed_inclusion_proof_fails(data: st.DataObject) -> None:
    """A flipped bit anywhere, a hash more or less, another place or size."""
    size = data.draw(st.integers(2, 130))
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion(index, size, node_at)
    place = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = bytearray(proof[place])
    flipped[bit // 8] ^= 1 << bit % 8
    good = (index, size, LEAVES[index], proof, root(0, size))
    assert included(*good)
    assert not included(
        index, size, LEAVES[index], [*proof[:place], bytes(flipped), *proof[place + 1 :]], root(0, size)
    )
    assert not included(index, size, LEAVES[index], [*proof[:place], *proof[place + 1 :]], root(0, size))
    assert not included(index, size, LEAVES[index], [*proof, EMPTY], root(0, size))
    assert not included(index, size, EMPTY, proof, root(0, size))
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
    assert not included(other, size, LEAVES[index], proof, root(0, size))


@given(st.data())
def test_a_changed_consistency_proof_fails(data: st.DataObject) -> None:
    """A flipped bit anywhere, a hash more or less, another root."""
    size = data.draw(st.integers(2, 130))
    before = data.draw(st.integers(1, size - 1))
    proof = consistency(before, size, node_at)
    place = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = bytearray(proof[place])
    flipped[bit // 8] ^= 1 << bit % 8
    old, new = root(0, before), root(0, size)
    assert not consistent(before, size, old, new, [*proof[:place], bytes(flipped), *proof[place + 1 :]])
    assert not consistent(before, size, old, new, [*proof[:place], *proof[place + 1 :]])
    assert not consistent(before, size, old, new, [*proof, EMPTY])
    assert not consistent(before, size, new, new, proof)
    assert not consistent(before, size, old, old, proof)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_place_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    """Neither built nor accepted."""
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion(index, size, node_at)
    assert not included(index, size, LEAVES[0], [], LEAVES[0])


def test_the_empty_proof_proves_the_same_tree_only() -> None:
    """A tree begins with itself, and with no tree of no leaves."""
    assert consistent(5, 5, root(0, 5), root(0, 5), [])
    assert not consistent(5, 5, root(0, 5), root(0, 4), [])
    assert not consistent(0, 5, EMPTY, root(0, 5), [])
    assert not consistent(6, 5, root(0, 6), root(0, 5), [])
    assert not consistent(4, 5, root(0, 4), root(0, 5), [])
