"""The schema: the design's own examples are accepted as they are, and force follows the time rule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desist.model import ALL_PURPOSES, Purpose
from desist.policy.assemble import set_of
from desist.policy.documents import Notice, Permission, Terms
from desist.policy.lint import lint
from desist.policy.load import read_documents
from desist.policy.when import BEGINNING

PLATFORM = b"""\
platform: pictogram
name: Pictogram
hosts:
  - pictogram.test                                   # this name and all below it
  - {host: pictogram.cdn.test, match: exact, role: cdn}
addresses: [203.0.113.0/29, "fd00::66/128"]         # optional: the platform's own networks
"""
NOTICE = b"""\
notice: 2026-01-pictogram
instrument: cease_and_desist
sender: Pictogram, Inc.
recipient: Example Crawls Ltd
platforms: [pictogram]
received_at: 2026-01-05T09:30:00Z
crawl_effect: block            # block | restrict | none: a letter about marketing need not be a crawl ban
"""
TERMS = b"""\
terms: pictogram-tos-2025-11
platform: pictogram
document: Terms of Service
effective_from: 2025-11-01
sha256: 5c1e...                # of the recorded text; the text itself is not kept here
clauses:
  - {topic: automated_access, effect: forbids, section: "4.2", summary: Automated collection needs written consent.}
"""


def test_the_minimal_documents_are_accepted_as_they_are() -> None:
    """No finding at all, warnings included."""
    loaded = read_documents({"p.yaml": PLATFORM, "n.yaml": NOTICE, "t.yaml": TERMS})
    assert lint(loaded) == []
    assert [e.doc.key for e in loaded.documents] == ["pictogram", "2026-01-pictogram", "pictogram-tos-2025-11"]


def test_a_scalar_is_short_for_a_mapping() -> None:
    """`sender: X` means `sender: {name: X}`, a bare host means a suffix rule for a site."""
    loaded = read_documents({"p.yaml": PLATFORM, "n.yaml": NOTICE})
    rule = loaded.platforms[0].doc.hosts[0]
    assert (rule.host, rule.match, rule.role) == ("pictogram.test", "suffix", "site")
    sender = loaded.notices[0].doc.sender
    assert sender is not None
    assert sender.name == "Pictogram, Inc."


def notice(**fields: Any) -> Notice:
    return Notice.model_validate(
        {"notice": "letter", "instrument": "cease_and_desist", "platforms": "pictogram", **fields}
    )


def test_a_notice_is_ours_and_blocks_unless_it_says_otherwise() -> None:
    """Silence never loosens."""
    letter = notice()
    assert (letter.addressed_to, letter.crawl_effect, letter.scope.purposes) == ("us", "block", ALL_PURPOSES)


def test_force_starts_at_receipt_never_at_a_deadline() -> None:
    """A reply-by or comply-by date is recorded and not waited for."""
    letter = notice(received_at="2026-01-05T09:30:00Z", dates={"comply_by": "2026-02-05", "reply_due": "2026-02-01"})
    assert letter.force == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert not letter.assumed


def test_without_receipt_force_is_the_earliest_that_the_dates_allow_and_marked() -> None:
    """The reported notices of 2020 name a day of sending only, some two."""
    letter = notice(dates={"sent": "2020-02-05", "alternative": "2020-02-04", "reported": "2020-02-06"})
    assert letter.force == datetime(2020, 2, 3, 10, tzinfo=UTC)
    assert letter.assumed


def test_an_earlier_time_that_the_letter_names_counts() -> None:
    """`effective_at` before receipt moves force forward, a later one does not delay it."""
    early = notice(received_at="2026-01-05T09:30:00Z", effective_at="2025-12-01T00:00:00Z")
    late = notice(received_at="2026-01-05T09:30:00Z", effective_at="2026-03-01T00:00:00Z")
    assert (early.force.month, late.force.month) == (12, 1)


def test_a_notice_without_any_date_is_in_force_since_ever() -> None:
    """What is unknown refuses."""
    assert notice().force == BEGINNING


WITHDRAWN = {"at": "2026-03-01T12:00:00Z", "status": "withdrawn"}
BACKED = {"by": ["A. Jones", "B. Smith"], "document_sha256": "cd" * 32}


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (WITHDRAWN, False),
        ({**WITHDRAWN, **BACKED}, True),
        ({**WITHDRAWN, **BACKED, "by": ["A. Jones"]}, False),
        ({**WITHDRAWN, **BACKED, "by": ["A. Jones", "a. jones"]}, False),
        ({**WITHDRAWN, "by": BACKED["by"]}, False),
        ({"at": "2026-03-01T12:00:00Z", "status": "in_force"}, True),
    ],
)
def test_withdrawal_needs_a_document_and_two_names(change: dict[str, Any], counts: bool) -> None:
    """Anything less changes nothing; coming back into force needs neither."""
    assert bool(notice(status_history=[change]).changes) is counts


def test_a_letter_to_somebody_else_may_be_withdrawn_on_a_source() -> None:
    """We hold no paper of theirs; a named source stands in for it."""
    change = {**WITHDRAWN, "sources": ["9th Cir. 2022-04-18"]}
    assert notice(addressed_to="other", status_history=[change]).changes
    assert not notice(addressed_to="other", status_history=[WITHDRAWN]).changes
    assert not notice(status_history=[change]).changes


def test_withdrawal_is_never_retroactive() -> None:
    """It counts from its own entry, however early it is dated."""
    change = {**WITHDRAWN, **BACKED, "entered_at": "2026-03-05T08:00:00Z"}
    assert notice(status_history=[change]).changes[0].force == datetime(2026, 3, 5, 8, tzinfo=UTC)


def test_terms_begin_with_the_earliest_date_known_and_end_with_the_latest() -> None:
    """A recording date is an assumption, and is marked as one."""
    base = {"terms": "tos", "platform": "pictogram", "document": "Terms"}
    recorded = Terms.model_validate({**base, "recorded_at": "2025-11-02", "effective_until": "2026-01-01"})
    assert (recorded.force, recorded.assumed) == (datetime(2025, 11, 1, 10, tzinfo=UTC), True)
    assert recorded.end == datetime(2026, 1, 2, 12, tzinfo=UTC)


PERMISSION = {
    "permission": "consent",
    "platform": "pictogram",
    "instrument": "written_consent",
    "overrides": ["letter"],
    "purposes": ["research"],
    "from": "2026-02-01",
    "until": "2026-12-31",
    "document_sha256": "ab" * 32,
    "approved_by": ["A. Jones", "B. Smith"],
}


def test_a_permission_begins_late_and_ends_early() -> None:
    """The day that it ends on is included, as counted in the earliest zone."""
    consent = Permission.model_validate(PERMISSION)
    assert consent.helps
    assert consent.purposes == {Purpose.RESEARCH}
    assert consent.force == datetime(2026, 2, 1, 12, tzinfo=UTC)
    assert consent.end == datetime(2026, 12, 31, 10, tzinfo=UTC)


@pytest.mark.parametrize("missing", ["overrides", "purposes", "from", "document_sha256", "approved_by"])
def test_a_permission_that_lacks_something_lifts_nothing(missing: str) -> None:
    """Silence lifts nothing."""
    assert not Permission.model_validate({k: v for k, v in PERMISSION.items() if k != missing}).helps


def test_somebody_elses_permission_never_helps_us() -> None:
    """Reddit's licence to another firm is no leave for us."""
    assert not Permission.model_validate({**PERMISSION, "addressed_to": "other"}).helps


