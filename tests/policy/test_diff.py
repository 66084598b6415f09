"""`diff` agrees with brute force: what it finds is so, and what it does not find nobody finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desist.decide import Judge
from desist.model import Decision, Purpose
from desist.patterns import Pattern, normalise_path
from desist.policy.assemble import set_of
from desist.policy.diff import Cell, Report, diff
from desist.policy.lint import lint
from desist.policy.load import read_documents
from desist.policy.pathcells import PathsTooMany, representatives
from desist.policy.policyset import PolicySet

NOW = 1_780_000_000_000_000
HOSTS = ("a.test", "b.a.test", "c.b.a.test", "d.test", "203.0.113.9", "203.0.113.1")
PATTERNS = ("/x", "/x/y", "/*z", "/x$", "/a/*/b")
DATES = ("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z")
INSTANTS = (1_760_000_000_000_000, 1_770_000_000_000_000, 1_775_000_000_000_000, NOW)
PATHS = ("/", "/x", "/xy", "/x/y", "/x/yz", "/z", "/a/q/b", "/a/b", "/xz", "/a//b", "/x/../z")
EVIDENCE = f"by: [A, B], document_sha256: {'ab' * 32}"


@lru_cache(maxsize=2048)
def judge(policies: PolicySet, at: int, purpose: Purpose | None, agent: str) -> Judge:
    return Judge(policies, at=at, purposes=[purpose] if purpose else None, agent=agent)


def ask(policies: PolicySet, cell: Cell) -> Decision:
    return judge(policies, cell.at, cell.purpose, cell.agent).decide(cell.url)


def policies_of(text: str) -> PolicySet:
    loaded = read_documents({"p.yaml": text.encode()})
    assert [d for d in lint(loaded) if d.severity == "error"] == []
    return set_of(loaded)


def compare(old: str, new: str) -> Report:
    return diff(policies_of(old), policies_of(new), ask, NOW)


def outcome(decision: Decision) -> tuple[object, ...]:
    rules = {(reason.basis, reason.rule, reason.lifted_by) for reason in decision.reasons}
    return decision.effect, frozenset(rules), decision.docket, decision.platforms


def brute_force(old: PolicySet, new: PolicySet) -> Iterator[Cell]:
    """Every cell of a small world in which the two differ."""
    hosts = (*HOSTS, "www.a.test", "q.b.a.test", "e.test")
    for host, path, at, purpose in product(hosts, PATHS, INSTANTS, (None, Purpose.INDEX, Purpose.BIOMETRIC)):
        cell = Cell(f"https://{host}{path}", at, purpose, "")
        if outcome(ask(old, cell)) != outcome(ask(new, cell)):
            yield cell


hosts = st.lists(st.sampled_from(HOSTS), min_size=1, max_size=2, unique=True)
paths = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2, unique=True)
purposes = st.sampled_from(("", "purposes: [index]", "purposes: [biometric, index]"))


@st.composite
def scopes(draw: st.DrawFn) -> str:
    parts = [draw(purposes), f"paths: [{', '.join(draw(paths))}]" if draw(st.booleans()) else ""]
    return f"{{{', '.join(part for part in parts if part)}}}"


@st.composite
def notices(draw: st.DrawFn, number: int) -> str:
    lines = [f"notice: n{number}", "instrument: warning", f"received_at: {draw(st.sampled_from(DATES))}"]
    lines.append(f"addressed_to: {draw(st.sampled_from(('us', 'other')))}")
    lines.append(f"platforms: [{draw(st.sampled_from(('p', 'q')))}]")
    lines.append(draw(st.sampled_from(("", "hosts: all", "hosts: [b.a.test]"))))
    lines.append(f"scope: {draw(scopes())}")
    if draw(st.booleans()):
        at, status = draw(st.sampled_from(DATES)), draw(st.sampled_from(("withdrawn", "narrowed", "suspended")))
        lines.append(f"status_history: [{{at: {at}, status: {status}, scope: {draw(scopes())}, {EVIDENCE}}}]")
    if draw(st.booleans()):
        effect = draw(st.sampled_from(("suspends", "narrows", "widens")))
        lines.append(f"limits: [{{order: o, effect: {effect}, from: {draw(st.sampled_from(DATES))}, "
                     f"scope: {draw(scopes())}, {EVIDENCE}}}]")  # fmt: skip
    return "\n".join(line for line in lines if line)


@st.composite
def permissions(draw: st.DrawFn) -> str:
    until = draw(st.sampled_from(("", "until: 2026-04-01T00:00:00Z\n")))
    where = draw(st.sampled_from(("", "hosts: [b.a.test]\n", "paths: [/x]\n")))
    return (
        f"permission: leave\nplatform: p\ninstrument: licence\noverrides: [n0]\nfrom: {draw(st.sampled_from(DATES))}\n"
        f"purposes: [{draw(st.sampled_from(('index', 'biometric')))}]\n{until}{where}"
        f"document_sha256: {'cd' * 32}\napproved_by: [A, B]"
    )


@st.composite
def documents(draw: st.DrawFn) -> list[str]:
    found = []
    for slug in ("p", "q"):
        rules = ", ".join(
            f"{{host: {host}, match: {draw(st.sampled_from(('suffix', 'exact')))}, "
            f"role: {draw(st.sampled_from(('site', 'infrastructure', 'tenant')))}}}"
            for host in draw(hosts)
        )
        addresses = draw(st.sampled_from(("", "addresses: [203.0.113.0/28]\n", "addresses: [203.0.113.8/31]\n")))
        found.append(f"platform: {slug}\n{addresses}hosts: [{rules}]")
    found += [draw(notices(number)) for number in range(draw(st.integers(0, 2)))]
    return [*found, *([draw(permissions())] if "notice: n0" in "\n".join(found) and draw(st.booleans()) else [])]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Two sets that share most of their documents: the second draws some of its own anew."""
    old, other = draw(documents()), draw(documents())
    swap = draw(st.lists(st.booleans(), min_size=8, max_size=8))
    mixed = [b if s else a for a, b, s in zip(old, other, swap, strict=False)]
    if not any(one.startswith("notice: n0") for one in mixed):
        mixed = [one for one in mixed if not one.startswith("permission")]
    return "\n---\n".join(old) + "\n", "\n---\n".join(mixed) + "\n"


