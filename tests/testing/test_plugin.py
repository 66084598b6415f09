"""The pytest plugin: a spider against a platform that forbids it, in three lines, and what those lines rest on."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import tomllib
from http.client import HTTPConnection
from pathlib import Path

import pytest
from scrapy import Spider

from desist.errors import UsageError
from desist.testing import Page, Site, ready


class FollowAll(Spider):
    """Follows every link and picture, as careless spiders do."""

    name = "follow-all"

    def parse(self, response):
        yield {"url": response.url}
        for link in response.css("a::attr(href), img::attr(src)").getall():
            yield response.follow(link, callback=self.leaf)

    def leaf(self, response):
        yield {"url": response.url}


def test_three_lines(sites, crawl) -> None:
    """The whole test of a spider: serve, crawl, ask the platform's own server."""
    web = sites(ready.platform_with_notice())
    result = crawl(FollowAll, start_urls=[web.url("pictogram.test")])
    assert web["pictogram.test"].was_never_contacted()
    assert (result.exit_code, result.items) == (0, [])
    assert [(one.basis, one.platforms, one.url) for one in result.refused] == [
        ("notice", ("pictogram",), web.url("pictogram.test"))
    ]


def test_an_ordinary_site_is_crawled(sites, crawl) -> None:
    """The control: items, permits and hits of a site that forbids nothing."""
    web = sites(ready.ordinary(pages=3), ready.platform_with_notice())
    result = crawl(FollowAll, start_urls=[web.url("gazette.test")])
    assert sorted(item["url"] for item in result.items) == [
        web.url("gazette.test", path) for path in ("/", "/article/1", "/article/2", "/article/3")
    ]
    assert {one.url for one in result.permitted} >= {item["url"] for item in result.items}
    assert result.refused == []
    assert web["gazette.test"].was_contacted()
    assert web["pictogram.test"].was_never_contacted()
    assert [hit.path for hit in result.hits["gazette.test"]].count("/article/1") == 1
    assert result.hits["pictogram.test"] == []


def test_links_redirects_and_shorteners_are_refused(sites, crawl) -> None:
    """A platform behind a link, a shortener, its CDN host and a mirror: refused, each with its docket."""
    pages = {
        "/": '<a href="http://pictogram.test/u/1"></a><a href="http://short.test/1"></a>'
        '<img src="http://pictogram.cdn.test/1.png"><a href="http://archive.test/fetch?url=http://pictogram.test/u/2"></a>'
    }
    web = sites(
        Site("blog.test", robots=ready.OPEN_ROBOTS, pages=pages),
        ready.platform_with_notice(),
        ready.cdn_of_two(),
        ready.shortener("short.test", {"/1": "http://pictogram.test/u/3"}),
        ready.mirror("pictogram.test"),
    )
    result = crawl(FollowAll, start_urls=[web.url("blog.test")])
    assert [item["url"] for item in result.items] == [web.url("blog.test")]
    assert web["pictogram.test"].was_never_contacted()
    assert web["cdn.test"].was_never_contacted()
    assert web["archive.test"].was_never_requested()
    assert len(result.refused_for("pictogram")) == 4
    assert {one.docket for one in result.refused} == {"2026-01-05-pictogram"}


def test_the_other_tenant_of_a_cdn_is_fetched(sites, crawl) -> None:
    """A notice of one platform closes its own host of a shared CDN, and not its neighbour's."""
    web = sites(ready.cdn_of_two())
    crawl(FollowAll, start_urls=[web.url("chirrup.cdn.test", "/1.png"), web.url("pictogram.cdn.test", "/1.png")])
    hosts = {hit.host.partition(":")[0] for hit in web["cdn.test"].hits}
    assert hosts == {"chirrup.cdn.test"}