def test_revocation_ends_a_permission() -> None:
    """The earlier of `until` and `revoked_at` counts."""
    revoked = Permission.model_validate({**PERMISSION, "revoked_at": "2026-05-01T00:00:00Z"})
    assert revoked.end == datetime(2026, 5, 1, tzinfo=UTC)


ODD = b"""\
---
  - {
scope: {purposes: [x], paths: /}
hosts: all
hosts: [co.uk, a.test]
limits: [{order: o, effect: suspends, from: 2020}]
supersedes: x
permission: p
from: 2020/2019
status_history: [{at: 2020, status: withdrawn}]
platforms: []
? x
overrides: [x]
purposes: any
sources: [a, {name: b}]
received_at: {a: b}
platform: [a]
"""
SNIPPETS = b"".join((PLATFORM, NOTICE, TERMS, ODD)).splitlines()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(SNIPPETS), st.binary(max_size=8)), max_size=14))
def test_whatever_a_file_holds_it_is_documents_or_findings(lines: list[bytes]) -> None:
    """Lines of real documents in any order, and rubbish: never an exception, and a broken file is never forgotten."""
    loaded = read_documents({"x.yaml": b"\n".join(lines)})
    found = lint(loaded)
    assert all(d.place.file == "x.yaml" and d.place.line and d.message for d in found)
    assert ("x.yaml" in loaded.broken) == any(d.severity == "error" for d in loaded.diagnostics)
    assert loaded.documents or loaded.broken
    set_of(loaded)
