"""`desist ledger prove`: proofs that a stranger can check, and checking one.

An entry is written as it was hashed, beside its proof: `entry-42.json` and `entry-42.tlog-proof`. The proof leads from
the one to a checkpoint of the log; what the checkpoint is worth, the pinned key says.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EvidenceError, UsageError
from .ledger_paths import add_why, announce_read

if TYPE_CHECKING:
    from ..ledger.proof import Inclusion
    from ..ledger.query import Reader

__all__ = ["configure", "run"]

_EXAMPLES = """\
examples:
  desist ledger prove .desist/ledger.db --entry 42 -o proofs
  desist ledger prove .desist/ledger.db --docket 2026-01-pictogram -o proofs
  desist ledger prove --check proofs/entry-42.tlog-proof --key log.vkey
"""
_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """One ledger and what is to be proved of it; or proofs to check, and the key."""
    parser.epilog = _EXAMPLES
    parser.add_argument("path", nargs="?", type=Path, metavar="PATH", help="a ledger, or a copy of one")
    parser.add_argument(
        "--entry", action="append", default=[], type=_place, metavar="N", help="the entry at this place"
    )
    parser.add_argument("--docket", default="", metavar="NOTICE", help="every entry that is filed under this notice")
    parser.add_argument("-o", "--output", type=Path, default=Path(), metavar="DIR", help="where the files go (here)")
    parser.add_argument(
        "--anchor", action="append", default=[], type=Path, metavar="F",
        help="prove against the newest of these checkpoints, kept elsewhere, and not against the ledger's own",
    )  # fmt: skip
    parser.add_argument("--check", nargs="+", default=[], type=Path, metavar="FILE", help="check proofs")
    parser.add_argument("--key", default="", metavar="K", help="the log's verifying key, or its file, kept elsewhere")
    add_why(parser)


def _place(text: str) -> int:
    """A place in a ledger: from 1, and no number that SQLite has not."""
    if not re.fullmatch(r"[1-9]\d{0,17}", text):
        raise argparse.ArgumentTypeError(f"`{text}` is no place in a ledger")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """0 where everything was proved, or every proof holds; 3 where one does not."""
    if args.check:
        if args.path or args.entry or args.docket:
            raise UsageError("--check takes proofs and a key, and no ledger", help=_EXAMPLES.splitlines()[-1].strip())
        return _check(args.check, args.key)
    if not args.path or not (args.entry or args.docket):
        raise UsageError("nothing to prove is named", help="name a ledger, and --entry N or --docket NOTICE")
    return _prove(args)


def _prove(args: argparse.Namespace) -> int:
    from .screen import Bar
    from .watched import reader_of

    _see_folder(args.output)
    announce_read(args.path, "prove", args.why)
    with reader_of(args.path, "reading") as reader:
        places = [*args.entry, *(_filed_under(reader, args.docket) if args.docket else [])]
        bar = Bar("proving", len(places))
        made = list(bar.over(_proofs(reader, args, dict.fromkeys(places)), "entries"))
    _keep({
        args.output / name: octets
        for seq, leaf, proof in made
        for name, octets in ((f"entry-{seq}.json", leaf), (f"entry-{seq}.tlog-proof", proof.text().encode()))
    })  # fmt: skip
    for line in [f"entry {seq:,}: {len(proof.text()):,} octets of proof" for seq, _, proof in made[:_SHOWN]]:
        print(line)
    print(f"wrote {len(made):,} entries and their proofs to {args.output}")
    print(f"next: desist ledger prove --check {args.output}/entry-{made[0][0]}.tlog-proof --key log.vkey")
    return 0


def _see_folder(folder: Path) -> None:
    """Before the read is recorded: there is somewhere to write to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot be made: {error.strerror}", place=str(folder), help="name another folder with -o"
        ) from error


def _keep(files: dict[Path, bytes]) -> None:
    """Write them all, or none where one is there already: it may be the proof of another ledger."""
    held = next((file for file in files if os.path.lexists(file)), None)
    if held:
        raise UsageError("exists, and is not overwritten", place=str(held), help="name another folder with -o")
    for file, octets in files.items():
        with file.open("xb") as out:
            out.write(octets)


