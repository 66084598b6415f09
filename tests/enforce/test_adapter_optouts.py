"""`requests` under the gates obeys what a site's files and pages say, and sends nothing again that nobody decided."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from urllib3.util import Retry

from desist.enforce.options import Options
from desist.enforce.requests_adapter import GatedAdapter, RequestRefused
from desist.enforce.site_files import Brought, SiteFiles
from desist.ledger.query import Reader
from desist.model import Purpose
from desist.testing import Page, Site, Web, documents, ready
from desist.testing.mock import Mounted, mount

RESERVED = '[{"location": "/", "tdm-reservation": 1}]'
OPEN = "User-agent: *\nAllow: /\n"
META = '<html><head><meta name="robots" content="noai"></head><h1>face</h1></html>'
LICENCE = """<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>
<prohibits type="usage">ai-train</prohibits></license></content></rsl>"""
Get = Callable[..., requests.Response]


class Stalled:
    """A file that comes when it is let go."""

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()

    def answer(self, target: str) -> Page | None:
        """There is no such file."""
        if target == "/.well-known/tdmrep.json":
            self.asked.set()
            assert self.go.wait(timeout=60)
        return None


@pytest.fixture
def stalled() -> Stalled:
    """The one of `stall.test`."""
    return Stalled()


@pytest.fixture
def sites(stalled: Stalled) -> list[Site]:
    """One for each way to opt out, and some that fail now and then."""
    failing = iter([503, 503, 200])

    def busy(target: str) -> Page | None:
        return Page("page", next(failing)) if target == "/" else None

    return [
        ready.platform_with_notice(),
        Site("tdm.test", robots=OPEN, pages={"/": "page", "/.well-known/tdmrep.json": RESERVED}),
        Site("ai.test", robots=OPEN, pages={"/": "page", "/ai.txt": "User-agent: *\nDisallow: /\n"}),
        Site("usage.test", robots=OPEN + "Content-Usage: train-ai=n\n", pages={"/": "page"}),
        Site("signal.test", robots=OPEN + "Content-Signal: ai-train=no\n", pages={"/": "page"}),
        Site("licence.test", robots=OPEN + "License: /rsl.xml\n", pages={"/": "page", "/rsl.xml": LICENCE}),
        Site("meta.test", robots=OPEN, pages={"/": META, "/wide": Page(META.encode("utf-16"), media_type="text/html")}),
        Site("open.test", robots=OPEN, pages={"/": "page"}),
        Site("stall.test", robots=OPEN, pages={"/": "page"}, generate=stalled.answer),
        Site("slow.test", robots=OPEN + "Crawl-delay: 1\n", pages={"/*": "page"}),
        Site("busy.test", robots=OPEN, pages={"/no": Page("no", 403)}, generate=busy),
    ]


@pytest.fixture
def options(tmp_path: Path, sites: list[Site]) -> Iterator[Options]:
    """A ledger, the sites' documents, and a nameserver that knows them."""
    documents.write(tmp_path / "policies", [site.documents for site in sites])
    with Web(sites) as web:
        yield Options(
            policies=(str(tmp_path / "policies"),),
            ledger=str(tmp_path / "evidence" / "ledger.db"),
            nameservers=(web.nameserver,),
        )


