"""Starting a crawl so that the gates stay out: commands, scripts, settings in every form, patches of Scrapy itself.

Each runs in a process of its own inside or beside a project that names the add-on; the platform's servers judge.
Commands and scripts start as they do for a user; what a spider tries comes later, in a child of the nursery.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from desist.ledger.seal import Opener
from desist.testing import Site, Web, documents, ready
from desist.testing.recorded import Recorded

PLATFORM = "pictogram.test"
RAID = """
import requests, scrapy, urllib.request
def raid(where):
    for get in (lambda u: requests.get(u, timeout=3), lambda u: urllib.request.urlopen(u, timeout=3)):
        try:
            get(f"http://{where}.pictogram.test:<port>/x-{where}")
            print("REACHED", where, flush=True)
        except BaseException as error:
            print("STOPPED", where, type(error).__name__, flush=True)
"""
SPIDER = """
class S(scrapy.Spider):
    name = "s"
    start_urls = ["http://pictogram.test:<port>/face"]
    async def start(self):
        raid("callback")
        for url in self.start_urls:
            yield scrapy.Request(url, dont_filter=True)
    def parse(self, response):
        print("GOT", response.url, flush=True)
"""
CRAWL = ["-m", "scrapy", "crawl", "s"]
URL = "http://pictogram.test:<port>/face"
COMMANDS = {
    "no-addons": [*CRAWL, "-s", "ADDONS={}"],
    "addon-off": [*CRAWL, "-s", 'ADDONS={"desist.addon.Addon": null}'],
    "other-addon": [*CRAWL, "-s", 'ADDONS={"other.Addon": 0}'],
    "no-handler": [*CRAWL, "-s", "DOWNLOAD_HANDLERS={}"],
    "http11-handler": [*CRAWL, "-s", 'DOWNLOAD_HANDLERS={"http": "<http11>"}'],
    "no-extension": [*CRAWL, "-s", 'EXTENSIONS={"desist.enforce.attest.Attest": null}'],
    "no-middleware": [*CRAWL, "-s", 'DOWNLOADER_MIDDLEWARES={"desist.enforce.engine.EngineGate": null}'],
    "resolver": [*CRAWL, "-s", "TWISTED_DNS_RESOLVER=scrapy.resolver.CachingThreadedResolver"],
    "no-reactor": [*CRAWL, "-s", "TWISTED_REACTOR_ENABLED=0", "-s", "ADDONS={}"],
    "infra": [*CRAWL, "-s", "DESIST_INFRA=*.pictogram.test"],
    "policies": [*CRAWL, "-s", "DESIST_POLICIES="],
    "observe": [*CRAWL, "-s", "DESIST_OBSERVE_UNTIL=2999-01-01"],
    "telnet": [*CRAWL, "-s", "TELNETCONSOLE_ENABLED=1", "-s", "REMOTE_CONTROL_ENABLED=1"],
    "fetch": ["-m", "scrapy", "fetch", URL],
    "fetch-no-addons": ["-m", "scrapy", "fetch", "-s", "ADDONS={}", URL],
    "view": ["-m", "scrapy", "view", "-s", "ADDONS={}", URL],
    "parse": ["-m", "scrapy", "parse", "--spider", "s", "-s", "ADDONS={}", URL],
    "shell": ["-m", "scrapy", "shell", "--nolog", "-s", "ADDONS={}", "-c", "print('GOT', response)", URL],
    "shell-gated": ["-m", "scrapy", "shell", "--nolog", "-c", f"fetch('{URL}')"],
    "shell-requests": ["-m", "scrapy", "shell", "-c", "__import__('spiders').raid('callback')"],
    "runspider": ["-m", "scrapy", "runspider", "spiders.py", "-s", "ADDONS={}"],
    "check": ["-m", "scrapy", "check", "-s", "ADDONS={}"],
    "bench": ["-m", "scrapy", "bench", "-s", "ADDONS={}", "-s", "CLOSESPIDER_TIMEOUT=2"],
}
SCRIPTS = {
    name: [f"script_{name.replace('-', '_')}.py"]
    for name in ("process", "async-process", "runner", "two-crawlers", "no-addons-later", "plain-crawler")
}
_RUN = """
from scrapy.crawler import {kind}
from scrapy.utils.project import get_project_settings
import spiders
if __name__ == "__main__":
"""
_BODIES = {
    "process": ("CrawlerProcess", "p = CrawlerProcess(get_project_settings()); p.crawl(spiders.S); p.start()"),
    "async-process": (
        "AsyncCrawlerProcess",
        "p = AsyncCrawlerProcess(get_project_settings()); p.crawl(spiders.S); p.start()",
    ),
    "runner": (
        "CrawlerRunner",
        "from scrapy.utils.reactor import install_reactor\n"
        "install_reactor('twisted.internet.asyncioreactor.AsyncioSelectorReactor')\n"
        "from twisted.internet import reactor\n"
        "d = CrawlerRunner(get_project_settings()).crawl(spiders.S)\n"
        "d.addBoth(lambda _: reactor.stop())\n"
        "reactor.run()",
    ),
    "two-crawlers": (
        "CrawlerProcess",
        "p = CrawlerProcess(get_project_settings()); p.crawl(spiders.S); p.crawl(spiders.S); p.start()",
    ),
    "no-addons-later": (
        "CrawlerProcess",
        "p = CrawlerProcess(get_project_settings())\n"
        "p.settings.set('ADDONS', {}, 10 ** 9)\n"
        "p.crawl(spiders.S); p.start()",
    ),
    "plain-crawler": (
        "CrawlerProcess",
        "from scrapy.crawler import Crawler\n"
        "p = CrawlerProcess(get_project_settings())\n"
        "p.crawl(Crawler(spiders.S, {'ADDONS': {}}, init_reactor=True)); p.start()",
    ),
}
_H11 = "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"
SPIDERS = {
    "custom-addons": "custom_settings = {'ADDONS': {}}",
    "custom-addons-text": "custom_settings = {'ADDONS': '{}'}",
    "custom-addon-off": "custom_settings = {'ADDONS': {'desist.addon.Addon': None}}",
    "custom-handlers": f"custom_settings = {{'DOWNLOAD_HANDLERS': {{'http': '{_H11}', 'https': '{_H11}'}}}}",
    "custom-handlers-base": f"custom_settings = {{'DOWNLOAD_HANDLERS_BASE': {{'http': '{_H11}'}}}}",
    "custom-extension": "custom_settings = {'EXTENSIONS': {'desist.enforce.attest.Attest': None}}",
    "custom-base-extensions": "custom_settings = {'EXTENSIONS_BASE': {}, 'DOWNLOADER_MIDDLEWARES_BASE': {}}",
    "custom-middleware": "custom_settings = {'DOWNLOADER_MIDDLEWARES': {'desist.enforce.engine.EngineGate': None},"
    " 'SPIDER_MIDDLEWARES': {'desist.enforce.early.EarlyGate': None}}",
    "custom-downloader": "custom_settings = {'DOWNLOADER': 'spiders.OwnDownloader'}",
    "custom-resolver": "custom_settings = {'TWISTED_DNS_RESOLVER': 'scrapy.resolver.CachingThreadedResolver'}",
    "custom-infra": "custom_settings = {'DESIST_INFRA': ['*.pictogram.test']}",
    "custom-ftp-feed": "custom_settings = {'FEEDS': {'ftp://u:p@feed.pictogram.test/x': {'format': 'json'}}}",
    "update-settings": """
