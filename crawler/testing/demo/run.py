"""The demo's course: serve the sites, start the crawl, deliver the letter while it runs, count."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import msgspec

from ...errors import DesistError
from ...ledger.query import Reader, record_read
from ...ledger.verify import verify
from ...model import Basis
from ...report.docket import dockets
from ..web import Web
from .events import EventLog
from .outcome import Outcome, count_platforms, count_refusals, force
from .project import Project
from .world import NAMES, PLATFORMS, SITES

__all__ = ["Progress", "run"]

_TICK: Final = 0.05
_LETTER_AFTER: Final = 60
"""Requests that Pictogram's servers have counted when its letter is delivered."""
_SECONDS: Final = 120.0

Phase = Literal["starting", "crawling", "letter delivered", "counting"]


class Progress(msgspec.Struct):
    """How far it is."""

    phase: Phase = "starting"
    fetched: int = 0
    refused: int = 0
    failed: int = 0
    platforms: set[str] = msgspec.field(default_factory=set)
    """Of which something was refused so far."""


def run(folder: Path, tell: Callable[[Progress], None]) -> Outcome:
    """The whole demo in `folder`; `tell` is called some twenty times a second.

    Raises UsageError where the folder is not the demo's, DesistError where the crawl did not do its part.
    """
    with Web(SITES, names=NAMES) as web:
        project = Project.create(folder, web)
        progress, log = Progress(), EventLog(project.events)
        tell(progress)
        started_ns = time.time_ns()
        child = project.crawl()
        try:
            letter_ns = _watch(child, web, project, _Teller(progress, log, tell))
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
        _count(progress, log)
        progress.phase = "counting"
        tell(progress)
        moments = (started_ns, letter_ns, time.time_ns())
        return _outcome(project, web, child.returncode, moments, progress.fetched)


class _Teller:
    """Brings the progress up to date and tells it."""

    def __init__(self, progress: Progress, log: EventLog, tell: Callable[[Progress], None]) -> None:
        self.progress, self._log, self._tell = progress, log, tell

    def __call__(self, phase: Phase) -> None:
        _count(self.progress, self._log)
        self.progress.phase = phase if self.progress.fetched or phase != "crawling" else "starting"
        self._tell(self.progress)


def _watch(child: subprocess.Popen[bytes], web: Web, project: Project, tell: _Teller) -> int:
    """Wait for the crawl to end; deliver the letter in its middle and return when that was (Unix time in ns)."""
    letter_ns = 0
    until = time.monotonic() + _SECONDS
    while child.poll() is None:
        if not letter_ns and _in_the_middle(web, tell.progress):
            letter_ns = project.deliver_letter()
        tell("letter delivered" if letter_ns else "crawling")
        if time.monotonic() > until:
            raise DesistError(f"the crawl did not end within {_SECONDS:.0f} s", help=f"read {project.log}")
        time.sleep(_TICK)
    return letter_ns


def _in_the_middle(web: Web, progress: Progress) -> bool:
    """Whether Pictogram is being crawled in earnest, and whoever forbids by a file of its own has been read."""
    hits = Counter(hit.site for hit in web.hits)
    pictogram = sum(hits[site.name] for site in PLATFORMS[0].sites)
    by_file = {platform.slug for platform in PLATFORMS if platform.basis in (Basis.ROBOTS, Basis.OPTOUT)}
    return pictogram >= _LETTER_AFTER and progress.platforms >= by_file


def _count(progress: Progress, log: EventLog) -> None:
    for event in log.new():
        setattr(progress, event.what, getattr(progress, event.what) + 1)
        if event.what == "refused":
            progress.platforms.update(event.platforms)


def _outcome(project: Project, web: Web, exit_code: int, moments: tuple[int, int, int], fetched: int) -> Outcome:
    started_ns, letter_ns, ended_ns = moments
    if exit_code or not letter_ns:
        why = f"exit code {exit_code}" if exit_code else "it ended before the letter could be delivered"
        raise DesistError(f"the demo's crawl failed: {why}", place=str(project.log), help=_last_words(project.log))
    record_read(project.ledger, "demo", "the demo's own summary", None)
    with Reader(project.ledger) as reader:
        entries = [entry for _, entry, _ in reader.entries()]
        record = verify(reader.rows(), boxes=reader.boxes())
        letters = {path.stem for path in project.policies.glob("notices/*.yaml")}
        files = [docket for docket in dockets(reader) if docket.name in letters]
    taken = force(entries)
    if taken is None:
        raise DesistError(
            "the letter did not take force in the crawl", place=str(project.log), help=_last_words(project.log)
        )
    slugs = {platform.slug for platform in PLATFORMS}
    return Outcome(
        ledger=project.ledger,
        letter_ns=letter_ns,
        force=taken,
        message=project.told(PLATFORMS[0].slug),
        fetched=fetched,
        refused=count_refusals(entries),
        elsewhere=sum(count_refusals([one for one in entries if not slugs & set(one.platforms)]).values()),
        platforms=count_platforms(web, entries, taken.at_ns),
        dockets=files,
        record=record,
        started_ns=started_ns,
        ended_ns=ended_ns,
    )


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "its log ends with\n    " + "\n    ".join(lines[-8:])
