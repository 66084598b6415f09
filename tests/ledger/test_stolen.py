"""What a thief of the ledger's files learns: no URL, no host, no token, no operator, no spider."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest

from desist.errors import EvidenceError, LedgerLost
from desist.ledger import store
from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener
from desist.ledger.query import Reader
from desist.ledger.verify import verify

from .sample import KEY, rows

SECRETS = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "s3cr3tpass",
    "ab12cd34ef56ab78cd90",
)
NAMES = (
    "Example Crawls Ltd",
    "facespider",
    "other-spider",
    "kitchen.test",
    "recipes",
    "person@mail.test",
    "pictogram.test",
    "alice",
)
ENTRIES = 300
SEED = 1
"""With this order SQLite, were rows deleted, would leave a copy in the unused space of a page."""


def write(path: Path, key: Opener) -> Ledger:
    """A session that is still open, so that its log is there to be stolen too."""
    ledger = Ledger.open(
        path,
        revision="ab" * 32,
        operator=NAMES[0],
        spider=NAMES[1],
        counsel_key=key.counsel,
        details={"spiders": ["facespider", "other-spider"]},
    )
    for number in range(ENTRIES):
        url = f"https://user:{SECRETS[1]}@www.kitchen.test/recipes/{number}?token={SECRETS[0]}&id={SECRETS[2]}&to=person@mail.test"
        ledger.append(
            "permit", domain="kitchen.test", docket="robots:https://www.kitchen.test:443", details={"url": url}
        )
        refusal = {"url": f"https://pictogram.test/alice/{number}", "referrer": url}
        ledger.append("refuse", platforms=["pictogram"], rule="kitchen.test/robots.txt:4", details=refusal)
    ledger.record("read", details={"who": "alice", "why": "person@mail.test asked"})
    return ledger


def octets(folder: Path) -> bytes:
    """Everything in the folder."""
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_stolen_ledger_names_nobody(tmp_path: Path) -> None:
    """File, log and all: nothing that went in can be found by looking; platforms that policies name aside."""
    ledger = write(tmp_path / "ledger" / "ledger.db", KEY)
    while_open = octets(tmp_path / "ledger")
    assert (tmp_path / "ledger" / "ledger.db-wal").stat().st_size > 0
    ledger.close()
    for stolen in (while_open, octets(tmp_path / "ledger")):
        assert b'"pictogram"' in stolen
        assert [word for word in (*SECRETS, *NAMES) if word.encode() in stolen] == []


def test_counsels_key_opens_it_all(tmp_path: Path) -> None:
    """Every URL is there for counsel, secrets struck, and matches what its entry committed to."""
    write(tmp_path / "ledger" / "ledger.db", KEY).close()
    with Reader(tmp_path / "ledger" / "ledger.db") as reader:
        details = [read.details for read in reader.entries([KEY]) if read.details]
    urls = [detail["url"] for detail in details if "url" in detail]
    assert urls[2] == "https://[struck]@www.kitchen.test/recipes/1?token=[struck]&id=[struck]&to=[struck]"
    assert len(urls) == ENTRIES * 2
    assert details[0]["operator"] == NAMES[0]
    assert not [word for word in SECRETS if word in str(details)]
    assert details[1]["docket"] == "robots:https://www.kitchen.test:443"


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    """A key that nobody sealed to reads the public leaves and no more."""
    write(tmp_path / "ledger" / "ledger.db", KEY).close()
    with Reader(tmp_path / "ledger" / "ledger.db") as reader:
        assert not [read for read in reader.entries([Opener.generate()]) if read.details]


def test_a_box_opens_for_its_own_entry_only(tmp_path: Path) -> None:
    """Sealed details that are moved to another entry do not open there."""
    write(tmp_path / "ledger" / "ledger.db", KEY).close()
    db = apsw.Connection(str(tmp_path / "ledger" / "ledger.db"))
    db.execute("UPDATE detail SET box = (SELECT box FROM detail WHERE seq = 5) WHERE seq = 7")
    db.close()
    misfit = pytest.raises(EvidenceError, match="do not open with this key for this entry")
    with Reader(tmp_path / "ledger" / "ledger.db") as reader, misfit:
        list(reader.entries([KEY]))


def test_tags_of_two_sessions_differ(tmp_path: Path) -> None:
    """A platform that no policy names cannot be followed from session to session without counsel's key."""
    path = tmp_path / "ledger" / "ledger.db"
    for _ in range(2):
        write(path, KEY).close()
    with Reader(path) as reader:
        tags = {
            (read.entry.w, name) for read in reader.entries() for name in read.entry.platforms if name != "pictogram"
        }
        assert len({name for _, name in tags}) == 2
        assert {reader.tag([KEY], w, "kitchen.test") for w, _ in tags} == {name for _, name in tags}


