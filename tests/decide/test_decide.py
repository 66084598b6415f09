"""Decisions by documents: deny overrides, all reasons kept, roles, dates, purposes, permissions, notices to others."""

from __future__ import annotations

import pytest

from desist.decide import Options, decide, judge_host
from desist.errors import PolicyError, UsageError
from desist.model import UNREAD, Basis, Decision, Purpose, RobotsVerdict, Signal, Usage
from desist.policy import PolicySet
from desist.policy.compile import compile_documents
from desist.policy.load import read_documents
from desist.policy.policyset import make_image
from desist.policy.snapshot import image_of

from .documents import NOTICE, OTHER, PERMISSION, PLATFORM, TERMS, policies

SITE = "https://pictogram.test/x"
NOW = "2026-06-01T12:00:00Z"


def bases(decision: Decision) -> list[str]:
    """The bases of the reasons that refuse, in order."""
    return [reason.basis.value for reason in decision.reasons if not reason.lifted_by]


# ------------------------------------------------------------------------------------------------ deny overrides


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


# --------------------------------------------------------------------------------------------------------- roles


@pytest.mark.parametrize(
    ("host", "effect"),
    [
        ("pictogram.test", "refuse"),
        ("www.pictogram.test", "refuse"),
        ("notpictogram.test", "allow"),
        ("a.media.pictures.test", "refuse"),
        ("pictures.test", "allow"),
        ("pictogram.cdn.test", "refuse"),
        ("x.pictogram.cdn.test", "allow"),
        ("d111.cloudfront.net", "refuse"),
        ("x.d111.cloudfront.net", "allow"),
        ("d222.cloudfront.net", "allow"),
        ("cloudfront.net", "allow"),
        ("lib.test", "allow"),
        ("fonts.test", "allow"),
        ("pictogran.test", "allow"),
        ("203.0.113.1", "refuse"),
        ("203.0.113.9", "allow"),
        ("[2001:db8:66::5]", "refuse"),
        ("[2001:db8:67::5]", "allow"),
        ("[::ffff:203.0.113.2]", "refuse"),
        ("[64:ff9b::203.0.113.2]", "refuse"),
        ("[2002:cb00:7102::1]", "refuse"),
    ],
)
def test_roles_bound_what_a_host_rule_reaches(host: str, effect: str) -> None:
    """Suffix, exact and tenant hosts, reserved roles, addresses in every notation."""
    assert effect == decide(policies(PLATFORM, NOTICE), f"http://{host}/", at=NOW).effect


@pytest.mark.parametrize("host", ["lib.test", "fonts.test", "pictogran.test"])
def test_reserved_hosts_are_refused_by_a_notice_that_says_all(host: str) -> None:
    """`hosts: all` reaches infrastructure, project and defensive hosts; terms never do."""
    assert decide(policies(PLATFORM, NOTICE + "hosts: all\n", TERMS), f"https://{host}/", at=NOW).effect == "refuse"
    spared = decide(policies(PLATFORM, TERMS), f"https://{host}/", at=NOW)
    assert (spared.effect, spared.platforms) == ("allow", ())


def test_a_notice_that_lists_hosts_reaches_these_alone() -> None:
    """The platform's other hosts stay free of it, a host that the platform does not list is reached."""
    rules = policies(PLATFORM, NOTICE + "hosts: [media.pictures.test, elsewhere.test]\n")
    answers = {
        h: decide(rules, f"https://{h}/", at=NOW).effect
        for h in ("a.media.pictures.test", "b.elsewhere.test", "pictogram.test")
    }
    assert answers == {"a.media.pictures.test": "refuse", "b.elsewhere.test": "refuse", "pictogram.test": "allow"}


def test_terms_do_not_reach_a_host_that_only_a_notice_lists() -> None:
    """`elsewhere.test` is not one of the platform's hosts."""
    decision = decide(
        policies(PLATFORM, NOTICE + "hosts: [elsewhere.test]\n", TERMS), "https://elsewhere.test/", at=NOW
    )
    assert bases(decision) == ["notice"]


# --------------------------------------------------------------------------------------------------------- dates


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


# ------------------------------------------------------------------------------------------------------ purposes


def test_a_clause_for_some_purposes_refuses_these() -> None:
    """Terms on AI training do not touch an index."""
    rules = policies(PLATFORM, TERMS.replace("automated_access", "ai_training"))
    assert decide(rules, SITE, at=NOW, purposes=["index"]).effect == "allow"
    refused = decide(rules, SITE, at=NOW, purposes=["index", "train-ai"])
    assert refused.reasons[0].purposes == (Purpose.TRAIN_AI,)


