"""Indirect routes: what a URL makes somebody else fetch is judged as its target, however it is wrapped."""

from __future__ import annotations

import base64
import random
from urllib.parse import quote

import pytest

from desist.decide import decide
from desist.decide import routes as routes_module
from desist.decide.carriers import CARRIERS, carriers_of
from desist.decide.routes import FETCHING, MAX_DECODING, MAX_DEPTH, MAX_READ, MAX_ROUTES, may_carry
from desist.policy import PolicySet
from desist.urls import Target, canonical_host

from .documents import NOTICE, PLATFORM, policies

NOW = "2026-06-01"
TARGET = "https://www.pictogram.test/faces/1?a=b"


@pytest.fixture(scope="module")
def rules() -> PolicySet:
    """The platform and its notice."""
    return policies(PLATFORM, NOTICE)


def packed(layers: int, text: str = TARGET) -> str:
    """The target, percent-encoded so many times."""
    for _ in range(layers):
        text = quote(text, safe="")
    return text


BASE64 = base64.urlsafe_b64encode(TARGET.encode()).decode().rstrip("=")
WRAPPED = [
    f"https://web.archive.org/web/20200101000000/{TARGET}",
    "https://web.archive.org/web/2020id_/http://pictogram.test:80/",
    "https://web.archive.org/web/2020/pictogram.test/x",
    "https://web.archive.org/save/https:/pictogram.test/x",
    "https://web.archive.org/cdx/search/cdx?url=pictogram.test/*",
    "https://archive.org/wayback/available?url=pictogram.test",
    "https://archive.ph/newest/https://pictogram.test/x",
    "https://archive.today/?run=1&url=https%3A%2F%2Fpictogram.test",
    "https://webcache.googleusercontent.com/search?q=cache:abcdefghijkl:https://pictogram.test/x+words",
    "https://webcache.googleusercontent.com/search?q=cache:pictogram.test/x",
    f"https://translate.google.com/translate?sl=de&tl=en&u={packed(1)}",
    "https://www-pictogram-test.translate.goog/faces?_x_tr_sl=auto",
    "https://media-pictures-test.translate.goog/",
    "https://www-pictogram-test.cdn.ampproject.org/c/s/www.pictogram.test/x",
    "https://cdn.ampproject.org/c/s/www.pictogram.test/x",
    "https://cdn.ampproject.org/ii/w1000/s/www.pictogram.test/x.jpg",
    "https://www.google.com/amp/s/www.pictogram.test/x",
    f"https://r.jina.ai/{TARGET}",
    "https://12ft.io/pictogram.test/x",
    "https://i0.wp.com/media.pictures.test/a.jpg?w=10",
    "https://images.weserv.nl/?url=media.pictures.test/a.jpg",
    f"https://camo.githubusercontent.com/0123abcd/{TARGET.encode().hex()}",
    f"https://corsproxy.io/?{packed(1)}",
    f"https://corsproxy.io/?{TARGET}",
    "https://good.test/?url=pictogram%E3%80%82test",
    "https://good.test/?url=pictogram%EF%BC%8Etest/x",
    "https://good.test/?image%2durl=pictogram.test",
    f"https://good.test/{BASE64.replace('aHR0c', 'aHR%30c', 1)}",
    f"https://cors-anywhere.herokuapp.com/{TARGET}",
    f"https://api.allorigins.win/raw?url={packed(1)}",
    f"https://res.cloudinary.com/demo/image/fetch/w_100/{TARGET}",
    f"https://good.test/proxy/{TARGET}",
    "https://good.test/proxy/https:/pictogram.test/",
    f"https://good.test/{packed(1)}",
    f"https://good.test/{packed(3)}",
    f"https://good.test/insecure/{BASE64}.jpg",
    f"https://good.test/?url={TARGET}",
    f"https://good.test/?URL={packed(1)}",
    f"https://good.test/?url={packed(4)}",
    f"https://good.test/?url={packed(9)}",
    f"https://good.test/?a=1&u={packed(2)}&b=2",
    f"https://good.test/?a=1;src={packed(1)}",
    f"https://good.test/?image_url={packed(1)}",
    f"https://good.test/?image-url={packed(1)}",
    f"https://good.test/?urls[]={packed(1)}",
    f"https://good.test/?urls%5B0%5D={packed(1)}",
    f"https://good.test/?%75rl={packed(1)}",
    f"https://good.test/?x=1%26url%3D{packed(1)}",
    "https://good.test/?url=pictogram.test/x",
    "https://good.test/?url=//pictogram.test/x",
    "https://good.test/?url=%2F%2Fpictogram.test%2Fx",
    "https://good.test/?url=\\\\pictogram.test",
    "https://good.test/?url=http:\\\\pictogram.test",
    "https://good.test/?url=HTTP://PICTOGRAM.TEST./",
    "https://good.test/?url=user@pictogram.test",
    "https://good.test/?url=203.0.113.1",
    "https://good.test/?url=[2001:db8:66::5]/x",
    "https://good.test/?url=%5B2001:db8:66::5%5D",
    "https://good.test/?url=\\\\3405803777/x",
    "https://good.test/?url=pictogram\u3002test",
    "https://good.test/?url=pictogram\uff0etest/x",
    "https://good.test/?url=http://3405803777/",
    "https://good.test/?url=http://%70ictogram.test/",
    "https://good.test/?url=p%C4%B1ctogram.test&image=%EF%BD%90ictogram.test",
    f"https://good.test/?u={BASE64}",
    f"https://good.test/?proxy={packed(1)}",
    f"https://good.test/?target=resize,100,{TARGET}",
    f'https://good.test/?url={{"a":"{TARGET}"}}',
    f"https://good.test/?{TARGET}",
    f"https://good.test/?url=https://other.test/?url={packed(1)}",
    f"https://good.test/?url={quote('https://web.archive.org/web/2020/' + TARGET, safe='')}",
    f"https://web.archive.org/web/2020/https://good.test/?url={packed(1)}",
]


