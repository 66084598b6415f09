"""A crawl of one's own parts, and an engine that is stripped of ours while it runs."""

from __future__ import annotations

STRIPPED = """
async def start(self):
    engine, crawler = self.crawler.engine, self.crawler
    for chain in (engine.downloader.middleware.methods, engine.scraper.spidermw.methods):
        for calls in chain.values():
            calls.clear()
    yield scrapy.Request("http://stripped-one.pictogram.test:<port>/x", errback=self.parse)
    handlers = engine.downloader.handlers
    handlers._schemes.update(http='<http11>', https='<http11>')
    handlers._handlers.clear()
    handlers._notconfigured.clear()
    crawler.settings.frozen = False
    crawler.settings.set('DOWNLOAD_HANDLERS', {'http': '<http11>'}, 10 ** 9)
    crawler.extensions.middlewares = ()
    yield scrapy.Request("http://stripped-two.pictogram.test:<port>/x", errback=self.parse)
    for cls in (type(engine), type(engine.downloader)):
        request = scrapy.Request("http://stripped-three.pictogram.test:<port>/x")
        try:
            await handlers.download_request_async(request)
        except Exception as error:
            print("STOPPED", type(error).__name__, flush=True)
def parse(self, response):
    print("GOT" if hasattr(response, "status") else "STOPPED", getattr(response, "url", ""), flush=True)
"""
CHOSEN = """
custom_settings = {
    'SCHEDULER': 'spiders.OwnScheduler', 'DUPEFILTER_CLASS': 'spiders.OwnFilter', 'STATS_CLASS': 'spiders.OwnStats',
    'LOG_FORMATTER': 'spiders.OwnFormatter', 'DOWNLOADER_CLIENTCONTEXTFACTORY': 'spiders.OwnContext',
    'EXTENSIONS': {'spiders.OwnExtension': -10 ** 9}, 'SPIDER_MIDDLEWARES': {'spiders.OwnMiddleware': -10 ** 9},
    'DOWNLOADER_MIDDLEWARES': {'spiders.OwnMiddleware': -10 ** 9}, 'ITEM_PIPELINES': {'spiders.OwnPipeline': 1},
}
"""
PARTS_OF_ONES_OWN = """
from scrapy.core.downloader.contextfactory import ScrapyClientContextFactory
from scrapy.core.scheduler import Scheduler
from scrapy.dupefilters import RFPDupeFilter
from scrapy.logformatter import LogFormatter
from scrapy.statscollectors import MemoryStatsCollector

class OwnScheduler(Scheduler):
    sent = False
    def next_request(self):
        if OwnScheduler.sent:
            return super().next_request()
        OwnScheduler.sent = True
        raid("part-scheduler")
        return scrapy.Request("http://part-queue.pictogram.test:<port>/x", dont_filter=True)
    def has_pending_requests(self):
        return not OwnScheduler.sent or super().has_pending_requests()

class OwnFilter(RFPDupeFilter):
    def request_seen(self, request):
        raid("part-filter")
        return super().request_seen(request)

class OwnStats(MemoryStatsCollector):
    def open_spider(self, *args, **kinds):
        raid("part-stats")
        return super().open_spider(*args, **kinds)

class OwnFormatter(LogFormatter):
    @classmethod
    def from_crawler(cls, crawler):
        raid("part-formatter")
        return cls()

class OwnContext(ScrapyClientContextFactory):
    def __init__(self, *args, **kinds):
        raid("part-context")
        super().__init__(*args, **kinds)

class Own:
    @classmethod
    def from_crawler(cls, crawler):
        raid(cls.case)
        return cls()

class OwnExtension(Own):
    case = "part-extension"

class OwnMiddleware(Own):
    case = "part-middleware"
    def process_request(self, request): return None

class OwnPipeline(Own):
    case = "part-pipeline"
    def process_item(self, item): return item
"""
PARTS = (
    "part-scheduler", "part-queue", "part-stats", "part-formatter", "part-extension", "part-middleware",
    "part-pipeline",
)  # fmt: skip


def test_every_part_of_a_crawl_is_under_the_gates(ground) -> None:
    """Scheduler, filters, stats, formatters and components of one's own: each is refused by itself."""
    ground.extra = PARTS_OF_ONES_OWN
    ground.write(CHOSEN)
    out = ground.crawl()
    ground.assert_untouched(out)
    refused = [one.url for one in ground.refused()]
    assert [part for part in PARTS if not any(part in url for url in refused)] == [], out


def test_stripped_engine_refuses_at_every_step(ground) -> None:
    """Middlewares, handlers, settings and extensions taken out of the running engine leave it without a network."""
    ground.write(STRIPPED)
    out = ground.crawl()
    ground.assert_untouched(out)
    refused = [one.url for one in ground.refused()]
    steps = ("stripped-one", "stripped-two", "stripped-three")
    assert [step for step in steps if not any(step in url for url in refused)] == [], out


PATCHED = """
@classmethod
def from_crawler(cls, crawler):
    from desist.enforce.process import ProcessGate
    ProcessGate._may_dial = lambda self, host, port: True
    return super().from_crawler(crawler)
"""
PATCHED_LATER = """
async def start(self):
    from desist.enforce.pins import PINS
    PINS.infra.append(lambda host, port: False)
    yield scrapy.Request("http://pictogram.test:<port>/x")
"""


def test_patched_process_gate_refuses_the_start(ground) -> None:
    """A gate that lets everything through is found before the first request."""
    ground.write(PATCHED)
    out = ground.crawl()
    assert out.endswith("exit code 2"), out
    assert "error: something replaced `ProcessGate._may_dial`" in out


def test_process_gate_that_was_patched_in_a_crawl_is_on_record(ground) -> None:
    """What came of it nobody can know: that it was done is on record when the crawl ends."""
    ground.write(PATCHED_LATER)
    out = ground.crawl()
    assert [one.url for one in ground.refused() if one.rule == "no-grant:replaced"] == ["replaced:Pins.infra"], out
