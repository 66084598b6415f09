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

from functools import lru_cache
from typing import Final, Literal, NamedTuple

__all__ = ["CARRIERS", "Carrier", "carriers_of"]

Grammar = Literal["tail", "query", "hex", "amp", "label", "stands"]


class Carrier(NamedTuple):
    """One way in which some hosts carry a target."""

    kind: str
    """archive, cache, translation, amp, reader, image, mirror or proxy."""
    hosts: tuple[str, ...]
    grammar: Grammar
    names: tuple[str, ...] = ()
    source: str = "memory"


CARRIERS: Final = (
    # ---------------------------------------------------------------- web archives
    Carrier("archive", ("web.archive.org", "wayback.archive.org", "archive-it.org"), "tail", source="https://archive.org/help/wayback_api.php"),
    Carrier("archive", ("archive.org", "web.archive.org"), "query", ("url",), "https://archive.org/help/wayback_api.php"),
    Carrier("archive", ("archive.today", "archive.ph", "archive.is", "archive.li", "archive.vn", "archive.fo", "archive.md"), "tail", source="https://en.wikipedia.org/wiki/Archive.today"),
    Carrier("archive", ("archive.today", "archive.ph", "archive.is", "archive.li", "archive.vn", "archive.fo", "archive.md"), "query", ("url",)),
    Carrier("archive", ("arquivo.pt", "webarchive.org.uk", "webarchive.nationalarchives.gov.uk", "webarchive.loc.gov", "swap.stanford.edu", "vefsafn.is", "wayback.vefsafn.is", "haw.nsk.hr", "webarchiv.cz", "web.archive.bibalex.org", "webarchive.bac-lac.gc.ca", "nukrobi2.nuk.uni-lj.si", "perma-archives.org", "conifer.rhizome.org", "webrecorder.io", "replayweb.page"), "tail"),
    Carrier("archive", ("timetravel.mementoweb.org",), "tail", source="https://timetravel.mementoweb.org/guide/api/"),
    Carrier("archive", ("webcitation.org", "megalodon.jp", "freezepage.com", "index.commoncrawl.org", "arquivo.pt"), "query", ("url",)),
    # ---------------------------------------------------------------- search engines' caches
    Carrier("cache", ("webcache.googleusercontent.com",), "query", ("q",)),
    Carrier("cache", ("yandexwebcache.net", "hghltd.yandex.net"), "query", ("url",)),
    Carrier("cache", ("cachedview.com", "cachedview.nl", "cachedpages.com"), "query", ("url", "q")),
    # ---------------------------------------------------------------- translation
    Carrier("translation", ("translate.google.com", "translate.googleusercontent.com"), "query", ("u",)),
    Carrier("translation", ("translate.goog",), "label", source="https://blog.amp.dev/2017/02/06/whats-in-an-amp-url/"),
    Carrier("translation", ("translate.yandex.com", "translate.yandex.ru", "translate.yandex.net"), "query", ("url",)),
    Carrier("translation", ("translatetheweb.com", "microsofttranslator.com"), "query", ("a", "u")),
    Carrier("translation", ("papago.naver.net", "papago.naver.com"), "query", ("target", "url", "website")),
    Carrier("translation", ("translate.baidu.com", "fanyi.baidu.com"), "query", ("query", "url")),
    # ---------------------------------------------------------------- AMP
    Carrier("amp", ("cdn.ampproject.org", "bing-amp.com", "ampproject.net", "amp.cloudflare.com"), "amp", source="https://blog.amp.dev/2017/02/06/whats-in-an-amp-url/"),
    Carrier("amp", ("cdn.ampproject.org", "bing-amp.com"), "label", source="https://blog.amp.dev/2017/02/06/whats-in-an-amp-url/"),
    Carrier("amp", ("google.com", "google.de", "google.co.uk", "google.fr"), "amp"),
    # ---------------------------------------------------------------- readers
    Carrier("reader", ("r.jina.ai", "s.jina.ai"), "tail", source="https://jina.ai/reader/"),
    Carrier("reader", ("12ft.io", "13ft.io", "1ft.io", "txtify.it", "outline.com", "smry.ai", "removepaywall.com", "removepaywalls.com", "archivebuttons.com", "printfriendly.com", "pure.md", "urltomarkdown.com", "textise.net", "unpaywall.org", "freedium.cfd", "readability.com", "rdrview.com"), "tail"),
    Carrier("reader", ("12ft.io", "13ft.io", "printfriendly.com", "textise.net", "removepaywall.com", "smry.ai", "getpocket.com", "instapaper.com", "viewtext.org", "fivefilters.org", "mercury.postlight.com", "w3.org", "validator.w3.org", "rss2json.com", "feed43.com", "fetchrss.com", "pdfcrowd.com", "web2pdfconvert.com", "urlbox.io", "screenshotapi.net", "thum.io", "microlink.io", "urlscan.io", "pagespeed.web.dev"), "query", ("q", "url", "uri", "strurl", "doc", "rss_url", "src")),
    Carrier("reader", ("image.thum.io", "s.wordpress.com", "s0.wp.com", "mini.s-shot.ru"), "tail"),
    # ---------------------------------------------------------------- image proxies
    Carrier("image", ("i0.wp.com", "i1.wp.com", "i2.wp.com", "i3.wp.com"), "tail", source="https://developer.wordpress.com/docs/photon/"),
    Carrier("image", ("images.weserv.nl", "wsrv.nl"), "query", ("url",), "https://images.weserv.nl/docs/"),
    Carrier("image", ("camo.githubusercontent.com",), "hex", source="https://github.com/atmos/camo"),
    Carrier("image", ("external-content.duckduckgo.com", "proxy.duckduckgo.com", "icons.duckduckgo.com"), "query", ("u",)),
    Carrier("image", ("images1-focus-opensocial.googleusercontent.com",), "query", ("url",)),
    Carrier("image", ("res.cloudinary.com", "imgproxy.net", "ik.imagekit.io", "images.unsplash.com", "imageproxy.io", "rsz.io", "statically.io", "cdn.statically.io"), "tail", source="https://cloudinary.com/documentation/fetch_remote_images"),
    Carrier("image", ("s2.googleusercontent.com", "t0.gstatic.com", "t1.gstatic.com", "t2.gstatic.com", "t3.gstatic.com"), "query", ("domain", "domain_url", "url")),
    # ---------------------------------------------------------------- proxies for scripts and people
    Carrier("proxy", ("cors-anywhere.herokuapp.com", "thingproxy.freeboard.io", "cors.bridged.cc", "cors.sh", "proxy.cors.sh", "crossorigin.me", "cors.io", "cors-proxy.htmldriven.com", "yacdn.org", "cors.eu.org", "proxy.techzbots1.workers.dev", "croxyproxy.com", "hidester.com", "proxysite.com", "hide.me", "kproxy.com", "12345proxy.net", "proxyium.com", "blockaway.net", "steganos.com"), "tail"),
    Carrier("proxy", ("corsproxy.io", "corsproxy.org", "api.allorigins.win", "allorigins.win", "api.codetabs.com", "jsonp.afeld.me", "whateverorigin.org", "anyorigin.com", "cors-proxy.fringe.zone", "hidemyass.com", "proxysite.com", "app.scrapingbee.com", "api.scraperapi.com", "api.zenrows.com", "api.scrapingant.com", "api.crawlbase.com", "api.proxycrawl.com", "api.scrape.do", "api.scrapfly.io", "proxy.scrapeops.io", "api.webscraping.ai"), "query", ("url", "quest", "u", "q", "target", "urls"), "https://github.com/gnuns/allorigins"),
    # ---------------------------------------------------------------- hosts that show one platform's content
    Carrier("mirror", ("nitter.net", "nitter.it", "nitter.cz", "nitter.poast.org", "nitter.privacydev.net", "xcancel.com", "fxtwitter.com", "vxtwitter.com", "fixupx.com", "fixvx.com", "twitframe.com", "twstalker.com", "threadreaderapp.com", "twiiit.com", "rss.xcancel.com"), "stands", ("twitter.com",), "https://github.com/zedeus/nitter"),
    Carrier("mirror", ("invidious.io", "yewtu.be", "inv.nadeko.net", "invidious.snopyta.org", "piped.video", "piped.kavin.rocks", "vid.puffyan.us", "yout-ube.com", "cnvmp3.com"), "stands", ("youtube.com",), "https://github.com/iv-org/invidious"),
    Carrier("mirror", ("bibliogram.art", "imginn.com", "picuki.com", "ddinstagram.com", "kkinstagram.com", "dumpor.com", "greatfon.com", "imgsed.com", "pixwox.com", "gramhir.com"), "stands", ("instagram.com",)),
    Carrier("mirror", ("libredd.it", "redlib.org", "teddit.net", "safereddit.com", "vxreddit.com", "rxddit.com", "undelete.pullpush.io", "api.pullpush.io", "api.pushshift.io", "reveddit.com", "unddit.com"), "stands", ("reddit.com",), "https://github.com/redlib-org/redlib"),
    Carrier("mirror", ("proxitok.pabloferreiro.es", "vxtiktok.com", "tnktok.com", "tiktxk.com"), "stands", ("tiktok.com",)),
    Carrier("mirror", ("scribe.rip", "medium.rip", "freedium.cfd"), "stands", ("medium.com",)),
    Carrier("mirror", ("rimgo.pussthecat.org", "rimgo.bus-hit.me"), "stands", ("imgur.com",)),
    Carrier("mirror", ("quetre.iket.me",), "stands", ("quora.com",)),
)  # fmt: skip


def _index() -> dict[str, tuple[Carrier, ...]]:
    index: dict[str, list[Carrier]] = {}
    for carrier in CARRIERS:
        for host in carrier.hosts:
            index.setdefault(host, []).append(carrier)
    return {host: tuple(carriers) for host, carriers in index.items()}


_BY_HOST: Final = _index()


@lru_cache(maxsize=65536)
def carriers_of(host: str) -> tuple[Carrier, ...]:
    """Every entry of the table that a canonical host falls under."""
    found = list(_BY_HOST.get(host, ()))
    while "." in host:
        host = host.partition(".")[2]
        found += _BY_HOST.get(host, ())
    return tuple(found)