@settings(max_examples=30, deadline=None)
@given(pairs())
def test_diff_agrees_with_brute_force(pair: tuple[str, str]) -> None:
    """Where it finds nothing nobody does; each counterexample is one; every rule that differs somewhere is named."""
    agrees(pair)


@pytest.mark.nightly
@settings(max_examples=300, deadline=None)
@given(pairs())
def test_diff_agrees_with_brute_force_at_length(pair: tuple[str, str]) -> None:
    """The same, for many more pairs of sets."""
    agrees(pair)


def agrees(pair: tuple[str, str]) -> None:
    """Compare by cells, compare by brute force, and compare the two."""
    old, new = policies_of(pair[0]), policies_of(pair[1])
    report = diff(old, new, ask, NOW)
    assert report.unproven == []
    for one in report.differences:
        assert outcome(ask(old, one.cell)) != outcome(ask(new, one.cell))
    named = {one.rule for one in report.differences}
    for cell in brute_force(old, new):
        was, now = outcome(ask(old, cell)), outcome(ask(new, cell))
        changed = {rule for _, rule, _ in was[1] ^ now[1]}  # type: ignore[operator]
        assert report.differences, f"{cell}\n{pair[0]}\n===\n{pair[1]}"
        assert changed <= named, f"{cell}: {changed - named}\n{pair[0]}\n===\n{pair[1]}"


BASE = "platform: p\nhosts: [a.test]\n---\nnotice: n\ninstrument: warning\nplatforms: p\nreceived_at: 2026-01-05\n"


def changes(report: Report) -> list[tuple[str, str]]:
    return [(one.rule, one.change) for one in report.differences]


def test_equal_documents_in_another_order_and_with_comments_differ_in_nothing() -> None:
    """Places are not compared, and no question is needed."""
    first, second = BASE.split("---\n")
    report = compare(BASE, f"# moved\n{second}---\n\n{first}")
    assert (changes(report), report.cells) == ([], 0)


