"""What must hold of every decision: spellings, added prohibitions, lifted permissions, any text at all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from desist.decide import Judge, decide, judge_host
from desist.model import NOT_ASKED, Basis
from desist.policy import PolicySet

from .spellings import FORBIDDEN, misspell, spellings

NOW = "2026-06-01"


def platform(slug: str, hosts: list[str]) -> str:
    """A platform document."""
    return f"platform: {slug}\nhosts: [{', '.join(hosts)}]\n"


def notice(number: int, slug: str, extra: str = "") -> str:
    """A notice to us on one platform."""
    return (
        f"notice: n{number}\ninstrument: cease_and_desist\nsender: S\nrecipient: us\nplatforms: [{slug}]\n"
        f"received_at: 2026-01-01T00:00:00Z\n{extra}"
    )


def set_of(*texts: str) -> PolicySet:
    """The set of these documents."""
    return PolicySet.of({f"{number}.yaml": text.encode() for number, text in enumerate(texts)})


RULES = set_of(
    platform("pictogram", [*FORBIDDEN, "{host: tenant.cloudfront.net, role: tenant}"])
    + "addresses: [203.0.113.0/29]\n",
    notice(1, "pictogram"),
)


@given(st.text())
@settings(max_examples=400)
def test_decide_never_raises_on_any_text(text: str) -> None:
    """Whatever is handed in, a decision comes out, and never by way of an error of ours."""
    decision = decide(RULES, text)
    assert decision.effect in {"allow", "refuse"}
    assert all(reason.basis is not Basis.POLICY_ERROR for reason in decision.reasons)


@given(st.text(alphabet="htps:/\\@?#%.[]0123456789abcdefx \t\n&=;+ü。\u202e\ud800\x00"))
@settings(max_examples=600)
def test_decide_never_raises_on_what_looks_like_a_url(text: str) -> None:
    """The letters that URLs are made of, and those that confuse readers; with and without a scheme."""
    for url in (text, f"http://{text}", f"https://good.test/{text}"):
        decision = decide(RULES, url)
        assert all(reason.basis is not Basis.POLICY_ERROR for reason in decision.reasons)
    assert judge_host(RULES, text).effect in {"allow", "refuse"}


@given(spellings())
@settings(max_examples=800)
def test_no_spelling_of_a_forbidden_url_is_allowed(url: str) -> None:
    """The same answer or a refusal, never an allow where the plain spelling refuses."""
    assert decide(RULES, url, at=NOW).effect == "refuse", ascii(url)


@given(st.sampled_from(["good.test", "shop.example", "notpictogram.test"]), st.randoms(use_true_random=False))
@settings(max_examples=200)
def test_spellings_of_an_allowed_url_are_allowed_or_ambiguous(host: str, random: object) -> None:
    """They are never filed under a platform: the speller is not a refuser of everything."""
    decision = decide(RULES, misspell(f"https://{host}/page", random), at=NOW)  # type: ignore[arg-type]
    bases = {reason.basis for reason in decision.reasons}
    assert bases <= {Basis.AMBIGUOUS, Basis.INVALID_URL, Basis.SCHEME}
    assert decision.platforms == ()


QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["url", "u", "id", "image%2durl", "urls[]", "URL", "ref", "%75rl", ""]),
        st.sampled_from(["=", ""]),
        st.sampled_from(["", "//", "http://", "https%3A%2F%2F", "http:", "\\\\", "x."]),
        st.sampled_from([
            "pictogram.test", "pictogram%2etest", "pictogram%E3%80%82test", "good.test", "3405803777", "[::cb00:7101]",
            "aHR0cHM6Ly9waWN0b2dyYW0udGVzdC8", "aHR%30cHM6Ly9waWN0b2dyYW0udGVzdC8",
            "68747470733a2f2f706963746f6772616d2e746573742f", "1.2", "page", "\u00fc",
        ]),
    ).map("".join),
    max_size=3,
).map("&".join)  # fmt: skip


@given(st.sampled_from(["", "a/b.html", "a:b", "a%20b", "p/https:/"]), QUERIES, st.booleans())
@settings(max_examples=300)
def test_the_quick_look_at_a_url_sees_what_the_long_one_sees(path: str, query: str, port: bool) -> None:
    """A host that was met before takes the quick way; its answer is the one of a judge that meets it first."""
    url = f"https://good.test{':34567' if port else ''}/{path}?{query}"
    judge = Judge(RULES, at=NOW)
    quick, long = judge.decide(url), judge._guarded(url, NOT_ASKED, ())
    assert quick == long
    assert [one for _, one in judge.refusals([url])] == ([long] if long.refused else [])


SLUGS = ("a", "b")
URLS = [
    f"https://{host}{path}"
    for host in ("a.test", "www.a.test", "media.a.test", "b.test", "shared.test", "lib.test", "other.test")
    for path in ("/", "/faces/1", "/open/x")
]
PLATFORMS = (
    platform("a", ["a.test", "shared.test", "{host: lib.test, role: project}"]),
    platform("b", ["b.test", "shared.test", "media.a.test"]),
)
purposes = st.lists(st.sampled_from(["index", "research", "train-ai"]), min_size=1, max_size=3, unique=True)
scopes = st.one_of(
    st.just(""),
    purposes.map(lambda p: f"scope: {{purposes: [{', '.join(p)}]}}\n"),
    st.sampled_from(["/faces", "/open/", "/*/1$"]).map(lambda p: f"scope: {{paths: [{p}]}}\n"),
    st.just("hosts: all\n"),
    st.just("hosts: [lib.test]\n"),
    st.just("crawl_effect: none\n"),
)
notices = st.lists(st.tuples(st.sampled_from(SLUGS), scopes), max_size=3)


def documents(held: list[tuple[str, str]]) -> list[str]:
    """Platforms and the notices of a draw."""
    return [*PLATFORMS, *(notice(number, slug, extra) for number, (slug, extra) in enumerate(held))]


@given(notices, st.tuples(st.sampled_from(SLUGS), scopes), st.one_of(st.none(), purposes))
@settings(max_examples=120, deadline=None)
def test_adding_a_prohibition_never_turns_a_refusal_into_an_allow(
    held: list[tuple[str, str]], added: tuple[str, str], asked: list[str] | None
) -> None:
    """Deny overrides, whatever the scopes; and every reason that was there stays."""
    before, after = set_of(*documents(held)), set_of(*documents([*held, added]))
    for url in URLS:
        old, new = (decide(rules, url, at=NOW, purposes=asked) for rules in (before, after))
        assert not (old.refused and not new.refused), url
        assert {reason.rule for reason in old.reasons} <= {reason.rule for reason in new.reasons}


@given(notices, purposes, st.sampled_from(["", "paths: [/open/]\n", "hosts: [www.a.test]\n"]))
@settings(max_examples=80, deadline=None)
def test_a_permission_only_ever_lifts_the_notice_that_it_names(
    held: list[tuple[str, str]], given_for: list[str], bound: str
) -> None:
    """What it does not name refuses as before; what it names is refused less, never more."""
    licence = (
        "permission: p\nplatform: a\ninstrument: licence\noverrides: [n0]\nfrom: 2026-02-01\n"
        f"purposes: [{', '.join(given_for)}]\ndocument_sha256: {'ab' * 32}\napproved_by: [A, B]\n{bound}"
    )
    held = [("a", ""), *held]
    before, after = set_of(*documents(held)), set_of(*documents(held), licence)
    for url in URLS:
        old, new = (decide(rules, url, at=NOW, purposes=["index", "research"]) for rules in (before, after))
        lifted = {reason.rule for reason in new.reasons if reason.lifted_by}
        assert lifted <= {"n0"}
        assert not (new.refused and not old.refused)
        assert {r.rule for r in old.reasons} == {r.rule for r in new.reasons}


@given(notices)
@settings(max_examples=60, deadline=None)
def test_remembered_answers_are_the_answers(held: list[tuple[str, str]]) -> None:
    """The first, second and third time, in any order, a judge says what a fresh one says."""
    rules = set_of(*documents(held))
    judge = Judge(rules, at=NOW)
    for _ in range(3):
        for url in URLS:
            assert judge.decide(url) == Judge(rules, at=NOW).decide(url)
        kept = [place for place, _ in judge.refusals(URLS)]
        assert kept == [place for place, url in enumerate(URLS) if judge.decide(url).refused]
