"""`desist policy preview NOTICE`: what a notice would refuse, what stays allowed, what a URL cannot tell."""

from __future__ import annotations

import argparse
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PolicyError, UsageError

if TYPE_CHECKING:
    from ..policy.load import Entry, Loaded
    from ..policy.notice import Notice
    from ..policy.platform import HostRule
    from .url_sources import UrlSource

__all__ = ["configure", "run"]

_RESERVED = ("infrastructure", "project", "defensive")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("notice", metavar="NOTICE", help="a notice's id, or the file of a draft")
    parser.add_argument("--file", metavar="URLS", help="which of these it hits: a list, feed, log or sitemap")
    parser.add_argument("--show", metavar="N", type=int, default=20, help="URLs to list (default: 20)")
    parser.add_argument("--policies", metavar="DIR", action="append", help="folders to read; repeatable")


def run(args: argparse.Namespace) -> int:
    """Print the preview; nothing is written and nothing takes force."""
    from ..policy.load import load_documents
    from ..policy.policyset import folders_of
    from .screen import waiting
    from .url_sources import UrlSource

    with waiting("reading documents"):
        loaded = load_documents(folders_of(args.policies))
    entry = _find(args.notice, loaded)
    source = UrlSource(args.file) if args.file else None
    notice = entry.doc
    print(f"{notice.key} ({entry.place}): {_headline(notice)}")
    print(_section("refused", _refused(notice, loaded)))
    print(_section("stays allowed, by this notice", _allowed(notice, loaded)))
    print(_section("a URL cannot tell, so it is refused whole", _untold(notice)))
    if source:
        _hits(source, args.show, notice, loaded)
    print(f"next: {_next(args, notice)}")
    return 0


def _find(name: str, loaded: Loaded) -> Entry[Notice]:
    """The notice of that id, or the first in a draft's file, which is read beside the folders."""
    from ..policy.diagnostic import summary
    from ..policy.history import find_notice
    from ..policy.lint import lint
    from ..policy.load import read_documents

    path = Path(name)
    if not path.is_file() or name in loaded.files:
        return find_notice(loaded, name)
    before = len(loaded.notices)
    read_documents({name: path.read_bytes()}, len(loaded.folders), loaded)
    errors = [d for d in lint(loaded) if d.severity == "error" and d.place.file == name]
    if errors:
        message = f"{summary(errors)}: {errors[0].code} {errors[0].message}"
        raise PolicyError(message, diagnostics=errors, place=str(errors[0].place), help=errors[0].help)
    if len(loaded.notices) == before:
        raise UsageError(
            f"`{name}` holds no notice", help="preview shows notices; desist policy lint reads all documents"
        )
    return loaded.notices[before]


def _headline(notice: Notice) -> str:
    sender = notice.sender.name if notice.sender else "nobody named"
    who = "you" if notice.addressed_to == "us" else notice.recipient.name if notice.recipient else "somebody else"
    since = "no date: since ever" if not notice.dated else f"in force since {notice.force:%Y-%m-%dT%H:%M:%SZ}"
    assumed = " (assumed)" if notice.assumed else ""
    return f"{str(notice.instrument).replace('_', ' ')} from {sender} to {who}, {since}{assumed}"


