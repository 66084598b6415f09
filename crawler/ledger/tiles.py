"""Tiles: the hashes of a Merkle tree in blocks of 256, as C2SP tlog-tiles has them; the standard library is enough.

A tile of level 0 holds 256 leaf hashes; one of level n + 1 holds the hashes of 256 full tiles of level n. Only the last
tile of a level can be shorter. A proof reads one tile a level, whatever the size of the log.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator

from .merkle import EMPTY, NodeAt

__all__ = ["OCTETS", "WIDTH", "ReadTile", "Tree", "fold", "grown", "node_reader", "root_at", "tile_path", "widths"]

WIDTH = 256
"""Hashes of a full tile (C2SP tlog-tiles)."""
OCTETS = 32 * WIDTH
"""Length of a full tile."""
ReadTile = Callable[[int, int], bytes]
"""The joined hashes of the tile at (level, index); fewer than 256 in the last of a level, none where there is none."""


def fold(hashes: bytes) -> bytes:
    """The root over joined subtree hashes of one height, the last perhaps of a smaller tree (RFC 9162 2.1.1)."""
    sha256 = hashlib.sha256
    while (length := len(hashes)) > 32:
        pairs = [sha256(b"\x01" + hashes[at : at + 64]).digest() for at in range(0, length - 63, 64)]
        hashes = b"".join(pairs) + hashes[length - length % 64 :]
    return hashes


class Tree:
    """A tree that grows by whole tiles, and knows its root at any size inside the last one."""

    def __init__(self, each: Callable[[int, int, bytes], object] | None = None) -> None:
        """`each` is called with level, index and hashes of every tile, once it is full."""
        self.size = 0
        self._each = each
        self._open: list[bytes] = [b""]
        """The last tile of each level as far as it goes; never a full one."""

    def add(self, block: bytes) -> None:
        """Add joined leaf hashes: as many as fit into the open tile, at most."""
        self.size += len(block) // 32
        self._open[0] += block
        for level, tile in enumerate(self._open):
            if len(tile) < OCTETS:
                break
            if self._each:
                self._each(level, (self.size >> 8 * (level + 1)) - 1, tile)
            self._open[level] = b""
            if level + 1 == len(self._open):
                self._open.append(b"")
            self._open[level + 1] += fold(tile)

    def root(self, more: bytes = b"") -> bytes:
        """The root, as it would be with a few more leaf hashes in the open tile; of no leaves, SHA-256 of nothing."""
        root = fold(self._open[0] + more)
        for tile in self._open[1:]:
            root = fold(tile + root)
        return root or EMPTY

    def rest(self) -> Iterator[tuple[int, int, bytes]]:
        """Level, index and hashes of the tiles that are not full."""
        for level, tile in enumerate(self._open):
            if tile:
                yield level, self.size >> 8 * (level + 1), tile


def widths(size: int) -> Iterator[tuple[int, int, int]]:
    """For each level of a tree of `size` leaves: level, full tiles, hashes in the tile that is not full."""
    level = 0
    while size:
        yield level, size >> 8, size & 255
        size >>= 8
        level += 1


def grown(read: ReadTile, size: int, hashes: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The tiles that are new or longer once joined leaf hashes stand behind the first `size` leaves."""
    level = 0
    while hashes:
        index, width = size >> 8, size & 255
        block = (_part(read, level, index, 0, width) if width else b"") + hashes
        tiles = [block[at : at + OCTETS] for at in range(0, len(block), OCTETS)]
        for place, tile in enumerate(tiles, index):
            yield level, place, tile
        hashes = b"".join(fold(tile) for tile in tiles if len(tile) == OCTETS)
        size >>= 8
        level += 1


def _part(read: ReadTile, level: int, index: int, start: int, count: int) -> bytes:
    part = read(level, index)[32 * start : 32 * (start + count)]
    if len(part) != 32 * count:
        raise ValueError(f"tile {level}/{index} holds less than {start + count} hashes")
    return part


def node_reader(read: ReadTile) -> NodeAt:
    """The hashes of full subtrees, out of tiles; ValueError where a tile is missing or short."""
    kept = functools.lru_cache(maxsize=64)(read)

    @functools.lru_cache(maxsize=1 << 14)  # neighbours share all but their lowest nodes
    def node_at(level: int, index: int) -> bytes:
        height, steps = divmod(level, 8)
        first = index << steps
        return fold(_part(kept, height, first >> 8, first & 255, 1 << steps))

    return node_at


def root_at(size: int, read: ReadTile) -> bytes:
    """The root of the first `size` leaves, out of the last tile of each level; ValueError where one is short."""
    root = b""
    for level, index, width in widths(size):
        root = fold((_part(read, level, index, 0, width) if width else b"") + root)
    return root or EMPTY


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Where C2SP tlog-tiles serves a tile, below the log's prefix: `tile/0/x001/x234/067.p/17`."""
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < WIDTH else "")
