"""`python -m desist.enforce.rehearse`: a crawl of the project that asks for nothing, to see every gate stand."""

from __future__ import annotations

import tempfile
from pathlib import Path

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess, CrawlerProcess
from scrapy.utils.project import get_project_settings

__all__ = ["Rehearsal", "rehearse"]


class Rehearsal(Spider):
    """Asks for no page."""

    name = "desist-rehearsal"


def rehearse() -> None:
    """Start and end a crawl; the attest ends the process with 2 where a gate is missing.

    Its record is thrown away, and no checkpoint of it is kept anywhere: whether the project's own ledger can be written
    is looked at elsewhere.
    """
    with tempfile.TemporaryDirectory() as folder:
        _crawl(Path(folder) / "evidence" / "ledger.db")


def _crawl(ledger: Path) -> None:
    settings = get_project_settings()
    settings.set("DESIST_LEDGER", str(ledger), priority="project")
    settings.set("DESIST_ANCHORS", [], priority="project")
    settings.set("LOG_ENABLED", value=False, priority="cmdline")
    settings.set("FEEDS", {}, priority="cmdline")
    kind = CrawlerProcess if settings.getbool("TWISTED_REACTOR_ENABLED") else AsyncCrawlerProcess
    process = kind(settings)
    process.crawl(Rehearsal)
    process.start()


if __name__ == "__main__":
    rehearse()
