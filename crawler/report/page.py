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
from ..ledger.query import Reader
from ..ledger.seal import Opener
from ..ledger.verify import Verification
from .chart import bars, clock, moment, time_line
from .docket import STAGES, Docket, dockets
from .limits import ALWAYS
from .observed import observation_in_words, observations
from .standing import Answer, answers_in_words
from .tally import DAY, SEALED, Cell, Pair, Tally, tally

__all__ = ["MARK", "Part", "Table", "part_of", "render"]

MARK: Final = "<!doctype html>\n<!-- desist report -->\n"
"""How a report begins: only a file that begins so is written over."""
_ROWS: Final = 1_000
_BARS: Final = 12
_CHARTS: Final = 12


Row = Sequence[str | int]


class Column(NamedTuple):
    """A head, and whether figures stand below it."""

    head: str
    number: bool = False


class Table(NamedTuple):
    """A table that sorts and filters; a cell is text, or a figure."""

    ident: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""


class Figure(NamedTuple):
    """A chart with its caption."""

    svg: str
    caption: str


class Part(NamedTuple):
    """What the report says of one ledger."""

    ident: str
    name: str
    tally: Tally
    record: Verification
    standing: Sequence[Answer]
    facts: Sequence[tuple[str, str]]
    notes: Sequence[str]
    notices: Sequence[Figure]
    figures: Sequence[Figure]
    tables: Sequence[Table]
    opened: bool
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
    ident = f"l{number}"
    stages = _stages(counts)
    return Part(
        ident=ident,
        name=name,
        tally=counts,
        record=record,
        standing=answers_in_words(*checked),
        facts=_facts(record, counts),
        notes=[*filter(None, [observation_in_words(observations(reader))]), *notes],
        notices=_notice_figures(ident, files, counts),
        figures=_figures(ident, counts),
        tables=_tables(ident, files, counts),
        opened=urls,
        sealed=any(row.sealed_to not in ("", "nobody") for row in counts.sessions),
        stages=[(stage, stages[stage]) for stage in STAGES],
    )


