"""What a tester gets wrong is told at once, with its mend: a slip must not make a test pass that shows nothing."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from scrapy import Spider

from desist.errors import PolicyError, UsageError
from desist.testing import Answer, Page, Site, Web, ready
from desist.testing.fixtures import Crawler, PolicyFolder, Webs


class Quiet(Spider):
    """Asks for its start URLs."""

    name = "quiet"


class Failing(Spider):
    """Its own code is wrong."""

    name = "failing"

    def parse(self, response: Any) -> None:
        raise RuntimeError("a slip of the spider")


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"name": "http://a.test/"}, "`http://a.test/` is no host name\n  help: as in `a.test`"),
        ({"name": "a.test:8000"}, "`a.test:8000` is no host name"),
        ({"name": "a.test", "aliases": ("WWW.a.test",)}, "`WWW.a.test` is no host name"),
        ({"name": "a.test", "pages": {"u/1": "x"}}, "page `u/1` of a.test is no path\n  help: write `/u/1`"),
        ({"name": "a.test", "pages": {"/": b"x"}}, "pages['/'] of a.test is a bytes\n  help: a text, or Page(...)"),
        ({"name": "a.test", "robots": b"User-agent: *"}, "robots of a.test is a bytes"),
    ],
)
def test_a_site_that_could_never_be_served(described: dict[str, Any], said: str) -> None:
    """The description is refused where it is written."""
    with pytest.raises(UsageError) as caught:
        Site(**described)
    assert str(caught.value).startswith(said)


def test_names_that_lead_nowhere(sites: Webs) -> None:
    """A misspelt name would be a site that was never contacted; names of the name server count too."""
    names = {"alias.test": Answer(cname="gazette.test"), "*.deep.test": Answer(cname="gazette.test")}
    web = sites(ready.ordinary(), names=names)
    with pytest.raises(UsageError, match=r"no site of this web is called `gazete.test`\n  help: did you mean `gazette"):
        web["gazete.test"].was_never_contacted()
    with pytest.raises(UsageError, match=r"no site of this web is called `gazete.test`"):
        web.url("gazete.test")
    assert web.url("alias.test").startswith("http://alias.test:")
    assert web.url("very.deep.test").startswith("http://very.deep.test:")
    with pytest.raises(UsageError, match=r"does not serve https\n  help: mount it with `tls=True`"):
        web.url("gazette.test", scheme="https")


def test_sites_that_cannot_be_told_apart(sites: Webs) -> None:
    """Two descriptions of one name, none at all, and what is no description."""
    with pytest.raises(UsageError, match=r"`www\.gazette\.test` is the name of two sites"):
        sites(ready.ordinary(), Site("www.gazette.test"))
    with pytest.raises(UsageError, match="no site to serve"):
        sites()
    with pytest.raises(UsageError, match=r"a dict is no site\n  help: a Site, or the path"):
        sites({"name": "a.test"})  # type: ignore[arg-type]


@pytest.mark.parametrize("http2", [False, True])
def test_a_description_that_raises_fails_the_test(http2: bool) -> None:
    """What `generate` raises ends the connection, and comes up where the web ends."""

    def generate(target: str) -> Page:
        raise LookupError(f"no idea what to say to {target}")

    def ask() -> None:
        scheme: Any = "https" if http2 else "http"
        with Web([Site("a.test", generate=generate)], http2=http2) as web, web.reachable():
            verify = ssl.create_default_context(cafile=str(web.ca_file)) if http2 else True
            client = httpx2.Client(http2=http2, verify=verify, timeout=20)
            with client, pytest.raises(httpx2.RemoteProtocolError):
                client.get(web.url("a.test", "/x", scheme))

    with pytest.raises(LookupError, match="no idea what to say to /x"):
        ask()


def test_policy_tests_that_cannot_be_read_are_all_named(tmp_path: Path) -> None:
    """Each error of a file below policies/tests, with its place and mend, and no traceback."""
    (tmp_path / "policies" / "tests").mkdir(parents=True)
    (tmp_path / "policies" / "own.yaml").write_text("platform: own\nhosts: [own.test]\n")
    (tmp_path / "policies" / "tests" / "own.yaml").write_text(
        '"http://own.test/": alow\n"http://own.test/x": {efect: allow}\n'
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "policies/tests"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "own.yaml:1:21: " in done.stdout
    assert "did you mean `allow`?" in done.stdout
    assert "own.yaml:2:2" in done.stdout
    assert "Traceback" not in done.stdout


def test_documents_that_cannot_be_read_are_all_named(policy_set: PolicyFolder) -> None:
    """Every error of every document, with its mend, below the error itself."""
    broken = {"platforms/x.yaml": "platfrom: x\nhosts: [x.test]\n", "notices/y.yaml": "notice: y\n"}
    with pytest.raises(PolicyError) as caught:
        policy_set(broken)
    notes = "\n".join(caught.value.__notes__)
    assert "x.yaml:1:1: D005 document is of no known kind\n  help: did you mean `platform`?" in notes
    assert "y.yaml:1:1: " in notes


def test_what_is_no_spider(crawl: Crawler) -> None:
    """An instance and a file that is not there are told before a process is started."""
    with pytest.raises(UsageError, match="a Quiet is no spider class"):
        crawl(Quiet())  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"there is no file `nowhere\.py`"):
        crawl(Path("nowhere.py"))


def test_a_spider_that_raises_fails_the_test(sites: Webs, crawl: Crawler) -> None:
    """Its traceback is shown; a test that expects it says so. Start URLs that are one text raise too."""
    web = sites(ready.ordinary())
    with pytest.raises(AssertionError, match=r"(?s)the spider raised 1 times, first:.*a slip of the spider"):
        crawl(Failing, start_urls=[web.url("gazette.test")])
    done = crawl(Failing, start_urls=[web.url("gazette.test")], spider_errors=True)
    assert ["a slip of the spider" in error for error in done.errors] == [True]
    assert done.stats["spider_exceptions/RuntimeError"] == 1
    with pytest.raises(AssertionError, match="the spider raised"):
        crawl(Quiet, start_urls=web.url("gazette.test"))


def test_a_crawl_that_does_not_end_shows_its_last_lines(sites: Webs, crawl: Crawler) -> None:
    """The child is ended, and the test fails with what it logged last."""
    robots = Page(ready.OPEN_ROBOTS, media_type="text/plain", delay=600)
    web = sites(Site("slow.test", robots=robots))
    with pytest.raises(AssertionError, match=r"the crawl had not ended after 2 s; its last lines:\n"):
        crawl(Quiet, start_urls=[web.url("slow.test")], seconds=2)


def test_a_project_keeps_its_own_add_ons(
    sites: Webs, crawl: Crawler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Desist's add-on comes on top of those that the project's settings name; an empty setting takes them away."""
    (tmp_path / "stall").mkdir()
    (tmp_path / "stall" / "settings.py").write_text('ADDONS = {"stall.own.Own": 1}\n')
    (tmp_path / "stall" / "own.py").write_text(
        "class Own:\n    def update_settings(self, settings):\n        settings.set('OWN', 'here', 'addon')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    web = sites(ready.ordinary(), ready.platform_with_notice())
    source = f"""
        import scrapy
        class S(scrapy.Spider):
            name = "s"
            start_urls = [{web.url("gazette.test")!r}, {web.url("pictogram.test")!r}]
            def parse(self, response):
                yield {{"own": self.settings.get("OWN")}}
    """
    done = crawl(source, project="stall.settings")
    assert done.items == [{"own": "here"}]
    assert done.stats["desist/refused"] == 1
