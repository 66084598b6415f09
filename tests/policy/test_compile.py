"""Compiling: instants, scopes, sentences and dockets of single documents; the stricter reading where one is unclear."""

from __future__ import annotations

import pytest

from desist.decide import decide
from desist.model import ALL_PURPOSES, Basis, Place, Purpose
from desist.policy import PolicySet
from desist.policy.lint import lint
from desist.policy.load import read_documents
from desist.policy.rules import ALWAYS, NEVER, PlatformRecord, Rule, micros, moment

PLATFORM = "platform: pictogram\nname: Pictogram\nhosts: [pictogram.test]\n"
TERMS = (
    "terms: tos\nplatform: pictogram\ndocument: Terms\neffective_from: 2025-11-01\nsha256: 5c1e...\n"
    "clauses: [{topic: %s, effect: %s, section: '1'%s}]\n"
)


def record(*documents: str) -> PlatformRecord:
    """The one platform of these documents, as it is compiled."""
    files = {f"{number}.yaml": text.encode() for number, text in enumerate((PLATFORM, *documents))}
    held = PolicySet.of(files)
    return held.record(0)


def clause(topic: str, effect: str, more: str = "") -> Rule:
    """The rule of terms with one clause."""
    (rule,) = record(TERMS % (topic, effect, more)).rules
    return rule


@pytest.mark.parametrize(
    ("topic", "purposes"),
    [
        ("automated_access", ALL_PURPOSES),
        ("personal_data", ALL_PURPOSES),
        ("ai_training", {Purpose.TRAIN_AI}),
        ("commercial_reuse", {Purpose.COMMERCIAL_REUSE}),
        ("face_or_biometric", {Purpose.BIOMETRIC}),
        ("caching", {Purpose.ARCHIVE}),
    ],
)
def test_a_topic_speaks_of_its_purposes(topic: str, purposes: set[Purpose]) -> None:
    """What a URL cannot tell (whose data a page shows) is refused whole."""
    rule = clause(topic, "forbids")
    assert (set(purposes), "", Basis.TERMS) == (set(rule.scope.purposes), rule.idle, rule.basis)


@pytest.mark.parametrize(
    ("topic", "effect", "more", "why"),
    [
        ("automated_access", "permits", "", "only a permission does"),
        ("circumvention", "forbids", "", "around a fetch"),
        ("downstream_route", "forbids", "", "around a fetch"),
        ("automated_access", "forbids", ", scope: narrow", "some conduct only"),
        ("automated_access", "conditional", ", conditions: [robots_txt]", "robots.txt"),
    ],
)
def test_clauses_that_refuse_nothing_are_kept_with_the_reason(topic: str, effect: str, more: str, why: str) -> None:
    """For explanations."""
    assert why in clause(topic, effect, more).idle


def test_a_narrow_clause_that_says_its_purposes_refuses_these() -> None:
    """Narrow is what it names."""
    rule = clause("automated_access", "forbids", ", scope: narrow, purposes: [train-ai]")
    assert (rule.idle, rule.scope.purposes) == ("", (Purpose.TRAIN_AI,))


def test_clauses_of_one_section_keep_ids_of_their_own() -> None:
    """Every rule can be named."""
    text = TERMS.partition("clauses")[0] + (
        "clauses:\n  - {topic: automated_access, effect: forbids, section: '1'}\n"
        "  - {topic: ai_training, effect: forbids, section: '1'}\n"
        "  - {topic: ai_training, effect: reserves, section: '1'}\n  - {topic: caching, effect: forbids}\n"
    )
    assert {rule.id for rule in record(text).rules} == {"tos:1", "tos:1:ai_training", "tos:1:ai_training:3", "tos:4"}


def test_places_name_the_clause_and_the_notice() -> None:
    """File, line and column of what refuses."""
    assert clause("automated_access", "forbids").place == Place("1.yaml", 6, 11)


