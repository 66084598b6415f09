"""What proof costs: integrating, signing, verifying, proving; beside bare hashing, in one run.

    python benchmarks/bench_proof.py [--entries 1000000] [--rounds 5] [--folder DIR]

Targets: verify >= 100,000 entries/s (all of `desist ledger verify`: rows, rules, tree, tiles, checkpoints), integrate
>= 100,000 entries/s, an inclusion proof at ten million entries <= 1.6 KB (from the tree's shape, checked at a million).
Wall clock and CPU time are both given: on a busy machine only the second one is this program's own. `verify` takes two
processors where it has them: its CPU time is the sum of both, its speed is the wall's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import apsw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desist.commands.ledger_verify import answers_of
from desist.ledger.checkpoint import Checkpoint, Signer
from desist.ledger.entry import leaf_hash
from desist.ledger.ledger import Ledger
from desist.ledger.log import Log
from desist.ledger.opener import Opener
from desist.ledger.proof import Growth, Inclusion, growth_from, inclusion_at
from desist.ledger.query import Reader
from desist.ledger.tiles import node_reader

SIGNER = Signer("desist-ledger", Ed25519PrivateKey.from_private_bytes(bytes(32)))
FIELDS: dict[str, Any] = {
    "basis": "notice",
    "rule": "2026-01-pictogram",
    "docket": "2026-01-pictogram",
    "gate": "wire",
}
DETAILS = {"url": "https://shop.test/items/1?page=2", "referrer": "https://shop.test/"}
PLATFORMS = ("pictogram", "chirrup", "vidriver")
TEN_MILLION = 10_000_000
RATE, OCTETS = 100_000, 1_600


class Spent(NamedTuple):
    """Seconds on the wall, and of CPU, a second process' included."""

    wall: float
    cpu: float


def spend(work: Callable[[], object]) -> Spent:
    wall, cpu = time.perf_counter(), sum(os.times()[:4])
    work()
    return Spent(time.perf_counter() - wall, sum(os.times()[:4]) - cpu)


def write(path: Path, entries: int, *, sealed: bool) -> None:
    """A ledger as crawls write it, without checkpoints: a session for each 100,000 entries, one permit in three."""
    key = Opener.generate().counsel if sealed else None
    details = {"details": DETAILS} if sealed else {}
    for start in range(0, entries, 100_000):
        with Ledger.open(path, revision="ab" * 32, counsel_key=key) as ledger:
            for _ in range(0, min(100_000, entries - start), 500):
                batch = [
                    ("permit" if n % 3 == 0 else "refuse", {**FIELDS, **details, "platforms": PLATFORMS[n % 3 :][:1]})
                    for n in range(500)
                ]
                ledger.append_all(batch).result()  # type: ignore[arg-type]


def integrate(path: Path, size: int, step: int) -> None:
    """Tiles and checkpoint over all entries, `step` of them to a checkpoint, in one transaction that is taken back."""
    db = apsw.Connection(str(path))
    db.execute("BEGIN IMMEDIATE; DELETE FROM tile; DELETE FROM checkpoint")
    for end in range(step, size + 1, step):
        Log(db, path).sign(SIGNER, end)
    db.execute("ROLLBACK")
    db.close()


