"""In the child process that runs a test's spider: loads it, and writes down what the test asks of the crawl."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ..errors import UsageError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

__all__ = ["Report", "spider_class"]


class Report:
    """A Scrapy extension: `report.json` in the folder of the crawl holds its stats and what its spider raised."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._errors: list[str] = []
        self._place = Path("report.json").resolve()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Built by Scrapy from EXTENSIONS."""
        from scrapy import signals  # noqa: PLC0415 - the child has it anyway, and nobody else needs it here

        report = cls(crawler)
        crawler.signals.connect(report._raised, signals.spider_error)
        crawler.signals.connect(report._write, signals.engine_stopped)
        return report

    def _raised(self, failure: Failure) -> None:
        self._errors.append(failure.getTraceback())

    def _write(self) -> None:
        stats = self._crawler.stats
        told = {"stats": stats.get_stats() if stats else {}, "errors": self._errors}
        self._place.write_text(json.dumps(told, default=str), encoding="utf-8")


def spider_class(path: str, name: str) -> type[Any]:
    """The class `name` (dotted where nested) of the Python file `path`."""
    spec = importlib.util.spec_from_file_location(f"desist_crawled_{Path(path).stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"`{path}` is no Python file")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]
