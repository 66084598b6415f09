"""`python benchmarks/bench_report.py`: the report of 100,000 refusals, made, weighed, and opened in Chromium.

Targets: under 3 MB, and under 2 s from the start of navigation until everything is drawn. Two ledgers are measured: one
with few rules, as a crawl has them, and one that is as varied as a page can show: thousands of rules, spiders, notices
and, with counsel's key, URLs. Then the charts of the first are drawn once more by Observable Plot and d3, fetched with
`npm pack` (or `--plot FILE --d3 FILE`), and both pages are opened in turn and compared on what
a reader meets. `--pictures FOLDER --ledger PATH` keeps the pictures that docs/how-to/report.md shows.
"""

from __future__ import annotations

import argparse
import base64
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from desist.commands.main import main as desist
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.report_by_plot import D3, PLOT, library, page_by_plot
from benchmarks.report_compared import PAINTED, Point, compare, painted
from tests.report.chromium import Tab, chromium

TARGET_MS, TARGET_MB = 2_000, 3.0
BATCH = 512
KEY = Opener.generate()


def few(number: int) -> dict[str, Any]:
    """Refusals as a crawl has them: six platforms, some forty rules."""
    slug = f"platform-{number % 6}"
    return {
        "platforms": [slug], "basis": ("terms", "robots", "notice")[number % 3], "rule": f"{slug}-tos:{number % 7}",
        "docket": f"notice-{number % 6}", "gate": ("early", "wire", "engine")[number % 3],
    }  # fmt: skip


def many(number: int) -> dict[str, Any]:
    """As varied as can be: 300 platforms, 5,000 rules, 60 notices, a URL of its own each."""
    rng = random.Random(number)
    slug = f"platform-with-a-long-name-{rng.randrange(300)}"
    rule = f"{slug}-tos:{rng.randrange(5_000)}"
    return {
        "platforms": [slug], "basis": ("terms", "robots", "notice")[number % 3], "rule": rule,
        "docket": f"notice-{number % 60}", "gate": ("early", "wire", "engine", "process")[number % 4],
        "details": {"url": f"https://{slug}.test/some/longer/path/{number}"},
    }  # fmt: skip