def _section(title: str, lines: list[str]) -> str:
    body = "\n".join(
        textwrap.fill(line, 110, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
        for line in lines
    )
    return f"{title}:\n{body or '  nothing'}"


def _rules(slug: str, loaded: Loaded) -> list[HostRule]:
    return [rule for entry in loaded.platforms if entry.doc.key == slug for rule in entry.doc.hosts]


def _refused(notice: Notice, loaded: Loaded) -> list[str]:
    """Hosts, purposes and paths, as far as the notice reaches."""
    if notice.crawl_effect == "none":
        return []
    lines = []
    if notice.hosts and notice.hosts != ("all",):
        lines.append(f"{', '.join(notice.hosts)}, each with all below it")
    else:
        for slug in notice.platforms:
            rules = [r for r in _rules(slug, loaded) if r.role != "tenant"]
            kept = [r for r in rules if notice.hosts == ("all",) or r.role not in _RESERVED]
            lines.append(f"{slug}: {len(kept)} hosts, among them {', '.join(r.host for r in kept[:6]) or 'none'}")
    lines.append(f"for {_purposes(notice)}")
    lines.append(f"on {', '.join(notice.scope.paths)}" if notice.scope.paths else "on every path")
    for change in notice.changes:
        covers = f": {', '.join(change.scope.purposes)}" if change.scope and change.status == "narrowed" else ""
        lines.append(f"from {change.force:%Y-%m-%dT%H:%M:%SZ} on {str(change.status).replace('_', ' ')}{covers}")
    return lines


def _purposes(notice: Notice) -> str:
    from ..model import ALL_PURPOSES

    purposes = notice.scope.purposes
    return "every purpose" if purposes == ALL_PURPOSES else f"{', '.join(sorted(purposes))}, and where none is declared"


def _allowed(notice: Notice, loaded: Loaded) -> list[str]:
    """Purposes, paths, reserved hosts and neighbouring platforms that the notice does not reach."""
    from ..model import ALL_PURPOSES

    if notice.crawl_effect == "none":
        return ["everything: it is kept as context (crawl_effect: none)"]
    lines = []
    left = ALL_PURPOSES - notice.scope.purposes
    if left:
        lines.append(f"the purposes {', '.join(sorted(left))}, where a crawl declares them")
    if notice.scope.paths:
        lines.append("every other path")
    if notice.hosts and notice.hosts != ("all",) and notice.platforms:
        lines.append(f"all other hosts of {', '.join(notice.platforms)}")
    for slug in notice.platforms if notice.hosts is None else ():
        reserved = [r.host for r in _rules(slug, loaded) if r.role in _RESERVED]
        if reserved:
            lines.append(
                f"{slug}'s infrastructure, project and defensive hosts ({len(reserved)}): {', '.join(reserved[:6])}"
            )
    near = _neighbours(notice, loaded)
    named = f", among them the same operator's {', '.join(near)}" if near else ""
    return [*lines, f"every other platform and host{named}"]


def _neighbours(notice: Notice, loaded: Loaded) -> list[str]:
    operators = {e.doc.operator for e in loaded.platforms if e.doc.key in notice.platforms and e.doc.operator}
    return sorted({e.doc.key for e in loaded.platforms if e.doc.operator in operators} - set(notice.platforms))


def _untold(notice: Notice) -> list[str]:
    """Parts of the scope that narrow the letter and cannot narrow a refusal."""
    scope = notice.scope
    if notice.crawl_effect == "none":
        return []
    said = {
        "content": ", ".join(scope.content),
        "people": scope.people,
        "territory": scope.territory,
        "visibility": scope.visibility if scope.visibility != "both" else "",
        "acts": ", ".join(scope.acts),
        "automation only": "yes" if scope.automation_only else "",
        "note": scope.note,
    }
    return [f"{name}: {words}" for name, words in said.items() if words]


def _hits(source: UrlSource, most: int, notice: Notice, loaded: Loaded) -> None:
    """Count and list the URLs that the notice alone refuses, and those that nothing else refuses yet."""
    from ..decide import Judge
    from ..policy.assemble import only, set_of
    from ..policy.rules import micros

    at = max(time.time_ns() // 1000, micros(notice.force))
    alone = Judge(set_of(only(loaded, notice.key)), at=at)
    others = Judge(set_of(_without(loaded, notice.key)), at=at)
    total = hit = new = 0
    shown: list[str] = []
    for url, _ in source.watched("judging"):
        total += 1
        decision = alone.decide(url)
        if not any(reason.rule == notice.key for reason in decision.reasons):
            continue
        hit += 1
        fresh = not others.decide(url).refused
        new += fresh
        if len(shown) < most:
            shown.append(f"{'newly refused' if fresh else 'refused already'}: {url}")
    print(f"of {total:,} URLs it hits {hit:,}; {new:,} of them nothing else refuses")
    print("\n".join(f"  {line}" for line in shown) or "  none")


def _without(loaded: Loaded, identity: str) -> Loaded:
    from ..policy.load import Loaded

    rest = Loaded(loaded.folders, loaded.platforms, files=loaded.files)
    rest.notices = [entry for entry in loaded.notices if entry.doc.key != identity]
    rest.terms, rest.permissions = loaded.terms, loaded.permissions
    return rest


def _next(args: argparse.Namespace, notice: Notice) -> str:
    if Path(args.notice).is_file():
        return f"mv {args.notice} policies/notices/ puts it in force"
    return f"desist policy narrow {notice.key}" if notice.addressed_to == "us" else "desist policy explain URL"
