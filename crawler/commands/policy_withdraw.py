"""`desist policy withdraw NOTICE`: end or rest a notice, on a document and two names, never for the past."""

from __future__ import annotations

import argparse

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from .loosening import add_evidence_arguments

    add_evidence_arguments(parser)
    parser.add_argument(
        "--status",
        choices=("withdrawn", "suspended", "entered_in_error", "in_force"),
        default="withdrawn",
        help="what becomes of it; `in_force` ends a suspension (default: withdrawn)",
    )


def run(args: argparse.Namespace) -> int:
    """Add the line to the notice's history, and say what still refuses."""
    from ..policy.history import add_status
    from ..policy.load import load_documents
    from ..policy.policyset import folders_of
    from .loosening import compact, evidence, own_notice, say_what_still_refuses

    loaded = load_documents(folders_of(args.policies))
    entry = own_notice(loaded, args.notice)
    said = evidence(args)
    add_status(entry, compact({"at": said["at"], "status": args.status, **said}), loaded)
    print(f"{args.notice}: {args.status} from {said['at']} on, entered by {' and '.join(args.by)} in {entry.file}")
    print("what was refused until then stays refused, and stays on record")
    say_what_still_refuses(entry.doc, str(said["at"]), args.policies)
    print("next: desist policy lint")
    return 0
