"""A simulated web: sites on real loopback servers with a DNS server of their own, in a thread of their own."""

from __future__ import annotations

import asyncio
import difflib
import importlib.util
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from ..errors import UsageError
from .hits import Connection, Hit, Query
from .nameserver import Answer, NameServer
from .seen import Seen
from .server import Listener, SiteServer
from .site import Site

__all__ = ["MountedSite", "Web"]

Scheme = Literal["http", "https"]
# One address a site, so that a connection tells whose it is before a byte is sent. Linux answers on all of 127/8.
_NETWORK = "127.83"
_TRIES = 64
_TTL = 60  # seconds, for the names of sites; `names` say their own


class Web:
    """Mounts `sites` while the context is entered.

    `names` adds DNS answers that no site has: aliases, chains, rebinding. `tls` serves HTTPS beside HTTP on a second
    port; `http2` does so too and lets each client choose between HTTP/2 and HTTP/1.1 there (ALPN). All sites share one
    port number (`port`, `https_port`; 0 takes a free one), each on an address of its own.
    """

    def __init__(
        self,
        sites: Iterable[Site],
        *,
        names: Mapping[str, Answer | Sequence[Answer]] | None = None,
        tls: bool = False,
        http2: bool = False,
        port: int = 0,
        https_port: int = 0,
        dns_port: int = 0,
    ) -> None:
        described = list(sites)
        _check(described)
        self._sites = {site.name: site for site in described}
        self._names = dict(names or {})
        self._wanted = (port, https_port, dns_port)
        self._protocols = _protocols(http2=http2)
        self._addresses = _addresses(self._sites.values())
        self._folder = tempfile.TemporaryDirectory(prefix="desist-web-") if tls or http2 else None
        self._thread: threading.Thread | None = None
        self.ports: dict[str, int] = {}
        """The port of each scheme, once entered."""
        self.ca_file: Path | None = None
        """The certificate to trust where `tls` is on (SSL_CERT_FILE)."""

    def __enter__(self) -> Self:
        """Bind every socket, then start serving."""
        listeners = self._bind()
        self._loop = asyncio.new_event_loop()
        self.server = SiteServer(self._sites.values(), self.ports)
        self.dns = NameServer({**self._site_answers(), **self._names})
        self._thread = threading.Thread(target=self._loop.run_forever, name="desist-simulated-web", daemon=True)
        self._thread.start()
        self._call(self._start(listeners))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every socket and end the thread; the logs stay readable. Raises what a description raised."""
        assert self._thread is not None
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._thread = None
        if self._folder:
            self._folder.cleanup()
        if error is None and self.server.faults:
            raise self.server.faults[0]

    def __getitem__(self, name: str) -> MountedSite:
        """The site of that name or alias; raises UsageError."""
        for site in self._sites.values():
            if site.serves(name):
                return MountedSite(self, site, self._addresses[site.name])
        raise self._unknown(name)

    def __iter__(self) -> Iterator[MountedSite]:
        """All sites in the order of their description."""
        return (self[name] for name in self._sites)

    def url(self, name: str, path: str = "/", scheme: Scheme = "http") -> str:
        """The URL of `path` on the host `name`, with this web's port; UsageError for a name that leads nowhere."""
        if not self._leads_somewhere(name):
            raise self._unknown(name)
        if scheme not in self.ports:
            raise UsageError(f"this web does not serve {scheme}", help="mount it with `tls=True` or `http2=True`")
        port = self.ports[scheme]
        usual = port == {"http": 80, "https": 443}[scheme]
        return f"{scheme}://{name}{path}" if usual else f"{scheme}://{name}:{port}{path}"

    @property
    def nameserver(self) -> str:
        """The DNS server as `ip:port`, for DESIST_NAMESERVERS."""
        return "{}:{}".format(*self.dns.address)

    @property
    def hits(self) -> list[Hit]:
        """Every request so far, of all sites, by arrival."""
        self.settle()
        return sorted(self.server.hits, key=lambda hit: hit.arrived_ns)

    @property
    def connections(self) -> list[Connection]:
        """Every connection so far, of all sites, by acceptance."""
        self.settle()
        return list(self.server.connections)

    @property
    def queries(self) -> list[Query]:
        """Every DNS question so far."""
        self.settle()
        return list(self.dns.queries)

    def reachable(self) -> AbstractContextManager[None]:
        """`with web.reachable():` clients of this process find the sites by name: httpx, aiohttp, requests, urllib."""
        from .reach import reachable  # noqa: PLC0415 - Scrapy under the gates asks the name server itself

        return reachable(self.dns.address, self._leads_somewhere)

    @property
    def host_rules(self) -> str:
        """What Chromium's `--host-resolver-rules` takes, so that a browser finds the sites and nothing else."""
        rules = [f"MAP {name} {self._addresses[site.name]}" for site in self._sites.values() for name in site.names]
        return ", ".join((*rules, "MAP * ~NOTFOUND"))

    def _leads_somewhere(self, name: str) -> bool:
        return any(site.serves(name) for site in self._sites.values()) or _named(name, self._names)

    def _unknown(self, name: str) -> UsageError:
        names = [*(known for site in self._sites.values() for known in site.names), *self._names]
        near = difflib.get_close_matches(name, names, n=1)
        help_ = f"did you mean `{near[0]}`? " if near else ""
        return UsageError(f"no site of this web is called `{name}`", help=f"{help_}its names: {', '.join(names)}")

    def settle(self) -> None:
        """Make the logs hold all that has reached the sockets before this call."""
        if self._thread is not None:
            self._call(self._settle())

    async def _settle(self) -> None:
        self.server.settle()
        self.dns.read()

    def _call(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _start(self, listeners: list[Listener]) -> None:
        for listener in listeners:
            self.server.listen(listener)
        await self.dns.start(port=self._wanted[2])

    async def _stop(self) -> None:
        self.server.close()
        self.dns.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _site_answers(self) -> dict[str, Answer]:
        return {name: _answer(self._addresses[site.name]) for site in self._sites.values() for name in site.names}

    def _bind(self) -> list[Listener]:
        listeners = self._bind_all("http", self._wanted[0], {})
        if self._folder is not None:
            listeners += self._bind_all("https", self._wanted[1], self._contexts(Path(self._folder.name)))
        return listeners

    def _contexts(self, folder: Path) -> dict[str, ssl.SSLContext]:
        from .authority import TestAuthority  # noqa: PLC0415 - only simulated webs with TLS pay for cryptography

        authority = TestAuthority(folder)
        self.ca_file = authority.file
        return {
            name: authority.context(site.names, self._addresses[name], self._protocols)
            for name, site in self._sites.items()
        }

    def _bind_all(self, scheme: Scheme, wanted: int, contexts: Mapping[str, ssl.SSLContext]) -> list[Listener]:
        addresses = list(self._addresses.values())
        self.ports[scheme], socks = _bind_same_port(addresses, wanted)
        return [
            Listener(sock, site, address, self.ports[scheme], contexts.get(site.name))
            for sock, site, address in zip(socks, self._sites.values(), addresses, strict=True)
        ]


class MountedSite(Seen):
    """A site on its server: its URLs, and what the server saw of it."""

    def __init__(self, web: Web, site: Site, address: str) -> None:
        self._web = web
        self.site = site
        self.name = site.name
        self.address = address

    def url(self, path: str = "/", scheme: Scheme = "http") -> str:
        """The URL of `path` on the first name."""
        return self._web.url(self.name, path, scheme)

    @property
    def hits(self) -> list[Hit]:
        """Requests that named this site in the Host header or came to its address, by arrival."""
        return [hit for hit in self._web.hits if self.name in (hit.site, hit.at_site)]

    @property
    def connections(self) -> list[Connection]:
        """Connections to its address, and others that carried a request for it."""
        carried = {hit.connection for hit in self.hits}
        return [one for one in self._web.connections if one.site == self.name or one.id in carried]

    @property
    def queries(self) -> list[Query]:
        """DNS questions for one of its names."""
        return [query for query in self._web.queries if self.site.serves(query.name)]


def _check(sites: list[Site]) -> None:
    """Every name leads to one site."""
    names = [name for site in sites for name in site.names]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"`{twice}` is the name of two sites", help="describe it once, or give one another name")


