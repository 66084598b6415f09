"""What statuses keep closed, and for how long."""

from __future__ import annotations

import pytest

from desist.enforce import resting
from desist.enforce.resting import Resting
from desist.optout import read_status


def busy(seconds: int) -> tuple[object, ...]:
    """A 429 that asks for a rest."""
    return tuple(read_status(429, [("Retry-After", str(seconds))], 0.0))


def test_a_shorter_rest_never_ends_a_longer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests were on their way at the same time: the longer answer holds, whichever came last."""
    now = [1000.0]
    monkeypatch.setattr(resting.time, "time", lambda: now[0])
    held = Resting()
    held.add("https://a.test/1", busy(3600))
    held.add("https://a.test/2", busy(1))
    now[0] += 1800
    assert [bool(held.of("https://a.test/3")), bool(held.of("https://b.test/3"))] == [True, False]
    now[0] += 1801
    assert held.of("https://a.test/3") == ()


def test_a_page_is_the_one_that_is_sent() -> None:
    """Fragment, capitals, dot segments and the scheme's own port make no other page; another query does."""
    held = Resting()
    held.add("https://a.test/no?q=1#part", read_status(403, [], 0.0))
    same = ["https://a.test/no?q=1", "https://A.test:443/x/../no?q=1#other"]
    other = ["https://a.test/no", "http://a.test/no?q=1", "https://a.test:444/no?q=1"]
    assert [bool(held.of(url)) for url in (*same, *other)] == [True, True, False, False, False]
    assert held.of_authority("https://a.test/no?q=1") == ()
