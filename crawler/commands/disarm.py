"""`desist disarm`: take back what `desist arm` did to this environment."""

from __future__ import annotations

import argparse
import sys

from ..errors import UsageError
from .arm import armed, files_of, record

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Whose word it is; there is no default, since it opens what was shut."""
    parser.add_argument("--by", required=True, metavar="NAME", help="who decided so; it goes on record")


def run(args: argparse.Namespace) -> int:
    """Remove the files, once it is on record; projects with the add-on stay guarded."""
    pth, note = files_of()
    if armed() is None and not pth.exists():
        print(f"not armed: {sys.prefix}\nnext: desist doctor")
        return 0
    record("disarmed", args.by, pth)
    try:
        pth.unlink(missing_ok=True)
        note.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"{pth} cannot be removed: {error.strerror}", help="disarm as the user that owns the environment"
        ) from error
    print(f"disarmed: {sys.prefix}; processes that run now stay shut, and so do projects with the add-on")
    print("next: desist doctor")
    return 0