def _named(name: str, names: Mapping[str, object]) -> bool:
    """Whether the name server has further answers for `name`."""
    return name in names or any(f"*.{end}" in names for end in _ends(name))


def _ends(name: str) -> Iterator[str]:
    while "." in name:
        name = name.partition(".")[2]
        yield name


def _protocols(*, http2: bool) -> tuple[str, ...]:
    """What is offered by ALPN, the first choice first."""
    if not http2:
        return ()
    if importlib.util.find_spec("h2") is None:
        raise UsageError("HTTP/2 needs the library `h2`", help="pip install 'desist[testing]'")
    return ("h2", "http/1.1")


def _answer(address: str) -> Answer:
    return Answer(aaaa=(address,), ttl=_TTL) if ":" in address else Answer(a=(address,), ttl=_TTL)


def _addresses(sites: Iterable[Site]) -> dict[str, str]:
    return {
        site.name: site.address or f"{_NETWORK}.{number >> 8 & 255}.{number & 255}"
        for number, site in enumerate(sites, 1)
    }


def _bind_same_port(addresses: list[str], wanted: int) -> tuple[int, list[socket.socket]]:
    """One listening socket an address, all on one port: `wanted`, or a free one where that is 0."""
    for _ in range(_TRIES):
        port, socks = wanted, []
        try:
            for address in addresses:
                socks.append(_listening(address, port))
                port = socks[0].getsockname()[1]
        except OSError as error:
            for sock in socks:
                sock.close()
            last = error
            if wanted:
                break
            continue
        return port, socks
    raise UsageError(
        f"no simulated site can listen on {addresses[0]}:{wanted or 'any port'}: {last}",
        help="simulated sites need Linux, whose loopback answers on all of 127.0.0.0/8, and a free port",
    )


def _listening(address: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(1024)
    except OSError:
        sock.close()
        raise
    return sock
