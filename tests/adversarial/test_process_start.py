"""Starting a crawl so that the gates stay out: commands, scripts, settings in every form, patches of Scrapy itself.

Each runs in a process of its own inside or beside a project that names the add-on; the platform's servers judge.
Commands and scripts start as they do for a user; what a spider tries comes later, in a child of the nursery.
"""

from __future__ import annotations

import textwrap

import pytest

PLATFORM = "pictogram.test"
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
    ground.write(SPIDERS[case])
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
    ground.write(SPIDERS["patched-socket"])
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


def test_project_that_scrapy_cfg_does_not_know_is_the_one_that_it_knows(ground) -> None:
    """SCRAPY_PROJECT may choose among the projects of scrapy.cfg; a word of one's own chooses none of them."""
    ground.write()
    out = ground.run(["-m", "scrapy", "runspider", "spiders.py"], SCRAPY_PROJECT="nowhere")
    ground.assert_untouched(out)
    assert out.endswith("exit code 2"), out
    assert [one.rule for one in ground.refused()] == ["no-grant:crawl"]


def test_telnet_and_remote_control_stay_off(ground) -> None:
    """Both run any Python that is sent to them, in the process that holds the grants."""
    ground.write(SPIDERS["telnet"])
    out = ground.run(COMMANDS["telnet"])
    assert "Telnet console listening" not in out
    assert "Remote control" not in out
    assert "exit code 0" in out


def test_without_gates_the_same_ground_is_open(ground) -> None:
    """The control that must lose: the same spider reaches the platform's address where nothing is in the way."""
    address = f"http://{ground.web[PLATFORM].address}:"
    ground.write(gates=False)
    spiders = ground.folder / "spiders.py"
    text = spiders.read_text().replace("http://pictogram.test:", address)
    spiders.write_text(text.replace('raid("callback")', "pass"))
    ground.run(CRAWL)
    assert ground.web[PLATFORM].connections