def test_a_spider_that_declares_nothing_is_judged_as_all_and_told_so() -> None:
    """A refusal with only this cause names DESIST_PURPOSES and the purposes that would pass."""
    decision = decide(policies(PLATFORM, TERMS.replace("automated_access", "ai_training")), SITE, at=NOW)
    assert decision.governing is not None
    assert "DESIST_PURPOSES" in decision.governing.help
    assert "index" in decision.governing.help
    assert "train-ai" not in decision.governing.help


def test_a_refusal_of_all_purposes_does_not_name_the_setting() -> None:
    """Declaring would not help."""
    decision = decide(policies(PLATFORM, TERMS), SITE, at=NOW)
    assert decision.governing is not None
    assert "DESIST_PURPOSES" not in decision.governing.help


def test_a_purpose_that_is_none_is_a_usage_error() -> None:
    """A typo must not narrow what is judged."""
    with pytest.raises(UsageError, match="`trainai` is not a purpose"):
        decide(policies(PLATFORM), SITE, purposes=["trainai"])


@pytest.mark.parametrize(
    ("conditions", "effect"),
    [
        ("[robots_txt]", "allow"),
        ("[permission]", "refuse"),
        ("[robots_txt, permission]", "refuse"),
        ("[search_engine]", "refuse"),
        ("[]", "refuse"),
    ],
)
def test_only_the_condition_that_is_checked_leaves_the_answer_open(conditions: str, effect: str) -> None:
    """robots.txt is asked anyway; whatever else is not shown to be met refuses."""
    terms = TERMS.replace("effect: forbids", f"effect: conditional, conditions: {conditions}")
    assert effect == decide(policies(PLATFORM, terms), SITE, at=NOW).effect


def test_terms_for_which_robots_is_no_permission_refuse() -> None:
    """`robots_is_not_permission: yes` closes what the condition left open."""
    terms = TERMS.replace("effect: forbids", "effect: conditional, conditions: [robots_txt]")
    assert decide(policies(PLATFORM, terms + "robots_is_not_permission: yes\n"), SITE, at=NOW).effect == "refuse"


@pytest.mark.parametrize(
    ("path", "effect"),
    [
        ("/faces/1", "refuse"),
        ("/f%61ces/1", "refuse"),
        ("//faces/1", "refuse"),
        ("/a/../faces/1", "refuse"),
        ("/faces/../a", "refuse"),
        ("/other", "allow"),
        ("/Faces", "allow"),
    ],
)
def test_a_path_is_reached_by_any_of_its_readings(path: str, effect: str) -> None:
    """As written, as resolved, unescaped, slashes squeezed: a prohibition needs one."""
    rules = policies(PLATFORM, NOTICE + "crawl_effect: restrict\nscope: {paths: [/faces]}\n")
    assert effect == decide(rules, f"https://pictogram.test{path}", at=NOW).effect


# --------------------------------------------------------------------------------------------------- permissions


def test_a_permission_lifts_what_it_names_and_the_reason_is_kept() -> None:
    """For its purpose, within its dates; the lifted reason says by what."""
    decision = decide(policies(PLATFORM, TERMS, PERMISSION), SITE, at=NOW, purposes=["research"])
    assert (decision.effect, [reason.lifted_by for reason in decision.reasons]) == ("allow", ["pictogram-licence"])


@pytest.mark.parametrize(
    ("purposes", "at"),
    [
        (["research", "index"], NOW),
        (["index"], NOW),
        (None, NOW),
        (["research"], "2026-01-31"),
        (["research"], "2027-01-02"),
    ],
)
def test_a_permission_lifts_nothing_else(purposes: list[str] | None, at: str) -> None:
    """No other purpose, no undeclared spider, no day before or after."""
    assert decide(policies(PLATFORM, TERMS, PERMISSION), SITE, at=at, purposes=purposes).effect == "refuse"


def test_a_permission_never_lifts_a_later_notice() -> None:
    """Even one that it names."""
    later = NOTICE.replace("2026-01-05", "2026-03-05")
    permission = PERMISSION.replace("[pictogram-tos]", "[pictogram-tos, 2026-01-pictogram]")
    late = decide(policies(PLATFORM, TERMS, later, permission), SITE, at=NOW, purposes=["research"])
    assert bases(late) == ["notice"]
    assert decide(policies(PLATFORM, TERMS, NOTICE, permission), SITE, at=NOW, purposes=["research"]).effect == "allow"


