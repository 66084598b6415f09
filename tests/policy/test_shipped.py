"""The documents in `policies/`: clean, honest about what they rest on, and no danger to anybody's neighbours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desist.decide import decide
from desist.model import Role
from desist.policy.lint import lint
from desist.policy.load import document_files, load_documents
from desist.policy.policyset import PolicySet, shipped_policies
from desist.policy.publicsuffix import suffixes
from desist.policy.testfile import load_tests

FOLDER = shipped_policies()
ROOT_README = Path(__file__).parents[2] / "README.md"
LOADED = load_documents([FOLDER])
TESTS = load_tests([FOLDER])
HOSTS = [(entry, rule) for entry in LOADED.platforms for rule in entry.doc.hosts]


@pytest.fixture(scope="module")
def policies():
    return PolicySet.load(FOLDER)


def test_lint_finds_nothing():
    """Neither errors nor warnings, in documents and test files."""
    assert [*lint(LOADED), *TESTS.diagnostics] == []


def test_every_file_names_the_schema_for_editors():
    """The first line lets an editor check while counsel types."""
    heads = {path.read_text().splitlines()[0] for path in document_files(FOLDER)}
    assert heads == {"# yaml-language-server: $schema=../schema.json"}


def test_one_platform_a_file_named_after_it():
    """Who looks for a platform finds it by its slug."""
    assert [Path(e.file).stem for e in LOADED.platforms] == [e.doc.key for e in LOADED.platforms]
    assert {Path(e.file).stem for e in LOADED.terms} == {e.doc.platform for e in LOADED.terms}
    assert [Path(e.file).stem for e in LOADED.notices] == [e.doc.key for e in LOADED.notices]


@pytest.mark.parametrize("entry", LOADED.notices, ids=lambda e: e.doc.key)
def test_a_notice_is_somebody_elses_and_says_what_it_means_for_a_crawl(entry):
    """Effect, recipient, sources and how well they are known are written out, never left to a default."""
    assert entry.doc.addressed_to == "other"
    assert {"crawl_effect", "addressed_to", "confidence", "recipient"} <= set(entry.source.data)
    assert entry.doc.sources


@pytest.mark.parametrize("entry", LOADED.notices, ids=lambda e: e.doc.key)
def test_suits_and_orders_to_others_refuse_nothing(entry):
    """Only a demand to a crawler refuses; a suit orders nothing, an order binds its recipient."""
    letters = {"cease_and_desist", "demand_letter"}
    assert entry.doc.crawl_effect == "none" or entry.doc.instrument in letters


def test_the_letter_of_youtube_covers_faces_in_videos_only():
    """One platform and one purpose: neither the rest of Google nor indexing."""
    letter = next(e.doc for e in LOADED.notices if e.doc.key == "2020-youtube-clearview")
    assert (letter.platforms, letter.scope.purposes) == (("youtube",), {"biometric"})


def test_no_receipt_is_made_up():
    """The reported letters name no moment of receipt, so none is given and their force counts as assumed."""
    assert [e.doc.key for e in LOADED.notices if e.doc.received_at or not e.doc.assumed] == []


def test_licences_of_others_help_nobody():
    """They are on record, and lift nothing."""
    assert len(LOADED.permissions) == 4
    assert [e.doc.key for e in LOADED.permissions if e.doc.helps or e.doc.addressed_to != "other"] == []


def test_terms_are_known_by_a_full_hash_and_the_place_where_they_are_kept():
    """No text is shipped; hash, archive, path and commit lead to it."""
    for entry in LOADED.terms:
        archive = entry.doc.archive
        assert re.fullmatch(r"[0-9a-f]{64}", entry.doc.sha256)
        assert re.fullmatch(r"[0-9a-f]{40}", archive.commit)
        assert archive.path


def test_public_suffixes_are_tenants():
    """Cloudfront.net, github.io and brand top-level domains belong to a platform; what is below them need not."""
    is_suffix = suffixes().is_public_suffix
    assert {rule.host for _, rule in HOSTS if is_suffix(rule.host) and rule.role is not Role.TENANT} == set()
    assert {"cloudfront.net", "github.io", "appspot.com", "google"} <= {
        rule.host for _, rule in HOSTS if rule.role is Role.TENANT
    }


def test_every_host_is_known_from_somewhere():
    """Each rests on a source that its document names, or is marked as memory."""
    for entry, rule in HOSTS:
        named = {source.name for source in entry.doc.sources}
        if rule.confidence != "memory":
            assert (rule.source or "v2fly").partition("/")[0] in named, (entry.doc.key, rule.host)


def test_lists_that_forbid_commercial_use_are_not_shipped():
    """Nothing comes from, or points to, the two lists under CC BY-NC-SA."""
    for name, content in LOADED.files.items():
        assert not re.search(rb"duckduckgo/|disconnectme/|BY-NC|\bddg\b", content), name


@pytest.mark.parametrize("number", range(len(TESTS.tests)), ids=[t.url for t in TESTS.tests])
def test_expected_answers(policies, number):
    """Each line of `policies/tests` holds."""
    url, want, place = TESTS.tests[number]
    at = str(want.at) if want.at else None
    got = decide(policies, url, at=at, agent=want.agent or "", purposes=want.purposes)
    assert got.effect == want.effect, place
    assert want.basis in (None, got.governing and got.governing.basis), place
    assert want.platforms in (None, got.platforms), place
    assert want.docket in (None, got.docket), place


def test_three_hundred_neighbours_stay_allowed(policies):
    """Ordinary sites are not refused because of somebody else's letter or a provider they share."""
    neighbours = [t for t in TESTS.tests if Path(t.place.file).name == "neighbours.yaml"]
    assert len(neighbours) >= 300
    assert [t.url for t in neighbours if decide(policies, t.url).refused] == []


