"""`requests` under the gates: with the library `responses`, and against live servers from a process of its own."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import requests
import responses

from desist.enforce import requests_adapter
from desist.enforce.options import Options
from desist.enforce.requests_adapter import GatedAdapter, RequestRefused
from desist.ledger.opener import Opener
from desist.testing import Answer, Page, Site, Web, documents, ready
from desist.testing.hits import Hit
from desist.testing.mock import mount
from desist.testing.recorded import Recorded

PLATFORM = "pictogram.test"
LETTER = """notice: 2026-late
instrument: cease_and_desist
sender: Gazette
recipient: us
hosts: [gazette.test]
received_at: 2026-01-05T09:30:00Z
"""
KEY = Opener.generate()


RULES = b"User-agent: *\nDisallow: /private\n"


def _coded(body: bytes, coding: str) -> Page:
    return Page(body, headers={"Content-Encoding": coding}, media_type="text/plain")


@pytest.fixture
def sites() -> list[Site]:
    pages = {
        "/": "<h1>ordinary</h1>",
        "/private": "<h1>private</h1>",
        "/away": Page(redirect=f"http://media.{PLATFORM}/face.png"),
        "/no": Page("no", 403),
        "/busy": Page("no", 429, {"Retry-After": "600"}),
        "/noai": Page("<h1>no</h1>", headers={"X-Robots-Tag": "noai"}),
    }
    return [
        ready.platform_with_notice(),
        Site("gazette.test", robots="User-agent: *\nDisallow: /private\n", pages=pages),
        Site("packed.test", robots=_coded(gzip.compress(RULES), "gzip"), pages={"/open": "page", "/private": "page"}),
        Site("odd.test", robots=_coded(RULES, "br"), pages={"/open": "page", "/private": "page"}),
    ]


@pytest.fixture
def web(sites: list[Site]) -> Iterator[Web]:
    with Web(sites, names={"alias.test": Answer(cname=f"media.{PLATFORM}")}) as web:
        yield web


@pytest.fixture
def options(tmp_path: Path, web: Web) -> Options:
    documents.write(tmp_path / "policies", [site.site.documents for site in web])
    return Options(
        policies=(str(tmp_path / "policies"),),
        ledger=str(tmp_path / "evidence" / "ledger.db"),
        nameservers=(web.nameserver,),
        counsel_key=str(KEY.counsel),
    )


def decisions(options: Options) -> list[tuple[str, str, str]]:
    return [(one.effect, one.basis, one.url) for one in Recorded.read(Path(options.ledger), KEY.private_text())]


def pages(hits: Iterable[Hit]) -> list[str]:
    """What was asked for but the files of opt-outs, which are asked for before the first page."""
    return [hit.path for hit in hits if hit.path not in ("/.well-known/tdmrep.json", "/ai.txt")]


@pytest.fixture
def session(options: Options) -> Iterator[requests.Session]:
    """A session whose answers come from `responses`; the process stays open."""
    with requests.Session() as session:
        adapter = GatedAdapter(options, shut=False)
        session.mount("http://", adapter)
        yield session


def test_ordinary_page_is_fetched_and_on_record(session, options, sites) -> None:
    """Robots first, then the page; one permit each."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mounted = mount(sites, registry)
        assert session.get("http://gazette.test/").text == "<h1>ordinary</h1>"
    files = ["/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"]
    assert [hit.path for hit in mounted.hits] == [*files, "/"]
    assert decisions(options) == [
        *(("allow", "", f"http://gazette.test:80{path}") for path in files),
        ("allow", "", "http://gazette.test/"),
    ]


@pytest.mark.parametrize(
    ("url", "basis", "asked"),
    [
        (f"http://media.{PLATFORM}/face.png", "notice", []),
        ("http://gazette.test/private", "robots", ["/robots.txt"]),
        ("http://gazette.test/away", "notice", ["/robots.txt", "/away"]),
        ("http://gazette.test/noai", "optout", ["/robots.txt", "/noai"]),
        ("http://gazette.test/?url=http://pictogram.test/x", "notice", []),
    ],
)
def test_refusal_is_raised_with_its_receipt(session, options, sites, url, basis, asked) -> None:
    """What documents refuse gets no packet at all, what robots.txt refuses that file only."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mounted = mount(sites, registry)
        with pytest.raises(RequestRefused) as refused:
            session.get(url)
    assert refused.value.decision.governing.basis.value == basis
    assert refused.value.receipt > 0
    assert pages(mounted.hits) == asked
    assert decisions(options)[-1][:2] == ("refuse", basis)


def test_unlisted_proxy_is_refused(session, sites) -> None:
    """DESIST_PROXIES holds for requests as it does for a crawl."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mount(sites, registry)
        with pytest.raises(RequestRefused) as refused:
            session.get("http://gazette.test/", proxies={"http": "http://127.0.0.1:1"})
    assert refused.value.decision.governing.basis.value == "proxy"


