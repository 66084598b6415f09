"""The tables of a report: its figures in full, for whoever reads them aloud, sorts, filters or prints them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from .chart import clock, moment
from .docket import STAGES, Docket
from .tally import DAY, Cell, Pair, Tally

__all__ = ["Column", "Order", "Row", "Table", "addressed", "received", "tables_of"]

_ROWS: Final = 1_000

Row = Sequence[str | int]
"""One row's cells: words and figures."""
Order = Literal["", "ascending", "descending"]
"""How a table's rows stand by a column when the page opens; empty: not by it."""


class Column(NamedTuple):
    """A head, whether figures stand below it, and whether the rows come in the order of these."""

    head: str
    number: bool = False
    order: Order = ""


class Table(NamedTuple):
    """A table that sorts and filters; a cell is text, or a figure."""

    ident: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""


_PAIR: Final = (Column("permitted", True), Column("refused", True))
_REFUSED: Final = Column("refused", True, "descending")


def tables_of(ident: str, files: Sequence[Docket], counts: Tally) -> list[Table]:
    """All tables of one ledger; `ident` begins the name of each."""
    tables = [_reasons(ident, counts), _notices(ident, files), _platforms(ident, counts)]
    tables += [_days(ident, counts), _sessions(ident, counts)]
    return [*tables, *([_urls(ident, counts)] if counts.urls else [])]


def addressed(docket: Docket) -> str:
    """`us` or `other`; empty where the record does not say."""
    return docket.notice.addressed if docket.notice else ""


def received(docket: Docket) -> str:
    """When a notice was received, in words."""
    notice = docket.notice
    if notice is None or not notice.received_at:
        return "not said"
    return clock(notice.received_at) + (" (assumed)" if notice.assumed else "")


def _reasons(ident: str, counts: Tally) -> Table:
    heads = ("platform", "basis", "rule", "clause", "filed under", "what was stopped", "spider")
    most = counts.cells.most_common(_ROWS)
    rows: list[Row] = [[*_cell(cell), requests] for cell, requests in most]
    note = _cut_note(len(counts.cells), counts.total.refused - sum(requests for _, requests in most))
    return Table(
        f"{ident}-reasons", "Refusals by platform, rule and clause", [*map(Column, heads), _REFUSED], rows, note
    )


def _cell(cell: Cell) -> list[str]:
    """A rule's id is its document's, a colon and the clause, or the line of robots.txt."""
    rule, _, clause = cell.rule.partition(":")
    words = f"line {clause}" if clause and rule == "robots.txt" else clause
    return [cell.platforms, cell.basis, rule, words, cell.docket, cell.stage, cell.spider]


def _cut_note(rows: int, rest: int) -> str:
    return f"The {_ROWS:,} commonest of {rows:,} rows; the others add up to {rest:,} requests." if rows > _ROWS else ""


def _notices(ident: str, files: Sequence[Docket]) -> Table:
    heads = ("platforms", "addressed to", "received", "first in force", "last permit before")
    figures = ("fetches in between", "fetches in force", "fetches while idle", *STAGES)
    rows = [_notice_row(docket) for docket in files if docket.notice]
    note = "Fetches in between: from receipt until a session had it in force. Fetches in force: the record does not "
    note += (
        "hold why; the documents of the revision do, by scope, purposes and permissions. Idle: withdrawn, suspended, "
    )
    note += "not in force at the time, or no demand."
    columns = [Column("notice", order="ascending"), *map(Column, heads)]
    columns += [Column(head.replace("that went ", ""), True) for head in figures]
    return Table(f"{ident}-notices", "Notices in force, before and after", columns, rows, note)


def _notice_row(docket: Docket) -> list[str | int]:
    forces = [session.in_force for session in docket.sessions if session.in_force]
    last = max((session.last_permit_before for session in docket.sessions), default=0)
    return [
        docket.name,
        ", ".join(docket.notice.platforms) if docket.notice else "",
        addressed(docket) or "not said",
        received(docket),
        moment(min(forces)) if forces else "never",
        moment(last) if last else "none on record",
        sum(session.fetches_between for session in docket.sessions),
        sum(session.fetches_after for session in docket.sessions),
        sum(session.fetches_idle for session in docket.sessions),
        *(docket.refused(stage) for stage in STAGES),
    ]


def _pairs(rows: Iterable[tuple[str, Pair]]) -> list[list[str | int]]:
    return [[name, pair.permitted, pair.refused] for name, pair in rows]


def _platforms(ident: str, counts: Tally) -> Table:
    ordered = sorted(counts.platforms.items(), key=lambda item: (-item[1].refused, item[0]))
    columns = [Column("platform"), _PAIR[0], _REFUSED]
    note = "A request that concerns two platforms counts for each of them. Platforms that no policy names are not told "
    note += "apart here."
    if len(ordered) > _ROWS:
        rest = sum(pair.refused for _, pair in ordered[_ROWS:])
        note += f" The {_ROWS:,} most refused of {len(ordered):,}; the others add up to {rest:,} refusals."
    return Table(f"{ident}-platforms", "Permitted and refused by platform", columns, _pairs(ordered[:_ROWS]), note)


def _days(ident: str, counts: Tally) -> Table:
    columns = [Column("day (UTC)", order="ascending"), *_PAIR]
    days = ((clock(day * DAY)[:10], pair) for day, pair in sorted(counts.days.items()))
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
    note = f"The last {_ROWS:,}; {more:,} earlier ones are left out." if more else ""
    return Table(f"{ident}-sessions", "Sessions", [*map(Column, heads), *_PAIR], rows, note)


def _urls(ident: str, counts: Tally) -> Table:
    most = counts.urls.most_common(_ROWS)
    rows: list[Row] = [[row.url, row.basis, row.rule, requests] for row, requests in most]
    columns = [Column("URL"), Column("basis"), Column("rule"), _REFUSED]
    rest = sum(counts.urls.values()) - sum(requests for _, requests in most)
    note = "Opened with counsel's key; secrets were struck before they were sealed. " + _cut_note(
        len(counts.urls), rest
    )
    return Table(f"{ident}-urls", "URLs refused", columns, rows, note.rstrip())
