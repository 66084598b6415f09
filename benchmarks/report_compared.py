"""Our charts beside those of a library, on every point that a reader meets, asked of the browser itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.report_by_plot import with_policy
from tests.report.chromium import Tab, chromium
from tests.report.looks import contrasts, named, reached, words

FIGURE = r"[\d,]+ (permitted|refused)"
BARS = """[...document.querySelectorAll("figure rect")].filter((one) => {
  if (one.closest("[class*=swatch]")) return false;
  const box = one.getBoundingClientRect(), fill = getComputedStyle(one).fill;
  return box.width > 0 && box.height > 0 && fill !== "none" && fill !== "rgba(0, 0, 0, 0)";
}).length"""
PAINTED = """new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  document.body.getBoundingClientRect();
  done(performance.now());
})))"""


class Point(NamedTuple):
    """One row of the comparison: what both came to, and whether more, or less, of it is better; 0: no matter."""

    name: str
    ours: float
    theirs: float
    better: int


def painted(page: Path, profile: Path) -> float:
    """Milliseconds from the start of navigation until everything is drawn, in a fresh browser."""
    with chromium(profile) as tab:
        tab.open(page)
        return float(tab.ask(PAINTED))


def compare(ours: Path, theirs: Path, folder: Path) -> Iterator[Point]:
    """All points but size and time, both pages in one browser."""
    with chromium(folder / "compared") as tab:
        yield from _drawn(tab, ours, theirs, folder)
        yield from _read(tab, ours, theirs)
        yield from _seen(tab, ours, theirs)


def _both(name: str, better: int, ask: Callable[[Path], float], ours: Path, theirs: Path) -> Point:
    return Point(name, ask(ours), ask(theirs), better)


def _drawn(tab: Tab, ours: Path, theirs: Path, folder: Path) -> Iterator[Point]:
    """Bars that are on the page: with scripts, without, on paper, and where a policy forbids scripts."""

    def bars(page: Path) -> float:
        tab.open(page)
        return float(tab.ask(BARS))

    def forbidden(page: Path) -> float:
        other = folder / f"forbidden-{page.name}"
        other.write_text(with_policy(page.read_text(encoding="utf-8"), styles="'unsafe-inline'", scripts=False))
        return bars(other)

    yield _both("bars drawn", 0, bars, ours, theirs)
    yield _both("bars drawn where the policy forbids scripts", 1, forbidden, ours, theirs)
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    yield _both("bars drawn where scripts are off", 1, bars, ours, theirs)
    tab.call("Emulation.setEmulatedMedia", media="print")
    yield _both("bars on paper where scripts are off", 1, bars, ours, theirs)
    tab.call("Emulation.setEmulatedMedia", media="screen")
    tab.call("Emulation.setScriptExecutionDisabled", value=False)


def _read(tab: Tab, ours: Path, theirs: Path) -> Iterator[Point]:
    """What a screen reader and a keyboard find, and what the console says under a strict policy."""

    def names(page: Path) -> float:
        tab.open(page)
        return _figures(named(tab, FIGURE))

    def keyboard(page: Path) -> float:
        tab.open(page)
        return _figures(reached(tab, FIGURE))

    def complaints(page: Path) -> float:
        strict = page.with_name(f"strict-{page.name}")
        strict.write_text(with_policy(page.read_text(encoding="utf-8")))
        tab.console.clear()
        tab.open(strict)
        tab.ask(PAINTED)
        return len(tab.console)

    yield _both("bars whose figures stand in the accessibility tree", 1, names, ours, theirs)
    yield _both("bars whose figures the keyboard comes to", 1, keyboard, ours, theirs)
    yield _both("complaints in the console, styles and scripts by hash", -1, complaints, ours, theirs)


def _figures(names: Iterable[str]) -> int:
    """How many bars these names tell of: one name may tell of what was permitted and what was refused."""
    return sum(len(re.findall(r"\b[1-9][\d,]* (?:permitted|refused)", name)) for name in names)


def _at(tab: Tab, width: int, page: Path) -> None:
    """Open in a window of this width: a script may ask for it only once."""
    tab.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    tab.open(page)


def _seen(tab: Tab, ours: Path, theirs: Path) -> Iterator[Point]:
    """Contrast of text, and the words in charts on a screen and on a telephone."""
    for scheme in ("light", "dark"):

        def least(page: Path, scheme: str = scheme) -> float:
            tab.open(page)
            return min(contrasts(tab, scheme).values())

        yield _both(f"least contrast of text, {scheme}", 1, least, ours, theirs)
    for width in (1280, 360):

        def touching(page: Path, width: int = width) -> float:
            _at(tab, width, page)
            return sum(len(one["hit"]) + one["outside"] for one in words(tab, width))

        def smallest(page: Path, width: int = width) -> float:
            _at(tab, width, page)
            return min(one["size"] for one in words(tab, width))

        yield _both(f"words that touch or leave their chart, {width} px wide", -1, touching, ours, theirs)
        yield _both(f"smallest words of charts in px, {width} px wide", 1, smallest, ours, theirs)
