"""The report as a person meets it: opened, sorted and filtered in a browser, by keyboard, light, dark and printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desist.ledger.ledger import Ledger
from desist.report.chart import Mark, time_line
from desist.report.tally import Pair

from .chromium import Tab
from .looks import contrasts, named, reached, words
from .sample import write
from .test_page import page

ROWS = "[...document.querySelectorAll('#l1-reasons-rows tr')]"
START = 1_767_605_407_123_456
FIGURES = r"[\d,]+ (permitted|refused)"
SHOWN = f"{ROWS}.filter(row => row.offsetParent).map(row => row.cells[1].textContent)"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on the sample."""
    folder = tmp_path_factory.mktemp("report")
    file = folder / "report.html"
    file.write_text(page(write(folder / "ledger" / "ledger.db")), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def tab(report: Path, opened: Callable[[Path], Tab]) -> Tab:
    """The report, open."""
    return opened(report)


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


def test_every_filter_says_which_table_it_is_for(tab: Tab) -> None:
    """In the accessibility tree; to the eye it stands above its table."""
    assert [name for name in named(tab, r"^Filter ") if len(name) < 60] == [
        "Filter Refusals by platform, rule and clause", "Filter Notices in force, before and after",
        "Filter Permitted and refused by platform", "Filter Permitted and refused by day", "Filter Sessions",
    ]  # fmt: skip


def test_a_table_sorts_by_keyboard(tab: Tab) -> None:
    """The order is said from the start; Enter on a head sorts by figures, greatest first, and turns round."""
    other = "document.querySelector('#l1-reasons-rows').closest('table').querySelectorAll('th')[1]"
    assert tab.ask(f"{other}.closest('tr').querySelector('[aria-sort]').textContent") == "refused"
    tab.ask(f"{other}.querySelector('button').focus()")
    tab.press("Enter", 13)
    assert tab.ask(f"{other}.ariaSort") == "ascending"
    figures = f"{ROWS}.map(row => row.cells[7].textContent)"
    head = "document.querySelector('#l1-reasons-rows').closest('table').querySelectorAll('th')[7]"
    tab.ask(f"{head}.querySelector('button').focus()")
    tab.press("Enter", 13)
    assert (tab.ask(figures)[0], tab.ask(f"{head}.ariaSort")) == ("10", "descending")
    tab.press("Enter", 13)
    assert (tab.ask(figures)[-1], tab.ask(f"{head}.ariaSort")) == ("10", "ascending")
    said = "document.querySelector('#l1-reasons-rows').closest('section').querySelector('output').textContent"
    assert tab.ask(said) == "4 rows, sorted by refused, ascending"


@pytest.mark.parametrize(("scheme", "media"), [("light", "screen"), ("dark", "screen"), ("dark", "print")])
def test_all_text_stands_out_from_what_is_behind_it(tab: Tab, scheme: str, media: str) -> None:
    """At least 4.5 : 1 for every pair of colours that meet on the page (WCAG 2.2, 1.4.3), on paper too."""
    pairs = contrasts(tab, scheme, media)
    assert len(pairs) > 3
    assert {pair: contrast for pair, contrast in pairs.items() if contrast < 4.5} == {}


def test_every_mark_of_a_chart_is_named_with_its_figures_and_reached_by_keyboard(tab: Tab) -> None:
    """As many in the accessibility tree as are drawn; Tab comes to each chart once, arrows to each of its marks."""
    tab.call("Emulation.setEmulatedMedia", media="screen", features=[])
    marks = tab.ask("document.querySelectorAll('svg.line .at, ul.bars .at').length")
    charts = tab.ask("document.querySelectorAll('svg.line, ul.bars').length")
    assert marks > charts >= 5
    assert len(named(tab, FIGURES)) == marks
    assert len(reached(tab, FIGURES)) == marks
    assert tab.ask("document.querySelectorAll('figure [tabindex=\"0\"]').length") == charts


def test_what_a_mark_says_is_shown_where_it_has_the_focus_and_escape_takes_it_away(tab: Tab) -> None:
    """For those who see it and use the keyboard (WCAG 2.2, 1.4.13); a screen reader hears the mark's own name."""
    tip = "(tip => [tip.hidden, tip.textContent, tip.ariaHidden])(document.querySelector('.tip'))"
    tab.ask("document.querySelector('ul.bars [tabindex=\"0\"]').focus()")
    tab.press("Home", 36)
    assert tab.ask(tip) == [False, "pictogram: 11 of 13 refused, 84.6 %", "true"]
    tab.press("Escape", 27)
    assert tab.ask(tip)[0] is True


@pytest.mark.parametrize("width", [1280, 360])
def test_words_of_charts_are_legible_and_do_not_touch(tab: Tab, width: int) -> None:
    """At least 12 px on a telephone too, and inside the figure."""
    tab.call("Emulation.setEmulatedMedia", media="screen", features=[])
    found = words(tab, width)
    assert len(found) > 6
    assert [one for one in found if one["size"] < 12 or one["hit"] or one["outside"]] == []


def test_pictures_are_kept_and_schemes_differ(tab: Tab, tmp_path: Path) -> None:
    """Light, dark and as printed, in pytest's own folder for whoever wants to look."""
    tab.look(tmp_path / "light.png")
    tab.look(tmp_path / "dark.png", scheme="dark")
    tab.print(tmp_path / "print.pdf")
    light, dark = (tmp_path / "light.png").read_bytes(), (tmp_path / "dark.png").read_bytes()
    assert light[:4] == dark[:4] == b"\x89PNG"
    assert light != dark
    assert (tmp_path / "print.pdf").read_bytes()[:5] == b"%PDF-"


def test_on_paper_no_row_is_left_out_and_no_button_is_there(opened: Callable[[Path], Tab], report: Path) -> None:
    """Print shows whole tables without scroll boxes and filters; what was filtered out is there all the same."""
    tab = opened(report)
    tab.ask("document.querySelector('[aria-controls=l1-reasons-rows]').focus()")
    tab.type("vidriver")
    assert len(tab.ask(SHOWN)) == 1
    tab.call("Emulation.setEmulatedMedia", media="print")
    assert tab.ask("getComputedStyle(document.querySelector('.tools')).display") == "none"
    assert tab.ask("getComputedStyle(document.querySelector('.scroll')).maxHeight") == "none"
    assert tab.ask("getComputedStyle(document.querySelector('.scroll')).contentVisibility") == "visible"
    assert len(tab.ask(SHOWN)) == 4


def test_charts_of_any_time_have_legible_words_that_do_not_touch(tab: Tab) -> None:
    """From a moment to years, with two lines to mark, on every width."""
    hour = 3_600_000_000
    charts = [
        time_line(
            f"x{n}", "t", {0: Pair(7, 0), 40: Pair(0, 98_765)}, origin=START, step=max(1_000, span // 72), first=START,
            last=START + span,
            marks=[Mark(START + span * 9 // 10, "received (assumed)"), Mark(START + span, "in force")],
        )
        for n, span in enumerate([2_000, 900_000, hour // 60, hour, 30 * hour, 110 * hour, 500 * hour, 90_000 * hour])
    ]  # fmt: skip
    figures = "".join(f"<figure>{one}</figure>" for one in charts)
    tab.ask(f"document.body.insertAdjacentHTML('beforeend', `<div id=more>${{{json.dumps(figures)}}}</div>`)")
    for width in (1280, 700, 360):
        found = words(tab, width)
        assert len(found) > 60
        assert [one for one in found if one["size"] < 12 or one["hit"] or one["outside"]] == []
    tab.ask("document.querySelector('#more').remove()")


def test_without_scripts_nothing_is_missing_and_nothing_is_dead(tab: Tab, report: Path) -> None:
    """Charts and tables are whole; no box to filter is shown and no head is a button."""
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(report)
    assert tab.ask("document.querySelectorAll('svg.line .at title').length") > 5
    assert tab.ask("document.querySelectorAll('button').length") == 0
    assert tab.ask("[...document.querySelectorAll('.tools')].some((one) => one.offsetParent)") is False
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    tab.requests.clear()
    tab.open(report)


def test_a_table_without_rows_leaves_the_others_alive(
    tab: Tab, report: Path, tmp_path: Path, opened: Callable[[Path], Tab]
) -> None:
    """A page of which most tables are empty: no complaint, and the one that is not sorts."""
    path = tmp_path / "ledger" / "ledger.db"
    Ledger.open(path, revision="ab" * 32).close()
    other = tmp_path / "empty.html"
    other.write_text(page(path), encoding="utf-8")
    opened(other)
    assert tab.console == []
    assert tab.ask("document.querySelectorAll('thead button').length") == 7
    opened(report)


def test_a_narrow_window_does_not_scroll_sideways(tab: Tab) -> None:
    """Wide tables scroll in their own boxes (WCAG 2.2, 1.4.10)."""
    tab.call("Emulation.setEmulatedMedia", media="screen")
    tab.call("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=False)
    assert tab.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