def test_a_later_version_takes_the_place_of_the_one_that_it_supersedes() -> None:
    """From its own start on; the older one can be replayed."""
    old = TERMS % ("automated_access", "forbids", "")
    new = old.replace("terms: tos", "terms: tos2\nsupersedes: [tos]").replace("2025-11-01", "2026-03-01")
    rules = {rule.document: rule for rule in record(old, new).rules}
    (change,) = rules["tos"].life.changes
    assert (rules["tos2"].life.start, "superseded by tos2") == (change.start, change.why)


def test_the_docket_is_the_widest_of_equal_notices_and_terms_come_last() -> None:
    """Ours before others', block before restrict, all purposes before some, more platforms before fewer."""
    notice = (
        "notice: {id}\ninstrument: cease_and_desist\nsender: S\nrecipient: R\nplatforms: [{platforms}]\n"
        "received_at: {at}\n{more}"
    )
    friend = "platform: zfriend\nhosts: [friend.test]\n"
    other = "addressed_to: other\nsources: [s]\n"
    texts = [
        notice.format(id="late", platforms="pictogram", at="2026-02-02", more=other),
        notice.format(id="wide", platforms="pictogram, zfriend", at="2026-01-01", more=other),
        notice.format(id="narrow", platforms="pictogram", at="2026-03-03", more=other + "scope: {purposes: [index]}\n"),
        notice.format(id="ours", platforms="pictogram", at="2026-01-01", more="scope: {purposes: [index]}\n"),
        TERMS % ("automated_access", "forbids", ""),
        friend,
    ]
    order = [filing.document for filing in record(*texts).filings]
    assert order == ["ours", "wide", "late", "narrow", "tos"]


def test_instants_are_exact_whole_microseconds() -> None:
    """And are shown as ISO 8601."""
    from datetime import UTC, datetime

    instant = datetime(2026, 1, 5, 9, 30, 0, 123457, tzinfo=UTC)
    assert moment(micros(instant)) == "2026-01-05T09:30:00.123457Z"
    assert (moment(ALWAYS), moment(NEVER)) == ("always", "never")


NOTICE = """notice: {id}
instrument: {instrument}
sender: P
recipient: us
platforms: [pictogram]
received_at: 2026-01-05T09:30:00Z
{more}"""
WITHDRAWN = "  - {{at: {at}, status: withdrawn, document_sha256: %s, by: [A, B]{more}}}\n" % ("ab" * 32)


@pytest.mark.parametrize(
    ("withdrawn", "entered", "again"),
    [
        ("2026-03-01", "", "2026-03-01"),
        ("2026-03-01", "", "2026-03-02"),
        ("2026-03-01", "", "2026-03-03"),
        ("2026-03-01", ", entered_at: 2026-03-10", "2026-03-05"),
        ("2026-03-01T10:00:00Z", "", "2026-03-01T11:00:00Z"),
    ],
)
def test_a_reinstated_notice_is_in_force_again(withdrawn: str, entered: str, again: str) -> None:
    """Dates alone and late entries make a loosening start after what undid it: the later line holds all the same."""
    lines = WITHDRAWN.format(at=withdrawn, more=entered) + f"  - {{at: {again}, status: in_force}}\n"
    text = NOTICE.format(id="n1", instrument="cease_and_desist", more="status_history:\n" + lines)
    policies = PolicySet.of({"p.yaml": PLATFORM.encode(), "n.yaml": text.encode()})
    assert decide(policies, "https://pictogram.test/", at="2026-06-01").effect == "refuse"
    ended = PolicySet.of({"p.yaml": PLATFORM.encode(), "n.yaml": text.rpartition("  - ")[0].encode()})
    assert decide(ended, "https://pictogram.test/", at="2026-06-01").effect == "allow"


PAPER = f"document_sha256: {'ab' * 32}\n"
TWO = "entered_by: A\napproved_by: [B]\n"


