"""The resolver gate: chains read whole, each name judged as it is asked for, nothing sent by a set that was swapped."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import dns.flags
import dns.message
import dns.rrset
import pytest
from scrapy.exceptions import CannotResolveHostError

from desist.enforce.resolver import Resolver
from desist.errors import UsageError
from desist.testing import Answer, Web

NAMES = {
    "plain.test": Answer(a=("127.0.0.9",), ttl=60),
    "alias.test": Answer(cname="middle.test"),
    "middle.test": Answer(cname="end.test"),
    "end.test": Answer(a=("127.0.0.8",)),
    "six.test": Answer(aaaa=("fd00::8",)),
    "loop.test": Answer(cname="loop2.test"),
    "loop2.test": Answer(cname="loop.test"),
    "dead.test": Answer(rcode="SERVFAIL"),
}


@pytest.fixture
def web():
    with Web([], names=NAMES) as mounted:
        yield mounted


def ask(web, host, judge=lambda name: None):
    return asyncio.run(Resolver([web.nameserver], timeout=2).resolve(host, judge))


def test_chain_is_read_link_by_link(web) -> None:
    """Every name on the way is in the answer, and each was judged before it was asked for."""
    judged: list[str] = []
    found = ask(web, "alias.test", judged.append)
    assert found.names == ("alias.test", "middle.test", "end.test")
    assert found.addresses == ("127.0.0.8",)
    assert judged[:3] == ["alias.test", "middle.test", "end.test"]


def test_name_that_is_refused_is_not_asked_for(web) -> None:
    """What `judge` raises for the first name ends the lookup before a packet."""

    def refuse(name: str) -> None:
        raise LookupError(name)

    with pytest.raises(LookupError):
        ask(web, "plain.test", refuse)
    assert not web.queries


def test_ipv6_where_there_is_no_ipv4(web) -> None:
    """A first, AAAA where there is no A."""
    assert ask(web, "six.test").addresses == ("fd00::8",)
    assert [query.kind for query in web.queries] == ["A", "AAAA"]


class Truncating(threading.Thread):
    """A name server that answers datagrams with nothing but the truncation bit, and streams with the whole."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tcp = socket.socket()
        self.tcp.bind(("127.0.0.1", 0))
        self.udp.bind(self.tcp.getsockname())
        self.tcp.listen()

    def run(self) -> None:
        data, peer = self.udp.recvfrom(65535)
        short = dns.message.make_response(dns.message.from_wire(data))
        short.flags |= dns.flags.TC
        self.udp.sendto(short.to_wire(), peer)
        stream, _ = self.tcp.accept()
        whole = dns.message.make_response(dns.message.from_wire(stream.recv(65535)[2:]))
        whole.answer.append(dns.rrset.from_text("big.test.", 60, "IN", "A", "127.0.0.7"))
        wire = whole.to_wire()
        stream.sendall(len(wire).to_bytes(2, "big") + wire)


def test_answer_too_long_for_a_datagram_comes_by_tcp() -> None:
    """RFC 1035 4.2.1: a truncated answer is asked for again, and judged again."""
    server = Truncating()
    server.start()
    judged: list[str] = []
    resolver = Resolver(["{}:{}".format(*server.tcp.getsockname())], timeout=2)
    assert asyncio.run(resolver.resolve("big.test", judged.append)).addresses == ("127.0.0.7",)
    assert judged == ["big.test", "big.test"]


@pytest.mark.parametrize("host", ["loop.test", "dead.test", "unknown.test"])
def test_no_answer_is_an_error_and_no_guess(web, host) -> None:
    """A loop of aliases, a failing server, a name that is not there."""
    with pytest.raises(CannotResolveHostError):
        ask(web, host)


def test_answer_is_kept_for_its_ttl(web) -> None:
    """A second request for the host asks nobody; `forget` asks anew."""
    resolver = Resolver([web.nameserver])

    async def twice() -> None:
        await resolver.resolve("plain.test", lambda name: None)
        await resolver.resolve("plain.test", lambda name: None)

    asyncio.run(twice())
    assert len(web.queries) == 1
    resolver.forget()
    asyncio.run(twice())
    assert len(web.queries) == 2


def test_nothing_is_sent_while_the_policies_are_swapped(web) -> None:
    """Whoever holds `sending` sees no question leave, and the judge that follows sees the new set."""
    resolver = Resolver([web.nameserver])
    refused = threading.Event()

    def judge(name: str) -> None:
        if refused.is_set():
            raise LookupError(name)

    resolver.sending.acquire()
    thread = threading.Thread(target=lambda: asyncio.run(_swallow(resolver, judge)))
    thread.start()
    time.sleep(0.2)
    refused.set()
    resolver.sending.release()
    thread.join()
    assert not web.queries


async def _swallow(resolver, judge) -> None:
    with pytest.raises(LookupError):
        await resolver.resolve("plain.test", judge)


@pytest.mark.parametrize("text", ["dns.example:53", "127.0.0.1:port", ""])
def test_nameserver_that_is_no_address_is_a_usage_error(text) -> None:
    """A name would have to be looked up by somebody else."""
    with pytest.raises(UsageError):
        Resolver([text])


def test_localhost_needs_no_dns(web) -> None:
    """RFC 6761 6.3: names below `localhost` are loopback."""
    assert ask(web, "site.localhost").addresses == ("127.0.0.1",)
    assert not web.queries
