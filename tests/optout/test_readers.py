"""The readers of headers, pages, files and licences: places, texts, times, and inputs that nobody meant."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desist.model import Basis, Purpose, Signal, Usage
from desist.optout import (
    AI_PURPOSES,
    read_headers,
    read_html,
    read_robots,
    read_rsl,
    read_status,
    read_tdmrep_file,
    refusals,
    rsl_links,
    rsl_of_headers,
    rsl_of_robots,
    stance,
)
from desist.robots import Robots, statements_of

NOW = 1_800_000_000.0
AGENT = "DesistBot"


def test_a_signal_names_its_place_and_the_words_received() -> None:
    """What a docket quotes."""
    assert read_headers([("X-ROBOTS-TAG", "desistbot: NoAI")], "", NOW, AGENT) == (
        Signal("x-robots-tag", frozenset({Usage.TRAIN_AI}), "disallow", "header X-Robots-Tag", "noai"),
    )
    assert read_html(b'<meta name="desistbot" content="noindex">', NOW, AGENT) == (
        Signal("meta-robots", frozenset({Usage.INDEX}), "disallow", "meta desistbot", "noindex"),
    )


def test_all_headers_are_read_at_once() -> None:
    """One call, every protocol."""
    headers = [
        ("X-Robots-Tag", "noai"),
        ("tdm-reservation", "1"),
        ("Content-Usage", "train-ai=n"),
        ("Content-Signal", "ai-train=no"),
    ]
    assert [signal.name for signal in read_headers(headers, "", NOW, AGENT)] == [
        "x-robots-tag",
        "tdmrep",
        "aipref",
        "content-signal",
    ]


def test_an_unreadable_date_is_unknown() -> None:
    """A statement was made and could not be read."""
    (signal,) = read_headers([("X-Robots-Tag", "unavailable_after: next summer")], "", NOW, AGENT)
    assert (signal.verdict, signal.usages) == ("unknown", frozenset({Usage.INDEX}))


def test_noimageindex_concerns_images() -> None:
    """On a page it speaks of the images in it."""
    headers = [("X-Robots-Tag", "noimageindex")]
    assert read_headers(headers, "text/html", NOW, AGENT) == ()
    assert read_headers(headers, "Image/PNG", NOW, AGENT)[0].usages == {Usage.INDEX}


@pytest.mark.parametrize(
    "value",
    [
        "rating: general, noindex",
        "revisit-after: 7 days, noindex",
        "rating: general noindex",
        "all: noindex",
        "otherbot: nofollow; rating: general, noindex",
        "7: noindex",
        '"noindex"',
        "'noindex, nofollow'",
        "foo:, noindex",
    ],
)
def test_what_is_no_crawlers_name_hides_no_rule(value: str) -> None:
    """A name is followed by a known rule; `all` is everyone; quotation marks are no part of a rule."""
    said = read_headers([("X-Robots-Tag", value)], "", NOW, AGENT)
    assert {signal.text for signal in said} - {"nofollow"} == {"noindex"}
    html = f"<meta name=robots content='{value.replace(chr(39), chr(34))}'>".encode()
    assert "noindex" in {signal.text for signal in read_html(html, NOW, AGENT)}


@pytest.mark.parametrize(
    "value", ["otherbot: noindex", "otherbot/2.1: index, noindex", "otherbot=nosnippet, noindex", "a: b: all, noindex"]
)
def test_a_rule_for_another_crawler_is_none_for_us(value: str) -> None:
    """In a header; in a page the element's own name addresses, and a name within the content does not."""
    assert read_headers([("X-Robots-Tag", value)], "", NOW, AGENT) == ()
    assert read_html(f'<meta name="robots" content="{value}">'.encode(), NOW, AGENT) != ()


def test_an_agent_without_a_name_obeys_any_meta_element() -> None:
    """Rules to anybody, and no words that only look like them."""
    assert read_html(b'<meta name="googlebot" content="noindex">', NOW, "Mozilla") != ()
    assert read_html(b'<meta name="googlebot" content="index, noarchive">', NOW, "Mozilla") != ()
    assert read_html(b'<meta name="description" content="none of these">', NOW, "Mozilla") == ()
    assert read_html(b'<meta name="googlebot" content="noindex">', NOW, AGENT) == ()


def test_an_agent_without_a_name_obeys_what_is_said_to_anybody() -> None:
    """As for robots.txt."""
    assert read_headers([("X-Robots-Tag", "otherbot: noai")], "", NOW, "Mozilla") != ()


