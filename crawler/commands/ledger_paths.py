"""What the ledger verbs share: which ledgers, whose key, who reads and why."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..ledger.opener import Opener

__all__ = ["add_key", "add_why", "announce_read", "openers_of"]


def add_why(parser: argparse.ArgumentParser) -> None:
    """`--why`: every read is itself an entry, with who and why."""
    parser.add_argument("--why", default="", metavar="REASON", help="why you read, recorded in the ledger")


def add_key(parser: argparse.ArgumentParser) -> None:
    """`--counsel-key`: counsel's private key, for sealed details."""
    words = "counsel's private key file; by default those in the configuration folder"
    parser.add_argument("--counsel-key", action="append", default=[], metavar="FILE", help=words)


def openers_of(args: argparse.Namespace) -> list[Opener]:
    """Counsel's private keys that were named, else those on hand; an empty list opens nothing."""
    from ..ledger.keys import private_keys

    return private_keys(args.counsel_key)


def announce_read(path: Path, verb: str, why: str) -> str:
    """Record the read before anything is shown; where that cannot be, say so on stderr first, and return the words."""
    from ..ledger.keys import counsel_key
    from ..ledger.query import record_read

    key = counsel_key(os.environ.get("DESIST_COUNSEL_KEY"), make=False).key
    note = record_read(path, verb, why or verb, key)
    if note:
        print(f"{path}: {note}", file=sys.stderr)
    return note
