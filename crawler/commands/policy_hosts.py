"""`desist policy hosts SLUG`: a platform's hosts, for crawlers and firewalls that are not gated yet."""

from __future__ import annotations

import argparse
import ipaddress
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..policy.load import Loaded
    from ..policy.platform import HostRule

__all__ = ["configure", "run"]

_RESERVED = ("infrastructure", "project", "defensive", "mail")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("slug", metavar="SLUG", help="the platform")
    parser.add_argument("--format", choices=("plain", "nftables"), default="plain", help="default: plain")
    parser.add_argument(
        "--all-hosts", action="store_true", help="infrastructure, project, defensive and mail hosts too"
    )
    parser.add_argument("--resolve", action="store_true", help="nftables: ask the DNS for the hosts' addresses, now")
    parser.add_argument("--policies", metavar="DIR", action="append", help="folders to read; repeatable")


def run(args: argparse.Namespace) -> int:
    """Print the list; what it leaves open goes to stderr."""
    from ..policy.load import load_documents
    from ..policy.policyset import folders_of

    loaded = load_documents(folders_of(args.policies))
    rules, networks = _platform(args.slug, loaded)
    wanted = [rule for rule in rules if rule.role != "tenant" and (args.all_hosts or rule.role not in _RESERVED)]
    left = len(rules) - len(wanted)
    if args.format == "plain":
        print("\n".join(_plain(wanted)))
    else:
        print(_nftables(args.slug, [*networks, *(_resolved(wanted) if args.resolve else ())]))
    if left:
        reason = "others live below tenants" if args.all_hosts else "--all-hosts adds all but tenants"
        print(f"{left} hosts left out by their role ({reason})", file=sys.stderr)
    print(f"next: desist policy stop {args.slug}", file=sys.stderr)
    return 0


def _platform(slug: str, loaded: Loaded) -> tuple[list[HostRule], list[str]]:
    """All host rules and networks of a platform, whichever folders say them."""
    from ..policy.diagnostic import closest

    docs = [entry.doc for entry in loaded.platforms if entry.doc.key == slug]
    if not docs:
        meant = closest(slug, [entry.doc.key for entry in loaded.platforms])
        help_ = f"did you mean `{meant}`?" if meant else "desist policy lint reads the same folders: is it there?"
        raise UsageError(f"no platform `{slug}` in these folders", help=help_)
    return [rule for doc in docs for rule in doc.hosts], [network for doc in docs for network in doc.addresses]


def _plain(rules: Sequence[HostRule]) -> list[str]:
    """Names, one a line: each means itself and all below it, one with `=` in front itself alone."""
    suffixes = {rule.host for rule in rules if rule.match == "suffix"}
    exact = {rule.host for rule in rules} - suffixes
    kept = {host for host in suffixes if not _below(host, suffixes)}
    return [*sorted(kept), *sorted(f"={host}" for host in exact if not _below(host, suffixes))]


def _below(host: str, names: set[str]) -> bool:
    """Whether a name above it is among `names`."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in names for start in range(1, len(labels)))


def _resolved(rules: Sequence[HostRule]) -> Iterable[str]:
    """The addresses that the DNS gives for the names themselves, at this moment."""
    import socket

    from .screen import Bar

    bar = Bar("asking the DNS", len(rules))
    for number, rule in enumerate(rules):
        bar.show(number, rule.host)
        try:
            answers = socket.getaddrinfo(rule.host, 443, type=socket.SOCK_STREAM)
        except OSError:
            continue
        yield from (str(answer[4][0]).partition("%")[0] for answer in answers)
    bar.clear()


def _nftables(slug: str, networks: Iterable[str]) -> str:
    """A table that rejects what goes to these networks; UsageError where there is none, since it would stop nothing."""
    parsed = [ipaddress.ip_network(network) for network in networks]
    versions = {
        version: [str(n) for n in ipaddress.collapse_addresses(n for n in parsed if n.version == version)]  # type: ignore[type-var]
        for version in (4, 6)
    }
    if not parsed:
        message = f"`{slug}` has no `addresses` on record, and a firewall matches addresses only"
        help_ = "--resolve asks the DNS for them now; --format plain lists names for a resolver or proxy"
        raise UsageError(message, help=help_)
    table = "desist_" + re.sub(r"[^a-z0-9]", "_", slug)
    sets = [_set(version, elements) for version, elements in versions.items() if elements]
    rejects = [
        f"    {'ip' if version == 4 else 'ip6'} daddr @v{version} counter reject with icmpx type admin-prohibited"
        for version, elements in versions.items()
        if elements
    ]
    chain = ["  chain output {", "    type filter hook output priority 0; policy accept;", *rejects, "  }"]
    return "\n".join(
        [f"table inet {table}", f"delete table inet {table}", f"table inet {table} {{", *sets, *chain, "}"]
    )


def _set(version: int, elements: Sequence[str]) -> str:
    inner = ", ".join(elements)
    return f"  set v{version} {{ type ipv{version}_addr; flags interval; elements = {{ {inner} }} }}"
