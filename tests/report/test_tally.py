"""Counts of a ledger: by platform, rule, stage, spider and time, and around each notice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from desist.ledger.opener import Opener
from desist.ledger.query import Reader
from desist.report.docket import dockets
from desist.report.tally import NO_POLICY, SEALED, Pair, Tally, spans, tally

from .sample import KEY, NOTICE, write


def count(path: Path, openers: Sequence[Opener] = (), *, urls: bool = False) -> Tally:
    """The tally of the sample."""
    with Reader(path) as reader:
        times = [read.entry.t for read in reader.entries()]
        return tally(reader, openers, dockets(reader, openers), (times[0], times[-1]), urls=urls)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "ledger" / "ledger.db")


def test_requests_are_counted_and_not_entries(path: Path) -> None:
    """A purge takes ten requests out of the queue in one entry."""
    counts = count(path)
    assert counts.total == Pair(4, 13)
    assert counts.bases == {"notice": 11, "terms": 1, "robots": 1}
    assert counts.platforms == {"pictogram": Pair(3, 11), "vidriver": Pair(0, 1), NO_POLICY: Pair(1, 1)}


def test_spiders_are_sealed_to_counsel(path: Path) -> None:
    """Names of spiders stand in sealed details."""
    assert set(count(path).spiders) == {SEALED}
    assert count(path, [KEY]).spiders == {"faces": Pair(4, 11), "texts": Pair(0, 2)}


def test_urls_are_counted_only_where_asked_for(path: Path) -> None:
    """Counsel's key alone does not put URLs on a page."""
    assert not count(path, [KEY]).urls
    assert not count(path, urls=True).urls
    urls = count(path, [KEY], urls=True).urls
    assert {row.url: number for row, number in urls.items()}["https://pictogram.test/queued"] == 10


def test_a_docket_that_names_a_site_is_sealed(path: Path) -> None:
    """robots.txt of a site that no policy names is filed under a tag."""
    (cell,) = [cell for cell in count(path).cells if cell.basis == "robots"]
    assert (cell.docket, cell.platforms) == (SEALED, NO_POLICY)


def test_before_and_after_a_notice_never_share_a_bin(path: Path) -> None:
    """Permits stand before bin 0 and refusals under the notice in it or after, however wide a bin is."""
    counts = count(path)
    bins = counts.around[NOTICE]
    assert sum(pair.permitted for place, pair in bins.items() if place < 0) == 3
    assert sum(pair.refused for place, pair in bins.items() if place >= 0) == 11
    assert not any(pair.refused for place, pair in bins.items() if place < 0)


@pytest.mark.parametrize("seconds", [0, 1, 7, 3600, 86_400 * 400])
def test_time_is_cut_into_at_most_72_round_bins(seconds: int) -> None:
    """The step grows with the ledger."""
    step = spans(0, seconds * 1_000_000)
    assert seconds * 1_000_000 / step <= 72