def test_other_user_agent_than_the_one_that_was_judged_is_refused(session, sites) -> None:
    """robots.txt was read for the adapter's own token."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mounted = mount(sites, registry)
        with pytest.raises(RequestRefused) as refused:
            session.get("http://gazette.test/", headers={"User-Agent": "OtherBot/2.0"})
    assert refused.value.decision.governing.rule == "user-agent"
    assert mounted.hits == []


@pytest.mark.parametrize(("first", "then"), [("/no", "/no#part"), ("/busy", "/")])
def test_status_is_remembered(session, sites, first, then) -> None:
    """403 closes the page, 429 the authority: neither is asked again."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mounted = mount(sites, registry)
        for path in (first, then):
            with pytest.raises(RequestRefused) as refused:
                session.get(f"http://gazette.test{path}")
    assert refused.value.decision.governing.basis.value == "status"
    assert pages(mounted.hits) == ["/robots.txt", first]


def test_compressed_robots_txt_is_read(session, sites) -> None:
    """A server that packs what nobody asked it to pack is understood, and one that uses another coding refuses."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mount(sites, registry)
        assert session.get("http://packed.test/open").text == "page"
        for url in ("http://packed.test/private", "http://odd.test/open"):
            with pytest.raises(RequestRefused):
                session.get(url)


def test_letter_takes_force_in_an_adapter_that_lives(session, options, sites, monkeypatch) -> None:
    """Policies are looked at once a second: what a new notice forbids is refused, on record under its revision."""
    monkeypatch.setattr(requests_adapter, "_LOOK_SECONDS", 0.0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mount(sites, registry)
        assert session.get("http://gazette.test/").ok
        (Path(options.policies[0]) / "letter.yaml").write_text(LETTER)
        with pytest.raises(RequestRefused) as refused:
            session.get("http://gazette.test/")
    assert (refused.value.decision.docket, decisions(options)[-1][:2]) == ("2026-late", ("refuse", "notice"))


def test_letter_that_could_not_be_read_at_once_is_read_by_the_next_request(
    session, options, sites, monkeypatch
) -> None:
    """A process that ran out of descriptors for a moment must not miss it: the first request fails, none goes on."""
    monkeypatch.setattr(requests_adapter, "_LOOK_SECONDS", 0.0)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mount(sites, registry)
        (Path(options.policies[0]) / "letter.yaml").write_text(LETTER)
        with monkeypatch.context() as patched:
            patched.setattr(requests_adapter, "reload", _no_descriptor_left)
            with pytest.raises(OSError, match="Too many"):
                session.get("http://gazette.test/")
        with pytest.raises(RequestRefused):
            session.get("http://gazette.test/")


def _no_descriptor_left(*_: object) -> None:
    raise OSError(24, "Too many open files")


LIVE = """
    import requests, sys
    from desist.enforce.options import Options
    from desist.enforce.requests_adapter import GatedAdapter

    gated = requests.Session()
    adapter = GatedAdapter(Options(**{options!r}))
    gated.mount("http://", adapter)
    for name, session, url in (
        ("gated", gated, {gazette!r}), ("platform", gated, {platform!r}), ("alias", gated, {alias!r}),
        ("plain", requests.Session(), {gazette!r}), ("plain-platform", requests.Session(), {platform!r}),
    ):
        session.trust_env = False
        try:
            print(name, session.get(url, timeout=5).status_code)
        except requests.RequestException as error:
            print(name, type(error).__name__)
    adapter.close()
"""


def test_live_process_reaches_what_the_adapter_grants_and_nothing_else(tmp_path, web, options) -> None:
    """The same host is reached through the adapter and refused beside it."""
    fields = {name: getattr(options, name) for name in ("policies", "ledger", "nameservers", "counsel_key")}
    script = textwrap.dedent(LIVE).format(
        options=fields, gazette=web.url("gazette.test"), platform=web.url(PLATFORM), alias=web.url("alias.test")
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False, env=os.environ.copy()
    )
    said = dict(line.split() for line in done.stdout.splitlines())
    assert said == {
        "gated": "200", "platform": "RequestRefused", "alias": "RequestRefused",
        "plain": "ConnectionError", "plain-platform": "ConnectionError",
    }, done.stderr  # fmt: skip
    assert web[PLATFORM].was_never_contacted()
    assert pages(web["gazette.test"].hits) == ["/robots.txt", "/"]
    refused = [(basis, url) for effect, basis, url in decisions(options) if effect == "refuse"]
    assert [basis for basis, _ in refused] == ["notice", "notice", "process", "notice"]
