"""Ways past the gates, one line a case, over four handlers, judged by the platform's own servers and name server.

`<m>` is a name below the platform's that only this case uses, `<b>` its base URL, `<x>` a path that only it uses.
"""

from __future__ import annotations

import pytest

PLATFORM = "pictogram.test"
PLATFORM_ADDRESS = "127.83.0.1"
OTHER_ADDRESS = "127.83.0.3"
HANDLER_11 = "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"


def get(url, **more):
    return {"url": url, **more}


def redirect(status, to, **more):
    return {"url": "<g>/from-<x>", "pages": {"/from-<x>": {"redirect": to, "status": status}}, **more}


def refresh(body):
    return {"url": "<g>/from-<x>", "pages": {"/from-<x>": {"body": body}}}


def dns(*answers, **more):
    return {"url": "<a>/<x>", "dns": list(answers), **more}


def act(do, url="<b>/<x>", **more):
    return {"do": do, "url": url, "host": "<m>", "port": 80, **more}


SPELLINGS = {
    "plain": get("<b>/<x>"),
    "bare": get("<s>://pictogram.test:<p>/<x>"),
    "deep": get("<s>://a.b.c.<m>:<p>/<x>"),
    "upper": get("<s>://CDN.PICTOGRAM.TEST:<p>/<x>"),
    "scheme-case": get("HTTP://<m>/<x>"),
    "final-dot": get("<s>://<m>.:<p>/<x>"),
    "userinfo": get("<s>://gazette.test@<m>:<p>/<x>"),
    "password": get("<s>://gazette.test:80@<m>:<p>/<x>"),
    "backslash": get("<s>://<m>\\@gazette.test:<p>/<x>"),
    "backslashes": get("<s>:\\\\<m>:<p>\\<x>"),
    "percent": get("<s>://%70ictogram.test:<p>/<x>"),
    "full-width": get("<s>://\uff50ictogram.test:<p>/<x>"),
    "ideographic-dot": get("<s>://pictogram\u3002test:<p>/<x>"),
    "soft-hyphen": get("<s>://picto\u00adgram.test:<p>/<x>"),
    "tab": get("<s>://picto\tgram.test:<p>/<x>"),
    "newline": get("<s>://pictogram\n.test:<p>/<x>"),
    "blank-before": get("  <s>://<m>:<p>/<x>"),
    "hash-in-host": get("<s>://<m>:<p>#@gazette.test/<x>"),
    "query-in-host": get("<s>://<m>:<p>?@gazette.test/<x>"),
    "many-slashes": get("<s>:////<m>:<p>/<x>"),
    "other-port": get("<s>://<m>:8443/<x>"),
    "ip": get("<s>://127.83.0.1:<p>/<x>"),
    "ip-decimal": get("<s>://2136145921:<p>/<x>"),
    "ip-hex": get("<s>://0x7f530001:<p>/<x>"),
    "ip-octal": get("<s>://0177.0123.0.1:<p>/<x>"),
    "ip-short": get("<s>://127.5439489:<p>/<x>"),
    "ip-mapped": get("<s>://[::ffff:127.83.0.1]:<p>/<x>"),
    "ip-nat64": get("<s>://[64:ff9b::7f53:1]:<p>/<x>"),
    "ip-six-to-four": get("<s>://[2002:7f53:1::]:<p>/<x>"),
    "ip-mapped-hex": get("<s>://[::ffff:7f53:1]:<p>/<x>"),
    "ftp": get("ftp://<m>/<x>"),
    "s3": get("s3://<m>/<x>"),
    "form": get("<b>/<x>", kind="form"),
    "json": get("<b>/<x>", kind="json"),
    "ignore-robots": get("<b>/<x>", meta={"dont_obey_robotstxt": True}),
    "robots-itself": get("<b>/robots.txt?<x>"),
    "slot": get("<b>/<x>", meta={"download_slot": "gazette.test"}),
    "verbatim": get("<b>/<x>", meta={"verbatim_url": True}),
    "query-target": get("<g>/fetch?url=<b>/<x>"),
}
REDIRECTS = {
    **{f"redirect-{status}": redirect(status, "<b>/<x>") for status in (301, 302, 303, 307, 308)},
    "redirect-relative": redirect(302, "//<m>:<p>/<x>"),
    "redirect-dot": redirect(302, "<s>://<m>.:<p>/<x>"),
    "redirect-upper": redirect(302, "<s>://REDIRECT-UPPER.PICTOGRAM.TEST:<p>/<x>"),
    "redirect-ip": redirect(302, "<s>://127.83.0.1:<p>/<x>"),
    "redirect-userinfo": redirect(302, "<s>://gazette.test@<m>:<p>/<x>"),
    "redirect-chain": {
        "url": "<g>/one-<x>",
        "pages": {"/one-<x>": {"redirect": "<r>/two-<x>"}, "/two-<x>": {"redirect": "<b>/<x>"}},
    },
    "redirect-no-filter": redirect(302, "<b>/<x>", meta={"dont_obey_robotstxt": True, "redirect_times": 0}),
    "meta-refresh": refresh('<meta http-equiv="refresh" content="0; url=<b>/<x>">'),
    "link": {"url": "<g>/from-<x>", "pages": {"/from-<x>": {"body": '<a href="<b>/<x>">x</a>'}}, "links": 1},
    "follow": get("<g>/", follow="<b>/<x>"),
    "errback": get("<g>/missing-<x>", on_error="<b>/<x>", meta={"replace": "<b>/<x>"}),
}
NAMES = {
    "cname": dns({"cname": "<m>"}),
    "cname-chain": dns({"cname": "mid.<m>"}, names={"mid.<m>": {"cname": "<m>"}}),
    "cname-through": dns({"cname": "<m>"}, names={"<m>": {"cname": "ok.alias.test"}}),
    "cname-case": dns({"cname": "CNAME-CASE.Pictogram.TEST"}),
    "address": dns({"a": (PLATFORM_ADDRESS,)}),
    "address-among": dns({"a": (OTHER_ADDRESS, PLATFORM_ADDRESS)}),
    "rebinding": dns({"a": (OTHER_ADDRESS,), "ttl": 0}, {"a": (PLATFORM_ADDRESS,), "ttl": 0}),
    "address-mapped": dns({"aaaa": ("::ffff:127.83.0.1",)}),
}
PROXIES = {
    "proxy-listed": get("<b>/<x>", meta={"proxy": "http://127.0.0.1:<proxy>"}),
    "proxy-unlisted": get("<g>/<x>", meta={"proxy": "http://relay.test:<http>"}),
    "proxy-is-platform": get("<g>/<x>", meta={"proxy": "http://<m>:<http>"}),
    "proxy-userinfo": get("<g>/<x>", meta={"proxy": "http://127.0.0.1:<proxy>@<m>:<http>"}),
    "proxy-late": get("<g>/<x>", meta={"late_proxy": "http://<m>:<http>"}),
    "proxy-set": get("<g>/<x>", meta={"set_proxy": "http://<m>:<http>"}),
    "proxy-late-target": get("<g>/", meta={"late_url": "<b>/<x>", "late_proxy": "http://127.0.0.1:<proxy>"}),
    "proxy-socks": get("<g>/<x>", meta={"proxy": "socks5://<m>:<http>"}),
}
HEADERS = {
    "host-header": get("<g>/<x>", headers={"Host": "<m>"}),
    "host-header-port": get("<g>/<x>", headers={"Host": "<m>:<p>"}),
    "host-header-case": get("<g>/<x>", headers={"host": "<m>"}),
    "host-header-twice": get("<g>/<x>", headers={"Host": ["gazette.test:<p>", "<m>"]}),
    "host-header-set": get("<g>/<x>", meta={"set_host": ["<m>"]}),
    "host-header-late": get("<g>/<x>", meta={"late_host": "<m>"}),
    "host-header-other": get("<g>/<x>", headers={"Host": "other.test"}),
}
REWRITES = {
    "rewrite-url": get("<g>/", meta={"set_url": "<b>/<x>"}),
    "rewrite-replace": get("<g>/", meta={"replace": "<b>/<x>"}),
    "rewrite-late": get("<g>/", meta={"late_url": "<b>/<x>"}),
    "rewrite-late-ip": get("<g>/", meta={"late_url": "<s>://127.83.0.1:<p>/<x>"}),
    "rewrite-response": get("<g>/", meta={"then": "<b>/<x>"}),
    "rewrite-exception": get("<s>://gazette.test:1/", meta={"instead": "<b>/<x>"}),
}
CALLS = {
    "engine-download": act("engine_download"),
    "engine-crawl": act("engine_crawl"),
    "scheduler": act("scheduler"),
    "downloader-fetch": act("fetch"),
    "downloader-enqueue": act("enqueue"),
    "handlers": act("handlers"),
    "handler": act("handler"),
    "inner-handler": act("inner"),
    "download-redirect": act(
        "engine_download", "<g>/from-<x>", pages={"/from-<x>": {"redirect": "<b>/<x>"}}
    ),
    "pipeline": {"do": "item", "url": "", "fetch": "<b>/<x>"},
    "files": {"do": "item", "url": "", "file_urls": ["<b>/<x>"]},
    "files-redirect": {
        "do": "item", "url": "", "file_urls": ["<g>/from-<x>"], "pages": {"/from-<x>": {"redirect": "<b>/<x>"}},
    },
    "own-handler": act("own_handler", handler=HANDLER_11),
    "open-connection": act("open_connection"),
    "getaddrinfo": act("getaddrinfo"),
    "sock-connect": act("sock_connect", "<s>://127.83.0.1/<x>", host=PLATFORM_ADDRESS, port="<p>"),
    "own-aiohttp": act("aiohttp"),
    "own-httpx": act("httpx"),
    "twisted-agent": act("agent", "http://<m>/<x>"),
    "reactor-resolve": act("reactor_resolve"),
    "connect-tcp": act("connect_tcp"),
}  # fmt: skip
CONTROLS = {
    "ok-page": get("<g>/"),
    "ok-redirect": redirect(302, "<r>/"),
    "ok-alias": get("<s>://ok.alias.test:<p>/"),
    "ok-form": get("<g>/", kind="form"),
    "ok-host-header": get("<g>/picture.png", headers={"Host": "gazette.test:<p>"}),
    "ok-download": act("engine_download", "<g>/"),
    "ok-files": {"do": "item", "url": "", "file_urls": ["<g>/picture.png"]},
    "ok-https": get("https://gazette.test:<tls>/"),
    "ok-proxy": get("<g>/", meta={"proxy": "http://127.0.0.1:<proxy>"}),
}
CASES = {**SPELLINGS, **REDIRECTS, **NAMES, **PROXIES, **HEADERS, **REWRITES, **CALLS}
UNRECORDED = {"sock-connect"}
"""Attempts whose record names an address instead of the case's own name; checked by themselves."""
NO_REACTOR = {"own-handler", "twisted-agent", "reactor-resolve", "connect-tcp"}
"""Ways that need a Twisted reactor."""