def test_a_folder_is_mounted_with_its_documents(sites, policy_set, tmp_path: Path) -> None:
    """Sites that lie in folders are served, and their policy documents hold, as those written in Python."""
    folder = tmp_path / "sites" / "faces"
    (folder / "policies" / "platforms").mkdir(parents=True)
    (folder / "site.yaml").write_text("name: faces.test\npages:\n  /: hello\n")
    (folder / "policies" / "platforms" / "faces.yaml").write_text("platform: faces\nhosts: [faces.test]\n")
    assert sites(str(folder))["faces.test"].was_never_contacted()  # one folder, or those below one
    web = sites(tmp_path / "sites", ready.ordinary())
    connection = HTTPConnection(web["faces.test"].address, web.ports["http"], timeout=30)
    connection.request("GET", "/", headers={"Host": "faces.test"})
    assert connection.getresponse().read() == b"hello"
    connection.close()
    assert [hit.path for hit in web["faces.test"].hits] == ["/"]
    assert web["gazette.test"].was_never_contacted()
    from desist.decide import decide

    assert decide(policy_set(), "http://faces.test/").platforms == ("faces",)


def test_policy_set_holds_the_documents_of_mounted_sites(sites, policy_set) -> None:
    """`policy_set()` compiles what the mounted sites describe, and further documents."""
    from desist.decide import decide

    sites(ready.platform_with_notice(), ready.platform_with_terms())
    policies = policy_set({"platforms/other.yaml": "platform: other\nhosts: [other.test]\n"})
    assert decide(policies, "http://www.pictogram.test/").governing.basis == "notice"
    assert decide(policies, "http://vidriver.test/").governing.basis == "terms"
    assert decide(policies, "http://other.test/").platforms == ("other",)
    assert decide(policies, "http://gazette.test/").effect == "allow"