@pytest.mark.parametrize(
    "html",
    [
        b'<head>\0<meta name="robots" content="noindex">',
        '<head><meta name="robots" content="noindex">'.encode("utf-16"),
        b"\xff\xfe\xfd" + b'<meta name="robots" content="noindex">',
        b"<div>" * 3000 + b'<meta name="robots" content="noindex">',
        b'<p title="' + b"x" * 12_000_000 + b'"><meta name="robots" content="noindex">',
    ],
    ids=["nul", "utf-16", "not utf-8", "deep", "long attribute"],
)
def test_no_page_hides_its_meta_elements(html: bytes) -> None:
    """Odd bytes, odd encodings, depth and length."""
    assert [signal.usages for signal in read_html(html, NOW, AGENT)] == [frozenset({Usage.INDEX})]


@pytest.mark.parametrize(
    ("status", "headers", "covers", "seconds", "text"),
    [
        (402, [("Crawler-Price", "USD 0.01")], "url", 86_400, "402; crawler-price: USD 0.01"),
        (403, [], "url", 86_400, "403"),
        (429, [("Retry-After", "120")], "authority", 120, "429; retry-after: 120"),
        (429, [("Retry-After", "Fri, 15 Jan 2027 08:01:00 GMT")], "authority", 60, None),
        (429, [("Retry-After", "0")], "authority", 1, None),
        (429, [("Retry-After", "soon")], "authority", 900, None),
        (429, [("Retry-After", "99999999999")], "authority", 30 * 86_400, None),
        (429, [("Retry-After", "604800")], "authority", 604_800, None),
        (
            451,
            [("Link", '<https://b.test/>; rel="blocked-by"')],
            "url",
            86_400,
            '451; link: <https://b.test/>; rel="blocked-by"',
        ),
    ],
)
def test_a_status_says_what_it_covers_and_for_how_long(
    status: int, headers: list[tuple[str, str]], covers: str, seconds: int, text: str | None
) -> None:
    """The URL for a day, for 429 the authority until Retry-After."""
    (signal,) = read_status(status, headers, NOW)
    assert (signal.basis, signal.covers, signal.seconds) == (Basis.STATUS, covers, seconds)
    assert text in {None, signal.text}


@pytest.mark.parametrize(
    ("status", "verdicts"), [(404, []), (410, []), (429, ["unknown"]), (500, ["unknown"]), (0, ["unknown"])]
)
def test_a_file_that_cannot_be_had_is_unknown_and_one_that_is_not_there_is_silent(
    status: int, verdicts: list[str]
) -> None:
    """4xx: the server does not speak the protocol."""
    assert [signal.verdict for signal in read_tdmrep_file(status, b"", "/", strict=True)] == verdicts


def test_too_many_redirects_before_tdmrep_json() -> None:
    """Beyond five hops the file has not been read."""
    body = b'[{"location": "/", "tdm-reservation": 0}]'
    assert read_tdmrep_file(200, body, "/", strict=True, redirects=5)[0].verdict == "allow"
    assert read_tdmrep_file(200, body, "/", strict=True, redirects=6)[0].verdict == "unknown"


@pytest.mark.parametrize(
    "body",
    [
        b'[{"tdm-reservation": 1}]',
        b'[{"location": "", "tdm-reservation": 1}]',
        b'[{"location": ["/"], "tdm-reservation": 1}]',
        b'[{"location": "a", "tdm-reservation": 1}]',
        b'[{"Location": "/", "TDM-Reservation": 1}]',
        b'{"policies": [{"location": "/", "tdm-reservation": 1}]}',
        b"[7]",
        b"{}",
    ],
)
def test_a_tdmrep_json_of_the_wrong_form_is_unknown_in_strict_mode(body: bytes) -> None:
    """Its author meant to say something; by the letter of the protocol it is unset."""
    assert [signal.verdict for signal in read_tdmrep_file(200, body, "/a", strict=True)] == ["unknown"]
    if body.startswith(b"["):
        assert read_tdmrep_file(200, body, "/a", strict=False) == ()


def test_an_entry_that_cannot_be_read_is_silent_behind_the_one_that_speaks() -> None:
    """The first entry whose location matches decides; one that might have come before it leaves doubt."""
    odd, open_ = '{"tdm-reservation": 1}', '{"location": "/", "tdm-reservation": 0}'
    said = [
        [signal.verdict for signal in read_tdmrep_file(200, f"[{body}]".encode(), "/", strict=True)]
        for body in (f"{open_}, {odd}", f"{odd}, {open_}", '{"location": "/", "tdm-reservation": "0"}')
    ]
    assert said == [["allow"], ["unknown", "allow"], []]


@pytest.mark.parametrize("location", ["//site.test/", "https://site.test/a", " /"])
def test_a_location_is_read_as_meant_in_strict_mode(location: str) -> None:
    """A URL without its scheme, a blank before it."""
    body = f'[{{"location": "{location}", "tdm-reservation": 1}}]'.encode()
    assert [signal.verdict for signal in read_tdmrep_file(200, body, "/a", strict=True)] == ["disallow"]