@classmethod
def update_settings(cls, settings):
    settings.set('ADDONS', {}, 10 ** 9)
    settings.set('DOWNLOAD_HANDLERS', {}, 10 ** 9)
""",
    "from-crawler": """
@classmethod
def from_crawler(cls, crawler):
    raid("from-crawler")
    crawler.settings.set('ADDONS', {}, 10 ** 9)
    return super().from_crawler(crawler)
""",
    "from-crawler-all": """
@classmethod
def from_crawler(cls, crawler):
    for name in ('EXTENSIONS', 'DOWNLOADER_MIDDLEWARES', 'SPIDER_MIDDLEWARES', 'DOWNLOAD_HANDLERS'):
        crawler.settings.set(name, {}, 10 ** 9)
    return super().from_crawler(crawler)
""",
    "from-crawler-signal": """
@classmethod
def from_crawler(cls, crawler):
    self = super().from_crawler(crawler)
    crawler.signals.connect(lambda: raid("engine-stopped"), scrapy.signals.engine_stopped)
    return self
""",
    "engine-handlers": """
async def start(self):
    from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
    self.crawler.engine.downloader.handlers._handlers['http'] = HTTP11DownloadHandler(self.crawler)
    yield scrapy.Request(self.start_urls[0])
""",
    "engine-downloader": """
