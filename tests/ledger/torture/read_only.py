"""Runs in a mount namespace of its own: the ledger's file system becomes read-only before, during and after a session.

    unshare -rm python read_only.py FOLDER

Prints JSON: what the kernel and the ledger said each time, and the kinds on record at the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from desist.errors import LedgerUnusable
from desist.ledger.entry import decode
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader


def remount(folder: Path, how: str) -> str:
    """What `mount` says to it."""
    command = ["mount", "-o", f"remount,{how}", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def opened(path: Path) -> str:
    """What the ledger says when a session is to begin."""
    try:
        Ledger.open(path).close()
    except LedgerUnusable as error:
        return str(error)
    return ""


def main(folder: Path) -> None:
    """A file system that is read-only at first, then written to, then to be made read-only in the middle."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(folder)], check=True)
    path, said = folder / "ledger.db", {}
    said["made read-only before"] = remount(folder, "ro")
    said["absent"] = opened(path)
    remount(folder, "rw")
    with Ledger.open(path) as ledger:
        ledger.record("permit", domain="shop.test")
        said["in the middle"] = remount(folder, "ro")
        ledger.record("permit", domain="shop.test")
    said["made read-only after"] = remount(folder, "ro")
    said["there"] = opened(path)
    with Reader(path) as reader:
        kinds = [decode(leaf).k for _, _, leaf in reader.rows()]
    print(json.dumps({"said": said, "kinds": kinds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