@pytest.mark.parametrize("value", ['"1"', "1; x", "true", "?1", "0, true"])
def test_a_reservation_is_read_as_meant_in_strict_mode(value: str) -> None:
    """Quoted, with a parameter, as a Boolean; by the letter it is a protocol error."""
    said = read_headers([("TDM-Reservation", value)], "", NOW, AGENT)
    assert "disallow" in {signal.verdict for signal in said}
    by_letter = read_headers([("TDM-Reservation", value)], "", NOW, AGENT, "rfc")
    assert "disallow" not in {signal.verdict for signal in by_letter}


@pytest.mark.parametrize(
    "lines", [["train-ai=n", "train-ai=y"], ["train-ai=n, train-ai=y"], ["train-ai=y, train-ai=n", "train-ai=y"]]
)
def test_of_several_preferences_any_disallowance_wins_in_strict_mode(lines: list[str]) -> None:
    """By the letter the last of equal keys holds (RFC 9651 3.2)."""
    headers = [("Content-Usage", line) for line in lines]
    assert stance(read_headers(headers, "", NOW, AGENT), Usage.TRAIN_AI) == "disallow"
    assert stance(read_headers(headers, "", NOW, AGENT, "rfc"), Usage.TRAIN_AI, "rfc") == "allow"


def test_a_line_that_cannot_be_read_does_not_silence_the_others() -> None:
    """What one line of Content-Usage says stands, whatever another one holds; robots.txt lines likewise."""
    said = read_headers([("Content-Usage", "search=n"), ("Content-Usage", "!")], "", NOW, AGENT)
    assert (stance(said, Usage.SEARCH), stance(said, Usage.TRAIN_AI)) == ("disallow", "disallow")
    robots = Robots(b"User-agent: *\nContent-Usage: train-ai=n, train-ai=y\n")
    assert stance(read_robots(statements_of(robots, AGENT), "/"), Usage.TRAIN_AI) == "disallow"


def test_licences_are_named_once_and_absolute() -> None:
    """From robots.txt, a Link header, a link element."""
    robots = Robots(b"License: /l.xml\nUser-agent: x\nLicense: https://site.test/l.xml\n")
    lines = statements_of(robots, AGENT).licences
    assert rsl_of_robots(lines, "https://site.test/robots.txt") == ("https://site.test/l.xml",)
    link = '<a.xml>; type="application/rsl+xml"; rel="LICENSE up", <b.xml>; rel=license; type=text/html'
    assert rsl_of_headers([("link", link)], "https://site.test/p/") == ("https://site.test/p/a.xml",)
    assert rsl_links(b'<link rel="license" type="application/rsl+xml" href="/c.xml">') == ("/c.xml",)


def licence(content_url: str) -> bytes:
    """A licence that prohibits everything on one URL."""
    terms = '<license><prohibits type="usage">all</prohibits></license>'
    return f'<rsl xmlns="https://rslstandard.org/rsl"><content url="{content_url}">{terms}</content></rsl>'.encode()


@pytest.mark.parametrize(
    "content_url",
    [
        "https://xn--bcher-kva.test/",
        "https://xn--bcher-kva.test:443/a",
        "https://XN--BCHER-KVA.test./",
        "https://b\u00fccher.test/",
        "http://b\u00fccher.test/",
        "//b\u00fccher.test/",
        "https://b\u00fccher.test/*.html$",
        "/",
        "*",
        "",
        "b\u00fccher.test/",
        "https://*.test/",
        "https:/b\u00fccher.test/",
    ],
)
def test_a_licence_means_a_host_however_it_is_spelt(content_url: str) -> None:
    """Port, letter case, final dot and IDN are spelling; what cannot be read leaves nobody out."""
    (signal,) = read_rsl(200, licence(content_url), "https://xn--bcher-kva.test/a.html", "https://xn--bcher-kva.test/l")
    assert signal.verdict == "disallow"


@pytest.mark.parametrize("content_url", ["https://other.test/", "https://site.test:8443/", "/b", "https://site.test/b"])
def test_a_licence_for_something_else_is_silent(content_url: str) -> None:
    """Another host, another port, another path."""
    assert read_rsl(200, licence(content_url), "https://site.test/a", "https://site.test/l") == ()


def test_a_licence_without_content_cannot_be_read() -> None:
    """It is named, and it names nothing: nobody can say what it grants."""
    (signal,) = read_rsl(200, b'<rsl xmlns="https://rslstandard.org/rsl"/>', "https://site.test/a", "l")
    assert (signal.verdict, signal.text) == ("disallow", "the licence has no content element")


