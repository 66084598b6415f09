"""Simulated webs: what is described is served, what reaches the sockets is on record."""

from __future__ import annotations

import http.client
import socket
import ssl
import time

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from desist.errors import UsageError
from desist.testing import Answer, Failure, Page, Site, Web


def _get(web: Web, host: str, path: str = "/", *, via: str = "", headers: dict[str, str] | None = None):
    """One GET to the address of the site `via` (default: of `host`) with `host` in the Host header."""
    connection = http.client.HTTPConnection(web[via or host].address, web.ports["http"], timeout=5)
    try:
        connection.request("GET", path, headers={"Host": f"{host}:{web.ports['http']}", **(headers or {})})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_serves_what_is_described() -> None:
    """Pages, robots.txt, terms, headers and redirects come as they stand in the description."""
    site = Site(
        "pictogram.test",
        robots="User-agent: *\nDisallow: /faces\n",
        terms="<h1>Terms</h1>",
        pages={"/": "<p>home</p>", "/old": Page(redirect="/new"), "/u/*": "somebody", "/x?y=1": "exact"},
        headers={"X-Robots-Tag": "noai"},
    )
    with Web([site]) as web:
        assert _get(web, "pictogram.test")[::2] == (200, b"<p>home</p>")
        status, headers, body = _get(web, "pictogram.test", "/robots.txt")
        assert (status, headers["Content-Type"], headers["X-Robots-Tag"]) == (200, "text/plain; charset=utf-8", "noai")
        assert body == b"User-agent: *\nDisallow: /faces\n"
        status, headers, _ = _get(web, "pictogram.test", "/old")
        assert (status, headers["Location"]) == (302, "/new")
        assert _get(web, "pictogram.test", "/u/7")[2] == b"somebody"
        assert _get(web, "pictogram.test", "/x?y=1")[2] == b"exact"
        assert _get(web, "pictogram.test", "/terms")[2] == b"<h1>Terms</h1>"
        assert _get(web, "pictogram.test", "/none")[0] == 404


def test_links_to_the_same_web_get_its_port() -> None:
    """Descriptions are written without ports; foreign names, longer names and given ports stay as they are."""
    body = "http://a.test/x https://b.test http://www.b.test/ http://a.test:9/ http://a.test.evil/ http://c.test/"
    sites = [Site("a.test", pages={"/": body, "/go": Page(redirect="http://b.test/x")}), Site("b.test", ("*.b.test",))]
    with Web(sites, tls=True) as web:
        plain, secure = web.ports["http"], web.ports["https"]
        expected = (
            f"http://a.test:{plain}/x https://b.test:{secure} http://www.b.test:{plain}/ "
            "http://a.test:9/ http://a.test.evil/ http://c.test/"
        )
        assert expected.encode() == _get(web, "a.test")[2]
        assert _get(web, "a.test", "/go")[1]["Location"] == f"http://b.test:{plain}/x"


def test_each_site_has_its_own_hit_log() -> None:
    """A request is logged by the site that the Host header names and by the site at whose address it arrived."""
    with Web([Site("a.test"), Site("b.test"), Site("c.test")]) as web:
        before = time.time_ns()
        _get(web, "a.test", "/1", headers={"User-Agent": "examplebot"})
        _get(web, "b.test", "/2", via="a.test")
        after = time.time_ns()
        assert [hit.path for hit in web["a.test"].hits] == ["/1", "/2"]
        assert [(hit.site, hit.at_site) for hit in web["b.test"].hits] == [("b.test", "a.test")]
        assert len(web["b.test"].connections) == 1
        hit = web["a.test"].hits[0]
        assert (hit.method, hit.host, hit.status) == ("GET", f"a.test:{web.ports['http']}", 404)
        assert hit.header("user-agent") == "examplebot"
        assert before < hit.arrived_ns < after
        assert hit.bytes_out == web.connections[0].bytes_out
        assert hit.bytes_in == web.connections[0].bytes_in
        assert web["a.test"].hits_after(after) == []
        assert web["c.test"].was_never_contacted()


