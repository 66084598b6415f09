"""Decisions by documents: deny overrides, all reasons kept, URLs that are none, bare hosts."""

from __future__ import annotations

import pytest

from desist.decide import Options, decide, judge_host
from desist.model import Basis

from .documents import NOTICE, NOW, PLATFORM, SITE, TERMS, bases, policies

# ----------------------------------------------------------------------------------------------------- deny overrides


def test_every_reason_is_kept_and_the_first_basis_governs() -> None:
    """The notice governs, the terms stay on record, the docket is the notice."""
    decision = decide(policies(PLATFORM, NOTICE, TERMS), SITE, at=NOW)
    assert bases(decision) == ["notice", "terms"]
    assert (decision.effect, decision.docket, decision.platforms) == ("refuse", "2026-01-pictogram", ("pictogram",))
    assert decision.governing is not None
    assert str(decision.governing.place).startswith("1.yaml:1")


def test_an_unnamed_host_is_allowed_with_what_was_not_asked() -> None:
    """A dry run says that robots and signals are unchecked."""
    decision = decide(policies(PLATFORM, NOTICE), "https://good.test/")
    assert (
        decision.effect, decision.reasons, decision.unchecked, decision.governing,
    ) == ("allow", (), ("robots", "signals"), None)  # fmt: skip


def test_an_unnamed_host_is_refused_where_the_setting_says_so() -> None:
    """DESIST_UNKNOWN_PLATFORM = refuse: basis default, docket of the house."""
    decision = decide(policies(PLATFORM), "https://good.test/", options=Options(unknown_platform="refuse"))
    assert (bases(decision), decision.docket) == (["default"], "house:default")


def test_a_platform_without_any_prohibition_is_left_to_robots() -> None:
    """Naming a platform forbids nothing."""
    assert decide(policies(PLATFORM), SITE).effect == "allow"


@pytest.mark.parametrize(
    ("first", "second", "quoted"),
    [
        ("developer|automated_access", "tos|automated_access", "b"),
        ("aup|automated_access", "tos|automated_access", "b"),
        ("tos|personal_data", "aup|automated_access", "b"),
        ("other|automated_access", "developer|automated_access", "b"),
        ("tos|automated_access", "tos|personal_data", "a"),
    ],
)
def test_of_several_terms_the_one_that_speaks_to_every_crawler_is_quoted(first: str, second: str, quoted: str) -> None:
    """Clauses on automated access before others, the Terms of Service before other documents; all reasons are kept."""
    made = []
    for name, words in (("a", first), ("b", second)):
        kind, _, topic = words.partition("|")
        text = TERMS.replace("pictogram-tos", f"terms-{name}").replace("automated_access", topic)
        made.append(f"{text}kind: {kind}\n")
    decision = decide(policies(PLATFORM, *made), SITE, at=NOW)
    assert decision.reasons[0].rule == f"terms-{quoted}:4.2"
    assert len(decision.reasons) == 2


@pytest.mark.parametrize(
    ("instrument", "basis"),
    [
        ("court_order", Basis.COURT_ORDER),
        ("consent_order", Basis.COURT_ORDER),
        ("regulator_order", Basis.REGULATOR_ORDER),
        ("own_decision", Basis.NOTICE),
        ("warning", Basis.NOTICE),
    ],
)
def test_the_basis_follows_the_instrument(instrument: str, basis: Basis) -> None:
    """Orders of courts and regulators govern before letters."""
    decision = decide(policies(PLATFORM, NOTICE.replace("cease_and_desist", instrument)), SITE, at=NOW)
    assert decision.governing is not None
    assert basis is decision.governing.basis


def test_a_letter_about_something_else_refuses_nothing() -> None:
    """`crawl_effect: none` is context, and no docket."""
    decision = decide(policies(PLATFORM, NOTICE + "crawl_effect: none\n"), SITE, at=NOW)
    assert (decision.effect, decision.docket) == ("allow", "")


def test_one_host_of_several_platforms_is_under_the_rules_of_all() -> None:
    """A match is a set."""
    second = "platform: shared\nhosts: [pictogram.test]\n"
    terms = TERMS.replace("pictogram-tos", "shared-tos").replace("platform: pictogram", "platform: shared")
    decision = decide(policies(PLATFORM, second, terms, NOTICE), SITE, at=NOW)
    assert (decision.platforms, bases(decision)) == (("pictogram", "shared"), ["notice", "terms"])


def test_a_notice_may_name_a_bare_host() -> None:
    """What `policy stop HOST` writes: no platform, everything below the name."""
    stop = "notice: stop-annoyed\ninstrument: own_decision\nhosts: [annoyed.test]\nreceived_at: 2026-01-01T00:00:00Z\n"
    decision = decide(policies(PLATFORM, stop), "https://www.annoyed.test/", at=NOW)
    assert (decision.effect, decision.platforms, decision.docket) == ("refuse", (), "stop-annoyed")
    assert decide(policies(PLATFORM, stop), "https://annoyed.test.good.test/", at=NOW).effect == "allow"


# ------------------------------------------------------------------------------------------------- URLs that are none


@pytest.mark.parametrize(
    ("url", "basis"),
    [
        ("pictogram.test", "invalid-url"),
        ("ftp://good.test/", "scheme"),
        ("http:/good.test/", "ambiguous"),
        ("", "invalid-url"),
    ],
)
def test_what_cannot_be_read_refuses_with_its_own_basis(url: str, basis: str) -> None:
    """And is filed under the house's own docket."""
    decision = decide(policies(PLATFORM), url)
    assert ([basis], f"house:{basis}") == (bases(decision), decision.docket)


def test_an_ambiguous_url_of_a_platform_is_filed_with_the_platform() -> None:
    """All reasons are kept, the notice governs."""
    decision = decide(policies(PLATFORM, NOTICE), "http://%70ictogram.test/", at=NOW)
    assert (bases(decision), decision.docket) == (["notice", "ambiguous"], "2026-01-pictogram")


def test_an_error_of_ours_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in judging, nothing passes."""

    def broken(url: str) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("desist.decide.judge.read", broken)
    assert bases(decide(policies(PLATFORM), "https://good.test/?url=a.test")) == ["policy-error"]


# --------------------------------------------------------------------------------------------------------- bare hosts


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("edge.pictogram.test.", "refuse"),
        ("d111.cloudfront.net", "refuse"),
        ("d222.cloudfront.net", "allow"),
        ("203.0.113.1", "refuse"),
        ("::ffff:203.0.113.1", "refuse"),
        ("good.test", "allow"),
        ("not a host", "refuse"),
    ],
)
def test_names_and_addresses_are_judged_for_the_resolver(name: str, effect: str) -> None:
    """CNAME targets and addresses: a named tenant matches exactly, a provider never."""
    assert effect == judge_host(policies(PLATFORM, NOTICE), name, at=NOW).effect


def test_a_bare_host_is_refused_for_what_any_of_its_paths_is() -> None:
    """Where the path is not known; with the path it is judged exactly."""
    rules = policies(PLATFORM, NOTICE + "scope: {paths: [/faces]}\n")
    assert judge_host(rules, "pictogram.test", at=NOW).effect == "refuse"
    assert judge_host(rules, "pictogram.test", at=NOW, path="/other").effect == "allow"
