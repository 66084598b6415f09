"""Settings of this repository's own demo project, to which scrapy.cfg points.

Nothing but `ADDONS` is needed to make a Scrapy project refuse. `desist demo` adds the simulated sites, the policies and
the ledger of its output folder.
"""

from __future__ import annotations

BOT_NAME = "desist-demo"
USER_AGENT = "desist-demo/0.1 (+http://operator.test/crawler)"
SPIDER_MODULES = ["desist.testing.demo.spider"]
ADDONS = {"desist.addon.Addon": 0}
DESIST_OPERATOR = "Example Crawls Ltd"
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 8
DOWNLOAD_DELAY = 0
CONCURRENT_ITEMS = 4  # Scrapy starts this many tasks for each callback and errback: 100 cost 3 ms each time
DOWNLOAD_TIMEOUT = 15
RETRY_ENABLED = False
DEMO_EVENTS = "events.jsonl"
DEMO_START: list[str] = []
DEMO_FSYNC = False
