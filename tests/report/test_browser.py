"""The report as a person meets it: opened, sorted and filtered in a browser, by keyboard, light, dark and printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .chromium import Tab, chromium
from .sample import write
from .test_page import page

ROWS = "[...document.querySelectorAll('#l1-reasons-rows tr')]"
SHOWN = f"{ROWS}.filter(row => row.offsetParent).map(row => row.cells[1].textContent)"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on the sample."""
    folder = tmp_path_factory.mktemp("report")
    file = folder / "report.html"
    file.write_text(page(write(folder / "ledger" / "ledger.db")), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def tab(report: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """The report, open."""
    with chromium(tmp_path_factory.mktemp("profile")) as tab:
        tab.open(report)
        yield tab


@pytest.fixture(autouse=True)
def alone(tab: Tab, report: Path) -> Iterator[None]:
    """Whatever was done with it: nothing was asked of anybody, and the console is empty."""
    yield
    assert tab.ask("document.querySelectorAll('table').length") == 5
    assert tab.requests == [report.as_uri()]
    assert tab.console == []


def test_a_table_filters_by_what_is_typed(tab: Tab) -> None:
    """Typed into the box, as a user does; the count is said, and all rows come back."""
    tab.ask("document.querySelector('[aria-controls=l1-reasons-rows]').focus()")
    tab.type("VIDRIVER terms")
    assert tab.ask(SHOWN) == ["terms"]
    assert tab.ask("document.querySelector('output').textContent") == "1 of 4 rows"
    tab.ask("document.activeElement.select()")
    tab.press("Backspace", 8)
    assert len(tab.ask(SHOWN)) == 4


def test_a_table_sorts_by_keyboard(tab: Tab) -> None:
    """Enter on a head sorts by figures, greatest first, and turns round; the order is said to screen readers."""
    figures = f"{ROWS}.map(row => row.cells[7].textContent)"
    head = "document.querySelector('#l1-reasons-rows').closest('table').querySelectorAll('th')[7]"
    tab.ask(f"{head}.querySelector('button').focus()")
    tab.press("Enter", 13)
    assert (tab.ask(figures)[0], tab.ask(f"{head}.ariaSort")) == ("10", "descending")
    tab.press("Enter", 13)
    assert (tab.ask(figures)[-1], tab.ask(f"{head}.ariaSort")) == ("10", "ascending")


def contrast(tab: Tab, scheme: str) -> float:
    """The least contrast of any text with what lies behind it (WCAG 2.2, 1.4.3), in a colour scheme."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    tab.call("Emulation.setEmulatedMedia", media="screen", features=features)
    return float(
        tab.ask("""(() => {
      const light = (text) => {
        const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map(Number).map((v) => v / 255)
          .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (node) => {
        for (let one = node; one; one = one.parentElement) {
          const colour = getComputedStyle(one).backgroundColor;
          if (!colour.endsWith(", 0)")) return colour;
        }
      };
      let least = 21;
      for (const node of document.querySelectorAll("h1,h2,h3,h4,p,b,strong,td,th,dt,dd,li,figcaption,label,svg text")) {
        const style = getComputedStyle(node);
        const [a, b] = [light(node.closest("svg") ? style.fill : style.color), light(behind(node))];
        least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
      }
      return least;
    })()""")
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(tab: Tab, scheme: str) -> None:
    """At least 4.5 : 1, in either colour scheme."""
    assert contrast(tab, scheme) >= 4.5


def test_pictures_are_kept_and_schemes_differ(tab: Tab, tmp_path: Path) -> None:
    """Light, dark and as printed, in pytest's own folder for whoever wants to look."""
    tab.look(tmp_path / "light.png")
    tab.look(tmp_path / "dark.png", scheme="dark")
    tab.print(tmp_path / "print.pdf")
    light, dark = (tmp_path / "light.png").read_bytes(), (tmp_path / "dark.png").read_bytes()
    assert light[:4] == dark[:4] == b"\x89PNG"
    assert light != dark
    assert (tmp_path / "print.pdf").read_bytes()[:5] == b"%PDF-"


def test_on_paper_no_row_is_left_out_and_no_button_is_there(tab: Tab) -> None:
    """Print shows whole tables without scroll boxes and filters."""
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.ask("getComputedStyle(document.querySelector('.tools')).display") == "none"
    assert tab.ask("getComputedStyle(document.querySelector('.scroll')).maxHeight") == "none"
    assert tab.ask("getComputedStyle(document.querySelector('[data-table]')).contentVisibility") == "visible"


def test_a_narrow_window_does_not_scroll_sideways(tab: Tab) -> None:
    """Wide tables scroll in their own boxes (WCAG 2.2, 1.4.10)."""
    tab.call("Emulation.setEmulatedMedia", media="screen")
    tab.call("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=False)
    assert tab.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