@pytest.mark.parametrize(
    "prohibited",
    [
        *(
            f'<prohibits type="usage">{word}</prohibits>'
            for word in ("ai-crawl", "tdm", "scraping", "ai", "search tdm")
        ),
        "<prohibits>text-and-data-mining</prohibits>",
        '<prohibits type="usage">search <!-- and --> scraping</prohibits>',
        '<prohibits type="usage"><b>scraping</b></prohibits>',
        '<prohibits type="user">commercial</prohibits>',
        '<prohibits type="geo">DE</prohibits>',
        '<prohibits type="geo"/>',
        '<permits type="usage">ai-train ai-input</permits><prohibits type="usage">scraping</prohibits>',
    ],
)
def test_what_a_licence_prohibits_in_unknown_words_refuses_ai_purposes(prohibited: str) -> None:
    """In strict mode, and no other purpose; by the letter an unknown word says nothing."""
    xml = f'<rsl><content url="/"><license>{prohibited}</license></content></rsl>'.encode()
    signals = read_rsl(200, xml, "https://site.test/", "https://site.test/l.xml")
    assert "unknown" in {signal.verdict for signal in signals}
    strict = {purpose for refusal in refusals(signals, frozenset(Purpose)) for purpose in refusal.purposes}
    assert strict - {Purpose.INDEX} == AI_PURPOSES
    assert not any(refusal.purposes & AI_PURPOSES for refusal in refusals(signals, frozenset(Purpose), "rfc"))


def test_words_of_a_licence_behind_a_comment_count() -> None:
    """A comment within an element ends none of its words."""
    terms = b'<prohibits type="usage">search <!-- and --> ai-train</prohibits>'
    xml = b'<rsl><content url="/"><license>' + terms + b"</license></content></rsl>"
    assert (
        stance(read_rsl(200, xml, "https://site.test/", "https://site.test/l.xml"), Usage.TRAIN_AI, "rfc") == "disallow"
    )


def test_a_licence_that_prohibits_nothing_is_no_riddle() -> None:
    """An element without a word has said nothing that could not be read."""
    xml = b'<rsl><content url="/"><license><prohibits type="usage"> </prohibits></license></content></rsl>'
    assert read_rsl(200, xml, "https://site.test/", "https://site.test/l.xml") == ()


def test_what_a_licence_prohibits_it_does_not_permit() -> None:
    """Prohibits wins: no signal permits what another one prohibits."""
    terms = b'<permits type="usage">ai-all</permits><prohibits type="usage">ai-train</prohibits>'
    xml = b'<rsl><content url="/"><license>' + terms + b"</license></content></rsl>"
    signals = read_rsl(200, xml, "https://site.test/", "https://site.test/l.xml")
    assert {usage: signal.verdict for signal in signals for usage in signal.usages if "ai" in usage} == {
        Usage.TRAIN_AI: "disallow",
        Usage.AI_INPUT: "allow",
    }


def test_statements_before_all_groups_count_in_strict_mode() -> None:
    """By the letter they stand nowhere."""
    robots = Robots(b"Content-Signal: ai-train=no\nContent-Usage: train-ai=n\nUser-agent: *\nAllow: /\n")
    assert len(read_robots(statements_of(robots, AGENT), "/")) == 2
    assert read_robots(statements_of(robots, AGENT, "rfc"), "/", "rfc") == ()


ANY_TEXT = st.text(max_size=80) | st.text(
    st.sampled_from('noaidex:=,;*" \t<>/unavailable_after-0123456789trsl()'), max_size=80
)
NAMES = st.sampled_from(
    ["X-Robots-Tag", "robots-tag", "tdm-reservation", "Content-Usage", "Content-Signal", "Link", "Retry-After"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NAMES, ANY_TEXT), max_size=6), st.integers(0, 999), ANY_TEXT)
def test_any_headers_are_answered(headers: list[tuple[str, str]], status: int, url: str) -> None:
    """Nothing raises, whatever a server sends."""
    read_headers(headers, url, NOW, AGENT)
    read_status(status, headers, NOW)
    rsl_of_headers(headers, "https://site.test/")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300) | ANY_TEXT.map(lambda text: ("<meta name=robots content='" + text).encode()), ANY_TEXT)
def test_any_body_is_answered(body: bytes, url: str) -> None:
    """Pages, tdmrep.json and licences of any bytes."""
    read_html(body, NOW, AGENT)
    rsl_links(b"<link " + body)
    for data in (body, b'[{"location": "/", "tdm-reservation": ' + body + b"}]", b"[" * 5000):
        read_tdmrep_file(200, data, "/", strict=True)
    for data in (body, b"<rsl><content url='" + body + b"'><license/></content></rsl>"):
        read_rsl(200, data, url, "https://site.test/l.xml")