def render(parts: Sequence[Part], *, why: str = "", now: datetime | None = None) -> str:
    """The whole page. It may load nothing: its policy names the hashes of its own style and script only."""
    folder = resources.files(__package__) / "templates"
    style, script = ((folder / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((folder / "report.html").read_text(encoding="utf-8"))
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    made = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    body = template.render(
        parts=parts, limits=ALWAYS, why=why, made=made, policy=policy, style=Markup(style), script=Markup(script)  # noqa: S704 - ours
    )  # fmt: skip
    return MARK + body


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _span(record: Verification) -> tuple[int, int]:
    """From the first to the last entry of crawls; of all sessions where there are none."""
    rows = [one for one in record.sessions.values() if one.role != "reader"] or [*record.sessions.values()]
    return (min((one.opened for one in rows), default=0), max((one.t for one in rows), default=0))


def _stages(counts: Tally) -> Counter[str]:
    result: Counter[str] = Counter()
    for cell, requests in counts.cells.items():
        result[cell.stage] += requests
    return result


def _facts(record: Verification, counts: Tally) -> list[tuple[str, str]]:
    keys = sorted({row.sealed_to for row in counts.sessions if row.sealed_to})
    return [
        ("from", clock(counts.first)),
        ("to", clock(counts.last)),
        ("entries", f"{record.size:,}"),
        ("sessions", f"{len(counts.sessions):,} that crawl, {len(record.sessions) - len(counts.sessions):,} that read"),
        ("details sealed to", ", ".join(keys) or "nobody"),
        ("running hash", record.root),
    ]


def _notice_figures(ident: str, files: Sequence[Docket], counts: Tally) -> list[Figure]:
    """The busiest notices, those to us first: everything else stands in the table."""
    seen = [docket for docket in files if docket.name in counts.around]
    seen.sort(key=lambda docket: (_addressed(docket) == "other", -_requests(counts.around[docket.name]), docket.name))
    return [_notice_figure(f"{ident}-n{n}", docket, counts) for n, docket in enumerate(seen[:_CHARTS])]


def _requests(bins: dict[int, Pair]) -> int:
    return sum(pair.permitted + pair.refused for pair in bins.values())


def _addressed(docket: Docket) -> str:
    return docket.notice.addressed if docket.notice else ""


def _notice_figure(ident: str, docket: Docket, counts: Tally) -> Figure:
    force, bins = counts.forces[docket.name], counts.around[docket.name]
    platforms = ", ".join(docket.notice.platforms) if docket.notice else ""
    marks = [(force, "in force")] if counts.first <= force <= counts.last else []
    after = sum(session.fetches_after for session in docket.sessions)
    last = max((session.last_permit_before for session in docket.sessions), default=0)
    svg = time_line(
        ident, f"{docket.name}: requests to {platforms or 'its platforms'}", bins,
        origin=force, step=counts.step, first=counts.first, last=counts.last, marks=marks,
    )  # fmt: skip
    caption = f"{docket.name} ({platforms}), {_whom(docket)}. Received {_received(docket)}; in force {moment(force)}. "
    caption += f"Last permit before it: {moment(last) if last else 'none on record'}. Permits in force: {after:,}"
    caption += " (outside its scope, or under a permission)." if after else "."
    if docket.unrecorded:
        caption += f" Nothing is on record before {clock(docket.unrecorded[1])}."
    return Figure(svg, caption)


def _whom(docket: Docket) -> str:
    return {"us": "addressed to us", "other": "addressed to another"}.get(_addressed(docket), "addressee not said")


def _received(docket: Docket) -> str:
    notice = docket.notice
    if notice is None or not notice.received_at:
        return "not said"
    return clock(notice.received_at) + (" (assumed)" if notice.assumed else "")


def _figures(ident: str, counts: Tally) -> list[Figure]:
    refused = Counter({name: pair.refused for name, pair in counts.platforms.items() if pair.refused})
    spiders = Counter({name: pair.refused for name, pair in counts.spiders.items() if pair.refused})
    both = time_line(
        f"{ident}-all", "Requests permitted and refused", counts.bins,
        origin=counts.first, step=counts.step, first=counts.first, last=counts.last,
    )  # fmt: skip
    return [
        Figure(both, f"Permitted above the line, refused below it; each bar is {_length(counts.step)}."),
        Figure(bars(f"{ident}-p", "Refusals by platform", _top(refused)), "Refused requests by platform."),
        Figure(bars(f"{ident}-b", "Refusals by basis", _top(counts.bases)), "Refused requests by governing basis."),
        Figure(bars(f"{ident}-s", "Refusals by spider", _top(spiders)), _spiders_caption(spiders)),
    ]


def _spiders_caption(spiders: Counter[str]) -> str:
    more = (
        " Names of spiders are sealed to counsel, whose key opens them, where they were kept."
        if SEALED in spiders
        else ""
    )
    return f"Refused requests by spider.{more}"


def _length(micros: int) -> str:
    for unit, word in ((DAY, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s")):
        if micros >= unit:
            return f"{micros / unit:g} {word}"
    return f"{micros / 1000:g} ms"


def _top(counts: Counter[str]) -> list[tuple[str, int]]:
    rows = counts.most_common()
    rest = sum(value for _, value in rows[_BARS:])
    return rows[:_BARS] + ([(f"{len(rows) - _BARS:,} others", rest)] if rest else [])


def _tables(ident: str, files: Sequence[Docket], counts: Tally) -> list[Table]:
    tables = [_reasons(ident, counts), _notices(ident, files), _platforms(ident, counts)]
    tables += [_days(ident, counts), _sessions(ident, counts)]
    return [*tables, *([_urls(ident, counts)] if counts.urls else [])]


def _reasons(ident: str, counts: Tally) -> Table:
    heads = ("platform", "basis", "rule", "clause", "filed under", "what was stopped", "spider")
    rows: list[Row] = [[*_cell(cell), requests] for cell, requests in counts.cells.most_common(_ROWS)]
    note = _cut_note(
        len(counts.cells), counts.total.refused - sum(counts.cells[c] for c, _ in counts.cells.most_common(_ROWS))
    )
    columns = [*map(Column, heads), Column("refused", True)]
    return Table(f"{ident}-reasons", "Refusals by platform, rule and clause", columns, rows, note)


def _cell(cell: Cell) -> list[str]:
    """A rule's id is its document's, a colon and the clause, or the line of robots.txt."""
    rule, _, clause = cell.rule.partition(":")
    words = f"line {clause}" if clause and rule == "robots.txt" else clause
    return [cell.platforms, cell.basis, rule, words, cell.docket, cell.stage, cell.spider]


def _cut_note(rows: int, rest: int) -> str:
    return f"The {_ROWS:,} commonest of {rows:,} rows; the others add up to {rest:,} requests." if rows > _ROWS else ""


def _notices(ident: str, files: Sequence[Docket]) -> Table:
    heads = ("notice", "platforms", "addressed to", "received", "first in force", "last permit before")
    figures = ("fetches in between", "fetches in force", *STAGES)
    rows = [_notice_row(docket) for docket in files if docket.notice]
    note = "Fetches in between: from receipt until a session had it in force. Fetches in force: outside its scope, or "
    note += "under a permission."
    columns = [*map(Column, heads), *(Column(head.replace("that went ", ""), True) for head in figures)]
    return Table(f"{ident}-notices", "Notices in force, before and after", columns, rows, note)


def _notice_row(docket: Docket) -> list[str | int]:
    forces = [session.in_force for session in docket.sessions if session.in_force]
    last = max((session.last_permit_before for session in docket.sessions), default=0)
    return [
        docket.name,
        ", ".join(docket.notice.platforms) if docket.notice else "",
        _addressed(docket) or "not said",
        _received(docket),
        moment(min(forces)) if forces else "never",
        moment(last) if last else "none on record",
        sum(session.fetches_between for session in docket.sessions),
        sum(session.fetches_after for session in docket.sessions),
        *(docket.refused(stage) for stage in STAGES),
    ]


def _pairs(rows: Iterable[tuple[str, Pair]]) -> list[list[str | int]]:
    return [[name, pair.permitted, pair.refused] for name, pair in rows]


def _platforms(ident: str, counts: Tally) -> Table:
    ordered = sorted(counts.platforms.items(), key=lambda item: (-item[1].refused, item[0]))
    columns = [Column("platform"), Column("permitted", True), Column("refused", True)]
    note = "A request that concerns two platforms counts for each of them. Platforms that no policy names are not told "
    note += "apart here."
    return Table(f"{ident}-platforms", "Permitted and refused by platform", columns, _pairs(ordered[:_ROWS]), note)


def _days(ident: str, counts: Tally) -> Table:
    columns = [Column("day (UTC)"), Column("permitted", True), Column("refused", True)]
    days = (
        (f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}", pair) for day, pair in sorted(counts.days.items())
    )
    return Table(f"{ident}-days", "Permitted and refused by day", columns, _pairs(days))


def _sessions(ident: str, counts: Tally) -> Table:
    heads = ("session", "spider", "opened", "last entry", "closed")
    rows = [
        [
            row.w,
            row.spider,
            clock(row.opened),
            clock(row.last),
            "yes" if row.closed else "no",
            row.counts.permitted,
            row.counts.refused,
        ]
        for row in counts.sessions[-_ROWS:]
    ]
    more = len(counts.sessions) - len(rows)
    columns = [*map(Column, heads), Column("permitted", True), Column("refused", True)]
    note = f"The last {_ROWS:,}; {more:,} earlier ones are left out." if more else ""
    return Table(f"{ident}-sessions", "Sessions", columns, rows, note)


def _urls(ident: str, counts: Tally) -> Table:
    most = counts.urls.most_common(_ROWS)
    rows: list[Row] = [[row.url, row.basis, row.rule, requests] for row, requests in most]
    columns = [Column("URL"), Column("basis"), Column("rule"), Column("refused", True)]
    rest = sum(counts.urls.values()) - sum(requests for _, requests in most)
    note = "Opened with counsel's key; secrets were struck before they were sealed. " + _cut_note(
        len(counts.urls), rest
    )
    return Table(f"{ident}-urls", "URLs refused", columns, rows, note.rstrip())
