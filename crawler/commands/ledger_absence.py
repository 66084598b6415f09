"""`desist ledger absence`: what was refused and permitted for one platform in one time, and what that does not say."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .ledger_paths import add_key, add_why, announce_read, openers_of

if TYPE_CHECKING:
    from ..ledger.opener import Opener
    from ..ledger.query import Reader
    from ..report.absence import Absence, Span
    from ..report.observed import Observation
    from .ledger_verify import Answers

__all__ = ["beginning", "configure", "instant", "run"]

_EXAMPLES = """\
examples:
  desist ledger absence .desist/ledger.db --platform pictogram --since 2026-01-pictogram
  desist ledger absence ledger.db --platform pictogram --since 2026-01-05 --until 2026-02-01 --format json
  desist ledger absence ledger.db --platform pictogram --since 2026-01-05 --key log.vkey --anchor checkpoints.txt
"""
_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """One ledger, or several, each answered by itself."""
    parser.epilog = _EXAMPLES
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="ledgers, or copies of them")
    parser.add_argument("--platform", required=True, metavar="X", help="a platform's slug, as the policies write it")
    parser.add_argument(
        "--since",
        required=True,
        metavar="D",
        help="from then on: a date (its midnight, UTC), an instant, or a notice: since its receipt",
    )
    parser.add_argument(
        "--until", default="", metavar="D", help="up to then; a date is its midnight (default: the last entry)"
    )
    parser.add_argument(
        "--domain", action="append", default=[], metavar="NAME",
        help="a registrable domain of the platform, for permits from before any policy named it (counsel's key)",
    )  # fmt: skip
    parser.add_argument("--key", default="", metavar="K", help="the log's verifying key, or its file, kept elsewhere")
    parser.add_argument(
        "--anchor", action="append", default=[], type=Path, metavar="F", help="checkpoints kept elsewhere"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    add_key(parser)
    add_why(parser)


def beginning(reader: Reader, text: str) -> int:
    """Since when: an instant, or that of the receipt of a notice that the ledger holds. Raises UsageError."""
    from ..report.docket import dockets

    for docket in dockets(reader, name=text):
        if docket.notice and docket.notice.received_at:
            return docket.notice.received_at
    return instant(text)


def instant(text: str) -> int:
    """An ISO 8601 date or instant as microseconds since 1970; without an offset it is UTC. Raises UsageError."""
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"`{text}` is no date or instant", help="write 2026-01-05, 2026-01-05T09:30:00Z, or a notice"
        ) from error
    at = at.replace(tzinfo=at.tzinfo or datetime.UTC)
    return max(0, round((at - datetime.datetime.fromtimestamp(0, datetime.UTC)) / datetime.timedelta(microseconds=1)))


def run(args: argparse.Namespace) -> int:
    """0 where no permit is on record, 1 where there is one, 3 where a ledger is not intact."""
    until = instant(args.until) if args.until else 0
    if args.anchor and not args.key:
        raise UsageError("an anchor is checked under a key", help="--key takes the log's verifying key, kept elsewhere")
    openers = openers_of(args)
    return max(_one(path, args, until, openers) for path in args.paths)


def _one(path: Path, args: argparse.Namespace, until: int, openers: list[Opener]) -> int:
    from ..report.absence import absence
    from ..report.limits import limits
    from ..report.observed import observations
    from .ledger_verify import answers_of
    from .watched import reader_of

    announce_read(path, "absence", args.why)
    answers = answers_of(path, args.key, args.anchor)
    with reader_of(path, "reading") as reader:
        since = beginning(reader, args.since)
        if args.until and until < since:
            raise UsageError("the time ends before it begins", help="--since comes first")
        found = absence(reader, args.platform, since, until, openers=openers, domains=args.domain)
        observed = observations(reader)
        words = limits(found, *answers, observed)
        if args.format == "json":
            _print_json(path, reader, found, answers, observed, words)
        else:
            _print_text(path, found, answers, observed, words)
            time = f"--since {args.since}" + (f" --until {args.until}" if args.until else "")
            print(f"next: desist ledger export {path} --platform {args.platform} {time} -o {args.platform}.zip")
    return 3 if not answers.intact or answers.anchored.disagree else int(bool(found.permits))


def _print_json(
    path: Path, reader: Reader, found: Absence, answers: Answers, observed: list[Observation], words: list[str]
) -> None:
    import json
    from dataclasses import asdict

    from ..report.evidence import evidence

    refused = [{**rule._asdict(), "requests": requests} for rule, requests in sorted(found.refused.items())]
    row = {
        "ledger": str(path), "platform": found.platform, "since": found.since, "until": found.until,
        "answer": "permitted" if found.permits else "no permit on record",
        "first_open": found.first_open, "last_entry": found.last_entry, "entries": found.size,
        "observation": [asdict(one) for one in observed],
        "permits": [permit._asdict() for permit in found.permits], "refused": refused,
        "sessions": [_session(span) for span in found.spans if span.named],
        "sessions_that_name_it_nowhere": sum(not span.named for span in found.spans),
        "intact": answers.intact, "complete": answers.intact and answers.record.complete,
        "anchored": answers.holds("anchored"), "anchored_up_to": answers.anchored.size,
        "limits": words, "rests_on": evidence(reader, found.rests_on).as_json(),
    }  # fmt: skip
    print(json.dumps(row, sort_keys=True))


def _session(span: Span) -> dict[str, Any]:
    marks = {word: {k: m._asdict() for k, m in getattr(span, word).items()} for word in ("before", "inside", "after")}
    grown = {name: span.grown(name) for name in span.named}
    ends = {"opened": span.opened, "last": span.last, "closed": span.closed}
    return {"w": span.w, "role": span.role, "spider": span.spider, **ends, **marks, "permitted_in_the_time": grown}


def _print_text(path: Path, found: Absence, answers: Answers, observed: list[Observation], words: list[str]) -> None:
    from ..ledger.verify import when
    from ..report.docket import STAGES
    from ..report.observed import observation_in_words

    print(path)
    if observed:
        print(observation_in_words(observed))
    if not answers.intact:
        print("NOT INTACT: the record was changed after it was written; what follows proves nothing")
    span = f"from {when(found.since)} to {when(found.until)}"
    if found.permits:
        print(f"PERMITTED: {len(found.permits):,} requests to {found.platform} are on record as let through {span}")
        _print_permits(found)
    else:
        print(f"{found.platform}, {span}: no permit is on record")
    for stage in STAGES:
        print(f"  {stage:<38} {found.requests(stage):,}")
    for mine in [one for one in found.spans if one.named][:_SHOWN]:
        _print_session(mine)
    named, nowhere = sum(bool(one.named) for one in found.spans), sum(not one.named for one in found.spans)
    if named > _SHOWN:
        print(f"  and {named - _SHOWN:,} further sessions that name it: --format json has them all")
    print(f"  {nowhere:,} other sessions of this time name it nowhere")
    print(f"rests on {len(found.rests_on):,} entries of {found.size:,}: --format json has them, with their proofs")
    print("what this does not say")
    for line in words:
        print(f"  - {line}")


def _print_permits(found: Absence) -> None:
    from ..ledger.verify import when

    for permit in found.permits[:_SHOWN]:
        would = f", would have been refused ({permit.basis} {permit.rule})" if permit.observed else ""
        print(f"  entry {permit.seq}  {when(permit.t)}  session {permit.w}, number {permit.n}{would}")
    if len(found.permits) > _SHOWN:
        print(f"  and {len(found.permits) - _SHOWN:,} more: --format json has them all")


def _print_session(span: Span) -> None:
    from ..ledger.verify import when

    end = f"closed {when(span.last)}" if span.closed else f"no close, last entry {when(span.last)}"
    whose = f"{span.role}, {span.spider}" if span.spider else span.role
    print(f"  session {span.w} ({whose}), opened {when(span.opened)}, {end}")
    for name in span.named:
        for word, marks in (("before", span.before), ("in it, last", span.inside), ("after", span.after)):
            mark = marks.get(name)
            if mark:
                counts = f"{mark.permitted:,} permitted, {mark.refused:,} refused so far"
                print(f"    {word:<12} entry {mark.seq}, number {mark.n}: {counts}")
        grown = span.grown(name)
        verdict = "no permit in the time" if grown == 0 else f"{grown:,} permits in the time"
        print(f"    counters     {verdict}{'' if name == span.named[0] else f' under {name}'}")
