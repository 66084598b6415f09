"""Dates: force, knowledge, the history of a status, orders that limit."""

from __future__ import annotations

import pytest

from desist.decide import decide
from desist.errors import PolicyError
from desist.policy import PolicySet
from desist.policy.compile import compile_documents
from desist.policy.load import read_documents
from desist.policy.policyset import make_image
from desist.policy.snapshot import image_of

from .documents import NOTICE, NOW, PLATFORM, SITE, policies


@pytest.mark.parametrize(
    ("at", "effect"),
    [
        ("2026-01-05T09:29:59.999999Z", "allow"),
        ("2026-01-05T09:30:00Z", "refuse"),
        ("2030-01-01", "refuse"),
    ],
)
def test_force_starts_at_the_moment_of_receipt(at: str, effect: str) -> None:
    """To the microsecond."""
    assert effect == decide(policies(PLATFORM, NOTICE), SITE, at=at).effect


def test_a_date_alone_means_midnight_in_the_earliest_zone() -> None:
    """2026-01-05 begins at 10:00 UTC of the day before (UTC+14)."""
    rules = policies(PLATFORM, NOTICE.replace("2026-01-05T09:30:00Z", "2026-01-05"))
    assert [decide(rules, SITE, at=f"2026-01-04T{t}Z").effect for t in ("09:59:59", "10:00:00")] == ["allow", "refuse"]


def test_what_was_not_on_file_is_not_known() -> None:
    """`known_at` replays what was known, `at` what held."""
    rules = policies(PLATFORM, NOTICE + "entered_at: 2026-03-01T00:00:00Z\n")
    assert decide(rules, SITE, at=NOW, known_at="2026-02-01").effect == "allow"
    assert decide(rules, SITE, at="2026-02-01").effect == "refuse"


HISTORY = """
status_history:
  - {at: 2026-03-01T00:00:00Z, status: withdrawn, by: [A. Adams, B. Brown], document_sha256: "%s"}
  - {at: 2026-05-01T00:00:00Z, status: in_force}
""" % ("cd" * 32)


@pytest.mark.parametrize(
    ("at", "effect"), [("2026-02-01", "refuse"), ("2026-04-01", "allow"), ("2026-06-01", "refuse")]
)
def test_a_status_holds_from_its_moment_to_the_next(at: str, effect: str) -> None:
    """Withdrawal ends, return to force restores, nothing is retroactive."""
    assert effect == decide(policies(PLATFORM, NOTICE + HISTORY), SITE, at=at).effect


def test_a_withdrawal_without_two_names_withdraws_nothing() -> None:
    """Less is refused only on a document and two names."""
    alone = HISTORY.replace("by: [A. Adams, B. Brown]", "by: [A. Adams]")
    with pytest.raises(PolicyError):
        policies(PLATFORM, NOTICE + alone)
    loaded = read_documents({"p.yaml": PLATFORM.encode(), "n.yaml": (NOTICE + alone).encode()})
    image = make_image(compile_documents(loaded), "r", documents=2)
    assert decide(PolicySet(image_of(image)), SITE, at="2026-04-01").effect == "refuse"


LIMITS = """
limits:
  - {order: injunction, effect: suspends, from: 2026-02-01T00:00:00Z, until: 2026-04-01T00:00:00Z,
     by: [A. Adams, B. Brown], document_sha256: "%s", scope: {paths: [/public/]}}
""" % ("cd" * 32)


@pytest.mark.parametrize(
    ("path", "at", "effect"),
    [
        ("/public/a", "2026-03-01", "allow"),
        ("/private", "2026-03-01", "refuse"),
        ("/public/../private", "2026-03-01", "refuse"),
        ("/public/a", "2026-01-10", "refuse"),
        ("/public/a", "2026-05-01", "refuse"),
    ],
)
def test_an_order_suspends_a_part_for_a_time(path: str, at: str, effect: str) -> None:
    """As in hiQ: public pages only, while the injunction ran; every reading of the path must be spared."""
    assert effect == decide(policies(PLATFORM, NOTICE + LIMITS), f"https://pictogram.test{path}", at=at).effect


def test_what_a_url_cannot_tell_spares_nothing() -> None:
    """A suspension for pages of some kind of visibility lifts nothing, since no URL shows it."""
    limits = LIMITS.replace("{paths: [/public/]}", "{visibility: public}")
    assert decide(policies(PLATFORM, NOTICE + limits), SITE, at="2026-03-01").effect == "refuse"


def test_narrowing_never_widens() -> None:
    """A status `narrowed` to a path leaves the notice's own purposes as they are."""
    notice = (
        NOTICE
        + "scope: {purposes: [train-ai]}\n"
        + HISTORY.replace("withdrawn", "narrowed, scope: {paths: [/faces]}").replace(
            "  - {at: 2026-05-01T00:00:00Z, status: in_force}\n", ""
        )
    )
    rules = policies(PLATFORM, notice)
    faces = "https://pictogram.test/faces/1"
    assert decide(rules, faces, at=NOW, purposes=["train-ai"]).effect == "refuse"
    assert decide(rules, faces, at=NOW, purposes=["index"]).effect == "allow"
    assert decide(rules, SITE, at=NOW, purposes=["train-ai"]).effect == "allow"


def test_the_answer_changes_when_the_clock_passes_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remembered answer is good until something of the platform changes, also for a host asked often."""
    rules = policies(PLATFORM, NOTICE.replace("2026-01-05T09:30:00Z", "2199-01-01T00:00:00Z"))
    assert [decide(rules, SITE).effect for _ in range(3)] == ["allow"] * 3
    monkeypatch.setattr("desist.decide.judge.time_ns", lambda: 7_300_000_000 * 10**9)
    assert decide(rules, SITE).effect == "refuse"
