"""What a session puts on record of the notices that it holds: before its first permit, and with their true state."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desist.enforce.notices import Notices
from desist.ledger.entry import Entry
from desist.ledger.ledger import Ledger
from desist.ledger.query import Reader
from desist.policy.policyset import PolicySet
from desist.report.docket import SessionFacts, dockets
from desist.testing.fixtures import Crawler, PolicyFolder, TestLedger, Webs
from desist.testing.ready import OPEN_ROBOTS, platform_with_notice
from desist.testing.site import Site

PLATFORM = "platform: zed\nname: Zed\nhosts: [zed.test]\n"
LETTER = """notice: 2026-01-zed
instrument: cease_and_desist
sender: Zed
recipient: Example Crawls Ltd
platforms: [zed]
received_at: 2026-01-05T09:00:00Z
"""
WITHDRAWN = """status_history:
  - {at: 2026-02-06, status: withdrawn, by: [A. Counsel, B. Counsel], document_sha256: "%s"}
""" % ("ab" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where it may be made."""
    return tmp_path / "ledger" / "ledger.db"


def policies(folder: Path, letter: str) -> PolicySet:
    """A platform and its letter."""
    folder.mkdir(exist_ok=True)
    (folder / "zed.yaml").write_text(PLATFORM)
    (folder / "letter.yaml").write_text(letter)
    if not letter:
        (folder / "letter.yaml").unlink()
    return PolicySet.load([folder])


def session(path: Path, held: PolicySet, *, others: str = "refuse", entries: int = 0) -> SessionFacts | None:
    """A session that begins with this set, makes so many other entries, and lets one request through; its docket."""
    with Ledger.open(path, revision=held.revision, spider="zeds") as ledger:
        Notices(ledger, others).begin(held)  # type: ignore[arg-type]
        ledger.append_all([("permit", {"domain": "shop.test"})] * entries)
        ledger.record("permit", platforms=["zed"])
        w = ledger.session
    with Reader(path) as reader:
        found = [one for docket in dockets(reader, name="2026-01-zed") for one in docket.sessions if one.w == w]
    return found[0] if found else None


def on_record(path: Path) -> list[Entry]:
    """The notices' entries, in order."""
    with Reader(path) as reader:
        return [read.entry for read in reader.entries() if read.entry.k == "notice"]


def test_what_a_session_starts_with_is_in_force_before_its_first_permit(tmp_path: Path, path: Path) -> None:
    """Nothing that it permits counts as fetched in between."""
    row = session(path, policies(tmp_path / "p", LETTER))
    assert row
    assert (row.in_force > 0, row.idle, row.fetches_between, row.fetches_after, row.fetches_idle) == (True, 0, 0, 1, 0)
    assert len(on_record(path)[0].facts["sha256"]) == 64  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("letter", "others"),
    [
        (LETTER + WITHDRAWN, "refuse"),
        (LETTER + "crawl_effect: none\n", "refuse"),
        (LETTER.replace("2026-01-05T", "2199-01-05T"), "refuse"),
        (LETTER + "addressed_to: other\n", "record"),
    ],
    ids=["withdrawn", "no demand", "not yet", "to another"],
)
def test_a_notice_that_refuses_nothing_is_idle(tmp_path: Path, path: Path, letter: str, others: str) -> None:
    """It is never said to have been in force, and what was fetched meanwhile counts apart."""
    row = session(path, policies(tmp_path / "p", letter), others=others)
    assert row
    assert (row.in_force, row.idle > 0, row.fetches_between, row.fetches_after, row.fetches_idle) == (0, True, 0, 0, 1)


def test_the_clock_changes_what_a_notice_refuses(tmp_path: Path, path: Path) -> None:
    """A letter that takes force while a crawl runs is put on record then, and not before."""
    soon = datetime.fromtimestamp(time.time() + 1, tz=UTC).isoformat()
    held = policies(tmp_path / "p", LETTER.replace("2026-01-05T09:00:00Z", soon))
    with Ledger.open(path) as open_ledger:
        notices = Notices(open_ledger, "refuse")
        notices.begin(held)
        assert not notices.due
        while not notices.due:
            time.sleep(0.01)
        notices.tell(held)
        notices.tell(held)
        assert not notices.due
    assert [entry.facts.get("idle", 0) for entry in on_record(path)] == [1, 0]


def test_a_notice_that_vanished_is_found_behind_any_number_of_entries(
    tmp_path: Path, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the session that obeyed it was long; one that was idle when it went needs no warning."""
    session(path, policies(tmp_path / "p", LETTER), entries=3_000)
    assert not caplog.records
    row = session(path, policies(tmp_path / "p", ""))
    assert row
    assert row.vanished
    assert "`2026-01-zed` was in force in an earlier session and has vanished" in caplog.text
    caplog.clear()
    other = path.with_name("other.db")
    session(other, policies(tmp_path / "p", LETTER + WITHDRAWN))
    session(other, policies(tmp_path / "p", ""))
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("letter.yaml.txt", LETTER, True),
        ("letter.yaml.orig", "# a letter\n" + LETTER, True),
        ("letter.json", '{"notice": "2026-01-zed"}', True),
        ("letter.yml.txt", LETTER.encode("utf-16").decode("latin-1"), True),
        ("readme.txt", "What is in this folder: notices.\n", False),
    ],
)
def test_a_letter_that_is_not_read_is_told_of_at_the_start(
    tmp_path: Path, path: Path, caplog: pytest.LogCaptureFixture, name: str, text: str, told: bool
) -> None:
    """An editor's ending behind the name, and it would be in force nowhere without a word."""
    folder = tmp_path / "p"
    held = policies(folder, "")
    (folder / name).write_text(text, encoding="latin-1")
    with Ledger.open(path) as ledger:
        Notices(ledger, "refuse").begin(held, [folder])
    assert (f"`{folder / name}` is not read as a document" in caplog.text) == told


SPIDER = """
import scrapy
class S(scrapy.Spider):
    name = "s"
    start_urls = [{url!r}]
    def parse(self, response):
        pass
"""


def test_a_crawl_however_short_records_its_notices_first(
    sites: Webs, policy_set: PolicyFolder, ledger: TestLedger, crawl: Crawler
) -> None:
    """Behind `open` and `policy` stand the notices, and only then a permit."""
    web = sites(Site("gazette.test", robots=OPEN_ROBOTS, pages={"/": "page"}), platform_with_notice())
    policy_set.write()
    crawl(SPIDER.format(url=web.url("gazette.test", "/")))
    with Reader(ledger.path) as reader:
        kinds = [read.entry.k for read in reader.entries()]
    assert kinds[:3] == ["open", "policy", "notice"]
    assert kinds.index("permit") > max(place for place, kind in enumerate(kinds) if kind == "notice")