@pytest.fixture(scope="module")
def ran(field):
    """All cases and controls in one crawl of one handler."""
    return field.raid(CASES | CONTROLS)


def test_platform_saw_no_connection_and_no_question(ran) -> None:
    """Whatever the case: the platform's address was never dialled and none of its names looked up."""
    assert ran.code == 0, ran.out
    assert PLATFORM not in ran.connections, [hit for hit in ran.hits if hit[0] == PLATFORM]
    assert not [name for name in ran.queries if name.rstrip(".").endswith(PLATFORM)]
    assert not [target for target in ran.proxied if PLATFORM in target]


@pytest.mark.parametrize("case", CASES)
def test_way_past_the_gates_is_shut_and_on_record(ran, field, case) -> None:
    """The platform's servers saw nothing of it, and the ledger did."""
    if case in NO_REACTOR and field.handler == "aiohttp":
        pytest.skip("there is no reactor")
    assert not ran.reached(case)
    assert case in UNRECORDED or ran.recorded(case), "\n".join(line for line in ran.out.splitlines() if case in line)


def test_connection_to_an_address_is_on_record(ran) -> None:
    """A socket of the event loop that dials the platform's address is refused and filed under the platform."""
    assert [one for one in ran.decisions if one.gate == "resolver" and one.platforms == ("pictogram",)]


@pytest.mark.parametrize("case", CONTROLS)
def test_ordinary_request_succeeds(ran, field, case) -> None:
    """What nobody forbade is fetched: a gate that is always shut would pass every test above."""
    if field.handler == "http2" and case in {"ok-proxy", "ok-https"}:
        pytest.skip("Scrapy's HTTP/2 handler takes no proxy; every page of this field is HTTPS")
    if case == "ok-files":
        assert "/picture.png" in [path for _, _, path in ran.hits]
    else:
        assert ran.said("GOT", case, "200") or ran.said("STEP", case, "OK"), ran.out[-3000:]


def test_without_gates_the_platform_is_reached(tmp_path_factory) -> None:
    """The control that must lose: the same raid with the add-on left out."""
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    spec = spec_from_file_location("field_of_raids", Path(__file__).with_name("conftest.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    open_field = module.Field(tmp_path_factory.mktemp("open"), "http11")
    ran = open_field.raid(CASES, gates=False)
    open_field.close()
    reached = [case for case in CASES if ran.reached(case)]
    assert len(reached) >= 40, reached