def test_erasing_leaves_hashes_and_no_residue(tmp_path: Path) -> None:
    """After `redact` the boxes are nowhere in the file or its log, and every hash is as it was."""
    path = tmp_path / "ledger" / "ledger.db"
    write(path, KEY).close()
    before = rows(path)
    with Reader(path) as reader:
        kept = reader.kept()
        boxes = dict(reader._db.execute("SELECT seq, box FROM detail"))
    gone = kept[3::2]
    with Ledger.open(path, role="redactor", counsel_key=KEY.counsel) as ledger:
        ledger.erase(gone, details={"who": "counsel", "why": "asked"})
        left = octets(tmp_path / "ledger")
        assert [seq for seq in gone if boxes[seq][:24] in left or boxes[seq][-24:] in left] == []
        assert [seq for seq in kept if seq not in gone and boxes[seq] not in left] == []
    assert rows(path)[: len(before)] == before
    with Reader(path) as reader:
        result = verify(reader.rows(), boxes=reader.boxes())
        assert (result.complete, result.erased) == (True, len(gone))


def test_without_a_key_details_are_not_kept(tmp_path: Path) -> None:
    """No counsel's key, no details: not in the clear, not at all."""
    path = tmp_path / "ledger" / "ledger.db"
    with Ledger.open(path, operator="Example Crawls", spider="faces") as ledger:
        ledger.record("permit", domain="kitchen.test", details={"url": "https://kitchen.test/"})
    with Reader(path) as reader:
        assert reader.boxes() == 0
        assert [read.entry.facts["sealed_to"] for read in reader.entries() if read.entry.k == "open"] == ["nobody"]
    assert b"kitchen" not in octets(tmp_path / "ledger")


def test_erasing_again_and_again_leaves_no_residue(tmp_path: Path) -> None:
    """Boxes of all lengths, erased in any order, some at a time: also no copy in the unused space of a page."""
    path, chance = tmp_path / "ledger" / "ledger.db", random.Random(SEED)
    with Ledger.open(path, counsel_key=KEY.counsel) as ledger:
        for _ in range(1500):
            ledger.append("permit", details={"text": "a" * chance.choice([1, 20, 300, 2000])})
    with Reader(path) as reader:
        boxes = dict(reader._db.execute("SELECT seq, box FROM detail"))
    order = list(boxes)
    chance.shuffle(order)
    gone = order[:750]
    with Ledger.open(path, counsel_key=KEY.counsel) as ledger:
        for start in range(0, 750, 150):
            ledger.erase(gone[start : start + 150], details={"why": "asked"})
    left = octets(tmp_path / "ledger")
    starts = ((seq, boxes[seq], place) for seq in gone for place in (0, len(boxes[seq]) // 2, len(boxes[seq]) - 16))
    assert [seq for seq, box, place in starts if box[place : place + 16] in left] == []


def test_a_reader_keeps_what_is_erased_no_longer_than_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Crawls write on while it is in the way; once it is gone the next erasure, be it of nothing, leaves no residue."""
    path = tmp_path / "ledger" / "ledger.db"
    crawl = write(path, KEY)
    with Reader(path) as reader:
        kept = reader.kept()
        boxes = dict(reader._db.execute("SELECT seq, box FROM detail"))
    reading = apsw.Connection(str(path))
    reading.execute("BEGIN; SELECT count(*) FROM detail")
    tries: list[int] = []
    monkeypatch.setattr(store, "_SCRUBS", 3)
    meanwhile = SimpleNamespace(sleep=lambda _: tries.append(crawl.record("permit", domain="shop.test").n))
    monkeypatch.setattr(store, "time", meanwhile)
    with (
        Ledger.open(path, role="redactor", counsel_key=KEY.counsel) as ledger,
        pytest.raises(LedgerLost, match="a reader keeps erased details"),
    ):
        ledger.erase(kept, details={"why": "asked"})
    assert len(tries) == 3
    reading.close()
    with Ledger.open(path, role="redactor", counsel_key=KEY.counsel) as ledger:
        ledger.erase([], details={"why": "asked again"})
        left = octets(tmp_path / "ledger")
    crawl.close()
    assert [seq for seq in kept if boxes[seq][:24] in left or boxes[seq][-24:] in left] == []
