"""Charts as plain SVG text, drawn here: no script runs, so they print, zoom and read aloud like the page around them.

Places along the axis are percentages, so that a chart fills whatever width there is and its words keep their size.
Every mark has a title that names its figures. Why not by a library: docs/explanation/charts.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final, NamedTuple

from .plain import plain
from .tally import Pair
from .ticks import END, short, step_of, times

__all__ = ["Mark", "bars", "clock", "moment", "time_line"]

_LINE: Final = 16
"""Room for the word of a mark, pixels."""
_ROOM: Final = 152
"""The height of the bars of a time line, both ways together."""
_FOOT: Final = 40
_FULL: Final = 0.88
"""How much of its bin a bar fills."""
_NONE: Final = "<p>None on record.</p>"
_LEAST: Final = 2.0
"""One request is seen beside a million."""


class Mark(NamedTuple):
    """An instant to mark, microseconds since 1970, and its word."""

    at: int
    word: str


def clock(micros: int) -> str:
    """An instant in UTC to the second."""
    return f"{_calendar(micros):%Y-%m-%d %H:%M:%S}Z"


def moment(micros: int) -> str:
    """An instant in UTC to the millisecond: before and after are told apart by less than a second."""
    at = _calendar(micros)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _calendar(micros: int) -> datetime:
    """A record that is not intact may name instants that no calendar holds: they are shown as its last year."""
    return datetime.fromtimestamp(min(micros, END) / 1e6, UTC)


def bars(title: str, rows: Sequence[tuple[str, int]], whole: int, *, kind: str = "refused") -> str:
    """A list with a bar in each row, in the order given; beside its name stand its figure and its share of `whole`."""
    most = max((value for _, value in rows), default=0) or 1
    if not rows:
        return _NONE
    return f'<ul class="bars" aria-label="{_text(title)}">{"".join(_row(*row, most, whole, kind) for row in rows)}</ul>'


def _row(name: str, value: int, most: int, whole: int, kind: str) -> str:
    share = f"{100 * value / whole:.1f} %" if 0 < value <= whole else ""
    words = f"{name}: {value:,} of {whole:,} {kind}" + (f", {share}" if share else "")
    return (
        f'<li class="at" aria-label="{_text(words)}"><span class="name"><bdi>{_text(name)}</bdi></span>'
        f'<span class="value">{value:,}<i>{share}</i></span>'
        f'<svg aria-hidden="true"><rect class="{kind}" width="{100 * value / most:.2f}%" height="100%" rx="2"/></svg>'
        "</li>"
    )


class _Scale(NamedTuple):
    """From instants to percent across, and from requests to pixels up and down."""

    first: int
    span: int
    up: int
    down: int
    head: int
    """Room above the bars, pixels."""

    def x(self, micros: int) -> float:
        return 100 * min(1.0, max(0.0, (micros - self.first) / self.span))

    def high(self, requests: int) -> float:
        return max(_LEAST, _ROOM * requests / (self.up + self.down)) if requests else 0.0

    @property
    def foot(self) -> int:
        """Where the bars end, below."""
        return self.head + _ROOM

    @property
    def zero(self) -> float:
        """Where nothing is: permitted requests stand above it."""
        return self.head + _ROOM * self.up / (self.up + self.down)


def time_line(
    ident: str,
    title: str,
    counts: Mapping[int, Pair],
    *,
    origin: int,
    step: int,
    first: int,
    last: int,
    marks: Sequence[Mark] = (),
) -> str:
    """Permitted requests above the line, refused ones below it; bin `n` lasts `step` us from `origin + n * step`."""
    up = max((pair.permitted for pair in counts.values()), default=0)
    down = max((pair.refused for pair in counts.values()), default=0)
    if not up and not down:
        return _NONE
    scale = _Scale(first, max(last - first, step), up, down, 6 + _LINE * len(marks))
    parts = [*_figures(scale), *_instants(scale)]
    parts += [_bin(origin + place * step, step, pair, scale) for place, pair in sorted(counts.items())]
    parts += [f'<line class="axis" x2="100%" y1="{scale.zero:.1f}" y2="{scale.zero:.1f}"/>']
    parts += [_mark(mark, scale, n) for n, mark in enumerate(marks)]
    permitted, refused = (sum(getattr(pair, name) for pair in counts.values()) for name in ("permitted", "refused"))
    words = f"{permitted:,} permitted above the line, {refused:,} refused below it, "
    words += f"from {clock(first)} to {clock(last)}"
    words += "".join(f"; {mark.word} {moment(mark.at)}" for mark in marks)
    return (
        f'<svg class="line" height="{scale.foot + _FOOT}" role="group"'
        f' aria-labelledby="{ident}-t" aria-describedby="{ident}-d">'
        f'<title id="{ident}-t">{_text(title)}</title><desc id="{ident}-d">{escape(words)}</desc>{"".join(parts)}</svg>'
    )


def _figures(scale: _Scale) -> list[str]:
    """Lines across at round figures of requests, both ways from 0."""
    step = step_of(scale.up + scale.down, 4)
    figures = [*range(0, scale.up + 1, step), *range(-step, -scale.down - 1, -step)]
    return [
        f'<line class="grid" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick end" x="-8" y="{y + 4:.1f}">{short(abs(figure))}</text>'
        for figure in figures
        for y in [scale.zero - _ROOM * figure / (scale.up + scale.down)]
    ]


def _instants(scale: _Scale) -> list[str]:
    """Ticks of time: on a narrow page the rounder ones."""
    parts, foot = [], scale.foot
    for tick in times(scale.first, scale.first + scale.span):
        x = scale.x(tick.at)
        side = "end" if x > 93 else "middle"
        room = f" room{tick.room}" if tick.room else ""
        parts.append(
            f'<line class="grid" x1="{x:.2f}%" x2="{x:.2f}%" y1="{foot}" y2="{foot + 5}"/>'
            f'<text class="tick {side}{room}" x="{x:.2f}%" y="{foot + 19}">{tick.word}</text>'
        )
        if tick.within:
            parts.append(f'<text class="tick {side}{room}" x="{x:.2f}%" y="{foot + 35}">{tick.within}</text>')
    return parts


def _bin(start: int, step: int, pair: Pair, scale: _Scale) -> str:
    """One bin: a title, a field to point at, and a bar each way."""
    left, right = scale.x(start), scale.x(start + step)
    wide = max(0.2, (right - left) * _FULL)
    at = f'x="{left + (right - left - wide) / 2:.2f}%" width="{wide:.2f}%"'
    up, down = scale.high(pair.permitted), scale.high(pair.refused)
    field = f'x="{left:.2f}%" width="{max(0.2, right - left):.2f}%"'
    parts = [f'<rect class="field" {field} y="{scale.head}" height="{_ROOM}"/>']
    if up:
        parts.append(f'<rect class="permitted" {at} y="{scale.zero - up:.1f}" height="{up:.1f}"/>')
    if down:
        parts.append(f'<rect class="refused" {at} y="{scale.zero:.1f}" height="{down:.1f}"/>')
    words = f"{_between(start, start + step)}: {pair.permitted:,} permitted, {pair.refused:,} refused"
    return f'<g class="at" role="img"><title>{words}</title>{"".join(parts)}</g>'


def _between(start: int, end: int) -> str:
    """Two instants, as fine as their distance asks for; a day in common is named once."""
    fine = 23 if end - start < 1_000_000 else 19
    one, two = (moment(at)[:fine] for at in (start, end))
    return f"{one} to {two[11:] if one[:10] == two[:10] else two}"


def _mark(mark: Mark, scale: _Scale, row: int) -> str:
    """A line across, its word on the side where there is room, each in a row of its own."""
    x, y = scale.x(mark.at), 13 + _LINE * row
    side, dx = ("end", -5) if x > 60 else ("start", 5)
    return (
        f'<line class="mark" x1="{x:.2f}%" x2="{x:.2f}%" y1="{y - 10}" y2="{scale.foot}"/>'
        f'<text class="marked {side}" x="{x:.2f}%" dx="{dx}" y="{y}">{escape(mark.word)}</text>'
    )


def _text(text: str) -> str:
    return escape(plain(text))