OWN = {Role.SITE, Role.API, Role.CDN, Role.SHORTENER, Role.ADS, Role.MAIL}


@pytest.mark.parametrize("entry", LOADED.platforms, ids=lambda e: e.doc.key)
def test_all_of_a_platform_is_refused_with_it_and_nothing_else(policies, entry):
    """Its own hosts get the answer of the first; customers of a tenant and reserved hosts belong to nobody."""
    slug, rules = entry.doc.key, entry.doc.hosts
    own = [rule.host for rule in rules if rule.role in OWN]
    expected = {own[0]: decide(policies, f"https://{own[0]}/").effect}
    for host in own:
        decision = decide(policies, f"https://{host}/")
        assert slug in decision.platforms, host
        assert decision.refused or expected[own[0]] == "allow", host
    for host in (rule.host for rule in rules if rule.role is Role.TENANT):
        assert decide(policies, f"https://some-customer.{host}/").platforms == (), host
    for host in (rule.host for rule in rules if rule.role in set(Role) - OWN - {Role.TENANT}):
        assert not decide(policies, f"https://{host}/").refused, host


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (r"(\d+) platforms, one a file", len(LOADED.platforms)),
        (r"(\d+) recorded versions of terms", len(LOADED.terms)),
        (r"(\d+) letters, suits and orders", sum(e.doc.instrument != "context" for e in LOADED.notices)),
        (r"(\d+) licences that platforms gave", len(LOADED.permissions)),
        (r"(\d+) ordinary neighbours", sum(Path(t.place.file).name == "neighbours.yaml" for t in TESTS.tests)),
        (r"(\d+) documents refuse nothing", sum(e.doc.crawl_effect == "none" for e in LOADED.notices)),
    ],
)
def test_the_figures_of_the_readme(said, count):
    """What the page beside the documents counts is what is there."""
    assert int(re.search(said, (FOLDER / "README.md").read_text())[1]) == count


@pytest.mark.skipif(not ROOT_README.exists(), reason="runs beside the sources only")
@pytest.mark.parametrize(
    ("said", "count"),
    [
        (r"(\d+) platforms with", len(LOADED.platforms)),
        (r"(\d+) recorded terms documents", len(LOADED.terms)),
        (r"(\d+) notices", len(LOADED.notices)),
    ],
)
def test_the_figures_of_the_first_page(said, count):
    """What a newcomer reads of the documents is what ships."""
    assert int(re.search(said, ROOT_README.read_text())[1]) == count


@pytest.mark.parametrize(
    ("host", "role"),
    [
        ("www.facebook.com", Role.SITE),
        ("fbcdn.net", Role.CDN),
        ("t.co", Role.SHORTENER),
        ("go.dev", Role.PROJECT),
        ("reactjs.org", Role.PROJECT),
        ("fonts.googleapis.com", Role.INFRASTRUCTURE),
        ("recaptcha.net", Role.INFRASTRUCTURE),
        ("acebooik.com", Role.DEFENSIVE),
        ("accessfacebookfromschool.com", Role.DEFENSIVE),
        ("run.app", Role.TENANT),
        ("facebookmail.com", Role.MAIL),
        ("doubleclick.net", Role.ADS),
        ("graph.facebook.com", Role.API),
    ],
)
def test_roles(host, role):
    """One host of each role, by the longest rule that fits it."""
    fitting = [rule for _, rule in HOSTS if host == rule.host or host.endswith("." + rule.host)]
    assert max(fitting, key=lambda rule: len(rule.host)).role is role