def bare(path: Path) -> None:
    """The floor: read each leaf, hash it, and hash the running hash on."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    chain = bytes(32)
    for _, leaf in db.execute("SELECT chain, leaf FROM entry ORDER BY seq"):
        chain = hashlib.sha256(chain + hashlib.sha256(b"\x00" + leaf).digest()).digest()
    db.close()


def sign_all(path: Path) -> int:
    """The checkpoint that `verify` and proofs need; how many entries there are."""
    db = apsw.Connection(str(path))
    size = int(db.execute("SELECT max(seq) FROM entry").get)
    db.execute("BEGIN IMMEDIATE; DELETE FROM tile; DELETE FROM checkpoint")
    Log(db, path).sign(SIGNER, min(1000, size))
    db.execute("COMMIT; BEGIN IMMEDIATE")
    Log(db, path).sign(SIGNER, size)
    db.execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return size


def check(path: Path) -> None:
    answers = answers_of(path, str(SIGNER.verifier), [])
    if not answers.holds("complete") or answers.signed.disagree:
        raise SystemExit(f"the ledger of the benchmark does not hold: {answers.record.findings[:3]}")


def verdict(name: str, spent: list[Spent], size: int) -> None:
    """Entries a second: the median over the rounds, by the wall and by CPU time."""
    wall = size / statistics.median(one.wall for one in spent)
    cpu = size / statistics.median(one.cpu for one in spent)
    if "floor" in name:
        print(f"  {name:<44}{wall:>10,.0f}/s{cpu:>12,.0f}/s of CPU")
        return
    word = "met" if wall >= RATE else "met in CPU time only" if cpu >= RATE else "MISSED"
    print(f"  {name:<44}{wall:>10,.0f}/s{cpu:>12,.0f}/s of CPU   target >= {RATE:,}: {word}")


def speed(path: Path, size: int, rounds: int) -> None:
    works: dict[str, Callable[[], object]] = {
        "read and hash only (floor)": lambda: bare(path),
        "integrate, one checkpoint": lambda: integrate(path, size, size),
        "integrate and sign, each 1,000 entries": lambda: integrate(path, size, 1000),
        "verify: rules, tree, tiles, checkpoints": lambda: check(path),
    }
    spent: dict[str, list[Spent]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            spent[name].append(spend(work))
    for name, figures in spent.items():
        verdict(name, figures, size)


def longest(size: int, note: str) -> int:
    """Octets of the longest inclusion proof in a tree of this size: one hash a level, below a checkpoint like this."""
    levels = (size - 1).bit_length()
    return len(Inclusion(size - 1, (bytes(32),) * levels, note).text().encode())


def proofs(path: Path, size: int) -> None:
    """Proofs of entries all over the log: their time and length, each checked."""
    with Reader(path) as reader:
        first, last = reader.checkpoints()[0], reader.checkpoints()[-1]
        lengths, spent = [], []
        for number in range(300):
            seq = 1 + number * (size - 1) // 299
            hashed, node_at = leaf_hash(reader.leaf(seq)), node_reader(reader.tile)
            began = time.perf_counter()
            proof = inclusion_at(seq, hashed, last, node_at)
            spent.append(time.perf_counter() - began)
            lengths.append(len(proof.text().encode()))
            Inclusion.parse(proof.text()).check(hashed, SIGNER.verifier)
        old = SIGNER.verifier.check(first)
        growth = growth_from(old, last, node_reader(reader.tile))
        Growth.parse(growth.text()).check(old, SIGNER.verifier)
    computed, far = longest(size, last), longest(TEN_MILLION, last.replace(str(size), str(TEN_MILLION)))
    print(f"  an inclusion proof out of {size:,}: {1e3 * statistics.median(spent):.2f} ms, nothing read before")
    word = "met" if far <= OCTETS and max(lengths) <= computed else "MISSED"
    print(f"  longest of 300 at {size:,}: {max(lengths):,} B; by the tree's shape: {computed:,} B")
    print(f"  longest at {TEN_MILLION:,}, by the tree's shape: {far:,} B   target <= {OCTETS:,} B: {word}")
    print(f"  proof that {size:,} entries begin with {old.size:,}: {len(growth.text().encode()):,} B")


def disk(path: Path, size: int) -> None:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    octets = int(db.execute("SELECT coalesce(sum(length(hashes)), 0) FROM tile").get)
    shape = json.dumps(dict(db.execute("SELECT level, count(*) FROM tile GROUP BY level")))
    db.close()
    print(f"  tiles: {octets / size:.1f} B an entry; by level: {shape}")
    print(f"  one checkpoint: {len(SIGNER.sign(Checkpoint('desist-ledger/' + '0' * 36, size, bytes(32))).encode())} B")


def main() -> None:
    """Run all of it in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", default=None, help="where to measure: the disk that a ledger would lie on")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for name, entries, sealed in (("details sealed", min(args.entries, 100_000), True), ("", args.entries, False)):
            path = Path(folder) / f"of-{entries}-{sealed}" / "ledger.db"
            write(path, entries, sealed=sealed)
            size = sign_all(path)
            print(f"{size:,} entries{', ' + name if name else ', no details'}")
            speed(path, size, args.rounds if sealed else max(1, args.rounds - 2))
        proofs(path, size)
        disk(path, size)


if __name__ == "__main__":
    main()
