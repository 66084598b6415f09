"""Known carriers: hosts that hand out other people's pages, and where in their URLs the page stands.

A table of facts. `grammar` says where the target is; `source` where that grammar is documented (`memory`: known from
use, not looked up). Hosts mean themselves and all below them.

* `tail`     the path holds it, from a `scheme:` or a bare host on: web.archive.org/web/2020/https://site.test/
* `query`    one of `names` in the query holds it: translate.google.com/translate?u=https://site.test/
* `hex`      a path segment holds it in hexadecimal: camo.githubusercontent.com/<digest>/<hex>
* `amp`      the path holds `[/kind]/[s/]host/path`: cdn.ampproject.org/c/s/site.test/page
* `label`    the first label is the host, dots written as `-` and hyphens as `--`: site-test.translate.goog
* `stands`   the whole host shows one platform's content: `names` holds that platform's host
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

__all__ = ["CARRIERS", "CARRIER_HOSTS", "Carrier", "carriers_of"]

Grammar = Literal["tail", "query", "hex", "amp", "label", "stands"]


class Carrier(NamedTuple):
    """One way in which some hosts carry a target."""

    kind: str
    """archive, cache, translation, amp, reader, image, proxy or mirror."""
    grammar: Grammar
    hosts: tuple[str, ...]
    names: tuple[str, ...]
    source: str


def _carrier(kind: str, grammar: Grammar, hosts: str, names: str = "", source: str = "memory") -> Carrier:
    return Carrier(kind, grammar, tuple(hosts.split()), tuple(names.split()), source)


_ARCHIVE_TODAY: Final = "archive.today archive.ph archive.is archive.li archive.vn archive.fo archive.md"
_AMP_URLS: Final = "https://blog.amp.dev/2017/02/06/whats-in-an-amp-url/"

CARRIERS: Final = (
    _carrier("archive", "tail", "web.archive.org wayback.archive-it.org", source="https://archive.org/help/"),
    _carrier("archive", "query", "archive.org", "url", "https://archive.org/help/wayback_api.php"),
    _carrier("archive", "tail", _ARCHIVE_TODAY),
    _carrier("archive", "query", _ARCHIVE_TODAY, "url"),
    _carrier(
        "archive",
        "tail",
        "arquivo.pt webarchive.org.uk webarchive.nationalarchives.gov.uk webarchive.loc.gov swap.stanford.edu "
        "vefsafn.is web.archive.bibalex.org",
    ),
    _carrier("archive", "tail", "timetravel.mementoweb.org", source="https://timetravel.mementoweb.org/guide/api/"),
    _carrier("archive", "query", "webcitation.org megalodon.jp index.commoncrawl.org arquivo.pt", "url"),
    _carrier("cache", "query", "webcache.googleusercontent.com", "q"),
    _carrier("cache", "query", "yandexwebcache.net hghltd.yandex.net", "url"),
    _carrier("cache", "query", "cachedview.com cachedview.nl", "url q"),
    _carrier("translation", "query", "translate.google.com translate.googleusercontent.com", "u"),
    _carrier("translation", "label", "translate.goog"),
    _carrier("translation", "query", "translate.yandex.com translate.yandex.ru translate.yandex.net", "url"),
    _carrier("translation", "query", "translatetheweb.com microsofttranslator.com", "a u"),
    _carrier("translation", "query", "papago.naver.net", "target url"),
    _carrier("translation", "query", "translate.baidu.com fanyi.baidu.com", "query url"),
    _carrier("amp", "amp", "cdn.ampproject.org bing-amp.com", source=_AMP_URLS),
    _carrier("amp", "label", "cdn.ampproject.org bing-amp.com", source=_AMP_URLS),
    _carrier("amp", "amp", "google.com google.de google.co.uk google.fr google.co.jp google.ca", source=_AMP_URLS),
    _carrier("reader", "tail", "r.jina.ai s.jina.ai", source="https://jina.ai/reader/"),
    _carrier("reader", "tail", "12ft.io 13ft.io 1ft.io txtify.it outline.com smry.ai removepaywall.com pure.md"),
    _carrier("reader", "tail", "image.thum.io s.wordpress.com s0.wp.com"),
    _carrier("reader", "query", "12ft.io 13ft.io removepaywall.com smry.ai textise.net", "q url"),
    _carrier("reader", "query", "validator.w3.org", "uri doc", "https://validator.w3.org/docs/api.html"),
    _carrier("reader", "query", "printfriendly.com rss2json.com ftr.fivefilters.net microlink.io", "url rss_url"),
    _carrier(
        "image",
        "tail",
        "i0.wp.com i1.wp.com i2.wp.com i3.wp.com",
        source="https://developer.wordpress.com/docs/photon/",
    ),
    _carrier("image", "query", "images.weserv.nl wsrv.nl", "url", "https://images.weserv.nl/docs/"),
    _carrier("image", "hex", "camo.githubusercontent.com", source="https://github.com/atmos/camo"),
    _carrier("image", "query", "external-content.duckduckgo.com proxy.duckduckgo.com", "u"),
    _carrier("image", "tail", "res.cloudinary.com", source="https://cloudinary.com/documentation/fetch_remote_images"),
    _carrier("proxy", "tail", "cors-anywhere.herokuapp.com", source="https://github.com/Rob--W/cors-anywhere"),
    _carrier("proxy", "tail", "thingproxy.freeboard.io crossorigin.me cors.bridged.cc proxy.cors.sh"),
    _carrier("proxy", "query", "api.allorigins.win", "url", "https://github.com/gnuns/allorigins"),
    _carrier("proxy", "query", "corsproxy.io api.codetabs.com jsonp.afeld.me whateverorigin.org", "url quest"),
    _carrier(
        "proxy",
        "query",
        "app.scrapingbee.com api.scraperapi.com api.zenrows.com api.scrapingant.com api.crawlbase.com "
        "api.scrape.do api.scrapfly.io proxy.scrapeops.io",
        "url",
    ),
    _carrier(
        "mirror",
        "stands",
        "nitter.net nitter.poast.org nitter.privacydev.net xcancel.com fxtwitter.com vxtwitter.com fixupx.com",
        "twitter.com",
        "https://github.com/zedeus/nitter",
    ),
    _carrier(
        "mirror",
        "stands",
        "yewtu.be inv.nadeko.net invidious.snopyta.org piped.video piped.kavin.rocks",
        "youtube.com",
        "https://github.com/iv-org/invidious",
    ),
    _carrier("mirror", "stands", "imginn.com picuki.com ddinstagram.com", "instagram.com"),
    _carrier(
        "mirror",
        "stands",
        "libredd.it teddit.net safereddit.com vxreddit.com api.pushshift.io api.pullpush.io",
        "reddit.com",
        "https://github.com/redlib-org/redlib",
    ),
    _carrier("mirror", "stands", "proxitok.pabloferreiro.es vxtiktok.com", "tiktok.com"),
    _carrier("mirror", "stands", "scribe.rip freedium.cfd", "medium.com"),
    _carrier("mirror", "stands", "rimgo.pussthecat.org", "imgur.com"),
)
"""Services that fetch for others, and where their URLs carry the target."""


def _index() -> dict[str, tuple[Carrier, ...]]:
    index: dict[str, list[Carrier]] = {}
    for carrier in CARRIERS:
        for host in carrier.hosts:
            index.setdefault(host, []).append(carrier)
    return {host: tuple(carriers) for host, carriers in index.items()}


_BY_HOST: Final = _index()


CARRIER_HOSTS: Final = frozenset(_BY_HOST)
"""Every name in the table: a host is no carrier where neither it nor a name above it is one of these."""


def carriers_of(host: str) -> tuple[Carrier, ...]:
    """Every entry of the table that a canonical host falls under."""
    found = list(_BY_HOST.get(host, ()))
    while "." in host:
        host = host.partition(".")[2]
        found += _BY_HOST.get(host, ())
    return tuple(found)