async def start(self):
    from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
    from scrapy.core.downloader import Downloader
    from scrapy.settings import Settings
    own = HTTP11DownloadHandler(self.crawler)
    self.crawler.engine.downloader.fetch = lambda request: own.download_request(request)
    raid("callback")
    await own.download_request(scrapy.Request(self.start_urls[0]))
    yield scrapy.Request(self.start_urls[0])
""",
    "patched-judge": """
async def start(self):
    from desist.enforce.wire import WireGate
    from desist.enforce.engine import EngineGate
    from desist.enforce.early import EarlyGate
    async def through(self, request): return await self._handler(request).download_request(request)
    async def nothing(self, request): pass
    WireGate.download_request, EngineGate.process_request, EarlyGate._passes = through, nothing, lambda *a: True
    yield scrapy.Request(self.start_urls[0])
""",
    "reactor-resolver": """
async def start(self):
    from twisted.internet import reactor
    from twisted.internet._resolver import GAIResolver
    reactor.installNameResolver(GAIResolver(reactor))
    raid("callback")
    yield scrapy.Request(self.start_urls[0])
""",
    "patched-socket": """
@classmethod
def from_crawler(cls, crawler):
    import _socket, socket
    socket.socket.connect = _socket.socket.connect
    return super().from_crawler(crawler)
""",
    "telnet": "custom_settings = {'TELNETCONSOLE_ENABLED': True, 'REMOTE_CONTROL_ENABLED': True}",
    "closed": """
def closed(self, reason):
    raid("closed")
""",
    "at-exit": """
def closed(self, reason):
    import atexit
    atexit.register(raid, "at-exit")
""",
}
OWN_DOWNLOADER = """
class OwnDownloader:
    def __init__(self, crawler): self.crawler = crawler
    def fetch(self, request, spider=None):
        from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
        from scrapy.utils.defer import deferred_from_coro
        return deferred_from_coro(HTTP11DownloadHandler(self.crawler).download_request(request))
    def needs_backout(self): return False
    def close(self): pass
"""


class Ground:
    """A project that names the add-on, beside a platform that forbids everything."""

    def __init__(self, folder: Path, web: Web, nursery: Any) -> None:
        self.folder, self.web, self._nursery = folder, web, nursery
        self.key = Opener.generate()
        self.port = web.url(PLATFORM).rsplit(":", 1)[1].strip("/")
        documents.write(folder / "policies", [site.site.documents for site in web])
        (folder / "other.py").write_text("class Addon:\n    pass\n")

    def write(self, spider: str = SPIDER, *, gates: bool = True) -> None:
        settings = {
            "SPIDER_MODULES": ["spiders"],
            "RETRY_ENABLED": False,
            "DOWNLOAD_TIMEOUT": 5,
            "ROBOTSTXT_OBEY": False,
        }
        if gates:
            settings |= {
                "ADDONS": {"desist.addon.Addon": 0},
                "DESIST_POLICIES": [str(self.folder / "policies")],
                "DESIST_LEDGER": str(self.folder / "evidence" / "ledger.db"),
                "DESIST_NAMESERVERS": [self.web.nameserver],
                "DESIST_COUNSEL_KEY": str(self.key.counsel),
            }
        lines = "\n".join(f"{name} = {value!r}" for name, value in settings.items())
        (self.folder / "project_settings.py").write_text(lines + "\n")
        (self.folder / "scrapy.cfg").write_text("[settings]\ndefault = project_settings\n")
        (self.folder / "spiders.py").write_text((RAID + OWN_DOWNLOADER + spider).replace("<port>", self.port))

    def run(self, words: list[str], **environ: str) -> str:
        """Start it as a user does."""
        return self._run(words, partial(subprocess.run, stdin=subprocess.DEVNULL), environ)

    def crawl(self) -> str:
        """Start the spider in a child of the nursery."""
        return self._run(CRAWL, self._nursery.run, {})

    def _run(self, words: list[str], start: Callable[..., Any], environ: dict[str, str]) -> str:
        words = [word.replace("<port>", self.port).replace("<http11>", _H11) for word in words]
        environ = {**os.environ, "PYTHONPATH": str(self.folder), **environ}
        with tempfile.TemporaryFile() as out:
            done = start([sys.executable, *words], cwd=self.folder, env=environ, stdout=out, stderr=out, timeout=90)
            out.seek(0)
            return f"{out.read().decode()}\nexit code {done.returncode}"

    def refused(self) -> list[Recorded]:
        ledger = self.folder / "evidence" / "ledger.db"
        found = Recorded.read(ledger, self.key.private_text()) if ledger.is_file() else []
        return [one for one in found if one.effect == "refuse"]

    def assert_untouched(self, out: str) -> None:
        """Nothing reached the platform, and nobody believes that it did."""
        assert "REACHED" not in out, out
        assert f"GOT http://{PLATFORM}" not in out, out
        self.web[PLATFORM].was_never_contacted()


@pytest.fixture
def ground(tmp_path: Path, nursery: Any) -> Iterator[Ground]:
    with Web([ready.platform_with_notice(), Site("gazette.test")]) as web:
        yield Ground(tmp_path, web, nursery)


QUIET = {"check", "bench", "infra", "policies", "observe", "resolver"}
"""These try nothing, or end with exit code 2 before anything is tried."""


@pytest.mark.parametrize("case", COMMANDS)
def test_command_opens_nothing(ground, case) -> None:
    """A Scrapy command in the project, whatever its options say."""
    ground.write()
    out = ground.run(COMMANDS[case])
    ground.assert_untouched(out)
    assert case in QUIET or ground.refused(), out


@pytest.mark.parametrize("case", SCRIPTS)
def test_script_opens_nothing(ground, case) -> None:
    """A script that runs the project's settings with a runner of its own."""
    ground.write()
    kind, body = _BODIES[case]
    text = _RUN.format(kind=kind) + textwrap.indent(body, "    ") + "\n"
    (ground.folder / SCRIPTS[case][0]).write_text(text)
    out = ground.run(SCRIPTS[case])
    ground.assert_untouched(out)
    assert ground.refused(), out


