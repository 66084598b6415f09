"""`desist policy narrow NOTICE`: let a notice cover less, on a document and two names, never for the past."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..policy.notice import Notice

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from .loosening import add_evidence_arguments

    add_evidence_arguments(parser)
    parser.add_argument("--purposes", metavar="LIST", help="the purposes that it covers from then on, by commas")
    parser.add_argument("--paths", metavar="PATTERN", action="append", help="a path that it covers; repeatable")
    parser.add_argument("--hosts", metavar="HOST", action="append", help="a host that it covers; repeatable")


def run(args: argparse.Namespace) -> int:
    """Add the line to the notice's history, and say what still refuses."""
    from ..policy.history import add_status
    from ..policy.load import load_documents
    from ..policy.policyset import folders_of
    from .loosening import compact, evidence, own_notice, say_what_still_refuses

    loaded = load_documents(folders_of(args.policies))
    entry = own_notice(loaded, args.notice)
    purposes = _purposes(args.purposes, entry.doc)
    if not (purposes or args.paths or args.hosts):
        raise UsageError(
            "nothing says to what", help="name what it covers from then on: --purposes, --paths or --hosts"
        )
    said = evidence(args)
    scope = compact({"purposes": purposes, "paths": args.paths})
    change = compact({"at": said["at"], "status": "narrowed", "scope": scope, "hosts": args.hosts, **said})
    add_status(entry, change, loaded)
    print(f"{args.notice}: narrowed from {said['at']} on, entered by {' and '.join(args.by)} in {entry.file}")
    print("what was refused until then stays refused, and stays on record")
    say_what_still_refuses(entry.doc, str(said["at"]), args.policies)
    print(f"next: desist policy preview {args.notice}")
    return 0


def _purposes(text: str | None, notice: Notice) -> list[str]:
    """The purposes named, each of which the notice must cover by now: narrowing never widens."""
    from ..model import Purpose
    from ..policy.diagnostic import closest

    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    covered = _covered(notice)
    for name in names:
        if name not in set(Purpose):
            meant = closest(name, list(Purpose))
            help_ = f"did you mean `{meant}`?" if meant else f"one of {', '.join(Purpose)}"
            raise UsageError(f"`{name}` is no purpose", help=help_)
        if name not in covered:
            help_ = f"it covers {', '.join(sorted(covered))}: a wider notice is entered as a new one"
            raise UsageError(f"the notice does not cover `{name}` as it stands", help=help_)
    return names


def _covered(notice: Notice) -> frozenset[str]:
    """What the notice covers by its last narrowing."""
    narrowed = [change for change in notice.changes if change.status == "narrowed" and change.scope]
    last = narrowed[-1].scope if narrowed else None
    return frozenset((last or notice.scope).purposes)
