"""The page: nothing of a person or a URL on it, whatever a ledger holds, and no bigger than its rules are many."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from desist.ledger.anchor import Anchors
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader
from desist.ledger.verify import verify
from desist.report.page import MARK, part_of, render

from .sample import KEY, NOTICE, write


def page(path: Path, *, opened: bool = False, urls: bool = False) -> str:
    """The report on one ledger, as the verb makes it."""
    with Reader(path) as reader:
        checked = (verify(reader.rows(), boxes=reader.boxes()), Anchors([]).result(), Anchors([]).result())
        return render([part_of(path.name, reader, [KEY] if opened else [], checked, urls=urls)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "ledger" / "ledger.db")


def test_a_report_names_no_url_and_no_site_without_counsels_key(path: Path) -> None:
    """Not even with the key on hand, unless URLs are asked for."""
    for text in (page(path), page(path, opened=True)):
        assert not re.search(r"pictogram\.test|vidriver\.test|shop\.test", text)
    assert "faces" not in page(path)


def test_urls_are_there_with_counsels_key_and_escaped(path: Path) -> None:
    """A URL is somebody else's text: it never becomes part of the page."""
    text = page(path, opened=True, urls=True)
    assert "https://pictogram.test/&lt;script&gt;" in text
    assert "<script>alert" not in text
    assert "as confidential as that key" in text


def test_it_says_how_far_the_record_can_be_believed(path: Path) -> None:
    """Three answers and their limits, and never `verified`."""
    text = page(path)
    assert "Intact: <strong>yes" in text
    assert "Complete: <strong>yes" in text
    assert "Anchored: <strong>not anchored" in text
    assert "verified" not in text


def test_observation_is_said_first(path: Path) -> None:
    """What was let through to observe stands above all figures."""
    text = page(path)
    assert text.index('<p class="note">observation: DESIST_OBSERVE_UNTIL') < text.index("requests permitted</li>")


def test_rules_show_their_clause_and_robots_its_line(path: Path) -> None:
    """`vidriver-tos-2025-11:4.2` is a document and a clause."""
    text = page(path)
    assert "<td>vidriver-tos-2025-11</td><td>4.2</td>" in text
    assert "<td>robots.txt</td><td>line 2</td>" in text


def test_it_may_load_nothing(path: Path) -> None:
    """Its own policy forbids every source; nothing in it names one."""
    text = page(path)
    assert text.startswith(MARK)
    assert "default-src &#39;none&#39;" in text
    assert not re.search(r"""(?:src|href)=["'](?!#)|url\(|@import""", text)


class _Labels(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.used: list[str] = []
        self.bare: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += filter(None, [given.get("id")])
        for name in ("aria-labelledby", "aria-controls"):
            self.used += (given.get(name) or "").split()
        if tag == "th" and "scope" not in given:
            self.bare.append(tag)
        named = given.get("role") == "group" and given.get("aria-labelledby")
        if tag == "svg" and not named and given.get("aria-hidden") != "true":
            self.bare.append(tag)


def test_every_chart_and_table_is_labelled(path: Path) -> None:
    """Charts have a title and a description, heads a scope, and every label exists exactly once."""
    labels = _Labels()
    labels.feed(page(path))
    assert not labels.bare
    assert len(labels.ids) == len(set(labels.ids))
    assert set(labels.used) <= set(labels.ids)


def test_its_size_follows_rules_and_not_refusals(tmp_path: Path) -> None:
    """Refusals by one rule are one row; of very many rules the commonest are shown and the others added up."""
    path = tmp_path / "ledger" / "ledger.db"
    with Ledger.open(path, revision="ab" * 32) as crawl:
        refusal = {"platforms": ["pictogram"], "basis": "robots", "docket": NOTICE, "gate": "early"}
        crawl.append_all([("refuse", {**refusal, "rule": "robots.txt:7"}) for _ in range(3_000)]).result(60)
        crawl.append_all([("refuse", {**refusal, "rule": f"robots.txt:{n}"}) for n in range(8, 1_208)]).result(60)
    text = page(path)
    assert len(text) < 400_000
    assert "The 1,000 commonest of 1,201 rows; the others add up to 201 requests." in text
    assert '<td class="number">3,000</td>' in text


def test_a_ledger_without_a_crawl_is_a_page_too(tmp_path: Path) -> None:
    """Nothing refused, nothing fetched, no notice."""
    path = tmp_path / "ledger" / "ledger.db"
    Ledger.open(path, role="reader").close()
    assert "None on record." in page(path)
