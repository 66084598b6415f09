"""`desist report`: one HTML file for people, from ledgers alone."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .ledger_paths import add_key, add_why, announce_read, openers_of

if TYPE_CHECKING:
    from ..ledger.opener import Opener
    from ..report.page import Part

__all__ = ["configure", "run"]

_EXAMPLES = """\
examples:
  desist report .desist/ledger.db -o report.html
  desist report ledger.db -o report.html --key log.vkey --anchor checkpoints.txt
  desist report ledger.db -o counsel.html --counsel-key counsel.key --why "answer to Pictogram"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """One ledger, or several in one page; URLs only where counsel's key is named."""
    parser.epilog = _EXAMPLES
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="ledgers, or copies of them")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="F.html",
        help="the file to write; an earlier report is replaced",
    )
    parser.add_argument("--key", default="", metavar="K", help="the log's verifying key, or its file, kept elsewhere")
    parser.add_argument(
        "--anchor", action="append", default=[], type=Path, metavar="F", help="checkpoints kept elsewhere"
    )
    add_key(parser)
    add_why(parser)


def run(args: argparse.Namespace) -> int:
    """0; 3 where a ledger is not intact, or not the one that was anchored (the report is written all the same)."""
    from ..report.page import render
    from .screen import waiting

    if args.anchor and not args.key:
        raise UsageError("an anchor is checked under a key", help="--key takes the log's verifying key, kept elsewhere")
    _check_output(args.output)
    openers = openers_of(args)
    parts = []
    for number, path in enumerate(args.paths, start=1):
        print(f"reading {path}", file=sys.stderr)
        note = announce_read(path, "report", args.why)
        part = _part(path, number, args, openers, note)
        parts.append(part._replace(name=_name(path, args.paths)))
    with waiting("writing the page"):
        _write(args.output, render(parts, why=args.why))
    broken = [part for part in parts if part.doubts]
    for part in broken:
        print(*(f"{part.name}: {doubt}" for doubt in part.doubts), sep="\n", file=sys.stderr)
    print(f"wrote {args.output} ({args.output.stat().st_size:,} octets)")
    print(f"next: open {args.output} in a browser; it needs no network")
    return 3 if broken else 0


def _part(path: Path, number: int, args: argparse.Namespace, openers: list[Opener], note: str) -> Part:
    from ..errors import EvidenceError
    from ..report.page import part_of
    from ..report.salvage import Salvage
    from .ledger_verify import answers_of
    from .watched import reader_of

    answers = answers_of(path, args.key, args.anchor)
    checked = (answers.record, answers.signed, answers.anchored)
    urls, notes = bool(args.counsel_key), [note] if note else []
    try:
        with reader_of(path, "counting") as reader:
            return part_of(path.name, reader, openers, checked, number=number, urls=urls, notes=notes)
    except (EvidenceError, KeyError):
        with Salvage(path) as rest:
            part = part_of(path.name, rest, openers, checked, number=number, urls=urls, notes=notes)
            return part._replace(doubts=[*part.doubts, *rest.in_words()])


def _name(path: Path, paths: Sequence[Path]) -> str:
    """The end of a path, no longer than tells it from the others: folders may name what nobody else should read."""
    whole, others = path.absolute().parts, [other.absolute().parts for other in paths if other != path]
    for length in range(1, len(whole)):
        if all(other[-length:] != whole[-length:] for other in others):
            return "/".join(whole[-length:])
    return str(path)


def _check_output(path: Path) -> None:
    """A file that is not a report of ours is never written over."""
    from ..report.page import MARK

    if not path.parent.is_dir():
        raise UsageError("there is no such folder", place=str(path.parent), help="make it, or name another")
    if os.path.lexists(path):
        head = b"" if path.is_symlink() or not path.is_file() else path.open("rb").read(len(MARK))
        if head != MARK.encode():
            raise UsageError("exists and is no report of Desist", place=str(path), help="name another file with -o")


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner's eyes only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):  # on a read-only file system there is nothing to take away
            draft.unlink()
        raise UsageError(
            f"cannot be written: {error.strerror}", place=str(path), help="name another with -o"
        ) from error
