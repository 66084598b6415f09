"""`desist policy schema`: write `schema.json` for editors, or check that it is current."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import UsageError

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", type=Path, default=Path("policies"), help="default: policies"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the file is not current")


def run(args: argparse.Namespace) -> int:
    """Write or compare the file."""
    from ..policy.schema import schema_text
    from ..policy.write import create, replace

    if not args.folder.is_dir():
        raise UsageError("there is no such folder", place=str(args.folder), help="name the folder of your documents")
    path = args.folder / "schema.json"
    text = schema_text()
    current = path.is_file() and path.read_text(encoding="utf-8") == text
    if args.check and not current:
        print(f"{path} is not current\n  help: desist policy schema {args.folder}")
        return 1
    if not current:
        (replace if path.exists() else create)(path, text)
    print(f"{path} is {'current' if current else 'written'}")
    print(f"next: desist policy lint {args.folder}")
    return 0
