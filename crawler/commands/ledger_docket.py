"""`desist ledger docket`: what was refused and fetched under each notice, session by session."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .ledger_paths import add_key, add_why, announce_read, openers_of

if TYPE_CHECKING:
    from ..report.docket import Docket, NoticeFacts, SessionFacts, Stage
    from ..report.observed import Observation

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """One ledger, or several; one docket, or all."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="ledgers, or copies; a last word that is no file is NOTICE"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    add_key(parser)
    add_why(parser)


def run(args: argparse.Namespace) -> int:
    """0; 2 where no such docket is on record."""
    from ..ledger.anchor import Anchored, open_window
    from ..report.docket import dockets
    from ..report.observed import observation_in_words, observations
    from .watched import reader_of

    *rest, last = args.paths
    notice = last if rest and not Path(last).exists() else ""
    paths = [Path(path) for path in (rest if notice else args.paths)]
    openers, found = openers_of(args), 0
    for path in paths:
        announce_read(path, "docket", args.why)
        with reader_of(path, "reading") as reader:
            files, observed = dockets(reader, openers, notice), observations(reader)
        found += len(files)
        if args.format == "json":
            _print_json(path, files, observed)
        else:
            _print_text(path, files, observation_in_words(observed), sealed=not openers, named=bool(notice))
            print(f"\nnot checked here; without an anchor {open_window(Anchored(0, 1, ()))}")  # however many there are
    if notice and not found:
        raise UsageError(f"no docket `{notice}` is on record", help=f"desist ledger docket {paths[0]}")
    if args.format == "text":
        print(f"next: desist ledger verify {paths[0]}")
    return 0


def _print_json(path: Path, files: list[Docket], observed: list[Observation]) -> None:
    import json
    from dataclasses import asdict

    ledger = {"ledger": str(path), "observation": [asdict(one) for one in observed]}
    for docket in files:
        print(json.dumps({**ledger, "unrecorded": docket.unrecorded, **asdict(docket)}, sort_keys=True))


def _print_text(path: Path, files: list[Docket], observation: str, *, sealed: bool, named: bool) -> None:
    if observation:
        print(observation)
    told = [docket for docket in files if named or docket.tells]
    print(f"{path}: {len(files)} docket{'' if len(files) == 1 else 's'}")
    for docket in told:
        _print_docket(docket, sealed=sealed)
    if silent := len(files) - len(told):
        print(f"\n{silent:,} {'more ' if told else ''}with nothing refused or fetched under them")
        print("  name one behind the ledger to see it; --format json shows all")


def _print_docket(docket: Docket, *, sealed: bool) -> None:
    from ..ledger.verify import when
    from ..report.docket import STAGES

    notice = docket.notice
    print(f"\n{docket.name}{_heading(notice) if notice else ''}")
    if docket.unrecorded:
        print(f"  from {when(docket.unrecorded[0])} to {when(docket.unrecorded[1])}: no record before the first open")
    for session in docket.sessions:
        _print_session(docket, session, sealed=sealed)
    if len(docket.sessions) != 1:
        print("  all sessions")
        _print_counts({stage: docket.refused(stage) for stage in STAGES})
    if docket.spiders_without:
        print(f"  spiders without a session under it: {', '.join(docket.spiders_without)}")
    elif notice and not docket.spiders_known:
        kept = sealed and any(session.sealed for session in docket.sessions)
        print(f"  spiders without a session under it: {'sealed to counsel' if kept else 'not on record'}")


def _print_session(docket: Docket, session: SessionFacts, *, sealed: bool) -> None:
    from ..ledger.verify import when

    if session.role == "process":
        print(f"  session {session.w}  of the process gate, opened {when(session.opened)}")
        if session.last_permit_before:
            _line("let pass while observing", f"{session.fetches_between:,} destinations since the notice's receipt")
    else:
        spider = session.spider or ("spider sealed" if sealed and session.sealed else "no spider named")
        print(f"  session {session.w}  {spider}, opened {when(session.opened)}")
        if docket.notice:
            _print_force(docket, session)
    _print_counts(session.refused)


def _heading(notice: NoticeFacts) -> str:
    from ..ledger.verify import when

    received = (
        f"{when(notice.received_at)}{' (assumed)' if notice.assumed else ''}" if notice.received_at else "not said"
    )
    addressed = f", addressed to {notice.addressed}" if notice.addressed else ""
    return f" ({', '.join(notice.platforms)}): received {received}, entered {when(notice.entered_at)}{addressed}"


def _print_force(docket: Docket, session: SessionFacts) -> None:
    from ..report.chart import moment

    _line("in force", moment(session.in_force) if session.in_force else "never in this session")
    if session.idle:
        _line(
            "idle", f"{moment(session.idle)}: it refuses nothing (withdrawn, suspended, not in force then, no demand)"
        )
    if session.vanished:
        _line("vanished", f"{moment(session.vanished)}: no document holds it any more, and none withdrew it")
    _line("last permit before", moment(session.last_permit_before) if session.last_permit_before else "none on record")
    between = f"{session.fetches_between:,}" if session.fetches_between else "none on record"
    _line("fetches in between", between + ("; no record before the first open" if docket.unrecorded else ""))
    if session.fetches_after:
        _line("fetches in force", f"{session.fetches_after:,} (its documents say why: scope, purposes, permissions)")
    if session.fetches_idle:
        _line("fetches while idle", f"{session.fetches_idle:,}")


def _print_counts(refused: Mapping[Stage, int]) -> None:
    from ..report.docket import STAGES

    for stage in STAGES:
        _line(stage, f"{refused.get(stage, 0):,}")


def _line(word: str, text: str) -> None:
    print(f"    {word:<34} {text}")
