"""What a crawl's first entry says of the project, sealed to counsel."""

from __future__ import annotations

from desist.ledger.opener import Opener
from desist.ledger.query import Reader

OTHERS = """
class Idle(scrapy.Spider):
    name = "idle"
"""


def opening(project, opener: Opener | None) -> dict | None:
    """The details of the first entry."""
    with Reader(project.ledger) as reader:
        return next(reader.entries([opener] if opener else [])).details


def test_open_names_all_spiders_of_the_project(project, spider, web) -> None:
    """With the counsel's key a docket can tell which spiders never ran under a notice; without it nothing is said."""
    opener = Opener.generate()
    done = project.run(spider(web.url("gazette.test")) + OTHERS, DESIST_COUNSEL_KEY=str(opener.counsel))
    assert done.code == 0, done.out
    assert opening(project, opener) == {"spider": "s", "spiders": ["idle", "s"]}
    assert opening(project, None) is None
