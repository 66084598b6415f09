"""`desist ledger export`: a zip for counsel, which a stranger can check without Desist."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EvidenceError, UsageError
from .ledger_absence import beginning, instant
from .ledger_paths import add_why

if TYPE_CHECKING:
    from ..ledger.checkpoint import Checkpoint, Verifier
    from ..ledger.opener import Opener
    from ..ledger.query import Reader
    from ..report.absence import Absence
    from ..report.docket import Docket
    from ..report.export import Draft
    from .ledger_verify import Answers

__all__ = ["configure", "run"]

_EXAMPLES = """\
examples:
  desist ledger export .desist/ledger.db 2026-01-pictogram -o pictogram.zip --why "answer to Pictogram"
  desist ledger export ledger.db --platform pictogram --since 2026-01-05 --until 2026-02-01 -o january.zip
  desist ledger export ledger.db 2026-01-pictogram -o pictogram.zip --whole --key log.vkey --anchor checkpoints.txt
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """One ledger; a notice, or a platform and a time."""
    parser.epilog = _EXAMPLES
    parser.add_argument("path", type=Path, metavar="PATH", help="a ledger, or a copy of one")
    parser.add_argument("notice", nargs="?", default="", metavar="NOTICE", help="its platforms, since its receipt")
    parser.add_argument("--platform", action="append", default=[], metavar="X", help="a platform's slug")
    parser.add_argument("--since", default="", metavar="D", help="from then on (default: receipt, or the first entry)")
    parser.add_argument("--until", default="", metavar="D", help="up to then (default: the last entry)")
    parser.add_argument("--domain", action="append", default=[], metavar="NAME", help="as in `desist ledger absence`")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="F.zip", help="a file that is not there yet"
    )
    parser.add_argument(
        "--whole", action="store_true",
        help="put in every entry of the record, other platforms' included: shows that none is missing",
    )  # fmt: skip
    parser.add_argument("--key", default="", metavar="K", help="the log's verifying key, or its file, kept elsewhere")
    parser.add_argument(
        "--anchor", action="append", default=[], type=Path, metavar="F", help="checkpoints kept elsewhere"
    )
    words = "counsel's private key file: URLs and other details are put in, opened; without it none are"
    parser.add_argument("--counsel-key", action="append", default=[], metavar="FILE", help=words)
    add_why(parser)


def run(args: argparse.Namespace) -> int:
    """0; 1 where permits are in it; 3, and no export, where the record is not intact."""
    from ..ledger.keys import private_keys
    from ..ledger.query import copy_reason
    from ..report.export import pack, prove
    from .watched import reader_of

    _check(args)
    answers = _answers(args)
    openers = private_keys(args.counsel_key) if args.counsel_key else []
    reason = copy_reason(args.path)
    with reader_of(args.path, "reading") as reader:
        note = _newest(reader)
        made, found = _draft(args, reader, answers, openers, size=_size(note) if reason else 0)
    if reason:
        print(f"{args.path}: export not recorded: copy ({reason}): nobody signs its texts", file=sys.stderr)
    else:
        _record(args.path, made.digest, args.why)
    with reader_of(args.path, "proving") as reader:
        octets = pack(prove(reader, made, _newest(reader), _anchors(args)))
    _write(args.output, octets)
    permits = sum(len(one.permits) for one in found)
    if permits:
        print(f"PERMITTED: {permits:,} requests are on record as let through in this time: permits.csv")
    print(f"wrote {args.output} ({len(octets):,} octets), which {'nobody has signed' if reason else 'is signed'}")
    print(f"next: read STATEMENT.md in it; a stranger runs: python3 verify_export.py {args.output} --key KEY")
    return int(permits > 0)


def _check(args: argparse.Namespace) -> None:
    if bool(args.notice) == bool(args.platform):
        raise UsageError("an export is of a notice, or of a platform", help="name NOTICE, or --platform X")
    if args.anchor and not args.key:
        raise UsageError("an anchor is checked under a key", help="--key takes the log's verifying key, kept elsewhere")
    if os.path.lexists(args.output):
        raise UsageError("exists, and is left as it is", place=str(args.output), help="name another file with -o")
    if not args.output.parent.is_dir():
        raise UsageError("there is no such folder", place=str(args.output.parent), help="make it, or name another")