def test_https_and_a_project_of_its_own(sites, crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same sites over HTTPS; the spider stands in a project whose settings it finds."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "settings.py").write_text("WORD = 'from the project'\n")
    monkeypatch.syspath_prepend(tmp_path)
    web = sites(ready.ordinary(), ready.platform_with_notice(), tls=True)
    source = f"""
        import scrapy

        class Secure(scrapy.Spider):
            name = "secure"
            start_urls = [{web.url("gazette.test", scheme="https")!r}, {web.url("pictogram.test", scheme="https")!r}]

            def parse(self, response):
                yield {{"word": self.settings["WORD"], "url": response.url}}
    """
    result = crawl(source, project="shop.settings")
    assert result.items == [{"word": "from the project", "url": web.url("gazette.test", scheme="https")}]
    assert {hit.scheme for hit in web["gazette.test"].hits} == {"https"}
    assert web["pictogram.test"].was_never_contacted()


def test_source_text_settings_and_exit_code(sites, crawl, ledger) -> None:
    """A spider may be given as text; settings reach it; a crawl that may not start has its exit code and no items."""
    web = sites(ready.ordinary())
    source = f"""
        import scrapy

        class Inline(scrapy.Spider):
            name = "inline"
            start_urls = [{web.url("gazette.test")!r}]

            def parse(self, response):
                yield {{"word": self.settings["WORD"]}}
    """
    assert crawl(source, settings={"WORD": "kept"}).items == [{"word": "kept"}]
    assert [one.effect for one in ledger.decisions()].count("allow") >= 1
    broken = crawl(source, settings={"DESIST_ROBOTS_MODE": "lenient"}, exit_code=2)
    assert (broken.exit_code, broken.items) == (2, [])
    assert "DESIST_ROBOTS_MODE" in broken.log
    with pytest.raises(AssertionError, match="the crawl ended with exit code 2, expected 0"):
        crawl(source, settings={"DESIST_ROBOTS_MODE": "lenient"})


def test_a_spider_that_no_child_can_find_is_refused(crawl) -> None:
    """A class inside a function, or a setting without literal form, is one clear error."""

    class Local(Spider):
        name = "local"

    with pytest.raises(UsageError, match="defined inside a function"):
        crawl(Local)
    with pytest.raises(UsageError, match="`follow-all` is not the text of a spider"):
        crawl("follow-all")
    with pytest.raises(UsageError, match="`THING` has the value"):
        crawl(FollowAll, settings={"THING": object()})


def test_policy_tests_are_items(tmp_path: Path) -> None:
    """Each expectation below policies/tests is an item; a failing one names file, line, URL and both answers."""
    (tmp_path / "policies" / "tests").mkdir(parents=True)
    for place, text in ready.platform_with_notice().documents.items():
        (tmp_path / "policies" / place).parent.mkdir(exist_ok=True)
        (tmp_path / "policies" / place).write_text(text)
    (tmp_path / "policies" / "tests" / "own.yaml").write_text(
        textwrap.dedent("""\
            "http://pictogram.test/": refuse notice
            "http://gazette.test/": allow
            "http://www.pictogram.test/": allow
        """)
    )
    done = _pytest(tmp_path, "policies/tests")
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "own.yaml:3:1: http://www.pictogram.test/: effect `refuse`, expected `allow`" in done.stdout


def test_the_plugin_is_an_entry_point() -> None:
    """pytest finds it wherever Desist is installed, under the name that `-p no:desist` takes."""
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert pyproject["project"]["entry-points"]["pytest11"] == {"desist": "desist.testing.plugin"}


def test_the_plugin_costs_a_test_run_nothing(tmp_path: Path) -> None:
    """Loading it imports no Scrapy, no Twisted, no policies: only pytest, which is there already."""
    program = (
        "import pytest, sys; before = set(sys.modules); import desist.testing.plugin; print(*set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert set(done.stdout.split()) == {"desist", "desist.testing", "desist.testing.plugin"}


def test_failures_of_robots_keep_the_page_closed(sites, crawl) -> None:
    """Every ready-made way in which robots.txt fails: no page is requested, each refusal is on record."""
    broken = ready.robots_failures()
    web = sites(*broken.values(), ready.ordinary())
    starts = [web.url(site.name) for site in broken.values()]
    result = crawl(FollowAll, start_urls=[*starts, web.url("gazette.test")], settings={"DOWNLOAD_TIMEOUT": 3})
    assert {way for way, site in broken.items() if any(hit.path == "/" for hit in web[site.name].hits)} == set()
    assert {one.url for one in result.refused} >= set(starts)
    assert web.url("gazette.test") in {item["url"] for item in result.items}


def test_opt_outs_keep_the_page_from_the_spider(sites, crawl) -> None:
    """Every ready-made signal: a spider that declares no purpose gets no item, and the refusal is on record."""
    signals = ready.opt_outs()
    web = sites(*signals.values(), ready.ordinary())
    starts = {way: web.url(site.name) for way, site in signals.items()}
    result = crawl(FollowAll, start_urls=[*starts.values(), web.url("gazette.test")])
    urls = {item["url"] for item in result.items}
    assert {way for way, url in starts.items() if url in urls} == set()
    assert web.url("gazette.test") in urls
    refused = {one.url for one in result.refused}
    assert {way for way, url in starts.items() if url not in refused} == set()


def test_a_login_wall_is_no_robots_file(sites, crawl) -> None:
    """HTML in the place of robots.txt opens nothing."""
    web = sites(ready.login_wall())
    result = crawl(FollowAll, start_urls=[web.url("walled.test", "/profile")])
    assert result.items == []
    assert web["walled.test"].was_never_requested()


def test_terms_alone_refuse_without_a_packet(sites, crawl) -> None:
    """A platform whose terms forbid crawling is never contacted; its terms page is not needed for that."""
    web = sites(ready.platform_with_terms())
    result = crawl(FollowAll, start_urls=[web.url("vidriver.test", "/watch/1")])
    assert [one.basis for one in result.refused] == ["terms"]
    assert web["vidriver.test"].was_never_contacted()


def _pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *arguments,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def test_pages_of_a_site_can_be_slow_and_still_counted(sites, crawl) -> None:
    """A page that is late is fetched all the same, and the server knows what it sent."""
    web = sites(Site("slow.test", robots=ready.OPEN_ROBOTS, pages={"/": Page("<p>late</p>", delay=0.3)}))
    result = crawl(FollowAll, start_urls=[web.url("slow.test")])
    assert [item["url"] for item in result.items] == [web.url("slow.test")]
    [hit] = [hit for hit in web["slow.test"].hits if hit.path == "/"]
    assert hit.status == 200