@pytest.fixture
def web(sites: list[Site]) -> Iterator[Mounted]:
    """All of them, answered by `responses`."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        yield mount(sites, registry)


@pytest.fixture
def get(web: Mounted, options: Options) -> Iterator[Get]:
    """Ask for a page of a site, for these purposes and with these retries."""
    adapters: list[GatedAdapter] = []

    def get(name: str, path: str = "/", *, purposes: tuple[str, ...] = ("train-ai",), **more: Any) -> Any:
        if not adapters:
            adapters.append(GatedAdapter(options, shut=False, purposes=purposes, **more))
        session = requests.Session()  # never closed: that would close the adapter
        session.mount("http://", adapters[0])
        return session.get(f"http://{name}{path}", timeout=20)

    yield get
    for adapter in adapters:
        adapter.close()


@pytest.mark.parametrize("name", ["tdm", "ai", "usage", "signal", "licence"])
def test_a_sites_own_files_are_obeyed_before_a_page_is_asked_for(get: Get, web: Mounted, name: str) -> None:
    """As a crawl does it, and for the purposes that they speak of."""
    with pytest.raises(RequestRefused) as refused:
        get(f"{name}.test")
    assert refused.value.decision.governing is not None
    assert refused.value.decision.governing.basis.value == "optout"
    assert "/" not in [hit.path for hit in web[f"{name}.test"].hits]


@pytest.mark.parametrize("name", ["usage", "signal", "licence"])
def test_other_purposes_are_not_refused(get: Get, name: str) -> None:
    """The control: the same sites, asked for what they do not speak of."""
    assert get(f"{name}.test", purposes=("index",)).text == "page"


@pytest.mark.parametrize("path", ["/", "/wide"])
def test_a_page_that_opts_out_is_not_handed_over(get: Get, path: str) -> None:
    """Its meta elements are read, also in an alphabet of two octets."""
    with pytest.raises(RequestRefused, match="noai"):
        get("meta.test", path)


def test_crawl_delay_is_kept(get: Get, web: Mounted) -> None:
    """Between any two requests to the authority, by its own clock."""
    for path in ("/a", "/b"):
        assert get("slow.test", path, purposes=("index",)).text == "page"
    first, second = (hit.arrived_ns for hit in web["slow.test"].hits if hit.path in ("/a", "/b"))
    assert second - first >= 990_000_000


def test_each_retry_is_decided_and_on_record(get: Get, web: Mounted, options: Options) -> None:
    """One permit for each request that reached the site, and none again for a status that closes the page."""
    retries = Retry(total=5, status_forcelist=[403, 503], backoff_factor=0)
    assert get("busy.test", purposes=("index",), max_retries=retries).text == "page"
    with pytest.raises(RequestRefused):
        get("busy.test", "/no")
    paths = [hit.path for hit in web["busy.test"].hits]
    assert (paths.count("/"), paths.count("/no")) == (3, 1)
    with Reader(Path(options.ledger)) as reader:
        permits = sum(read.entry.k == "permit" for read in reader.entries())
    assert permits == len(paths)


def test_a_failure_that_stands_is_raised(get: Get) -> None:
    """After the last retry the caller hears what `requests` would have said."""
    with pytest.raises(requests.exceptions.RetryError):
        get("busy.test", purposes=("index",), max_retries=Retry(total=1, status_forcelist=[503], backoff_factor=0))


def test_a_name_without_an_address_is_a_connection_error(get: Get) -> None:
    """As `requests` says it, whatever the retries."""
    with pytest.raises(requests.ConnectionError, match="has no address"):
        get("nowhere.test", max_retries=2)


def test_a_site_that_stalls_keeps_no_other_waiting(get: Get, stalled: Stalled) -> None:
    """Its thread waits for its file; the next one is served meanwhile."""
    waiting = threading.Thread(target=lambda: get("stall.test", purposes=("train-ai",)))
    waiting.start()
    assert stalled.asked.wait(timeout=30)
    assert get("open.test").text == "page"
    assert waiting.is_alive()
    stalled.go.set()
    waiting.join(timeout=60)
    assert not waiting.is_alive()


@pytest.mark.parametrize(("page", "asked"), [("http://out.test/", False), ("http://other.test/", True)])
def test_a_site_outside_aims_nobody_at_a_network_inside(page: str, asked: bool) -> None:
    """A licence at an address that is not public refuses, unasked; a site that is inside itself may name it."""
    addresses = {"out.test": ["93.184.215.14"], "other.test": ["10.0.0.4"], "in.test": ["10.0.0.5"]}
    asked_for: list[str] = []

    def fetch(url: str) -> Brought:
        asked_for.append(url)
        return Brought(200, "", LICENCE.replace("ai-train", "search").encode())

    files = SiteFiles(fetch, lambda url: addresses[url.split("/")[2]], [Purpose.INDEX], "Mozilla", "strict")
    link = ("Link", '<http://in.test/rsl.xml>; rel="license"; type="application/rsl+xml"')
    found = files.of_page(page, [link], "text/html", b"")
    assert asked_for == (["http://in.test/rsl.xml"] if asked else [])
    assert any("could not be retrieved" in one.text for one in found) == (not asked)
