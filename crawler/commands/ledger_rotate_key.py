"""`desist ledger rotate-key`: seal further details to another key; what is sealed stays sealed to the old one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LedgerUnusable, UsageError

if TYPE_CHECKING:
    from ..ledger.seal import CounselKey

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """To a named public key, or to a new pair in the configuration folder."""
    parser.add_argument("path", type=Path, metavar="PATH", help="the ledger itself, no copy")
    parser.add_argument("--to", default="", metavar="KEY", help="counsel's new public key, or the path of its file")
    parser.add_argument("--why", default="rotation", metavar="REASON", help="recorded in the ledger")


def run(args: argparse.Namespace) -> int:
    """0 where the ledger names the new key."""
    from ..ledger.keys import user_name
    from ..ledger.ledger import Ledger
    from ..ledger.query import Reader, copy_reason

    with Reader(args.path) as reader:
        old = reader.kids[-1] if reader.kids else ""
    if copy_reason(args.path):
        raise LedgerUnusable(
            f"is a copy ({copy_reason(args.path)})", place=str(args.path), help="rotate the ledger's own"
        )
    key = _new_key(args.to)
    if key.kid == old:
        raise UsageError(f"the ledger is sealed to {key.kid} already", help="--to another key, or none for a new pair")
    with Ledger.open(args.path, role="rotate", counsel_key=key) as ledger:
        facts: dict[str, int | str] = {"from": old or "nobody", "to": key.kid}
        ledger.record("key", facts=facts, details={"who": user_name(), "why": args.why})
    print(f"further sessions seal to {key.kid}; sessions that are running go on with {old or 'none'} until they end")
    print(f"  keep the private key of {old or 'none'}: it alone opens what was sealed to it")
    print(f"next: set DESIST_COUNSEL_KEY={key} wherever crawls run")
    return 0


def _new_key(text: str) -> CounselKey:
    from ..ledger.keys import counsel_key, make_pair

    if text:
        key = counsel_key(text, named="--to").key
        assert key is not None
        return key
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("a new key pair is made at a terminal only", help="give counsel's public key: --to KEY")
    return make_pair().counsel
