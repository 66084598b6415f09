"""The report: one HTML file that needs nothing else, made from ledgers alone.

It shows counts by platform, rule, spider and day. URLs stand in it only where counsel's key was named for it. Rows are
counted together and cut off, so that its size follows from how many rules there are, not from how many refusals.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Final, NamedTuple

import jinja2
from markupsafe import Markup

from ..ledger.anchor import Anchored
from ..ledger.opener import Opener
from ..ledger.query import Reader
from ..ledger.verify import Verification
from .chart import Mark, bars, clock, moment, time_line
from .docket import STAGES, Docket, dockets
from .limits import ALWAYS
from .observed import observation_in_words, observations
from .plain import in_cell, plain
from .standing import Answer, answers_in_words
from .tables import Table, addressed, received, tables_of
from .tally import DAY, SEALED, Pair, Tally, tally

__all__ = ["MARK", "Figure", "Part", "part_of", "render"]

MARK: Final = "<!doctype html>\n<!-- desist report -->\n"
"""How a report begins: only a file that begins so is written over."""
_BARS: Final = 12
_CHARTS: Final = 12
_TWICE: Final = "A request that concerns two platforms counts for each of them."
_SEALED_SPIDERS: Final = "Names of spiders are sealed to counsel, whose key opens them, where they were kept."


class Figure(NamedTuple):
    """A chart, below its title, and its caption."""

    title: str
    chart: str
    caption: str = ""


class Part(NamedTuple):
    """What the report says of one ledger."""

    ident: str
    name: str
    tally: Tally
    record: Verification
    standing: Sequence[Answer]
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str]
    doubts: Sequence[str]
    """What takes the force from every figure: a record that is not intact, or that an anchor contradicts."""
    notices: Sequence[Figure]
    more_notices: int
    """How many notices stand in the table only."""
    figures: Sequence[Figure]
    tables: Sequence[Table]
    opened: bool
    """Whether URLs are shown, which counsel's key opened."""
    spiders: bool
    """Whether names of spiders are, which it opened too."""
    sealed: bool
    """Whether any session's details are sealed to counsel, and so kept at all."""
    stages: Sequence[tuple[str, int]]


def part_of(
    name: str,
    reader: Reader,
    openers: Sequence[Opener],
    checked: tuple[Verification, Anchored, Anchored],
    *,
    number: int = 1,
    urls: bool = False,
    notes: Iterable[str] = (),
) -> Part:
    """Read one ledger. `checked` is its record, what its own checkpoints say, and what anchors say."""
    record = checked[0]
    span = _span(record)
    files = dockets(reader, openers)
    counts = tally(reader, openers, files, span, urls=urls)
    ident, stages = f"l{number}", _stages(counts)
    notices = [docket for docket in files if docket.name in counts.around]
    standing = answers_in_words(*checked)
    return Part(
        ident=ident,
        name=name,
        tally=counts,
        record=record,
        standing=standing,
        facts=_facts(record, counts),
        notes=[*filter(None, [observation_in_words(observations(reader))]), *notes],
        doubts=_doubts(standing),
        notices=_notice_figures(ident, notices, counts),
        more_notices=max(0, len(notices) - _CHARTS),
        figures=_figures(ident, counts),
        tables=tables_of(ident, files, counts),
        opened=urls,
        spiders=any(row.spider != SEALED for row in counts.sessions),
        sealed=any(row.sealed_to not in ("", "nobody") for row in counts.sessions),
        stages=[(stage, stages[stage]) for stage in STAGES],
    )


