"""Which file system lies below a path, as the kernel lists it (proc(5)): locks and syncs do not hold on a network's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["MOUNTS", "file_system", "network"]

MOUNTS: Path = Path("/proc/self/mountinfo")
"""The kernel's list of mounts (proc(5))."""
_NETWORK: Final = frozenset({"9p", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre"}) | {
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "pvfs2",
    "smb3",
    "smbfs",
}


def file_system(path: Path) -> str:
    """The type of the file system below `path` as the kernel lists it (proc(5)), or `` where there is no list."""
    try:
        rows = [line.split() for line in MOUNTS.read_text(errors="surrogateescape").splitlines()]
    except OSError:
        return ""
    real = os.path.realpath(path)
    best, kind = "", ""
    for row in rows:
        point = row[4].encode().decode("unicode_escape") if "\\" in row[4] else row[4]
        if len(point) >= len(best) and (real == point or real.startswith(point.rstrip("/") + "/")):
            best, kind = point, row[row.index("-") + 1]
    return kind


def network(path: Path) -> str:
    """The type of the network file system below `path`; empty on a local disk."""
    kind = file_system(path)
    return kind if kind in _NETWORK or kind.startswith("fuse.") else ""
