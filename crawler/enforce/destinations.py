"""Lists of destinations that a project declares: proxies, and infrastructure that is no crawled site."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from ..errors import UsageError
from ..policy.publicsuffix import suffixes
from ..urls import canonical_host

__all__ = ["Destinations", "Endpoint", "endpoint_of"]

_PORTS: Final = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}


_NOBODYS: Final = frozenset({"internal", "local", "localhost", "test"})
"""Top levels in which no site of the internet is (RFC 6761, RFC 6762; ICANN resolution 2024.07.29.06)."""
_WIDEST: Final = {4: 8, 6: 32}
"""Bits of the widest network of each kind that may be declared: a registry's share, not the internet."""
_PRIVATE: Final = tuple(map(ipaddress.IPv6Network, ("fc00::/7", "fe80::/10")))
"""Wider ones that lead nowhere outside (RFC 4193, RFC 4291 2.5.6)."""


class Endpoint(NamedTuple):
    """Where a proxy or service listens; port 0 stands for any."""

    host: str
    port: int


class Destinations:
    """What such a list allows: exact hosts and `*.wildcards` with or without port, networks, unix socket paths."""

    def __init__(self, setting: str, lines: Sequence[str], *, ports: bool = False) -> None:
        places = [line.removeprefix("unix:") for line in lines if not line.startswith(("spawn:", "import:"))]
        self._paths = {line for line in places if line.startswith("/")}
        self._endpoints = [_endpoint(setting, line, need_port=ports) for line in places if not line.startswith("/")]

    def allow(self, host: str, port: int) -> bool:
        """Whether a line covers this destination; `host` is a name, an address or the path of a unix socket."""
        if host.startswith("/"):
            return host in self._paths
        return any(one.port in {0, port} and _covers(one.host, host) for one in self._endpoints)

    def names(self, host: str) -> bool:
        """Whether a line names this host, whatever the port."""
        return any(_covers(one.host, host) for one in self._endpoints)


def endpoint_of(proxy: str) -> Endpoint:
    """Host and port of a proxy URL as handlers dial it, `http` where it has no scheme; ValueError without a host."""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if not parts.hostname:
        raise ValueError("the proxy URL has no host")
    return Endpoint(canonical_host(parts.hostname), parts.port or _PORTS.get(parts.scheme, 80))


def _endpoint(setting: str, line: str, *, need_port: bool) -> Endpoint:
    text = line.split("://", 1)[-1].rsplit("@", 1)[-1].rstrip("/")
    try:
        endpoint = _parsed(text)
    except ValueError:
        endpoint = Endpoint("", 0)
    if not endpoint.host or (need_port and not endpoint.port):
        raise UsageError(
            f"setting `{setting}` has `{line}`", help="`host:port`, `*.host:port`, or a network: 10.0.0.0/8"
        )
    if fault := _too_wide(endpoint.host):
        raise UsageError(
            f"setting `{setting}` has `{line}`, which {fault}",
            help="name each host, or the domain that is yours: `*.shop.example:6379`, `10.0.0.0/8`",
        )
    return endpoint


def _too_wide(host: str) -> str:
    """What is wrong with a line that would open the process to sites of anybody; empty where it is none."""
    if "/" in host:
        network = ipaddress.ip_network(host)
        if network.prefixlen < _WIDEST[network.version] and not _is_private(network):
            return f"covers more than a /{_WIDEST[network.version]} of the internet"
    elif "*" in host and not _is_somebodys(host.rpartition("*")[2]):
        return "covers sites of whoever registers one: there is no registrable domain behind the last `*`"
    return ""


def _is_private(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return isinstance(network, ipaddress.IPv6Network) and any(network.subnet_of(wide) for wide in _PRIVATE)


def _is_somebodys(tail: str) -> bool:
    """Whether what stands behind the last `*` of a wildcard is a dot and a domain that one owner registers."""
    domain = tail.removeprefix(".")
    if domain == tail or not domain:
        return False
    try:
        known = canonical_host(domain) == domain
    except ValueError:
        return False
    return known and (domain in _NOBODYS or bool(suffixes().registrable(domain)))


def _parsed(text: str) -> Endpoint:
    if "/" in text:
        return Endpoint(str(ipaddress.ip_network(text, strict=False)), 0)
    bare = text.count(":") > 1 and not text.startswith("[")
    host, _, port = (text, "", "") if bare or ":" not in text or text.endswith("]") else text.rpartition(":")
    return Endpoint(host if "*" in host else canonical_host(host.strip("[]")), int(port or 0))


def _covers(declared: str, host: str) -> bool:
    if "/" in declared:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(declared)
        except ValueError:
            return False
    return fnmatch.fnmatchcase(host, declared) if "*" in declared else host == declared
