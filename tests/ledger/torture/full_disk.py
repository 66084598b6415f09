"""Runs in a mount namespace of its own: a writer fills a small file system, is stopped, and starts again.

    unshare -rm python full_disk.py FOLDER

Prints JSON: for each round how many entries were acknowledged and how many of them are missing, the last two kinds on
record, the exit code and what was said.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from desist.ledger.entry import leaf_hash
from desist.ledger.query import Reader
from desist.ledger.verify import verify

WORKLOAD = str(Path(__file__).with_name("workload.py"))
ROUNDS = 3


def fill(path: Path, mode: str) -> subprocess.CompletedProcess[str]:
    """Write until it fails."""
    command = [sys.executable, WORKLOAD, str(path), "0", mode]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def main(folder: Path) -> None:
    """Three rounds on a ledger, and the control: a buffered file, on what is left."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(folder)], check=True)
    ledger, acks, rounds = folder / "ledger.db", set[str](), []
    for number in range(ROUNDS):
        (folder / f"ballast-{number}").write_bytes(bytes(3 << 19))
    for number in range(ROUNDS):
        done = fill(ledger, "FULL")
        acks |= {line.split()[1] for line in done.stdout.splitlines()}
        with Reader(ledger) as reader:
            rows = list(reader.rows())
        present = {leaf_hash(leaf).hex() for _, _, leaf in rows}
        rounds.append(
            {
                "acknowledged": done.stdout.count("ack "),
                "missing": len(acks - present),
                "last": [json.loads(leaf)["k"] for _, _, leaf in rows[-2:]],
                "findings": [str(finding) for finding in verify(rows).findings],
                "gaps": verify(rows).gaps,
                "code": done.returncode,
                "said": done.stderr,
            }
        )
        (folder / f"ballast-{number}").unlink()  # somebody frees some space, and the next crawl starts
    control = fill(folder / "buffered", "buffered")
    lines = set((folder / "buffered").read_text().split("\n"))
    lost = {line.split()[1] for line in control.stdout.splitlines() if line.startswith("ack ")} - lines
    print(json.dumps({"rounds": rounds, "control_lost": len(lost)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
