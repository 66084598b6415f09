"""The last lines of a crawl: what was let through, what was refused and why, and what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..model import Basis
from .recorder import DEFAULT_LEDGER

if TYPE_CHECKING:
    from .warden import Warden

__all__ = ["closing_line"]

_MENDS: Final = {
    Basis.COURT_ORDER: "ask counsel; an order is lifted by its court alone",
    Basis.REGULATOR_ORDER: "ask counsel; an order is lifted by its regulator alone",
    Basis.NOTICE: "a later permission or a withdrawal of the notice goes in policies/",
    Basis.TERMS: "a written permission goes in policies/permissions/",
    Basis.ROBOTS: "ask the site, or leave these paths out",
    Basis.OPTOUT: "declare what you fetch for in DESIST_PURPOSES, or leave these pages out",
    Basis.STATUS: "wait until the site answers again",
    Basis.NOTICE_TO_OTHER: "a written permission goes in policies/permissions/",
    Basis.AMBIGUOUS: "write these URLs and headers so that every reader sees one host",
    Basis.INVALID_URL: "mend the links that are no URLs",
    Basis.SCHEME: "only http and https are fetched",
    Basis.PROXY: "list the proxy in DESIST_PROXIES",
    Basis.ROBOTS_UNAVAILABLE: "the sites' robots.txt could not be read; try again later",
    Basis.POLICY_ERROR: "mend the policy documents: desist policy lint",
    Basis.PROCESS: "declare infrastructure in DESIST_INFRA, and fetch pages with a Request",
    Basis.DEFAULT: "name the platform in policies/platforms/",
}


def closing_line(warden: Warden) -> list[str]:
    """One line of counts, one with the biggest basis and its mend, one with the next command."""
    stats = warden.crawler.stats
    permitted, files = stats.get_value("desist/permitted", 0), stats.get_value("desist/permitted_files", 0)
    passed = f"{permitted} let through{f' ({files} of them robots.txt and the like)' if files else ''}"
    refused = {basis: n for basis in Basis if (n := stats.get_value(f"desist/refused/{basis.value}", 0))}
    counts = ", ".join(f"{basis.value} {n}" for basis, n in sorted(refused.items(), key=lambda pair: -pair[1]))
    lines = [f"desist: {passed}, {sum(refused.values())} refused{f' ({counts})' if counts else ''}"]
    if refused:
        most = max(refused, key=lambda basis: refused[basis])
        lines.append(f"desist: most were refused by {most.value}: {_MENDS[most]}")
    lines.append(f"desist: next: desist ledger docket {warden.options.ledger or DEFAULT_LEDGER}")
    return lines