@pytest.mark.parametrize("url", WRAPPED)
def test_a_wrapped_target_is_refused_as_the_target(rules: PolicySet, url: str) -> None:
    """Archives, caches, translation, AMP, readers, image and script proxies, parameters; encoded, packed, nested."""
    decision = decide(rules, url, at=NOW)
    assert decision.governing is not None, url
    assert (decision.governing.basis.value, decision.docket) == ("notice", "2026-01-pictogram")
    assert decision.governing.via
    assert decision.platforms == ("pictogram",)


@pytest.mark.parametrize("url", WRAPPED)
def test_the_quick_look_never_misses_a_route(rules: PolicySet, url: str) -> None:
    """A second URL of a host that is remembered as allowed is judged like the first."""
    from desist.decide import Judge

    judge = Judge(rules, at=NOW)
    origin = "/".join(url.split("/")[:3]).split("?")[0]
    judge.decide(f"{origin}/plain")
    assert judge.decide(url).effect == "refuse"
    assert 1 in [place for place, _ in judge.refusals([f"{origin}/plain", url])]


@pytest.mark.parametrize(
    "url",
    [
        f"https://good.test/?ref={TARGET}",
        f"https://good.test/?utm_source={TARGET}",
        "https://good.test/?utm_source=pictogram.test&utm_medium=social",
        f"https://good.test/login?next={packed(1)}",
        f"https://good.test/?redirect={packed(1)}",
        f"https://good.test/?return_to={packed(1)}",
        f"https://good.test/?share={packed(1)}",
        "https://good.test/?q=site:pictogram.test",
        "https://good.test/?q=pictogram.test",
        "https://good.test/pictogram.test",
        "https://good.test/tag/pictogram.test/faces",
        "https://good.test/?url=/pictogram/x",
        "https://good.test/?image=pictogram.jpg",
        "https://good.test/#https://pictogram.test/",
        "https://web.archive.org/web/2020/https://good.test/?ref=https://pictogram.test",
        "https://pictogram.test.good.test/",
        "https://good.test/?url=https://good.test/pictogram.test",
        "https://pictogram-test.good.test/",
        "https://images.weserv.nl/?url=good.test/a.jpg",
    ],
)
def test_what_names_a_platform_without_fetching_it_passes(rules: PolicySet, url: str) -> None:
    """References, campaign tags, redirects and shares: the next hop is judged when it comes."""
    assert decide(rules, url, at=NOW).effect == "allow"


def test_routes_deeper_than_the_limit_are_ambiguous(rules: PolicySet) -> None:
    """What nobody follows to its end is refused, not forgotten."""
    url = "https://end.test/"
    for number in range(MAX_DEPTH + 1):
        url = f"https://hop{number}.test/?url={quote(url, safe='')}"
    decision = decide(rules, url, at=NOW)
    assert (decision.effect, decision.governing and decision.governing.basis.value) == ("refuse", "ambiguous")


