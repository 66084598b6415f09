"""Charts as plain SVG text, drawn here: no script runs, so they print, zoom and read aloud like the page around them.

Observable Plot 0.6.17 with d3 7.9.2 would add 489,805 octets of script to every report (209,183 and 280,622, minified)
and draw nothing where scripts are off or the page is printed from a reader; bars and a time line take some 4 kB each
without. Every chart has a title and a description, and its figures stand in a table of the page as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from .tally import Pair

__all__ = ["bars", "clock", "moment", "time_line"]

_WIDTH: Final = 720
_LEFT: Final = 56
_PLOT: Final = _WIDTH - _LEFT - 8
_HALF: Final = 64
_ROW: Final = 26
_NAME: Final = 220
_TICKS: Final = 5


def clock(micros: int, span: int = 0) -> str:
    """An instant in UTC, no finer than a chart of `span` microseconds needs it; to the second where none is given."""
    at = datetime.fromtimestamp(micros / 1e6, UTC)
    if span > 3 * 86_400_000_000:
        return f"{at:%Y-%m-%d}"
    if span > 3 * 3_600_000_000:
        return f"{at:%m-%d %H:%M}"
    if 0 < span <= 20_000_000:
        return f"{at:%H:%M:%S}.{at.microsecond // 100_000}"
    return f"{at:%H:%M:%S}" if span else f"{at:%Y-%m-%d %H:%M:%S}Z"


def moment(micros: int) -> str:
    """An instant in UTC to the millisecond: before and after are told apart by less than a second."""
    at = datetime.fromtimestamp(micros / 1e6, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}Z"


def bars(ident: str, title: str, rows: Sequence[tuple[str, int]], *, kind: str = "refused") -> str:
    """Horizontal bars, one a row, longest first as they come; the figure stands behind each bar."""
    most = max((value for _, value in rows), default=0) or 1
    room = _WIDTH - _NAME - 80
    parts = []
    for place, (name, value) in enumerate(rows):
        y, width = place * _ROW, max(1.0, room * value / most) if value else 0
        parts.append(
            f'<text class="name" x="{_NAME - 8}" y="{y + 17}">{escape(_short(name))}</text>'
            f'<rect class="{kind}" x="{_NAME}" y="{y + 4}" width="{width:.1f}" height="{_ROW - 8}" rx="2"/>'
            f'<text x="{_NAME + width + 6:.1f}" y="{y + 17}">{value:,}</text>'
        )
    words = "; ".join(f"{name} {value:,}" for name, value in rows) or "nothing"
    return _svg(ident, title, words, max(_ROW, len(rows) * _ROW), "".join(parts))


def time_line(
    ident: str,
    title: str,
    counts: Mapping[int, Pair],
    *,
    origin: int,
    step: int,
    first: int,
    last: int,
    marks: Sequence[tuple[int, str]] = (),
) -> str:
    """Permitted requests above the line, refused ones below it; bin `n` lasts `step` us from `origin + n * step`.

    `marks` are instants with their words, drawn as lines across.
    """
    span = max(last - first, step)
    most = max((max(pair.permitted, pair.refused) for pair in counts.values()), default=0) or 1
    middle = 22 + _HALF

    def x(micros: int) -> float:
        return _LEFT + _PLOT * min(1.0, max(0.0, (micros - first) / span))

    parts = [
        f'<text class="name" x="{_LEFT - 6}" y="32">{most:,}</text>'
        f'<text class="name" x="{_LEFT - 6}" y="{middle + 4}">0</text>'
        f'<text class="name" x="{_LEFT - 6}" y="{middle + _HALF}">{most:,}</text>'
    ]
    for place, pair in sorted(counts.items()):
        start, end = x(origin + place * step), x(origin + (place + 1) * step)
        width = max(1.0, end - start - 0.6)
        up, down = _HALF * pair.permitted / most, _HALF * pair.refused / most
        if up:
            parts.append(_bar("permitted", start, middle - max(up, 1), width, max(up, 1)))
        if down:
            parts.append(_bar("refused", start, middle, width, max(down, 1)))
    parts.append(f'<path class="axis" d="M{_LEFT} {middle}H{_WIDTH - 8}"/>')
    parts += [_mark(x(at), word, middle) for at, word in marks]
    parts += [_tick(first + span * n // _TICKS, span, x, 2 * _HALF + 38) for n in range(_TICKS + 1)]
    permitted, refused = (sum(getattr(pair, name) for pair in counts.values()) for name in ("permitted", "refused"))
    words = (
        f"{permitted:,} permitted above the line, {refused:,} refused below it, from {clock(first)} to {clock(last)}"
    )
    words += "".join(f"; {word} {clock(at)}" for at, word in marks)
    return _svg(ident, title, words, 2 * _HALF + 46, "".join(parts))


def _bar(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _mark(x: float, word: str, middle: int) -> str:
    """A line across, its word on the side where there is room."""
    anchor, dx = ("end", -5) if x > _WIDTH * 0.6 else ("start", 5)
    return (
        f'<path class="mark" d="M{x:.1f} 4V{middle + _HALF}"/>'
        f'<text class="marked {anchor}" x="{x + dx:.1f}" y="14">{escape(word)}</text>'
    )


def _tick(at: int, span: int, x: Callable[[int], float], y: int) -> str:
    place = x(at)
    anchor = "start" if place < _LEFT + 20 else "end" if place > _WIDTH - 30 else "middle"
    return f'<text class="tick {anchor}" x="{place:.1f}" y="{y}">{clock(at, span)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "\N{HORIZONTAL ELLIPSIS}"


def _svg(ident: str, title: str, words: str, height: int, inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="{ident}-t {ident}-d">'
        f'<title id="{ident}-t">{escape(title)}</title><desc id="{ident}-d">{escape(words)}</desc>{inside}</svg>'
    )
