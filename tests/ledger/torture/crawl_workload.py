"""A crawl under the gates, to be disturbed: the pages of one site, with a beat every so often.

python crawl_workload.py LEDGER PORT BEAT_SECONDS PAGES
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess

from desist.ledger import ledger as ledger_module


class Pages(scrapy.Spider):
    """Asks for every page at once."""

    name = "pages"

    async def start(self) -> AsyncIterator[Any]:
        """Page after page."""
        for number in range(int(sys.argv[4])):
            yield scrapy.Request(f"http://site.localhost:{sys.argv[2]}/page/{number}", callback=self.parse)

    def parse(self, response: Any) -> None:
        """Nothing is taken from the pages."""


if __name__ == "__main__":
    ledger_module.BEAT_SECONDS = float(sys.argv[3])
    process = AsyncCrawlerProcess(
        {
            "ADDONS": {"desist.addon.Addon": 0},
            "DESIST_POLICIES": ["shipped"],
            "DESIST_LEDGER": sys.argv[1],
            "DESIST_PURPOSES": ["index"],
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "WARNING",
            "DOWNLOAD_TIMEOUT": 300,
        }
    )
    process.crawl(Pages)
    process.start()