@pytest.mark.parametrize(
    ("more", "expected", "url"),
    [
        ("scope: {paths: [/faces/]}\n", ("n", "refuses no longer"), "https://a.test/"),
        ("scope: {purposes: [biometric]}\n", ("n", "refuses no longer"), "https://a.test/"),
        ("hosts: [b.a.test]\n", ("n", "refuses no longer"), "https://a.test/"),
        ("crawl_effect: none\n", ("n", "refuses no longer"), "https://a.test/"),
    ],
)
def test_a_notice_that_covers_less_is_shown_by_a_url_that_is_free_now(
    more: str, expected: tuple[str, str], url: str
) -> None:
    """The counterexample is of the present where it can be."""
    report = compare(BASE, BASE + more)
    assert expected in changes(report)
    (one,) = [d for d in report.differences if d.change == expected[1]]
    assert one.cell.url.startswith(url)
    assert one.cell.at == NOW


def test_a_difference_of_the_past_is_found_too() -> None:
    """A date of receipt that moved changes no decision of today, and every replay of the days between."""
    report = compare(BASE, BASE.replace("2026-01-05", "2026-02-05"))
    (one,) = [d for d in report.differences if d.change == "refuses no longer"]
    assert one.cell.at < NOW


def test_a_host_that_was_added_is_found_below_another() -> None:
    """The name itself and what lies below it are asked about apart: an exact rule is not a suffix rule."""
    exact = BASE.replace("[a.test]", "[a.test, {host: z.test, match: exact}]")
    suffix = BASE.replace("[a.test]", "[a.test, z.test]")
    assert {one.cell.url for one in compare(BASE, exact).differences} == {"https://z.test/"}
    assert {one.cell.url for one in compare(exact, suffix).differences} == {"https://www.z.test/"}


def test_a_network_is_asked_about_where_no_smaller_one_lies() -> None:
    """Half of a network that moved shows in that half."""
    old = BASE.replace("hosts: [a.test]", "hosts: [a.test]\naddresses: [203.0.113.0/28]")
    new = BASE.replace("hosts: [a.test]", "hosts: [a.test]\naddresses: [203.0.113.0/29]")
    (one,) = [d for d in compare(old, new).differences if d.change == "refuses no longer"]
    assert one.cell.url == "https://203.0.113.8/"


def test_a_permission_is_a_difference_of_the_rule_that_it_lifts() -> None:
    """`lifted now`, for the purpose that it names."""
    leave = (
        "---\npermission: leave\nplatform: p\ninstrument: licence\noverrides: [n]\npurposes: [index]\n"
        f"from: 2026-02-01\ndocument_sha256: {'cd' * 32}\napproved_by: [A, B]\n"
    )
    report = compare(BASE, BASE + leave)
    assert changes(report) == [("n", "lifted now")]
    assert report.differences[0].cell.purpose == Purpose.INDEX


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from((*PATTERNS, "/", "/x*y", "/*", "/*x*$", "/%E2%82%AC", "/a?b=", "/x/y$")), max_size=4),
       st.text("/xyzab?=", max_size=6))  # fmt: skip
def test_representatives_cover_every_way_to_match(patterns: list[str], rest: str) -> None:
    """Whatever path is made up, one of the representatives matches exactly the same patterns."""
    compiled = [Pattern(pattern) for pattern in patterns]

    def matched(path: str) -> tuple[bool, ...]:
        return tuple(pattern.matches(normalise_path(path)) for pattern in compiled)

    found = representatives(patterns)
    assert all(re.match("/", path) for path in found)
    assert len({matched(path) for path in found}) == len(found)
    assert matched("/" + rest) in {matched(path) for path in found}


def test_too_many_paths_are_said_to_be_unproved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof that was not made is not claimed."""
    monkeypatch.setattr("desist.policy.pathcells.MAX_STATES", 5)
    with pytest.raises(PathsTooMany):
        representatives(["/abcdef*ghi", "/*xyz"])
    report = compare(BASE, BASE + "scope: {paths: [/abcdef*ghi]}\n")
    assert set(report.unproven) >= {"a.test"}
