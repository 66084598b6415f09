"""A project that adds one line: what it may fetch it fetches, what a letter forbids gets no packet."""

from __future__ import annotations

import re

import pytest

HANDLERS = {
    "http11": {},
    "http11-process": {"FORCE_CRAWLER_PROCESS": True},
    "http11-select": {"TWISTED_REACTOR": "twisted.internet.selectreactor.SelectReactor"},
    "aiohttp": {"TWISTED_REACTOR_ENABLED": False},
    "httpx": {
        "DOWNLOAD_HANDLERS": {
            "http": "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler",
            "https": "scrapy.core.downloader.handlers._httpx.HttpxDownloadHandler",
        }
    },
}


@pytest.mark.parametrize("handler", HANDLERS)
def test_platform_gets_no_packet_and_ordinary_site_is_fetched(project, spider, web, handler) -> None:
    """Site, subdomain, media host, redirect target and CNAME are refused, whatever handler is in use."""
    forbidden = [web.url(name) for name in ("pictogram.test", "m.pictogram.test", "alias.test")]
    allowed = [web.url("gazette.test"), web.url("gazette.test", "/away")]
    done = project.run(spider(*forbidden, *allowed), **HANDLERS[handler])
    assert done.code == 0, done.out
    assert f"GOT {allowed[0]}" in done.out
    assert web["pictogram.test"].was_never_contacted()
    assert {f"FAILED {url} Refused" for url in forbidden} <= {line.rsplit(" ", 1)[0] for line in done.out.splitlines()}
    assert sum("pictogram" in one.platforms for one in done.refused) >= 4


OVERRIDES = {
    "DOWNLOADER_MIDDLEWARES": {},
    "SPIDER_MIDDLEWARES": {},
    "EXTENSIONS": {},
    "DOWNLOAD_HANDLERS": {"http": "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"},
    "ADDONS": {},
    "TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingThreadedResolver",
    "ROBOTSTXT_OBEY": False,
    "DOWNLOADER_MIDDLEWARES_BASE": {},
    "DOWNLOAD_HANDLERS_BASE": {
        "http": "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler",
        "https": None,
    },
}


@pytest.mark.parametrize("name", OVERRIDES)
def test_custom_settings_take_no_gate_out(project, spider, web, name) -> None:
    """A spider's `custom_settings` replace a whole component setting; the gates are still there."""
    body = f"custom_settings = {{{name!r}: {OVERRIDES[name]!r}}}"
    done = project.run(spider(web.url("pictogram.test"), web.url("gazette.test"), body=body))
    assert f"GOT {web.url('gazette.test')}" in done.out
    assert web["pictogram.test"].was_never_contacted()
    assert [one.platforms for one in done.refused] == [("pictogram",)]


def test_errback_and_log_follow_the_receipt(project, spider, web) -> None:
    """The number that an errback sees is that of an entry on record."""
    done = project.run(spider(web.url("pictogram.test")))
    receipts = [int(number) for number in re.findall(r"FAILED \S+ Refused (\d+)", done.out)]
    assert receipts == [one.number for one in done.refused]
    assert "filed under 2026-01-05-pictogram" in done.out


def test_robots_are_obeyed_without_being_asked(project, spider, web) -> None:
    """`ROBOTSTXT_OBEY = False` opens nothing that robots.txt closes, and closes nothing that it opens."""
    closed, opened = web.url("gazette.test", "/private"), web.url("gazette.test", "/article/1")
    custom = "custom_settings = {'ROBOTSTXT_OBEY': False}"
    done = project.run(spider(closed, opened, body=custom), DESIST_PURPOSES=["index"])
    assert [hit.path for hit in web["gazette.test"].hits] == ["/robots.txt", "/article/1"]
    assert [(one.basis, one.rule) for one in done.refused] == [("robots", "robots.txt:2")]


def test_last_line_says_what_was_refused_and_what_to_type(project, spider, web) -> None:
    """Counts by basis, the biggest basis with its mend, the next command."""
    done = project.run(spider(web.url("pictogram.test"), web.url("m.pictogram.test"), web.url("gazette.test")))
    first, second, third = done.out.strip().splitlines()[-3:]
    words = r"desist: 4 let through \(3 of them robots\.txt and the like\), 2 refused \(notice 2\)$"
    assert re.search(words, first), first
    assert "most were refused by notice: " in second
    assert third.endswith(f"next: desist ledger docket {project.ledger}")