def test_a_connection_without_a_request_counts() -> None:
    """Connecting is contact: address, opening and closing are on record before any byte is sent."""
    with Web([Site("a.test"), Site("b.test")]) as web:
        with socket.create_connection((web["b.test"].address, web.ports["http"])):
            (seen,) = web["b.test"].connections
            assert (seen.site, seen.requests, seen.bytes_in, seen.closed_ns) == ("b.test", 0, 0, 0)
        (seen,) = web["b.test"].connections
        assert seen.closed_ns >= seen.opened_ns
        with pytest.raises(AssertionError, match=r"b\.test was contacted, 1 times"):
            web["b.test"].was_never_contacted()
        assert web["a.test"].was_never_contacted()


def test_a_client_that_leaves_is_seen_while_the_answer_waits() -> None:
    """The close of a connection is on record at once, not when the server next writes."""
    with Web([Site("a.test", pages={"/": Page("late", delay=60)})]) as web:
        with socket.create_connection((web["a.test"].address, web.ports["http"])) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            assert [hit.status for hit in web["a.test"].hits] == [0]
        assert web["a.test"].connections[0].closed_ns > 0


def test_keep_alive_and_pipelining() -> None:
    """Several requests on one connection are answered in order, and counted each."""
    with Web([Site("a.test", pages={"/1": "one", "/2": "two"})]) as web:
        with socket.create_connection((web["a.test"].address, web.ports["http"])) as client:
            client.sendall(
                b"POST /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc"
                b"GET /2 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
            )
            received = b"".join(iter(lambda: client.recv(4096), b""))
        assert received.index(b"one") < received.index(b"two")
        assert [(hit.method, hit.path, hit.connection) for hit in web.hits] == [("POST", "/1", 1), ("GET", "/2", 1)]


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Failure.RESET, ConnectionResetError),
        (Failure.CLOSE, http.client.RemoteDisconnected),
        (Failure.TRUNCATED, http.client.IncompleteRead),
        (Failure.GARBAGE, http.client.BadStatusLine),
    ],
)
def test_failures_reach_the_client(failure: Failure, expected: type[Exception]) -> None:
    """Each failure is the real thing on the socket, and the request is on record all the same."""
    with Web([Site("a.test", pages={"/": Page("x" * 1000, failure=failure)})]) as web:
        with pytest.raises(expected):
            _get(web, "a.test")
        assert [hit.path for hit in web["a.test"].hits] == ["/"]


def test_reset_on_connect() -> None:
    """A site can reset a connection before a request is sent."""
    with Web([Site("a.test", failure=Failure.RESET_ON_CONNECT)]) as web:
        with (
            pytest.raises(ConnectionResetError),
            socket.create_connection((web["a.test"].address, web.ports["http"])) as c,
        ):
            c.recv(1)
        assert len(web["a.test"].connections) == 1


def test_hang_and_drip() -> None:
    """A hanging server sends nothing; a dripping one sends byte for byte."""
    pages = {"/hang": Page(failure=Failure.HANG), "/drip": Page("abc", failure=Failure.DRIP, drip=0.0)}
    with Web([Site("a.test", pages=pages)]) as web:
        assert _get(web, "a.test", "/drip")[2] == b"abc"
        with socket.create_connection((web["a.test"].address, web.ports["http"])) as client:
            client.sendall(b"GET /hang HTTP/1.1\r\nHost: a.test\r\n\r\n")
            assert [hit.path for hit in web["a.test"].hits] == ["/drip", "/hang"]
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(1)


