"""Every stat that a crawl counts under `desist/`: the one list of their names.

They stand among Scrapy's own stats, in the log's last lines and in `crawler.stats`. Permits and refusals are counted
once their entry is durable.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["STATS", "Stat"]


class Stat(NamedTuple):
    """One name, with `<...>` where a word of the case stands in, and what it counts."""

    name: str
    meaning: str


STATS: Final = (
    Stat(
        "desist/bytes_saved",
        "Octets of bodies that were announced by Content-Length and not taken, since the headers forbade them.",
    ),
    Stat("desist/permitted", "Requests that were let out, each with a permit on record."),
    Stat("desist/permitted_files", "Those of them that Desist itself asked: robots.txt, files of terms, licences."),
    Stat("desist/refused", "Requests and links that were refused, each on record, whatever the gate."),
    Stat("desist/refused/<basis>", "The same by the basis of the governing reason: `notice`, `terms`, `robots`, ..."),
    Stat(
        "desist/refused_at/<gate>",
        "The same by where it was stopped: `early`, `engine`, `wire`, `resolver`, `headers`, `meta`, `reload` or "
        "`process`.",
    ),
    Stat(
        "desist/refused_platform/<platform>",
        "The same by platform. A host that belongs to several counts for each, so that the sum may be more than "
        "`desist/refused`.",
    ),
    Stat("desist/reloads", "Changes of policy documents that took force while the crawl ran."),
    Stat("desist/would_refuse", "Requests that passed under observation only; they are counted as permitted, too."),
    Stat("desist/would_refuse/<basis>", "The same by the basis that would have refused."),
)
"""In the order of the alphabet."""