@pytest.mark.parametrize(
    ("line", "url", "effect"),
    [
        ("paths: [/open/]", "https://pictogram.test/open/a", "allow"),
        ("paths: [/open/]", "https://pictogram.test/open/../a", "refuse"),
        ("paths: [/open/]", "https://pictogram.test/a", "refuse"),
        ("hosts: [api.pictogram.test]", "https://api.pictogram.test/a", "allow"),
        ("hosts: [api.pictogram.test]", "https://pictogram.test/a", "refuse"),
        ("addressed_to: other", "https://pictogram.test/a", "refuse"),
        ("revoked_at: 2026-03-01", "https://pictogram.test/a", "refuse"),
        ("user_agent: OtherBot", "https://pictogram.test/a", "refuse"),
        ("user_agent: desistbot", "https://pictogram.test/a", "allow"),
    ],
)
def test_a_permission_is_bounded_by_every_field(line: str, url: str, effect: str) -> None:
    """Paths in all readings, hosts, addressee, revocation, agent."""
    rules = policies(PLATFORM, TERMS, PERMISSION + line + "\n")
    assert effect == decide(rules, url, at=NOW, purposes=["research"], agent="DesistBot").effect


# ---------------------------------------------------------------------------------------------- notices to others


def test_somebody_elses_letter_refuses_its_own_platform_and_governs_last() -> None:
    """It governs only where nothing else does, and stays the docket of what terms refuse."""
    alone = decide(policies(PLATFORM, OTHER), SITE, at=NOW)
    assert (bases(alone), alone.docket) == (["notice-to-other"], "2020-pictogram-facefirm")
    both = decide(policies(PLATFORM, OTHER, TERMS), SITE, at=NOW)
    assert both.governing is not None
    assert (both.governing.basis, both.docket) == (Basis.TERMS, "2020-pictogram-facefirm")


def test_recorded_only_it_is_a_docket_and_refuses_nothing() -> None:
    """DESIST_NOTICES_TO_OTHERS = record."""
    record = Options(notices_to_others="record")
    assert decide(policies(PLATFORM, OTHER), SITE, at=NOW, options=record).effect == "allow"
    assert decide(policies(PLATFORM, OTHER, TERMS), SITE, at=NOW, options=record).docket == "2020-pictogram-facefirm"


def test_it_refuses_within_its_own_purposes_only() -> None:
    """The letter about faces does not stop an index."""
    rules = policies(PLATFORM, OTHER + "scope: {purposes: [biometric]}\n")
    assert decide(rules, SITE, at=NOW, purposes=["index"]).effect == "allow"
    assert decide(rules, SITE, at=NOW, purposes=["biometric"]).effect == "refuse"


def test_our_own_notice_is_the_docket_before_somebody_elses() -> None:
    """Whatever their dates."""
    assert decide(policies(PLATFORM, OTHER, NOTICE, TERMS), SITE, at=NOW).docket == "2026-01-pictogram"


# ------------------------------------------------------------------------------------------- robots and signals


def test_a_gate_without_a_robots_answer_refuses() -> None:
    """UNREAD is no permission."""
    decision = decide(policies(PLATFORM), "https://good.test/", robots=UNREAD)
    assert (bases(decision), decision.unchecked, decision.docket) == (
        ["robots-unavailable"],
        (),
        "robots:https://good.test:443",
    )


def test_robots_refuses_beside_documents_with_the_platforms_docket() -> None:
    """On a platform with a notice the robots refusal is filed under it too."""
    verdict = RobotsVerdict("refuse", line=4, rule="Disallow: /x", authority="https://pictogram.test:443")
    decision = decide(policies(PLATFORM, OTHER), SITE, at=NOW, robots=verdict)
    assert bases(decision) == ["robots", "notice-to-other"]
    assert decision.reasons[0].rule == "robots.txt:4"


def test_robots_alone_is_its_own_docket() -> None:
    """Nothing else is on file."""
    verdict = RobotsVerdict("refuse", line=4, rule="Disallow: /x", authority="https://good.test:443")
    assert decide(policies(PLATFORM), "https://good.test/x", robots=verdict).docket == "robots:https://good.test:443"


def test_an_allowing_robots_permits_nothing_that_documents_forbid() -> None:
    """Public is not permitted."""
    assert decide(policies(PLATFORM, NOTICE), SITE, at=NOW, robots=RobotsVerdict("allow")).effect == "refuse"
    assert decide(policies(PLATFORM, NOTICE), "https://good.test/", robots=RobotsVerdict("allow")).unchecked == ()


def test_a_signal_refuses_the_purposes_that_it_speaks_of() -> None:
    """noai: training is refused, an index is not."""
    signal = Signal("x-robots-tag", frozenset({Usage.TRAIN_AI}), "disallow", "header X-Robots-Tag", "noai")
    rules = policies(PLATFORM)
    assert decide(rules, "https://good.test/", signals=(signal,), purposes=["index"]).effect == "allow"
    refused = decide(rules, "https://good.test/", signals=(signal,), purposes=["train-ai"])
    assert (bases(refused), refused.docket) == (["optout"], "signal:x-robots-tag:good.test")


# ------------------------------------------------------------------------------------------- URLs that are none


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


# ---------------------------------------------------------------------------------------------------- bare hosts


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
