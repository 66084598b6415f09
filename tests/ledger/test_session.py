"""What a session makes of an entry before it is written."""

from __future__ import annotations

import time

import pytest

from desist.ledger.entry import decode
from desist.ledger.opener import Opener
from desist.ledger.session import Session
from desist.ledger.store import ZERO

KEY = Opener.generate()


def test_counters_stand_for_each_platform_and_outcome() -> None:
    """Permitted and refused, this entry included, for every platform that an entry names; other kinds count nothing."""
    session = Session(None, ZERO)
    kinds = ("permit", "refuse", "refuse", "outcome")
    entries = [decode(session.make(kind, {"platforms": ["b", "a"]})[0].leaf) for kind in kinds]
    assert [entry.platforms for entry in entries] == [{"a": n, "b": n} for n in [(1, 0), (1, 1), (1, 2), (1, 2)]]


def test_a_revision_is_spoken_of_by_number() -> None:
    """1 for the first that is announced, 2 for the next; an earlier one can still be named, and is not renumbered."""
    session = Session(None, ZERO)
    for revision in ("aa", "bb"):
        session.make("policy", {"revision": revision})
    numbers = [decode(session.make("permit", {"revision": revision})[0].leaf).rev for revision in ("aa", "bb")]
    assert numbers == [1, 2]
    assert decode(session.make("permit")[0].leaf).rev == 2
    session.make("policy", {"revision": "aa"})
    assert decode(session.make("permit")[0].leaf).rev == 1


def test_an_entry_that_does_not_fit_changes_nothing() -> None:
    """Number, link and counters go on as if it had never been asked for."""
    session = Session(None, ZERO)
    session.make("open")
    before = session.point
    for fields in (
        {"platforms": ["Shop Test"]},
        {"facts": {"x": "a/b"}},
        {"revision": "unknown"},
        {"platforms": ["a", "b/c"]},
    ):
        with pytest.raises((ValueError, KeyError)):
            session.make("permit", fields)  # type: ignore[arg-type]
    assert session.point == before
    assert decode(session.make("permit", {"platforms": ["a"]})[0].leaf).platforms == {"a": (1, 0)}


def test_a_data_key_seals_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """After that a new one is wrapped: with the machine in hand, a thief reads the current hour and nothing earlier."""
    session = Session(KEY.counsel, ZERO)
    first = session.make("permit", {"details": {"url": "https://shop.test/1"}})[0]
    again = session.make("permit", {"details": {"url": "https://shop.test/2"}})[0]
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3601)
    later = session.make("permit", {"details": {"url": "https://shop.test/3"}})[0]
    assert first.sealer is again.sealer
    assert later.sealer is not first.sealer
    for row, number in ((first, 1), (later, 3)):
        assert row.sealer is not None
        assert row.box is not None
        opened = KEY.open(session.w, row.sealer.wrapped, row.hash, row.box)
        assert opened.details == {"url": f"https://shop.test/{number}"}
        assert opened.holds(decode(row.leaf).c)


def test_the_same_details_look_different_each_time() -> None:
    """Commitments are salted and boxes have fresh nonces: equal URLs cannot be told to be equal."""
    session = Session(KEY.counsel, ZERO)
    rows = [session.make("permit", {"details": {"url": "https://shop.test/"}})[0] for _ in range(2)]
    first, second = (decode(row.leaf).c for row in rows)
    assert not set(first.values()) & set(second.values())
    assert rows[0].box != rows[1].box


def test_what_was_masked_is_named_in_the_leaf() -> None:
    """By kind, without saying what it was."""
    session = Session(KEY.counsel, ZERO)
    row, _ = session.make("permit", {"details": {"url": "https://a:b@shop.test/?token=abc"}})
    assert decode(row.leaf).masked == ("parameter", "userinfo")


def test_details_of_any_shape_are_kept() -> None:
    """Lone surrogates, objects that are no JSON, deep lists: nothing that a crawler meets stops the record."""
    session = Session(KEY.counsel, ZERO)
    row, _ = session.make("permit", {"details": {"url": "https://shop.test/\ud800", "other": object(), "n": [1, [2]]}})
    assert row.box is not None
    assert row.sealer is not None
    assert KEY.open(session.w, row.sealer.wrapped, row.hash, row.box).holds(decode(row.leaf).c)


def test_a_notices_id_stands_in_the_clear() -> None:
    """Policies name it, so it may look like a host; before it is entered it would stand under a tag."""
    session = Session(None, ZERO)
    fields = {"docket": "2026-shop.test", "rule": "2026-shop.test#1"}
    assert decode(session.make("refuse", fields)[0].leaf).docket.startswith("~")  # type: ignore[arg-type]
    session.make("notice", {"docket": "2026-shop.test"})
    entry = decode(session.make("refuse", fields)[0].leaf)  # type: ignore[arg-type]
    assert (entry.docket, entry.rule) == ("2026-shop.test", "2026-shop.test#1")


def test_a_platform_that_is_named_twice_is_counted_once() -> None:
    """The counters are of requests."""
    row, _ = Session(None, ZERO).make("refuse", {"platforms": ["pictogram", "pictogram"]})
    assert decode(row.leaf).platforms == {"pictogram": (0, 1)}


def test_close_repeats_the_counters_of_named_platforms() -> None:
    """So that the end of a session alone shows what it did until then; tags of unnamed ones are not repeated."""
    session = Session(None, ZERO)
    for kind, fields in (
        ("permit", {"platforms": ["a"]}),
        ("refuse", {"platforms": ["b"]}),
        ("permit", {"domain": "c.test"}),
    ):
        session.make(kind, fields)  # type: ignore[arg-type]
    assert decode(session.make("close")[0].leaf).platforms == {"a": (1, 0), "b": (0, 1)}


def test_close_is_silent_where_its_counters_may_not_be_on_record() -> None:
    """After entries that were never written, and where there are so many that the entry might not fit."""
    session = Session(None, ZERO)
    point = session.point
    session.make("permit", {"platforms": ["a"]})
    session.rewind(point)
    assert decode(session.make("close")[0].leaf).platforms == {}
    busy = Session(None, ZERO)
    for number in range(401):
        busy.make("refuse", {"platforms": [f"p{number}"]})
    assert decode(busy.make("close")[0].leaf).platforms == {}


def test_what_a_site_is_known_by_is_a_detail_where_no_policy_names_it() -> None:
    """The hash of a public file names its site to whoever fetches it; beside a platform that is named it stands."""
    session = Session(KEY.counsel, ZERO)
    facts = {"robots": "0b" * 32, "line": 3}
    row, _ = session.make("permit", {"domain": "shop.test", "facts": facts})
    assert decode(row.leaf).facts == {"line": 3}
    assert row.box is not None
    assert row.sealer is not None
    assert KEY.open(session.w, row.sealer.wrapped, row.hash, row.box).details == {"robots": "0b" * 32}
    row, _ = session.make("permit", {"platforms": ["pictogram"], "facts": facts})
    assert decode(row.leaf).facts == facts
