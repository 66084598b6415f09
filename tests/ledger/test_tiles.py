"""Tiles of 256 hashes (C2SP tlog-tiles): the same tree as RFC 9162 section 2.1 defines, and as pymerkle builds."""

from __future__ import annotations

import hashlib

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desist.ledger.merkle import EMPTY, consistency, consistent, included, inclusion
from desist.ledger.tiles import OCTETS, ReadTile, Tree, fold, grown, node_reader, root_at, tile_path, widths

from .test_merkle import LEAVES, root

MANY = [hashlib.sha256(b"\x00%d" % number).digest() for number in range(70_000)]
Stored = dict[tuple[int, int], bytes]


def stored(leaves: list[bytes], *steps: int) -> Stored:
    """The tiles of a log that was integrated in these steps."""
    tiles: Stored = {}
    before = 0
    for size in (*steps, len(leaves)):
        for level, n, hashes in list(grown(reader(tiles), before, b"".join(leaves[before:size]))):
            tiles[level, n] = hashes
        before = size
    return tiles


def reader(tiles: Stored) -> ReadTile:
    """Reads them as a ledger does: nothing where there is none."""
    return lambda level, n: tiles.get((level, n), b"")


def test_fold_is_the_root_of_the_definition() -> None:
    """Every size up to 130, against RFC 9162 section 2.1.1 word for word."""
    for size in range(1, len(LEAVES) + 1):
        assert fold(b"".join(LEAVES[:size])) == root(0, size)


def test_a_tree_knows_its_root_at_every_size() -> None:
    """Block by block, and inside the open tile."""
    tree = Tree()
    assert tree.root() == EMPTY
    for start in range(0, 700, 256):
        block = b"".join(MANY[start : start + 256])
        for size in (1, 2, 129, 255, 256):
            assert tree.root(block[: 32 * size]) == fold(b"".join(MANY[: start + size]))
        tree.add(block)
        assert (tree.size, tree.root()) == (start + 256, fold(b"".join(MANY[: start + 256])))


def test_the_root_is_pymerkles() -> None:
    """Another implementation, fed the same entries."""
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(600):
        other.append_entry(b"%d" % number)
        if number in (0, 1, 2, 6, 254, 255, 256, 511, 512, 599):
            assert (
                other.get_root()
                == fold(b"".join(MANY[: number + 1]))
                == root_at(number + 1, reader(stored(MANY[: number + 1])))
            )


def test_a_tree_of_70_000_has_the_tiles_of_the_specification() -> None:
    """C2SP tlog-tiles, Partial Tiles: 273 full ones and one of 112; one full and one of 17; one of 1."""
    assert list(widths(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    tiles = stored(MANY)
    shape = {place: len(hashes) // 32 for place, hashes in tiles.items()}
    assert len(shape) == 273 + 1 + 2 + 1
    assert (shape[0, 273], shape[1, 1], shape[2, 0]) == (112, 17, 1)
    assert tiles[1, 1][:32] == fold(b"".join(MANY[65_536 : 65_536 + 256]))


def test_a_tree_of_256_has_a_full_tile_and_one_of_1() -> None:
    """C2SP tlog-tiles, Partial Tiles."""
    assert {place: len(hashes) // 32 for place, hashes in stored(MANY[:256]).items()} == {(0, 0): 256, (1, 0): 1}


@given(st.lists(st.integers(0, 3000), max_size=6))
def test_tiles_are_the_same_in_whatever_steps_they_grew(steps: list[int]) -> None:
    """One by one, across the ends of tiles, none at all."""
    leaves = MANY[:3000]
    tiles = stored(leaves, *sorted(steps))
    assert tiles == stored(leaves)
    assert root_at(3000, reader(tiles)) == fold(b"".join(leaves))


@given(st.integers(1, 70_000), st.data())
def test_proofs_come_out_of_tiles(size: int, data: st.DataObject) -> None:
    """Inclusion and consistency at any size, out of the tiles of a larger log."""
    node_at = node_reader(reader(TILES))
    index, before = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert included(index, size, MANY[index], inclusion(index, size, node_at), root_at(size, reader(TILES)))
    proof = consistency(before, size, node_at)
    assert consistent(before, size, root_at(before, reader(TILES)), root_at(size, reader(TILES)), proof)


TILES = stored(MANY)


def test_a_missing_or_short_tile_makes_no_proof() -> None:
    """It is never taken for an empty one."""
    short = {**TILES, (0, 3): TILES[0, 3][:-32]}
    with pytest.raises(ValueError, match="tile 0/3 holds less than 256"):
        inclusion(3 * 256, 70_000, node_reader(reader(short)))
    with pytest.raises(ValueError, match="tile 2/0"):
        root_at(70_000, reader({place: tile for place, tile in TILES.items() if place[0] < 2}))
    with pytest.raises(ValueError, match="tile 0/273"):
        list(grown(reader({}), 70_000, MANY[0]))


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ((0, 0, 256), "tile/0/000"),
        ((0, 273, 112), "tile/0/273.p/112"),
        ((3, 1_234_067, 256), "tile/3/x001/x234/067"),
        ((1, 1000, 1), "tile/1/x001/000.p/1"),
    ],
)
def test_a_tile_has_the_path_of_the_specification(place: tuple[int, int, int], path: str) -> None:
    """C2SP tlog-tiles, Merkle Tree: three digits an element, all but the last with an `x`."""
    assert tile_path(*place) == path


def test_a_full_tile_is_8192_octets() -> None:
    """C2SP tlog-tiles, Merkle Tree."""
    assert (len(TILES[0, 0]), OCTETS) == (8192, 8192)