class Work:
    """What one decision cost: texts read as URLs, characters in them, characters decoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads = self.characters = self.decoded = 0
        read, decode, decode_rest = routes_module.read, routes_module.unquote_plus, routes_module.unquote

        def counted_read(text: str) -> Target:
            self.reads += 1
            self.characters += len(text)
            return read(text)

        def counted_decode(text: str) -> str:
            self.decoded += len(text)
            return decode(text)

        def counted_rest(text: str) -> str:
            self.decoded += len(text)
            return decode_rest(text)

        monkeypatch.setattr(routes_module, "read", counted_read)
        monkeypatch.setattr(routes_module, "unquote_plus", counted_decode)
        monkeypatch.setattr(routes_module, "unquote", counted_rest)


def nested(form: str, times: int) -> str:
    """A URL within itself so many times, with nothing encoded."""
    url = "x"
    for _ in range(times):
        url = form.format(url)
    return url


PIECES = [
    "https://ok.test/",
    "?url=",
    "&url=//a.test/",
    "http:",
    "a.test/",
    "%2F%2F",
    "%252525253A",
    "%" + "25" * 40 + "3A",
    "aHR0cDovL2EudGVzdC8-",
    ";src=[",
    "+",
    "68747470733a2f2f612e746573742f",
    "https://web.archive.org/web/2020/b.test/",
]
HOSTILE = [
    *(nested("https://ok.test/?url={}", times) for times in (12, 60, 300)),
    *(nested("https://ok.test/{}", times) for times in (12, 400)),
    nested("https://ok.test/?u={}&x=1", 60),
    "https://ok.test/?url=https%" + "25" * 3000 + "3A//x.test/",
    "https://ok.test/?x=%" + "25" * 9 + "41&" + "url=a.b%25252541&" * 400,
    "https://web.archive.org/web/2020/" + "a.b/" * 60 + "?" + "url=a.c&" * 900,
    *("https://ok.test/?url=" + "".join(random.Random(seed).choices(PIECES, k=500)) for seed in range(12)),
]


@pytest.mark.parametrize("url", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_url_costs_no_more_than_its_budget(
    rules: PolicySet, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """However targets stand within one another, each text is read once, and all of them share one budget."""
    work = Work(monkeypatch)
    decision = decide(rules, url[:9000], at=NOW)
    assert work.reads <= MAX_ROUTES
    assert work.characters <= MAX_READ + MAX_ROUTES * len("http://")
    assert work.decoded <= 2 * MAX_READ
    assert decision.effect in {"allow", "refuse"}


def test_a_platform_within_routes_without_end_is_refused_all_the_same(rules: PolicySet) -> None:
    """The budget never lets a URL pass that it keeps from being read to its end."""
    decision = decide(rules, nested("https://ok.test/?url={}", 90) + TARGET, at=NOW)
    assert decision.governing is not None
    assert decision.governing.message == f"it names more than {MAX_ROUTES} targets"


@pytest.mark.parametrize("where", ["?url=https{}//good.test/", "?a=1&b{}=c", "https{}//good.test/"])
def test_more_layers_of_encoding_than_the_limit_are_refused(rules: PolicySet, where: str) -> None:
    """As many layers as the limit are taken off; what has one more is refused unread (`MAX_DECODING`)."""
    url = "https://good.test/" + where
    colon = "%" + "25" * (MAX_DECODING - 1) + "3A"
    assert decide(rules, url.format(colon), at=NOW).effect == "allow"
    decision = decide(rules, url.format(colon.replace("%", "%25")), at=NOW)
    assert decision.governing is not None
    assert decision.governing.message == f"it is percent-encoded more than {MAX_DECODING} times"


def test_an_escape_made_of_escapes_hides_nothing(rules: PolicySet) -> None:
    """`%%33A` is `%3A` after one layer, `:` after two."""
    assert decide(rules, TARGET.replace("https:", "https://good.test/https%%33A"), at=NOW).effect == "refuse"


def test_the_path_of_a_route_is_judged_too() -> None:
    """A notice about /faces reaches them through an archive, and nothing else there."""
    rules = policies(PLATFORM, NOTICE + "scope: {paths: [/faces]}\n")
    archive = "https://web.archive.org/web/2020/https://pictogram.test"
    assert decide(rules, f"{archive}/faces/1", at=NOW).effect == "refuse"
    assert decide(rules, f"{archive}/other", at=NOW).effect == "allow"


def test_a_mirror_stands_for_its_platform() -> None:
    """A host that shows one platform's content only is that platform by another route."""
    x = "platform: x\nhosts: [twitter.com]\n"
    notice = NOTICE.replace("[pictogram]", "[x]")
    decision = decide(policies(x, notice), "https://nitter.net/someone", at=NOW)
    assert (decision.effect, decision.governing and decision.governing.via) == ("refuse", "https://twitter.com/someone")


def test_the_table_of_carriers_is_sound() -> None:
    """Canonical hosts, a source each, names where the grammar needs them."""
    for carrier in CARRIERS:
        assert carrier.source
        assert all(host == canonical_host(host) for host in carrier.hosts)
        assert bool(carrier.names) == (carrier.grammar in {"query", "stands"}), carrier
    assert carriers_of("deep.web.archive.org")
    assert not carriers_of("archive.orgs.test")


def test_names_that_fetch_are_written_as_they_are_compared() -> None:
    """Small letters and digits, and none of those that must pass."""
    assert all(name.isalnum() and name == name.lower() for name in FETCHING)
    assert not FETCHING & {"ref", "redirect", "next", "returnto", "share", "q", "utmsource"}


@pytest.mark.parametrize(
    "rest", ["/ht\ntps://pictogram.test/1", "/h\tttps:pictogram.test", "/?http\r://pictogram.test"]
)
def test_what_a_reader_leaves_out_does_not_hide_a_scheme(rest: str) -> None:
    """Tabs and line ends within a URL are left out before it is read (WHATWG URL 4.4)."""
    assert may_carry(rest)


@pytest.mark.parametrize("rest", ["/a/b.html", "/a?id=1&page=2", "/wiki/Category:Faces", "/caf%C3%A9", "/a%20b"])
def test_ordinary_paths_need_no_second_look(rest: str) -> None:
    """The quick look is quick for what is common."""
    assert not may_carry(rest)
