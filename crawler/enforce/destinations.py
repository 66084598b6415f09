"""Lists of destinations that a project declares: proxies, and infrastructure that is no crawled site."""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from ..errors import UsageError
from ..urls import canonical_host

__all__ = ["Destinations", "Endpoint", "endpoint_of"]

_PORTS: Final = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}


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
    return endpoint


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
