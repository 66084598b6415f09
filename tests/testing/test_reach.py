"""Simulated sites by their names, for clients of this process and for browsers."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import urllib.request
from pathlib import Path

import aiohttp
import httpx2
import pytest
import requests

from desist.testing import Answer, Site
from desist.testing.fixtures import Webs

SITE = Site("a.test", ("*.a.test",), pages={"/": "<h1>home</h1>"})


def test_clients_of_this_process_find_the_sites_by_name(sites: Webs) -> None:
    """urllib, requests, httpx and aiohttp, over HTTP and HTTPS; every question is on record."""
    web = sites(SITE, names={"alias.test": Answer(cname="a.test"), "gone.test": Answer(rcode="NXDOMAIN")}, http2=True)
    secure = web.url("www.a.test", scheme="https")

    def trusting() -> ssl.SSLContext:  # each its own: a client writes into it what it speaks
        return ssl.create_default_context(cafile=str(web.ca_file))

    async def by_aiohttp() -> str:
        async with aiohttp.ClientSession(trust_env=False) as session, session.get(secure, ssl=trusting()) as response:
            return await response.text()

    with web.reachable():
        assert urllib.request.urlopen(web.url("alias.test"), timeout=20).read() == b"<h1>home</h1>"
        assert requests.get(secure, timeout=20, verify=str(web.ca_file)).text == "<h1>home</h1>"
        with httpx2.Client(http2=True, verify=trusting(), timeout=20) as client:
            assert client.get(secure).http_version == "HTTP/2"
        assert asyncio.run(by_aiohttp()) == "<h1>home</h1>"
        with pytest.raises(socket.gaierror, match=r"no address for `gone\.test`"):
            socket.getaddrinfo("gone.test", 80)
        with pytest.raises(AssertionError, match=r"A www\.a\.test over udp"):
            web["a.test"].was_never_contacted()
        assert socket.getaddrinfo("127.0.0.1", 80)
    assert [hit.protocol for hit in web.hits] == ["http/1.1", "http/1.1", "h2", "http/1.1"]


def test_names_are_known_no_longer_than_that(sites: Webs) -> None:
    """Behind the `with` the system answers as before."""
    before = socket.getaddrinfo
    with sites(SITE).reachable():
        assert socket.getaddrinfo is not before
    assert socket.getaddrinfo is before


@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium here")
def test_a_browser_finds_the_sites_and_nothing_else(sites: Webs, tmp_path: Path) -> None:
    """Chromium takes `host_rules`: the page of a simulated site is shown, and its log says so."""
    page = '<h1>home</h1><img src="http://elsewhere.test/1.png"><img src="http://pictures.a.test/1.png">'
    web = sites(Site("a.test", ("*.a.test",), pages={"/": page}))
    done = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
            f"--host-resolver-rules={web.host_rules}", "--dump-dom", web.url("a.test"),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "<h1>home</h1>" in done.stdout
    paths = {(hit.host.partition(":")[0], hit.path) for hit in web.hits}
    assert {("a.test", "/"), ("pictures.a.test", "/1.png")} <= paths
