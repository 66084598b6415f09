"""`desist ledger redact`: erase the details of entries; entries, hashes and counts stay as they were."""

from __future__ import annotations

import argparse
import datetime
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..errors import LedgerUnusable, UsageError
from .ledger_paths import add_key, announce_read, openers_of

if TYPE_CHECKING:
    from ..ledger.query import Read

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Which entries: by place, by session, by age, by what their details hold; all that is asked must apply."""
    parser.add_argument("path", type=Path, metavar="PATH", help="the ledger itself, no copy")
    parser.add_argument("--entry", action="append", default=[], metavar="N[-M]", help="places in the ledger, from 1")
    parser.add_argument("--session", default="", metavar="W", help="all entries of a session")
    parser.add_argument(
        "--before", default="", metavar="DATE", help="entries older than this (ISO 8601; UTC unless said)"
    )
    parser.add_argument("--containing", default="", metavar="TEXT", help="details that hold this text (counsel's key)")
    parser.add_argument("--why", required=True, metavar="REASON", help="why they are erased, recorded in the ledger")
    parser.add_argument("--dry-run", action="store_true", help="count them, and erase nothing")
    add_key(parser)


def run(args: argparse.Namespace) -> int:
    """0 where the details are gone, 2 where nothing was asked for or the file is a copy."""
    from ..ledger.query import copy_reason
    from .watched import reader_of

    tests = _tests(args)
    reason = copy_reason(args.path) if args.path.exists() else ""
    if reason and not args.dry_run:
        raise LedgerUnusable(f"is a copy ({reason})", place=str(args.path), help="redact the ledger itself")
    announce_read(args.path, "redact", args.why)
    with reader_of(args.path, "reading") as reader:
        openers = openers_of(args) if args.containing else []
        kept = set(reader.kept())
        found = [read for read in reader.entries(openers) if read.seq in kept and all(test(read) for test in tests)]
    unopened = sum(read.details is None for read in found) if args.containing else 0
    chosen = [read.seq for read in found if not (args.containing and read.details is None)]
    if unopened:
        print(f"{unopened:,} entries have details that no key given opens: they may hold it too", file=sys.stderr)
        print("  help: give every counsel key that the ledger was sealed to, one --counsel-key each", file=sys.stderr)
    if args.dry_run:
        print(f"{len(chosen):,} entries have details that would be erased")
        print("next: the same without --dry-run")
        return 0
    _erase(args.path, chosen, args.why)
    print(f"erased the details of {len(chosen):,} entries; entries and hashes are as they were")
    print("  copies and backups still hold them: erase those too, or let them age out")
    print(f"next: desist ledger verify {args.path}")
    return 0


def _erase(path: Path, seqs: list[int], why: str) -> None:
    from ..ledger.keys import counsel_key, user_name
    from ..ledger.ledger import Ledger

    key = counsel_key(os.environ.get("DESIST_COUNSEL_KEY"), make=False).key
    with Ledger.open(path, role="redactor", counsel_key=key) as ledger:
        ledger.erase(seqs, details={"who": user_name(), "why": why})


def _tests(args: argparse.Namespace) -> list[Callable[[Read], bool]]:
    """What an entry must be for its details to go; UsageError where nothing is asked for."""
    tests: list[Callable[[Read], bool]] = []
    if args.entry:
        places = [_places(text) for text in args.entry]
        tests.append(lambda read: any(read.seq in span for span in places))
    if args.session:
        tests.append(lambda read: read.entry.w == args.session)
    if args.before:
        limit = _micros(args.before)
        tests.append(lambda read: read.entry.t < limit)
    if args.containing:
        wanted = set(_readings(args.containing))
        tests.append(lambda read: read.details is None or _holds(read.details, wanted))
    if not tests:
        raise UsageError("which entries?", help="--entry, --session, --before or --containing; --dry-run only counts")
    return tests


def _holds(details: object, wanted: set[str]) -> bool:
    """Whether a text of the details, or the name of one, holds what is wanted in some reading."""
    if isinstance(details, dict):
        return any(_holds(part, wanted) for pair in details.items() for part in pair)
    if isinstance(details, list):
        return any(_holds(part, wanted) for part in details)
    return any(text in reading for reading in _readings(str(details)) for text in wanted)


def _readings(text: str) -> Iterator[str]:
    """A text, and what each layer of percent-encoding hides; accents composed (Unicode NFC), as both may be written."""
    yield unicodedata.normalize("NFC", text)
    while (plain := unquote(text)) != text:
        text = plain
        yield unicodedata.normalize("NFC", text)


def _places(text: str) -> range:
    found = re.fullmatch(r"([1-9]\d*)(?:-([1-9]\d*))?", text)
    if not found:
        raise UsageError(f"`{text}` is no place in a ledger", help="--entry 12, or --entry 12-20")
    places = range(int(found[1]), int(found[2] or found[1]) + 1)
    if not places:
        raise UsageError(f"`{text}` ends before it begins", help=f"--entry {found[2]}-{found[1]}")
    return places


def _micros(text: str) -> int:
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"`{text}` is no date", help="--before 2026-01-05") from error
    return int((instant if instant.tzinfo else instant.replace(tzinfo=datetime.UTC)).timestamp() * 1_000_000)