def test_https_with_an_authority_made_at_run_time() -> None:
    """A client that trusts the test authority gets the page by name; one that does not leaves a failed connection."""
    with Web([Site("a.test", ("*.a.test",), pages={"/": "secret"})], tls=True) as web:
        trusting = ssl.create_default_context(cafile=str(web.ca_file))
        trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
        where = (web["a.test"].address, web.ports["https"])
        with socket.create_connection(where) as raw, trusting.wrap_socket(raw, server_hostname="www.a.test") as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: www.a.test\r\nConnection: close\r\n\r\n")
            assert b"".join(iter(lambda: client.recv(4096), b"")).endswith(b"secret")
        with pytest.raises(ssl.SSLCertVerificationError), socket.create_connection(where) as raw:
            ssl.create_default_context().wrap_socket(raw, server_hostname="www.a.test")
        assert [hit.scheme for hit in web["a.test"].hits] == ["https"]
        assert [(one.tls, one.requests) for one in web["a.test"].connections] == [(True, 1), (True, 0)]
        assert "TLS" in web["a.test"].connections[1].error


def test_a_client_that_says_goodbye_over_tls_is_answered() -> None:
    """A close_notify is answered by one and by the end of the connection: Twisted's clients wait for it."""
    with Web([Site("a.test")], tls=True) as web:
        trusting = ssl.create_default_context(cafile=str(web.ca_file))
        where = (web["a.test"].address, web.ports["https"])
        with socket.create_connection(where, timeout=20) as raw:
            plain = trusting.wrap_socket(raw, server_hostname="a.test").unwrap()
            assert plain.recv(1) == b""
        assert (web["a.test"].connections[0].error, web["a.test"].connections[0].closed_ns > 0) == ("", True)


def test_dns_answers_and_logs_every_question() -> None:
    """Names of sites resolve to their addresses, chains come whole, rebinding answers come in turn."""
    names = {
        "alias.test": Answer(cname="hop.test"),
        "hop.test": Answer(cname="a.test"),
        "rebind.test": [Answer(a=("127.9.9.9",)), Answer(a=("127.8.8.8",))],
        "broken.test": Answer(rcode="SERVFAIL"),
    }
    with Web([Site("a.test", ("*.a.test",))], names=names) as web:
        assert _ask(web, "deep.www.a.test") == [("deep.www.a.test.", "A", web["a.test"].address)]
        assert _ask(web, "alias.test") == [
            ("alias.test.", "CNAME", "hop.test."),
            ("hop.test.", "CNAME", "a.test."),
            ("a.test.", "A", web["a.test"].address),
        ]
        assert [_ask(web, "rebind.test")[0][2] for _ in range(3)] == ["127.9.9.9", "127.8.8.8", "127.9.9.9"]
        assert _ask(web, "broken.test") == "SERVFAIL"
        assert _ask(web, "nowhere.test") == "NXDOMAIN"
        assert [(query.name, query.kind) for query in web["a.test"].queries] == [("deep.www.a.test", "A")]
        assert [query.name for query in web.queries[-2:]] == ["broken.test", "nowhere.test"]


def test_a_dns_question_is_contact() -> None:
    """A name that was looked up makes `was_never_contacted` fail, with the question in the message."""
    with Web([Site("a.test")]) as web:
        _ask(web, "a.test", "AAAA")
        with pytest.raises(AssertionError, match=r"AAAA a\.test over udp"):
            web["a.test"].was_never_contacted()


def test_well_known_files_are_told_apart() -> None:
    """A crawler may read robots.txt to learn that it may read nothing else."""
    with Web([Site("a.test")]) as web:
        _get(web, "a.test", "/robots.txt")
        assert web["a.test"].was_never_requested()
        _get(web, "a.test", "/page")
        with pytest.raises(AssertionError, match="more than its well-known files"):
            web["a.test"].was_never_requested()


def test_a_port_that_is_taken_is_one_clear_error() -> None:
    """The port that a caller insists on is not silently replaced."""
    with Web([Site("a.test")]) as web, pytest.raises(UsageError, match="no simulated site can listen"):
        Web([Site("a.test")], port=web.ports["http"]).__enter__()


def _ask(web: Web, name: str, kind: str = "A"):
    message = dns.message.make_query(name, kind)
    host, port = web.dns.address
    udp = dns.query.udp(message, host, port=port, timeout=5)
    if udp.rcode():
        return dns.rcode.to_text(udp.rcode())
    return [(str(rrset.name), dns.rdatatype.to_text(rrset.rdtype), str(data)) for rrset in udp.answer for data in rrset]
