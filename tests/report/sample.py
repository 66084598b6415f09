"""A ledger of two crawls around a notice, with all that a report has to tell apart."""

from __future__ import annotations

import time
from pathlib import Path

from desist.ledger.ledger import Ledger
from desist.ledger.opener import Opener

KEY = Opener.generate()
NOTICE = "2026-01-pictogram"
TERMS = "vidriver-tos-2025-11"


def write(path: Path) -> Path:
    """Three permits, then the notice, then refusals on every basis that the page shows."""
    with Ledger.open(path, revision="ab" * 32, spider="faces", counsel_key=KEY.counsel) as crawl:
        for number in range(3):
            details = {"url": f"https://pictogram.test/{number}"}
            crawl.record("permit", platforms=["pictogram"], gate="wire", details=details)
        crawl.record("permit", domain="shop.test", gate="wire", facts={"observed": 1})
        facts = {"received_at": time.time_ns() // 1000, "addressed": "us"}
        crawl.record("notice", docket=NOTICE, platforms=["pictogram"], facts=facts)
        crawl.record(
            "refuse", platforms=["pictogram"], basis="notice", rule=NOTICE, docket=NOTICE, gate="early",
            details={"url": "https://pictogram.test/<script>alert(1)</script>"},
        )  # fmt: skip
        crawl.record(
            "refuse", platforms=["pictogram"], basis="notice", rule=NOTICE, docket=NOTICE, gate="reload",
            facts={"requests": 10}, details={"urls": ["https://pictogram.test/queued"] * 10},
        )  # fmt: skip
    with Ledger.open(path, revision="ab" * 32, spider="texts", counsel_key=KEY.counsel) as crawl:
        crawl.record(
            "refuse", platforms=["vidriver"], basis="terms", rule=f"{TERMS}:4.2", docket=TERMS, gate="engine",
            details={"url": "https://vidriver.test/v"},
        )  # fmt: skip
        docket = "robots:https://shop.test:443"
        crawl.record("refuse", domain="shop.test", basis="robots", rule="robots.txt:2", docket=docket, gate="wire")
    return path