def _filed_under(reader: Reader, notice: str) -> list[int]:
    found = [read.seq for read in reader.entries() if read.entry.docket.partition("#")[0] == notice]
    if not found:
        raise UsageError(
            f"no docket `{notice}` is on record", place=str(reader.path), help=f"desist ledger docket {reader.path}"
        )
    return found


def _proofs(reader: Reader, args: argparse.Namespace, places: Iterable[int]) -> Iterator[tuple[int, bytes, Inclusion]]:
    """Place, leaf and proof of each entry; raises EvidenceError where entries and checkpoint are not of one tree."""
    from ..ledger.checkpoint import Checkpoint
    from ..ledger.entry import leaf_hash
    from ..ledger.proof import BadProof, inclusion_at
    from ..ledger.tiles import node_reader

    note = _note(reader, args.key, args.anchor)
    size = Checkpoint.of(note).size
    node_at = node_reader(reader.tile)
    for seq in places:
        leaf = reader.leaf(seq)
        if seq > size:
            message = f"entry {seq:,} is newer than the checkpoint, which is of {size:,} entries"
            mend = "the crawl signs the next one within a minute, and its last when it ends"
            raise UsageError(message, place=str(reader.path), help=mend)
        try:
            yield seq, leaf, inclusion_at(seq, leaf_hash(leaf), note, node_at)
        except BadProof as error:
            mend = f"desist ledger verify {reader.path}"
            raise EvidenceError(f"the proof of entry {seq:,} {error}", place=str(reader.path), help=mend) from error


def _note(reader: Reader, key: str, anchors: list[Path]) -> str:
    """The checkpoint that proofs lead to: the newest of the anchors, else of the ledger's own, signed by the key."""
    from ..ledger.anchor import read_notes, read_verifier
    from ..ledger.checkpoint import BadNote, Checkpoint

    verifier = read_verifier(key) if key else None
    if anchors and verifier is None:
        raise UsageError("an anchor is checked under a key", help="--key takes the log's verifying key, kept elsewhere")
    notes = read_notes(anchors, verifier) if verifier and anchors else reader.checkpoints()
    if not notes:
        mend = "crawls sign where there is a key for it: `desist doctor` says which is in use"
        raise UsageError("holds no checkpoint, so nothing in it can be proved", place=str(reader.path), help=mend)
    newest = max(notes, key=lambda note: Checkpoint.of(note).size)
    try:
        if verifier:
            verifier.check(newest)
    except BadNote as error:
        mend = "prove under the key that signed it; a forger's own key proves nothing"
        raise EvidenceError(f"its last checkpoint {error}", place=str(reader.path), help=mend) from error
    return newest


def _check(files: list[Path], key: str) -> int:
    from ..ledger.anchor import read_verifier
    from ..ledger.checkpoint import BadNote
    from ..ledger.entry import leaf_hash
    from ..ledger.proof import BadProof, Inclusion

    if not key:
        raise UsageError("a proof is checked under a key", help="--key takes the log's verifying key, kept elsewhere")
    verifier, failed = read_verifier(key), 0
    for file in files:
        leaf, text = _read(file)
        try:
            proof = Inclusion.parse(text)
            checkpoint = proof.check(leaf_hash(leaf), verifier)
            print(f"{file}: entry {proof.index + 1:,} of the {checkpoint.size:,} that {checkpoint.origin} signed")
        except (BadNote, BadProof) as error:
            failed += 1
            print(f"{file}: does not hold: it {error}")
    print(f"{len(files) - failed:,} hold, {failed:,} do not, under the key {verifier.name}+{verifier.id.hex()}")
    print("next: desist ledger verify PATH --key K --anchor F" if failed else "next: read the entries beside them")
    return 3 if failed else 0


def _read(file: Path) -> tuple[bytes, str]:
    """The entry beside a proof, and the proof's text."""
    entry = file.with_suffix(".json")
    try:
        return entry.read_bytes(), file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        mend = "keep `entry-N.json` beside `entry-N.tlog-proof`, octet for octet"
        raise UsageError(f"cannot be read: {error}", place=str(file), help=mend) from error