def render(parts: Sequence[Part], *, why: str = "", now: datetime | None = None) -> str:
    """The whole page. It may load nothing: its policy names the hashes of its own style and script only."""
    folder = resources.files(__package__) / "templates"
    style, script = ((folder / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    environment.filters["in_cell"] = in_cell
    template = environment.from_string((folder / "report.html").read_text(encoding="utf-8"))
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    made = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    body = template.render(
        parts=parts, limits=ALWAYS, why=why, made=made, policy=policy, style=Markup(style), script=Markup(script)  # noqa: S704 - ours
    )  # fmt: skip
    return MARK + body


def _shown(value: object) -> object:
    """Every text that the template inserts and that is not our own markup."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _span(record: Verification) -> tuple[int, int]:
    """From the first to the last entry of crawls; of all sessions where there are none."""
    rows = [one for one in record.sessions.values() if one.role != "reader"] or [*record.sessions.values()]
    return (min((one.opened for one in rows), default=0), max((one.t for one in rows), default=0))


def _doubts(standing: Sequence[Answer]) -> list[str]:
    """Said before any figure."""
    intact, _, anchored = standing
    words = []
    if not intact.holds:
        words.append(f"This record is not intact ({intact.troubles[0]}): no figure below proves anything.")
    if anchored.word == "no" and intact.holds:
        words.append(
            f"This is not the record that was anchored ({anchored.troubles[0]}): no figure below proves anything."
        )
    return words


def _stages(counts: Tally) -> Counter[str]:
    result: Counter[str] = Counter()
    for cell, requests in counts.cells.items():
        result[cell.stage] += requests
    return result


def _facts(record: Verification, counts: Tally) -> list[tuple[str, str]]:
    keys = sorted({row.sealed_to for row in counts.sessions if row.sealed_to})
    return [
        ("first session opened", clock(counts.first) if record.sessions else "never"),
        ("last entry", clock(counts.last) if record.sessions else "none"),
        ("entries", f"{record.size:,}"),
        ("sessions", f"{len(counts.sessions):,} that crawl, {len(record.sessions) - len(counts.sessions):,} that read"),
        ("details sealed to", ", ".join(keys) or "nobody"),
        ("running hash", record.root),
    ]


def _notice_figures(ident: str, files: Sequence[Docket], counts: Tally) -> list[Figure]:
    """The busiest notices, those to us first: everything else stands in the table."""

    def busy(docket: Docket) -> tuple[bool, int, str]:
        return (addressed(docket) == "other", -_requests(counts.around[docket.name]), docket.name)

    return [
        _notice_figure(f"{ident}-n{n}", docket, counts) for n, docket in enumerate(sorted(files, key=busy)[:_CHARTS])
    ]


def _requests(bins: dict[int, Pair]) -> int:
    return sum(pair.permitted + pair.refused for pair in bins.values())


def _notice_figure(ident: str, docket: Docket, counts: Tally) -> Figure:
    force, bins = counts.forces[docket.name], counts.around[docket.name]
    platforms = ", ".join(docket.notice.platforms) if docket.notice else ""
    title = f"{docket.name}: requests to {platforms or 'its platforms'}"
    chart = time_line(
        ident, title, bins, origin=force, step=counts.step, first=counts.first, last=counts.last,
        marks=[mark for mark in _marks(docket, force) if counts.first <= mark.at <= counts.last],
    )  # fmt: skip
    return Figure(title, chart, _notice_caption(docket, force))


def _marks(docket: Docket, force: int) -> list[Mark]:
    """Its receipt, and its force, which comes in each session and is marked where it is first."""
    notice, forces = docket.notice, {session.in_force for session in docket.sessions if session.in_force}
    known = notice is not None and 0 < notice.received_at < force
    receipt = [Mark(notice.received_at, "received" + " (assumed)" * notice.assumed)] if known and notice else []
    return [*receipt, Mark(force, "in force" if len(forces) < 2 else "first in force")]


def _notice_caption(docket: Docket, force: int) -> str:
    after = sum(session.fetches_after for session in docket.sessions)
    last = max((session.last_permit_before for session in docket.sessions), default=0)
    idle = min((session.idle for session in docket.sessions if session.idle), default=0)
    without = sum(session.fetches_idle for session in docket.sessions)
    gone = min((session.vanished for session in docket.sessions if session.vanished), default=0)
    words = f"{_whom(docket)}. Received {received(docket)}; first in force {moment(force)}. "
    words += f"Last permit before it: {moment(last) if last else 'none on record'}. Permits in force: {after:,}."
    words += " Its documents say why (scope, purposes, permissions)." if after else ""
    if idle:
        words += f" A session found it idle at {clock(idle)}; permits while it was: {without:,}."
    if gone:
        words += f" A session found its document gone at {clock(gone)}."
    if docket.unrecorded:
        words += f" No record before {clock(docket.unrecorded[1])}, when the first session opened."
    return words


def _whom(docket: Docket) -> str:
    return {"us": "Addressed to us", "other": "Addressed to another"}.get(addressed(docket), "Addressee not said")


def _figures(ident: str, counts: Tally) -> list[Figure]:
    refused = Counter({name: pair.refused for name, pair in counts.platforms.items() if pair.refused})
    spiders = Counter({name: pair.refused for name, pair in counts.spiders.items() if pair.refused})
    both = time_line(
        f"{ident}-all", "Requests permitted and refused", counts.bins,
        origin=counts.first, step=counts.step, first=counts.first, last=counts.last,
    )  # fmt: skip
    whole = counts.total.refused
    return [
        Figure("Permitted against refused", both, f"Each bar is {_length(counts.step)}." if counts.bins else ""),
        *(
            Figure(title, bars(title, _top(rows), whole), caption)
            for title, rows, caption in (
                (
                    "Refused by platform",
                    refused,
                    _TWICE if refused else "",
                ),
                ("Refused by governing basis", counts.bases, ""),
                ("Refused by spider", spiders, _SEALED_SPIDERS if SEALED in spiders else ""),
            )
        ),
    ]


def _length(micros: int) -> str:
    for unit, word in ((DAY, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s")):
        if micros >= unit:
            return f"{micros / unit:g} {word}"
    return f"{micros / 1000:g} ms"


def _top(counts: Counter[str]) -> list[tuple[str, int]]:
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    rest = sum(value for _, value in rows[_BARS:])
    return rows[:_BARS] + ([(f"{len(rows) - _BARS:,} others", rest)] if rest else [])
