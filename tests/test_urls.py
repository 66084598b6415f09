"""One place reads URLs: canonical hosts, refusals of what readers disagree on, no exception for any text."""

from __future__ import annotations

import pytest

from desist.model import Basis
from desist.urls import canonical_host, is_address, read


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://pictogram.test/x", "pictogram.test"),
        ("HTTPS://Pictogram.TEST/x", "pictogram.test"),
        ("http://pictogram.test./", "pictogram.test"),
        ("http://user:secret@pictogram.test/", "pictogram.test"),
        ("http://good.test@pictogram.test/", "pictogram.test"),
        ("http://b\u00fccher.test/", "xn--bcher-kva.test"),
        ("http://XN--BCHER-KVA.test/", "xn--bcher-kva.test"),
        ("http://\uff50ictogram\u3002test/", "pictogram.test"),
        ("http://\u24dfictogram.test/", "pictogram.test"),
        ("http://picto\u00adgram.test/", "pictogram.test"),
        ("  http://pictogram.test/\n", "pictogram.test"),
        ("http://203.0.113.7/", "203.0.113.7"),
        ("http://203.0.113.7./", "203.0.113.7"),
        ("http://[2001:DB8::0:1]/", "2001:db8::1"),
        ("http://[::ffff:203.0.113.7]/", "203.0.113.7"),
        ("http://[::ffff:cb00:7107]:8080/", "203.0.113.7"),
        ("http://my_host.test/", "my_host.test"),
        ("http://localhost:8000/", "localhost"),
    ],
)
def test_equivalent_spellings_have_one_canonical_host(url: str, host: str) -> None:
    """Case, final dot, userinfo, IDN, full-width forms and address notation do not change the host."""
    target = read(url)
    assert (host, None) == (target.host, target.trouble)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://pictogram.test\\@good.test/", {"pictogram.test", "good.test"}),
        ("http:\\\\pictogram.test/", {"pictogram.test"}),
        ("http:/pictogram.test/", {"pictogram.test"}),
        ("http:pictogram.test/", {"pictogram.test"}),
        ("http:///pictogram.test/", {"pictogram.test"}),
        ("http://%70ictogram.test/", {"pictogram.test", "%70ictogram.test"}),
        ("http://0xcb.0x00.0x71.0x07/", {"203.0.113.7", "0xcb.0x00.0x71.0x07"}),
        ("http://3405803783/", {"203.0.113.7", "3405803783"}),
        ("http://0313.0.0161.07/", {"203.0.113.7", "0313.0.0161.07"}),
        ("http://picto\tgram.test/", {"pictogram.test"}),
        ("ht\ntp://pictogram.test/", {"pictogram.test"}),
        ("http://stra\u00dfe.test/", {"xn--strae-oqa.test", "strasse.test"}),
        ("http://pictogram.test:\uff18\uff10/", set()),
    ],
)
def test_what_readers_disagree_on_is_no_plain_target(url: str, hosts: set[str]) -> None:
    """Where WHATWG and urllib see different hosts the URL is ambiguous or invalid, and every host seen is kept."""
    target = read(url)
    assert target.trouble in {Basis.AMBIGUOUS, Basis.INVALID_URL}
    assert hosts == set(target.hosts)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "pictogram.test",
        "//pictogram.test/",
        "/path",
        "http://",
        "http://a..b/",
        "http://pictogram.test../",
        "http://a b.test/",
        "http://x.test:99999/",
        "http://1.2.3.4.5/",
        "http://[::1/",
        "http://\ud800.test/",
        "http://x\x00.test/",
        f"http://{'a' * 64}.test/",
        f"http://{'a.' * 127}test/",
        "http://xn--a.test/",
    ],
)
def test_what_names_no_host_is_invalid(url: str) -> None:
    """Relative references, broken hosts and names that DNS cannot carry (RFC 1035 2.3.4) are invalid."""
    assert read(url).trouble is Basis.INVALID_URL
    assert read(url).why


@pytest.mark.parametrize(
    "url", ["ftp://x.test/", "wss://x.test/", "mailto:a@x.test", "data:,x", "view-source:http://x.test/"]
)
def test_other_schemes_are_refused_as_such(url: str) -> None:
    """Only http and https have a gate."""
    assert read(url).trouble is Basis.SCHEME


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("http://x.test/", 80),
        ("https://x.test/", 443),
        ("http://x.test:8080/", 8080),
        ("https://x.test:/", 443),
        ("http://x.test:080/", 80),
    ],
)
def test_the_port_is_the_one_that_would_be_dialled(url: str, port: int) -> None:
    """The scheme's own port is filled in."""
    assert port == read(url).port


def test_both_readings_of_a_path_are_kept() -> None:
    """A client may resolve dot segments or send them: both paths are there to be judged."""
    target = read("https://x.test/a/../faces?q=1#top")
    assert (target.path, target.raw_path) == ("/faces?q=1", "/a/../faces?q=1")


def test_a_query_without_a_path_hangs_on_the_root() -> None:
    """Both readers agree that the path is `/`."""
    target = read("https://x.test?q")
    assert (target.path, target.raw_path) == ("/?q", "/?q")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Pictogram.test.", "pictogram.test"),
        ("b\u00fccher.test", "xn--bcher-kva.test"),
        ("::1", "::1"),
        ("[2001:db8::0]", "2001:db8::"),
        ("203.0.113.7", "203.0.113.7"),
    ],
)
def test_bare_hosts_are_brought_to_the_same_form(text: str, host: str) -> None:
    """Documents and resolvers name hosts without a URL round them."""
    assert host == canonical_host(text)


@pytest.mark.parametrize(
    "text", ["", "a b", "x.test:80", "x.test:81", "u@x.test", "x.test/p", "%78.test", "0x7f.1", "x.test?q"]
)
def test_a_bare_host_is_nothing_but_a_host(text: str) -> None:
    """Ports, userinfo, paths and spellings that readers differ on are refused."""
    with pytest.raises(ValueError, match=r".+"):
        canonical_host(text)


def test_addresses_are_told_from_names() -> None:
    """A canonical host is an address where it has a colon or ends in a number."""
    assert [is_address(host) for host in ("::1", "203.0.113.7", "pictogram.test", "1.test")] == [
        True,
        True,
        False,
        False,
    ]
