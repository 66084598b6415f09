"""`desist demo`: the main job on simulated platforms, without internet, counted by the platforms' own servers."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from .screen import Paint, moves

if TYPE_CHECKING:
    from ..report.docket import Docket
    from ..testing.demo.outcome import Outcome, PlatformCount
    from ..testing.demo.run import Progress

__all__ = ["configure", "run"]

_STAGES = ("links not followed", "requests stopped", "attempts that went round the gates")


def configure(parser: argparse.ArgumentParser) -> None:
    """Where to write; nothing else can be chosen."""
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("demo"),
        metavar="DIR",
        help="folder for policies, ledger and logs; made anew each time, never over foreign files (default: ./demo)",
    )


def run(args: argparse.Namespace) -> int:
    """0 where the servers of the platforms counted nothing that was forbidden; 1 where they did; 3 a broken record."""
    from ..testing.demo.run import run as perform

    print("six simulated platforms and five ordinary sites on loopback, one spider, no internet", file=sys.stderr)
    with _progress(sys.stderr) as tell:
        outcome = perform(args.output, tell)
    paint = Paint(sys.stdout)
    _print_moments(outcome, paint)
    _print_platforms(outcome, paint)
    _print_message(outcome, paint)
    _print_dockets(outcome, paint)
    _print_record(outcome, paint)
    code = _verdict(outcome, paint)
    print(f"next: desist ledger docket {_shown(outcome.ledger)}")
    return code


@contextlib.contextmanager
def _progress(stream: TextIO) -> Iterator[Callable[[Progress], None]]:
    """A moving line on a terminal; one line a phase elsewhere."""
    if not moves(stream):
        said: list[str] = []
        yield lambda progress: _say_phase(progress, said, stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.fields[counts]}"))
    console = Console(file=stream, highlight=False)
    with Bars(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:
        task = bars.add_task("starting", total=None, counts="")

        def tell(progress: Progress) -> None:
            counts = f"{progress.fetched:,} fetched  {progress.refused:,} refused"
            bars.update(task, description=f"{progress.phase:<16}", counts=counts)

        yield tell


def _say_phase(progress: Progress, said: list[str], stream: TextIO) -> None:
    if progress.phase not in said:
        said.append(progress.phase)
        print(f"{progress.phase}: {progress.fetched:,} fetched, {progress.refused:,} refused", file=stream, flush=True)


def _print_moments(outcome: Outcome, paint: Paint) -> None:
    late = (outcome.force.at_ns - outcome.letter_ns) / 1e6
    refused = sum(outcome.refused.values())
    stopped = ", ".join(f"{count:,} {_STOPPED[name]}" for name, count in outcome.force.stopped.items() if count)
    moments = (
        (outcome.started_ns, "the crawl starts"),
        (outcome.letter_ns, "a cease-and-desist from Pictogram, Inc. is put into policies/notices/"),
        (outcome.force.at_ns, paint("bold", f"it is in force in the running crawl, {late:,.0f} ms later")),
        (outcome.ended_ns, f"the crawl ends: {outcome.fetched:,} pages fetched, {refused:,} requests refused"),
    )
    for moment, what in moments:
        print(f"  {paint('dim', _clock(moment))}  {what}")
        if moment == outcome.force.at_ns and stopped:
            print(f"{'':<17}{stopped}")
    print()


_STOPPED = {"cancelled": "downloads cancelled", "purged": "queued requests purged", "closed": "connections closed"}


def _print_platforms(outcome: Outcome, paint: Paint) -> None:
    print(paint("bold", f"{'counted by its servers':>80}"))
    print(paint("bold", f"{'platform':<11}{'why':<28}{'basis':<17}{'refused':>7}{'before':>9}{'after':>8}"))
    for count in outcome.platforms:
        print(_row(count, paint))
    print(f"{'others':<11}{'paths closed by robots.txt':<28}{'robots':<17}{outcome.elsewhere:>7,}")
    bases = sorted(outcome.refused.items(), key=lambda pair: -pair[1])
    print(f"\nrefused on {', '.join(f'{basis} {number:,}' for basis, number in bases)}\n")


def _row(count: PlatformCount, paint: Paint) -> str:
    platform = count.platform
    after = paint("red" if count.after else "green", f"{len(count.after):>8,}")
    refused = sum(count.refused.values())
    return f"{platform.name:<11}{platform.why:<28}{platform.basis:<17}{refused:>7,}{count.before:>9,}{after}"


def _print_message(outcome: Outcome, paint: Paint) -> None:
    if outcome.message:
        print(f"{paint('bold', 'what the crawl says of it')}\n{textwrap.indent(outcome.message, '  ')}\n")


def _print_dockets(outcome: Outcome, paint: Paint) -> None:
    print(paint("bold", "docket of each notice"))
    for docket in outcome.dockets:
        stages = ", ".join(f"{docket.refused(stage):,} {stage}" for stage in _STAGES if docket.refused(stage))  # type: ignore[arg-type]
        print(f"  {docket.name}{_addressed(docket)}: {stages or 'nothing refused'}; {_fetches(docket)}")
    print()


def _addressed(docket: Docket) -> str:
    if docket.notice is None:
        return ""
    return " (to another)" if docket.notice.addressed == "other" else " (to us)"


def _fetches(docket: Docket) -> str:
    last = max((session.last_permit_before for session in docket.sessions), default=0)
    after = sum(session.fetches_after for session in docket.sessions)
    before = f"last permit before it {_clock(last * 1000)}" if last else "no permit before it"
    return f"{before}, {after} after"


def _print_record(outcome: Outcome, paint: Paint) -> None:
    record = outcome.record
    answers = (("intact", record.intact), ("complete", record.complete))
    words = ", ".join(word if good else paint("red", f"not {word}") for word, good in answers)
    print(f"{paint('bold', 'record')} {_shown(outcome.ledger)}: {record.size:,} entries, {words}, not anchored")


def _verdict(outcome: Outcome, paint: Paint) -> int:
    """The last words, and the exit code."""
    for count in outcome.platforms:
        for seen, when in (
            (count.after, "after its letter was in force"),
            (count.trespass, "although it forbids that"),
        ):
            if seen:
                print(paint("red", f"FAILED: the servers of {count.platform.name} counted {len(seen)} {when}:"))
                print("".join(f"  {one}\n" for one in seen[:5]), end="")
    if not outcome.clean:
        return 1
    if not outcome.record.intact:
        print(paint("red", "FAILED: the record does not hold together"))
        return 3
    print(paint("green", "0 requests reached a platform after it had forbidden them, by the count of its own servers"))
    return 0


def _clock(moment_ns: int) -> str:
    moment = datetime.fromtimestamp(moment_ns / 1e9, UTC)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _shown(path: Path) -> str:
    """Relative to the current directory where it lies below."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
