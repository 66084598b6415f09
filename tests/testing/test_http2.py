"""Simulated sites over HTTP/2: the same descriptions, the same log, which says what was spoken."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import ssl
from collections.abc import Iterator

import httpx2
import pytest
from h2.exceptions import InvalidBodyLengthError

from desist.errors import UsageError
from desist.testing import Failure, Page, Site, Web

FAILURES = (Failure.RESET, Failure.CLOSE, Failure.TRUNCATED, Failure.GARBAGE)
LONG = "0123456789" * 30_000  # more than a stream's first window of 65,535 octets


@pytest.fixture
def web() -> Iterator[Web]:
    """One site with a page of every kind."""
    pages = {
        "/": "<p>home</p>",
        "/old": Page(redirect="http://a.test/"),
        "/long": LONG,
        "/no": Page("no", 451, {"X-Robots-Tag": ["noai", "noindex"], "Connection": "close"}),
        "/hang": Page(failure=Failure.HANG),
        "/drip": Page("abc", failure=Failure.DRIP, drip=0.0),
        **{f"/{kind}": Page("x" * 1000, failure=kind) for kind in FAILURES},
    }
    site = Site("a.test", ("*.a.test",), robots="User-agent: *\nDisallow: /faces\n", pages=pages)
    with Web([site, Site("b.test", pages={"/": "b"})], http2=True) as mounted:
        yield mounted


def ask(web: Web, path: str = "/", *, method: str = "GET", http2: bool = True, content: bytes = b"") -> httpx2.Response:
    """One request, to the site's address by its name."""
    port = web.ports["https"]
    context = ssl.create_default_context(cafile=str(web.ca_file))
    with httpx2.Client(http2=http2, verify=context, timeout=20) as client:
        return client.request(
            method,
            f"https://{web['a.test'].address}:{port}{path}",
            headers={"Host": f"a.test:{port}"},
            content=content,
            extensions={"sni_hostname": "a.test"},
        )


def test_serves_what_is_described_over_either_protocol(web: Web) -> None:
    """robots.txt, pages, statuses, headers and links are those of HTTP/1.1, and the log tells which was spoken."""
    for path in ("/robots.txt", "/", "/old", "/long", "/no", "/none"):
        new, old = ask(web, path), ask(web, path, http2=False)
        assert (new.http_version, old.http_version) == ("HTTP/2", "HTTP/1.1")
        assert (new.status_code, new.content) == (old.status_code, old.content)
        kept = [pair for pair in old.headers.multi_items() if pair[0] != "connection"]
        assert new.headers.multi_items() == kept
    assert [hit.protocol for hit in web.hits] == ["h2", "http/1.1"] * 6
    assert {(hit.site, hit.at_site, hit.scheme, hit.host) for hit in web.hits} == {
        ("a.test", "a.test", "https", f"a.test:{web.ports['https']}")
    }
    assert [hit.status for hit in web.hits] == [200, 200, 200, 200, 302, 302, 200, 200, 451, 451, 404, 404]
    assert web["b.test"].was_never_contacted()


def test_a_hit_counts_the_octets_of_its_stream(web: Web) -> None:
    """Frames of the request, its body too, and of the answer; HEAD is answered without a body."""
    ask(web, "/", method="POST", content=b"x" * 50_000)
    ask(web, "/long", method="HEAD")
    sent, asked = web.hits
    assert (sent.method, asked.method) == ("POST", "HEAD")
    assert sent.bytes_in > 50_000
    assert sent.bytes_out > len("<p>home</p>") + 9
    assert asked.bytes_out < 200
    assert sent.header("content-length") == "50000"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/reset", httpx2.RemoteProtocolError),
        ("/close", httpx2.RemoteProtocolError),
        ("/truncated", InvalidBodyLengthError),
        ("/garbage", httpx2.RemoteProtocolError),
    ],
)
def test_failures_reach_the_client(web: Web, path: str, expected: type[Exception]) -> None:
    """Each failure is the real thing on the socket, and the request is on record all the same."""
    with pytest.raises(expected):
        ask(web, path)
    assert [(hit.path, hit.protocol) for hit in web["a.test"].hits] == [(path, "h2")]


def test_a_drip_comes_whole(web: Web) -> None:
    """Octet for octet, a frame each."""
    assert ask(web, "/drip").content == b"abc"


def test_streams_of_one_connection_do_not_wait_for_each_other(web: Web) -> None:
    """A page that hangs or fails leaves the others of its connection alone; the client may give it up."""

    async def play() -> None:
        port = web.ports["https"]
        base, headers = f"https://{web['a.test'].address}:{port}", {"Host": f"a.test:{port}"}
        context = ssl.create_default_context(cafile=str(web.ca_file))
        async with httpx2.AsyncClient(http2=True, verify=context, timeout=20) as client:

            async def get(path: str) -> httpx2.Response:
                return await client.get(base + path, headers=headers, extensions={"sni_hostname": "a.test"})

            await get("/")
            hanging = asyncio.create_task(get("/hang"))
            pages = await asyncio.gather(get("/long"), get("/long"), get("/reset"), get("/"), return_exceptions=True)
            assert [type(page) for page in pages].count(httpx2.RemoteProtocolError) == 1
            assert [page.text for page in pages if isinstance(page, httpx2.Response)] == [LONG, LONG, "<p>home</p>"]
            hanging.cancel()
            await asyncio.gather(hanging, return_exceptions=True)
            assert (await get("/")).status_code == 200

    asyncio.run(play())
    assert len({hit.connection for hit in web.hits}) == 1
    assert {hit.protocol for hit in web.hits} == {"h2"}
    assert [hit.status for hit in web.hits if hit.path == "/hang"] == [0]


def test_octets_that_are_no_http_2_end_the_connection(web: Web) -> None:
    """A client that agreed on h2 and speaks something else is contact, and no request."""
    context = ssl.create_default_context(cafile=str(web.ca_file))
    context.set_alpn_protocols(["h2"])
    where = (web["a.test"].address, web.ports["https"])
    with socket.create_connection(where) as raw, context.wrap_socket(raw, server_hostname="a.test") as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        client.settimeout(20)
        while client.recv(4096):
            pass
    [seen] = web["a.test"].connections
    assert (seen.requests, seen.error.partition(":")[0]) == (0, "HTTP/2")
    assert web.hits == []


def test_tls_alone_offers_no_http_2() -> None:
    """Where a web does not say `http2`, a client that can speak it gets HTTP/1.1."""
    with Web([Site("a.test", pages={"/": "home"})], tls=True) as web:
        assert ask(web).http_version == "HTTP/1.1"
        assert [hit.protocol for hit in web.hits] == ["http/1.1"]


def test_without_the_library_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """`h2` comes with the extra `testing`."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"HTTP/2 needs the library `h2`\n  help: pip install 'desist\[testing\]'"):
        Web([Site("a.test")], http2=True)