def _answers(args: argparse.Namespace) -> Answers:
    """What is found of the ledger; one that is not intact is not exported. Raises EvidenceError."""
    from .ledger_verify import answers_of

    answers = answers_of(args.path, args.key, args.anchor)
    if not answers.intact or answers.anchored.disagree:
        message = "the record is not intact: an export of it would prove nothing"
        raise EvidenceError(message, place=str(args.path), help=f"keep it as it is; desist ledger verify {args.path}")
    return answers


def _newest(reader: Reader) -> str:
    """The last signed checkpoint. Raises UsageError where nobody ever signed one."""
    from ..report.evidence import newest_note

    note = newest_note(reader.checkpoints(), sys.maxsize)
    if not note and not _signer():
        mend = "make the key that signs with `desist ledger log-key`, and name it in DESIST_LOG_KEY"
        raise UsageError("no checkpoint of this ledger was ever signed", place=str(reader.path), help=mend)
    return note


def _signer() -> object:
    from ..ledger.keys import log_signer

    return log_signer(os.environ.get("DESIST_LOG_KEY", ""), make=False)


def _size(note: str) -> int:
    from ..ledger.checkpoint import Checkpoint

    return Checkpoint.of(note).size


def _draft(
    args: argparse.Namespace, reader: Reader, answers: Answers, openers: Sequence[Opener], *, size: int
) -> tuple[Draft, list[Absence]]:
    from ..report.absence import absence
    from ..report.docket import dockets
    from ..report.export import claim_of, draft
    from ..report.observed import observations
    from ..report.statement import Facts, texts

    docket = _docket(dockets(reader, openers, args.notice), args.notice) if args.notice else None
    platforms = list(docket.notice.platforms) if docket and docket.notice else args.platform
    since = beginning(reader, args.since or args.notice) if args.since or args.notice else 0
    until = instant(args.until) if args.until else 0
    found = [absence(reader, one, since, until, openers=openers, domains=args.domain, size=size) for one in platforms]
    claim = claim_of(found, args.notice, whole=args.whole)
    words = texts(Facts(args.path.name, claim, found, docket, *answers, observations(reader), bool(openers)))
    return draft(reader, claim, words, openers), found


def _docket(found: list[Docket], notice: str) -> Docket:
    if not found or not found[0].notice or not found[0].notice.platforms:
        raise UsageError(f"no notice `{notice}` that names a platform is on record", help="desist ledger docket PATH")
    return found[0]


def _anchors(args: argparse.Namespace) -> list[Checkpoint]:
    from ..ledger.anchor import read_anchors, read_verifier

    return read_anchors(args.anchor, read_verifier(args.key)) if args.anchor else []


def _record(path: Path, digest: str, why: str) -> None:
    """The export is an entry before it is a file, and a checkpoint over that entry is signed."""
    from ..ledger.keys import counsel_key, log_signer, user_name
    from ..ledger.ledger import Ledger
    from ..ledger.query import Reader
    from ..report.evidence import newest_note

    signer = log_signer(os.environ.get("DESIST_LOG_KEY", ""), make=False)
    with Reader(path) as reader:
        note, kids = newest_note(reader.checkpoints(), sys.maxsize), reader.kids
    if signer is None:
        mend = "run it where that key is, or name it in DESIST_LOG_KEY; or export from a read-only copy, unsigned"
        raise UsageError("the key that signs checkpoints is not on hand", place=str(path), help=mend)
    if note and not _signed_by(signer.verifier, note):
        mend = "name the key that signed so far in DESIST_LOG_KEY"
        raise UsageError("its checkpoints are signed by another key than the one on hand", place=str(path), help=mend)
    key = counsel_key(os.environ.get("DESIST_COUNSEL_KEY"), make=False).key
    key = key if key and kids[-1:] in ([], [key.kid]) else None
    with Ledger.open(path, role="reader", counsel_key=key, facts={"verb": "export"}, signer=signer) as ledger:
        details = {"who": user_name(), "why": why or "export"}
        ledger.record("export", facts={"verb": "export", "uid": os.geteuid(), "sha256": digest}, details=details)


def _signed_by(verifier: Verifier, note: str) -> bool:
    from ..ledger.checkpoint import BadNote

    try:
        verifier.check(note)
    except BadNote:
        return False
    return True


def _write(path: Path, octets: bytes) -> None:
    """For its owner's eyes only, and never over another file."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(octets)
    except OSError as error:
        raise UsageError(
            f"cannot be written: {error.strerror}", place=str(path), help="name another with -o"
        ) from error