@pytest.mark.parametrize("case", SPIDERS)
def test_spider_opens_nothing(ground, case) -> None:
    """A spider that changes settings, Scrapy or the gates themselves."""
    ground.write(SPIDER + textwrap.indent(textwrap.dedent(SPIDERS[case]), "    "))
    out = ground.crawl()
    ground.assert_untouched(out)
    assert case in {"custom-infra", "custom-downloader", "patched-socket"} or ground.refused(), out


def test_start_without_the_addon_ends_with_2_and_says_what_to_do(ground) -> None:
    """`-s ADDONS={}` is no way to a crawl without gates."""
    ground.write()
    out = ground.run(COMMANDS["no-addons"])
    assert out.endswith("exit code 2"), out
    assert "help: leave ADDONS to the project's settings.py" in out
    assert [one.rule for one in ground.refused()] == ["no-grant:crawl"]


def test_patched_socket_ends_with_2(ground) -> None:
    """A library that takes the gate out of `socket` is found before the first request."""
    ground.write(SPIDER + textwrap.indent(textwrap.dedent(SPIDERS["patched-socket"]), "    "))
    out = ground.crawl()
    assert out.endswith("exit code 2"), out
    assert "error: something replaced `socket.socket.connect`" in out


def test_other_settings_module_ends_with_2(ground) -> None:
    """An environment variable that names settings without the add-on leaves the project of scrapy.cfg what it is."""
    ground.write()
    (ground.folder / "bare_settings.py").write_text('SPIDER_MODULES = ["spiders"]\n')
    out = ground.run(CRAWL, SCRAPY_SETTINGS_MODULE="bare_settings")
    ground.assert_untouched(out)
    assert out.endswith("exit code 2"), out


def test_telnet_and_remote_control_stay_off(ground) -> None:
    """Both run any Python that is sent to them, in the process that holds the grants."""
    ground.write(SPIDER + textwrap.indent(textwrap.dedent(SPIDERS["telnet"]), "    "))
    out = ground.run(COMMANDS["telnet"])
    assert "Telnet console listening" not in out
    assert "Remote control" not in out
    assert "exit code 0" in out


def test_without_gates_the_same_ground_is_open(ground) -> None:
    """The control that must lose: the same spider reaches the platform's address where nothing is in the way."""
    address = f"http://{ground.web[PLATFORM].address}:"
    spider = SPIDER.replace("http://pictogram.test:", address).replace('raid("callback")', "pass")
    ground.write(spider, gates=False)
    ground.run(CRAWL)
    assert ground.web[PLATFORM].connections
