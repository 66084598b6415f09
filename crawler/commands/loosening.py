"""What `withdraw` and `narrow` share: the evidence that loosening needs, and what still refuses afterwards."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..model import Reason
    from ..policy.load import Entry, Loaded
    from ..policy.notice import Notice

__all__ = ["add_evidence_arguments", "compact", "evidence", "own_notice", "say_what_still_refuses"]


def add_evidence_arguments(parser: argparse.ArgumentParser) -> None:
    """The document, the two names, the moment, the folders."""
    parser.add_argument("notice", metavar="NOTICE", help="the notice's id")
    paper = parser.add_mutually_exclusive_group(required=True)
    paper.add_argument("--document", metavar="FILE", type=Path, help="the paper that says so: only its hash is kept")
    paper.add_argument("--sha256", metavar="HASH", help="the paper's SHA-256, where it lies elsewhere")
    parser.add_argument("--by", metavar="NAME", action="append", required=True, help="give it twice: two persons")
    parser.add_argument("--at", metavar="TIME", help="from when on; never in the past (default: now)")
    parser.add_argument("--reason", metavar="TEXT", help="a sentence of facts")
    parser.add_argument("--policies", metavar="DIR", action="append", help="folders to read; repeatable")


def own_notice(loaded: Loaded, identity: str) -> Entry[Notice]:
    """The notice, if it is ours to loosen; UsageError otherwise."""
    from ..policy.history import find_notice

    entry = find_notice(loaded, identity)
    if entry.doc.addressed_to == "other":
        who = entry.doc.recipient.name if entry.doc.recipient else "somebody else"
        help_ = 'it governs only where nothing else does; DESIST_NOTICES_TO_OTHERS = "record" keeps it as docket only'
        raise UsageError(f"`{identity}` is addressed to {who}: it is not ours to loosen", help=help_)
    return entry


def evidence(args: argparse.Namespace) -> dict[str, object]:
    """The fields that make a loosening count; UsageError where one is missing or the moment has passed."""
    from ..policy.draft import moment_text
    from ..policy.parts import differ
    from ..policy.when import parse_when

    if not differ(args.by):
        raise UsageError(
            "two different names are needed", help='--by "A. Jones" --by "B. Smith": two persons, each named'
        )
    now = datetime.now(UTC)
    try:
        at = (
            parse_when(args.at).late_start if args.at else now + timedelta(seconds=1)
        )  # whole seconds, never before now
    except ValueError as error:
        raise UsageError(f"--at: `{args.at}` {error}", help="write 2026-01-05T09:30:00Z or 2026-01-05") from error
    if at < now:
        message = f"`{args.at}` has passed: what was refused stays refused"
        raise UsageError(message, help="leave --at out, or name a later moment")
    return {
        "at": moment_text(at),
        "by": args.by,
        "document_sha256": _hash(args),
        "reason": args.reason,
        "entered_at": moment_text(now),
    }


def _hash(args: argparse.Namespace) -> str:
    if args.sha256:
        return str(args.sha256).lower()
    try:
        content = args.document.read_bytes()
    except OSError as error:
        message = f"`{args.document}` cannot be read: {error.strerror}"
        raise UsageError(message, help="name the paper, or its hash with --sha256") from error
    if not content:
        raise UsageError(f"`{args.document}` is empty", help="name the paper that withdraws or narrows the notice")
    return hashlib.sha256(content).hexdigest()


def say_what_still_refuses(notice: Notice, at: str, policies: list[str] | None) -> None:
    """Print, for each platform and host of the notice, what refuses it once the change is in force."""
    from ..decide import Judge
    from ..policy.assemble import set_of_folders
    from ..policy.load import load_documents
    from ..policy.policyset import folders_of
    from .policy_stop import main_host

    folders = folders_of(policies)
    loaded = load_documents(folders)
    hosts = [h for h in notice.hosts or () if h != "all"] or [main_host(slug, loaded) for slug in notice.platforms]
    judge = Judge(set_of_folders(folders), at=at)
    for host in hosts:
        decision = judge.decide(f"https://{f'[{host}]' if ':' in host else host}/")
        reasons = [reason for reason in decision.reasons if not reason.lifted_by]
        print(f"from {at} on, {host}: {_still(reasons)}")


def _still(reasons: list[Reason]) -> str:
    rows = [f"{r.basis}: {r.rule}" + (f" (for {', '.join(r.purposes)})" if r.purposes else "") for r in reasons]
    return "no document refuses it any more" if not rows else "still refused by " + "; ".join(rows)


def compact(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that say something."""
    return {key: value for key, value in fields.items() if value not in (None, "", (), [], {})}