def write(path: Path, refusal: Any, count: int) -> None:
    """A ledger of one crawl: permits, then sixty notices, then refusals, with permits for others among them."""
    with Ledger.open(path, revision="ab" * 32, spider="faces", counsel_key=KEY.counsel) as crawl:
        slugs = [f"platform-{number % 6}" for number in range(count // 20)]
        _append(crawl, [("permit", {"platforms": [slug], "gate": "wire"}) for slug in slugs])
        for number in range(60):
            facts = {"received_at": time.time_ns() // 1000, "addressed": "us" if number % 2 else "other"}
            crawl.record("notice", docket=f"notice-{number}", platforms=[f"platform-{number}"], facts=facts)
        other = ("permit", {"platforms": ["ordinary"], "gate": "wire"})
        for start in range(0, count, BATCH):
            rows: list[Any] = [("refuse", refusal(number)) for number in range(start, min(start + BATCH, count))]
            _append(crawl, [*rows, *[other] * (BATCH // 8)])


def _append(crawl: Ledger, rows: list[Any]) -> None:
    for start in range(0, len(rows), BATCH):
        crawl.append_all(rows[start : start + BATCH]).result(60)


def report(ledger: Path, page: Path, *words: str) -> float:
    """Seconds of processor time for `desist report`."""
    start = time.process_time()
    code = desist(["report", str(ledger), "-o", str(page), *words])
    if code:
        raise SystemExit(f"desist report ended with {code}")
    return time.process_time() - start


def opened(page: Path, folder: Path, runs: int) -> list[float]:
    """Milliseconds until everything is drawn, a fresh tab each time."""
    times = []
    for number in range(runs):
        with chromium(folder / f"profile-{number}") as tab:
            tab.open(page)
            times.append(float(tab.ask(PAINTED)))
            if tab.console or tab.requests != [page.as_uri()]:
                raise SystemExit(f"the page asked for {tab.requests}, its console says {tab.console}")
    return times


def measure(folder: Path, name: str, refusal: Any, count: int, runs: int, *words: str) -> Iterator[bool]:
    """One ledger; whether each target is met."""
    ledger, page = folder / name / "ledger" / "ledger.db", folder / f"{name}.html"
    write(ledger, refusal, count)
    seconds = report(ledger, page, *words)
    times, size = opened(page, folder / name, runs), page.stat().st_size / 1e6
    drawn = statistics.median(times)
    for unit, value, target in (("MB", size, TARGET_MB), ("ms to open", drawn, TARGET_MS)):
        word = "ok" if value < target else "MISSED"
        print(f"{name:<5} {count:,} refusals {value:>9,.2f} {unit:<11} target < {target:<6,g} {word}")
        yield value < target
    each = ", ".join(f"{one:.0f}" for one in times)
    print(f"{name:<5} each opening, ms: {each}; made in {seconds:.1f} s of processor time")


def side_by_side(folder: Path, runs: int, plot: Path | None, d3: Path | None) -> None:
    """The report of few rules with our charts and with Plot's, opened in turn; figures, and no target of their own."""
    scripts = library(folder, plot, d3)
    if scripts is None:
        print("not compared with Observable Plot: no npm that answers; name its files with --plot and --d3")
        return
    ours, theirs = folder / "few.html", folder / "few-by-plot.html"
    theirs.write_text(page_by_plot(ours.read_text(encoding="utf-8"), scripts), encoding="utf-8")
    times: dict[Path, list[float]] = {ours: [], theirs: []}
    for number in range(runs):
        for page in (ours, theirs):
            times[page].append(painted(page, folder / f"turn-{number}-{page.stem}"))
    print(f"\n{'our charts beside ' + PLOT + ' and ' + D3:<66} {'ours':>9} {'theirs':>9} {'ratio':>7}")
    median = {page: statistics.median(times[page]) for page in times}
    _line(Point("octets of the file", ours.stat().st_size, theirs.stat().st_size, -1))
    _line(Point(f"ms until drawn, median of {runs} in turn", median[ours], median[theirs], -1))
    for point in compare(ours, theirs, folder):
        _line(point)


def _line(point: Point) -> None:
    """A row: the ratio is the greater over the less, and a word says whose is better."""
    name, ours, theirs, better = point
    low, high = sorted((ours, theirs))
    ratio = f"{high / low:.2f}" if low else "-"
    whose = "ours better" if (ours - theirs) * better > 0 else "THEIRS BETTER" if (ours - theirs) * better < 0 else ""
    print(f"{name:<66} {ours:>9,.6g} {theirs:>9,.6g} {ratio:>7} {whose}")


def pictures(folder: Path, page: Path, profile: Path) -> None:
    """Light, the time line in dark, a filtered table, and as printed."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium(profile) as tab:
        tab.open(page)
        shot(tab, folder / "report-light.png")
        shot(tab, folder / "report-dark.png", scheme="dark", top="h3:nth-of-type(2)")
        tab.ask("document.querySelector('[aria-controls=l1-reasons-rows]').focus()")
        tab.type("chirrup")
        shot(tab, folder / "report-filter.png", top="#l1-reasons", height=230)
        shot(tab, folder / "report-print.png", media="print", width=760, height=1000)


def shot(
    tab: Tab,
    path: Path,
    *,
    scheme: str = "light",
    media: str = "screen",
    width: int = 1100,
    height: int = 860,
    top: str = "",
) -> None:
    """A picture of a part of the page, small enough for a repository."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    tab.call("Emulation.setEmulatedMedia", media=media, features=features)
    tab.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    tab.lay_out()
    y = float(tab.ask(f"document.querySelector('{top}').getBoundingClientRect().top + scrollY - 12")) if top else 0.0
    clip = {"x": 0, "y": y, "width": width, "height": height, "scale": 1}
    data = tab.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
    path.write_bytes(base64.b64decode(data))
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refusals", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5, help="openings of each page")
    parser.add_argument(
        "--pictures", type=Path, help="keep pictures of the report on --ledger here, and measure nothing"
    )
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="plot.umd.min.js, where npm is not here")
    parser.add_argument("--d3", type=Path, metavar="FILE", help="d3.min.js")
    parser.add_argument("--few", action="store_true", help="leave the varied ledger out")
    parser.add_argument("--alone", action="store_true", help="compare with nothing")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if args.pictures:
            report(args.ledger, folder / "report.html")
            pictures(args.pictures, folder / "report.html", folder / "profile")
            return 0
        key = folder / "counsel.key"
        key.write_text(KEY.private_text())
        met = [*measure(folder, "few", few, args.refusals, args.runs)]
        if not args.few:
            met += measure(folder, "many", many, args.refusals, args.runs, "--counsel-key", str(key))
        if not args.alone:
            side_by_side(folder, args.runs, args.plot, args.d3)
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
