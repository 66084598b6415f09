"""`policies/` against the facts that it was written from, where these lie beside the repository."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from desist.policy.load import load_documents
from desist.policy.policyset import shipped_policies
from desist.policy.when import parse_when

FACTS = Path(__file__).parents[3] / "shared" / "facts"
pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="no facts beside the repository")

LOADED = load_documents([shipped_policies()])
PLATFORMS = {e.doc.key: e.doc for e in LOADED.platforms}
NOTICES = {e.doc.key: e for e in LOADED.notices}
TERMS = {e.doc.sha256: e.doc for e in LOADED.terms}
EFFECTS = {"yes": {"forbids"}, "conditional": {"conditional", "reserves"}, "no": set()}
TOPICS = {"face_or_biometric_use": "face_or_biometric"}


def read(name):
    return yaml.load((FACTS / name).read_text(), Loader=yaml.CBaseLoader) if FACTS.is_dir() else {}


PLATFORM_FACTS = read("platforms.yaml").get("platforms", [])
TERMS_FACTS = read("terms.yaml").get("terms", [])
NOTICE_FACTS = read("notices.yaml").get("notices", [])
LETTERS = [fact for fact in NOTICE_FACTS if "instrument" in fact]


def rules_of(fact):
    """Host -> (whether any source means all names below it, whether all sources are memory)."""
    found = defaultdict(lambda: [False, True])
    for rule in [*fact["domains"], *fact["exact_hosts_or_subdomains"]]:
        found[rule["host"]][0] |= rule["match"] == "suffix"
        found[rule["host"]][1] &= "memory" in rule["source"]
    return found


def test_counts():
    """67 platforms, 67 terms documents, 28 notices and the context beside them, 4 permissions."""
    assert len(PLATFORM_FACTS) == 67
    assert {fact["slug"] for fact in PLATFORM_FACTS} == set(PLATFORMS) - {"librarything", "sourcehut"}
    assert len(TERMS_FACTS) == len(LOADED.terms) == 67
    assert len(LETTERS) == 28
    assert {fact["id"] for fact in LETTERS} == set(NOTICES) - {"2020-clearview-context"}
    assert len(read("notices.yaml")["permissions"]) == len(LOADED.permissions) == 4


@pytest.mark.parametrize("fact", PLATFORM_FACTS, ids=lambda fact: fact["slug"])
def test_platform(fact):
    """Operator, lists, every host with its match, the mark of what rests on memory, and the patterns."""
    doc = PLATFORMS[fact["slug"]]
    assert doc.operator == fact["operator"]
    assert list(doc.v2fly_lists) == fact["v2fly_lists"]
    assert list(doc.terms_hosts) == fact["terms_fetch_domains"]
    assert [pattern.regexp for pattern in doc.host_patterns] == [pattern["value"] for pattern in fact["patterns"]]
    hosts = {rule.host: rule for rule in doc.hosts}
    for host, (below, memory) in rules_of(fact).items():
        assert hosts[host].match == ("suffix" if below else "exact"), host
        assert (hosts[host].confidence == "memory") == memory, host


@pytest.mark.parametrize("fact", PLATFORM_FACTS, ids=lambda fact: fact["slug"])
def test_what_only_the_non_commercial_lists_hold_is_left_out(fact):
    """Their licence lets them check the data, not ship with it."""
    only = set(fact["in_noncommercial_lists_only"]["sample"])
    assert only & {rule.host for rule in PLATFORMS[fact["slug"]].hosts} == set()


def test_hosts_beyond_the_facts_say_so():
    """What the facts do not list is marked as memory or names the list it is from."""
    listed = {fact["slug"]: rules_of(fact) for fact in PLATFORM_FACTS}
    for slug, doc in PLATFORMS.items():
        for rule in doc.hosts:
            assert rule.host in listed.get(slug, {}) or rule.confidence == "memory" or rule.source, (slug, rule.host)


def test_the_lists_come_from_one_commit():
    """Commit and licence of the host lists stand in every document that uses them."""
    commit = read("platforms.yaml")["sources"]["v2fly"]["commit"]
    for doc in PLATFORMS.values():
        listed = [source for source in doc.sources if source.name == "v2fly"]
        assert bool(listed) or not doc.v2fly_lists
        assert all((source.commit, source.licence) == (commit, "MIT") for source in listed)


@pytest.mark.parametrize("fact", TERMS_FACTS, ids=lambda fact: f"{fact['platform']} {fact['sha256'][:6]}")
def test_terms(fact):
    """Hash, place, dates and language are those on record; each topic has the effect that was read."""
    doc = TERMS[fact["sha256"]]
    archive = doc.archive
    assert (archive.name, archive.path) == (fact["archive"], fact["path"])
    assert (archive.commit, archive.version_commit) == (fact["head_commit"], fact["version_commit"])
    assert (doc.document, doc.language) == (fact["document"], fact["language"])
    assert (str(doc.recorded_at), str(doc.first_recorded)) == (fact["version_recorded"], fact["first_recorded"])
    assert doc.versions_recorded == int(fact["versions_recorded"])
    for name, value in fact["forbids"].items():
        topic = TOPICS.get(name, name)
        effects = {str(clause.effect) for clause in doc.clauses if clause.topic == topic}
        assert effects <= EFFECTS[value], topic
        assert bool(effects) == (value != "no"), topic
        assert (topic in doc.silent_on) == (value == "no"), topic
    assert {c for clause in doc.clauses for c in clause.conditions} >= set(fact["conditions"])


@pytest.mark.parametrize("fact", TERMS_FACTS, ids=lambda fact: f"{fact['platform']} {fact['sha256'][:6]}")
def test_clauses_stand_where_they_were_read(fact):
    """Each line of the recorded text that a clause names is one of those on record for its topic."""
    read_at = {TOPICS.get(t, t): {re.search(r"line (\d+)$", s)[1] for s in v} for t, v in fact["sections"].items()}
    for clause in TERMS[fact["sha256"]].clauses:
        lines = set(re.findall(r"\d+", clause.location))
        assert lines <= read_at.get(clause.topic, read_at.get("automated_access")), clause


def test_narrow_clauses_are_marked():
    """A clause on some conduct only, as the facts have it, is not general."""
    for fact in TERMS_FACTS:
        if fact["narrow_kind"]:
            access = [c.scope for c in TERMS[fact["sha256"]].clauses if c.topic == "automated_access"]
            assert access == ["narrow"], fact["platform"]


def test_dated_changes():
    """Every recorded change of a text stands with its document."""
    recorded = {(str(change.recorded), change.commit) for doc in LOADED.terms for change in doc.doc.changes}
    assert recorded == {(fact["recorded"], fact["commit"]) for fact in read("terms.yaml")["dated_changes"]}


@pytest.mark.parametrize("fact", LETTERS, ids=lambda fact: fact["id"])
def test_notice(fact):
    """Sender, platforms, sources in order, and a stated effect on crawls; conflicts between sources are kept."""
    entry = NOTICES[fact["id"]]
    named = set(fact["sender"].get("platforms", []))
    assert entry.doc.sender.name == fact["sender"]["name"]
    assert fact["sender"].get("now") in (None, entry.doc.sender.now)
    assert set(entry.doc.platforms) == (named - {"google"} if fact["id"] == "2020-youtube-clearview" else named)
    assert [source.name for source in entry.doc.sources] == fact["sources"]
    assert len(entry.doc.conflicts) == len(fact.get("conflicts", []))
    assert "crawl_effect" in entry.source.data
    assert (entry.doc.crawl_effect == "none") == (fact["id"] in CONTEXT)


CONTEXT = {
    "2020-newjersey-clearview",  # about marketing
    "2020-vermont-v-clearview",
    "2021-oaic-clearview",
    "2021-cnil-clearview",
    "2022-aclu-clearview-consent",
    "2015-ryanair-praviation",
    "2022-meta-brightdata",
    "2023-x-brightdata",
    "2023-x-ccdh",
    "2023-meta-voyager",
    "2025-reddit-anthropic",
    "2025-google-serpapi",
    "2023-getty-stability",
}


DATES = [
    pytest.param(fact["id"], name, said, id=f"{fact['id']} {name}")
    for fact in LETTERS
    for name, said in fact.get("dates", {}).items()
    if name in ("dated", "sent", "made", "alternative", "published", "reported") and re.match(r"\d{4}", said)
]


@pytest.mark.parametrize(("key", "name", "said"), DATES)
def test_dates(key, name, said):
    """A date is as exact as on record and no exacter than its sources."""
    wide = parse_when(re.sub(r"[^\d/-].*$", "", said).strip("/ "))
    written = getattr(NOTICES[key].doc.dates, name)
    assert wide.earliest <= written.earliest
    assert written.late_end <= wide.late_end


def test_years_and_days_in_outcomes_are_on_record():
    """No event bears a date that the facts do not hold."""
    for fact in LETTERS:
        text = str([fact, *(read("notices.yaml")["sources"][name] for name in fact["sources"])])
        for event in NOTICES[fact["id"]].doc.events:
            assert re.split("/", str(event.at))[0][:7] in text, (fact["id"], str(event.at))


def test_the_order_for_hiq_is_history():
    """Suspended for public profiles from 2017-08-14, dissolved in 2022-08."""
    notice = NOTICES["2017-linkedin-hiq"].doc
    assert [(str(limit.start), str(limit.until), limit.scope.visibility) for limit in notice.limits] == [
        ("2017-08-14", "2022-08", "public")
    ]
    assert [(str(change.at), change.status) for change in notice.status_history] == [
        ("2017-08-14", "narrowed"),
        ("2022-08", "in_force"),
    ]