@pytest.mark.parametrize(
    ("name", "more", "effect"),
    [
        ("terms", "terms: t2\nplatform: pictogram\ndocument: T\neffective_from: 2026-02-01\nclauses: []\n", "refuse"),
        ("other", "addressed_to: other\nsources: [s]\ncrawl_effect: none\n", "refuse"),
        ("one name", "crawl_effect: none\nentered_by: A\n" + PAPER, "refuse"),
        ("no paper", "crawl_effect: none\n" + TWO, "refuse"),
        ("both", "crawl_effect: none\n" + TWO + PAPER, "allow"),
    ],
)
def test_only_a_backed_notice_of_its_kind_takes_a_notices_place(name: str, more: str, effect: str) -> None:
    """Neither terms, nor somebody else's letter, nor one without the paper and two names; lint says D048."""
    first = NOTICE.format(id="n1", instrument="cease_and_desist", more="")
    later = more if name == "terms" else NOTICE.format(id="n2", instrument="own_decision", more=more)
    files = {"p.yaml": PLATFORM, "n.yaml": first, "z.yaml": later + "supersedes: [n1]\n"}
    content = {file: text.encode() for file, text in files.items()}
    assert decide(PolicySet.of(content), "https://pictogram.test/", at="2026-06-01").effect == effect
    codes = {finding.code for finding in lint(read_documents(content))}
    assert ("D048" in codes) is (effect == "refuse")


def test_a_withdrawal_that_was_taken_back_before_its_day_never_comes() -> None:
    """A line written later says `in_force` from an earlier date; lint says that the plan has no effect."""
    lines = WITHDRAWN.format(at="2026-12-01", more="") + "  - {at: 2026-11-01, status: in_force}\n"
    text = NOTICE.format(id="n1", instrument="cease_and_desist", more="status_history:\n" + lines)
    files = {"p.yaml": PLATFORM.encode(), "n.yaml": text.encode()}
    assert decide(PolicySet.of(files), "https://pictogram.test/", at="2027-06-01").effect == "refuse"
    assert "D049" in {finding.code for finding in lint(read_documents(files))}


@pytest.mark.parametrize(("at", "effect"), [("2026-03-03T11:59:59Z", "refuse"), ("2026-03-03T12:00:00Z", "allow")])
def test_a_withdrawal_begins_with_the_day_of_its_entry_in_the_latest_zone(at: str, effect: str) -> None:
    """Before that it may not have been entered: nothing is loosened for the time before."""
    lines = WITHDRAWN.format(at="2026-01-10", more=", entered_at: 2026-03-03")
    text = NOTICE.format(id="n1", instrument="cease_and_desist", more="status_history:\n" + lines)
    policies = PolicySet.of({"p.yaml": PLATFORM.encode(), "n.yaml": text.encode()})
    assert decide(policies, "https://pictogram.test/", at=at).effect == effect


@pytest.mark.parametrize("second", ["A.  One", "A One", "\u200bA. One", "a. one", "Ａ. One"])
def test_one_person_in_two_spellings_is_one_person(second: str) -> None:
    """Spaces, marks, capitals and widths make no second name."""
    lines = WITHDRAWN.format(at="2026-03-01", more="").replace("[A, B]", f"[A. One, '{second}']")
    text = NOTICE.format(id="n1", instrument="cease_and_desist", more="status_history:\n" + lines)
    findings = lint(read_documents({"p.yaml": PLATFORM.encode(), "n.yaml": text.encode()}))
    assert [(finding.code, finding.severity) for finding in findings] == [("D040", "error")]


@pytest.mark.parametrize(("instrument", "effect"), [("cease_and_desist", "refuse"), ("own_decision", "allow")])
def test_a_letter_is_in_force_from_its_entry_at_the_latest(instrument: str, effect: str) -> None:
    """A date of receipt in the future is a slip; a decision of one's own may begin later."""
    text = NOTICE.format(id="n1", instrument=instrument, more="entered_at: 2026-01-06T08:00:00Z\n")
    text = text.replace("2026-01-05", "2126-01-05")
    policies = PolicySet.of({"p.yaml": PLATFORM.encode(), "n.yaml": text.encode()})
    assert decide(policies, "https://pictogram.test/", at="2026-06-01").effect == effect
