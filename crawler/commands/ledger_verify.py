"""`desist ledger verify`: is the record intact, complete, anchored: three answers, never one."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import UsageError
from .ledger_paths import add_why, announce_read
from .screen import Paint

if TYPE_CHECKING:
    from ..ledger.anchor import Anchored
    from ..ledger.verify import Verification

__all__ = ["Answers", "answers_of", "configure", "run"]

_ANSWERS = ("intact", "complete", "anchored")
_NOT_ANCHORED = "not anchored: nothing outside this file says that it was not rewritten as a whole"


class Answers(NamedTuple):
    """What was found of one ledger: in itself, against its own signed checkpoints, against those kept elsewhere."""

    record: Verification
    signed: Anchored
    anchored: Anchored

    def holds(self, answer: str) -> bool:
        """Whether this answer is yes."""
        if answer == "anchored":
            return self.intact and self.anchored.holds
        return self.intact and (answer == "intact" or self.record.complete)

    @property
    def intact(self) -> bool:
        """No rule is broken, and no signed checkpoint speaks of another record."""
        return self.record.intact and not self.signed.disagree


def configure(parser: argparse.ArgumentParser) -> None:
    """Several ledgers at once; `--require` says which answers must be yes."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a ledger, or a copy of one")
    parser.add_argument("--key", default="", metavar="K", help="the log's verifying key, or its file, kept elsewhere")
    parser.add_argument(
        "--anchor", action="append", default=[], type=Path, metavar="F", help="checkpoints kept elsewhere"
    )
    parser.add_argument("--require", default="", metavar="LIST", help="answers that must be yes: complete,anchored")
    add_why(parser)


def run(args: argparse.Namespace) -> int:
    """0 where every ledger is intact and all that is required holds, else 3."""
    required = {"intact", *filter(None, args.require.split(","))}
    unknown = sorted(required.difference(_ANSWERS))
    if unknown:
        raise UsageError(f"unknown answer `{unknown[0]}` in --require", help=f"known are {', '.join(_ANSWERS)}")
    if args.anchor and not args.key:
        raise UsageError("an anchor is checked under a key", help="--key takes the log's verifying key, kept elsewhere")
    code, broken = 0, []
    for path in args.paths:
        announce_read(path, "verify", args.why)
        answers = answers_of(path, args.key, args.anchor)
        _show(path, answers)
        broken += [] if answers.intact else [path]
        short = [answer for answer in _ANSWERS if answer in required and not answers.holds(answer)]
        if short:
            print(f"  short of: {', '.join(short)}")
            code = 3
    if broken:
        print(f"next: keep {broken[0]} as it is, with the files beside it, and compare it with a copy or an anchor")
    else:
        print(f"next: desist ledger docket {args.paths[0]}")
    return code


def answers_of(path: Path, key: str, anchors: list[Path]) -> Answers:
    """What is found of one ledger; `key` and `anchors` as typed."""
    from ..ledger.anchor import Anchors, Walk, own_checkpoints, read_anchors, read_verifier
    from ..ledger.verify import Finding, verify
    from .beside import read_beside
    from .watched import reader_of

    verifier = read_verifier(key) if key else None
    with reader_of(path, "checking") as reader:
        notes = reader.checkpoints()
        own, bad = own_checkpoints(notes, verifier)
        size = max((one.size for one in own_checkpoints(notes, None)[0]), default=0)
        signed, kept = Anchors(own, bad), Anchors(read_anchors(anchors, verifier) if verifier else [])
        walk = Walk(signed, kept, stored=reader.tile, size=size)
        record = verify(reader.rows(), boxes=reader.boxes(), each=walk.add, reading=read_beside)
        walk.finish(reader.tiles())
    record.findings.extend(Finding("tile", seq, message) for seq, message in walk.wrong)
    own_answer = signed.result(record.size)
    return Answers(record, own_answer if verifier else own_answer._replace(size=0), kept.result(record.size))


def _show(path: Path, answers: Answers) -> None:
    from ..ledger.anchor import open_window

    result, anchored = answers.record, answers.anchored
    roles = Counter(session.role for session in result.sessions.values())
    crawls, process = roles["crawl"], roles["process"]
    gate = f", {process} of the process gate" if process else ""
    readers = roles.total() - crawls - process
    print(f"{path}: {result.size:,} entries, {crawls} sessions of crawls{gate}, {readers} of readers")
    keys = sorted({session.sealed_to for session in result.sessions.values() if session.role != "reader"})
    print(f"  details   sealed to {', '.join(keys) or 'nobody'}")
    _answer("intact", [*(str(finding) for finding in result.findings), *answers.signed.disagree])
    _answer("complete", result.gaps if answers.intact else ["not intact", *result.gaps])
    if answers.signed.size:
        print(f"  signed    up to entry {answers.signed.size:,}, by the key given")
    if anchored.disagree:
        _answer("anchored", list(anchored.disagree))
    elif anchored.size:
        print(f"  anchored  up to entry {anchored.size:,}")
    else:
        print(f"  anchored  {_NOT_ANCHORED}")
    print(f"  open      {open_window(anchored)}")
    for note in result.notes:
        print(f"  note      {note}")
    print(f"  running hash {result.root}")


def _answer(word: str, troubles: list[str]) -> None:
    paint = Paint(sys.stdout)
    print(f"  {word:<9} {paint('red', 'no') if troubles else paint('green', 'yes')}")
    for trouble in troubles[:20]:
        print(f"            {trouble}")
    if len(troubles) > 20:
        print(f"            and {len(troubles) - 20:,} more")
