"""`desist ledger verify`: is the record intact, complete, anchored: three answers, never one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .ledger_paths import add_why, announce_read

if TYPE_CHECKING:
    from ..ledger.verify import Verification

__all__ = ["configure", "run"]

_ANSWERS = ("intact", "complete", "anchored")
_NOT_ANCHORED = "not anchored: nothing outside this file says that it was not rewritten as a whole"


def configure(parser: argparse.ArgumentParser) -> None:
    """Several ledgers at once; `--require` says which answers must be yes."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a ledger, or a copy of one")
    parser.add_argument("--require", default="", metavar="LIST", help="answers that must be yes: complete,anchored")
    add_why(parser)


def run(args: argparse.Namespace) -> int:
    """0 where every ledger is intact and all that is required holds, else 3."""
    required = {"intact", *filter(None, args.require.split(","))}
    unknown = sorted(required.difference(_ANSWERS))
    if unknown:
        raise UsageError(f"unknown answer `{unknown[0]}` in --require", help=f"known are {', '.join(_ANSWERS)}")
    code = 0
    for path in args.paths:
        announce_read(path, "verify", args.why)
        result = _verify(path)
        _show(path, result)
        given = {"intact": result.intact, "complete": result.complete, "anchored": False}
        short = [answer for answer in _ANSWERS if answer in required and not given[answer]]
        if short:
            print(f"  short of: {', '.join(short)}")
            code = 3
    print(f"next: desist ledger docket {args.paths[0]}")
    return code


def _verify(path: Path) -> Verification:
    from ..ledger.query import Reader
    from ..ledger.verify import verify

    with Reader(path) as reader:
        return verify(reader.rows(), boxes=reader.boxes())


def _show(path: Path, result: Verification) -> None:
    crawls = sum(session.role == "crawl" for session in result.sessions.values())
    print(f"{path}: {result.size:,} entries, {crawls} sessions of crawls, {len(result.sessions) - crawls} of readers")
    keys = sorted({session.sealed_to for session in result.sessions.values() if session.role == "crawl"})
    print(f"  details   sealed to {', '.join(keys) or 'nobody'}")
    _answer("intact", [str(finding) for finding in result.findings])
    _answer("complete", result.gaps if result.intact else ["not intact", *result.gaps])
    print(f"  anchored  {_NOT_ANCHORED}")
    for note in result.notes:
        print(f"  note      {note}")
    print(f"  running hash {result.root}")


def _answer(word: str, troubles: list[str]) -> None:
    print(f"  {word:<9} {'no' if troubles else 'yes'}")
    for trouble in troubles[:20]:
        print(f"            {trouble}")
    if len(troubles) > 20:
        print(f"            and {len(troubles) - 20:,} more")
