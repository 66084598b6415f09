"""A spider that tries every way past the gates that its plan names; it runs in a child process, under them or without.

Each step has its own name below the platform's, so that the platform's servers can tell which one got through.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

import scrapy
from scrapy import signals
from scrapy.http import FormRequest, JsonRequest
from scrapy.http.request import NO_CALLBACK
from scrapy.pipelines.files import FilesPipeline
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.misc import build_from_crawler, load_object
from scrapy.utils.reactor import is_reactor_installed

PLAN = json.loads(Path(__file__).with_name("plan.json").read_text())


class Rewriter:
    """A downloader middleware that does what a request's meta tells it to, after all gates but the wire's."""

    @classmethod
    def from_crawler(cls, crawler):
        self = cls()
        self.crawler = crawler
        crawler.signals.connect(self.reached, signals.request_reached_downloader)
        return self

    def process_request(self, request):
        meta = request.meta
        if "set_url" in meta:
            request._set_url(meta["set_url"])
        if "set_host" in meta:
            request.headers.setlist("Host", meta["set_host"])
        if "set_proxy" in meta:
            meta["proxy"] = meta["set_proxy"]
        if "replace" in meta:
            return request.replace(url=meta.pop("replace"), dont_filter=True)
        return None

    def process_response(self, request, response):
        if "then" in request.meta:
            return scrapy.Request(request.meta.pop("then"), dont_filter=True)
        return response

    def process_exception(self, request, exception):
        if "instead" in request.meta:
            return scrapy.Request(request.meta.pop("instead"), dont_filter=True)
        return None

    def reached(self, request):
        if "late_url" in request.meta:
            request._set_url(request.meta["late_url"])
        if "late_proxy" in request.meta:
            request.meta["proxy"] = request.meta["late_proxy"]
        if "late_host" in request.meta:
            request.headers["Host"] = request.meta["late_host"]


class Pipeline:
    """Fetches what an item names, by the engine."""

    @classmethod
    def from_crawler(cls, crawler):
        self = cls()
        self.crawler = crawler
        return self

    async def process_item(self, item):
        if "fetch" in item:
            await self.crawler.engine.download_async(scrapy.Request(item["fetch"], callback=NO_CALLBACK))
        return item


class Files(FilesPipeline):
    """Scrapy's own, with redirects followed."""


class Raider(scrapy.Spider):
    name = "raider"
    handle_httpstatus_list = (404, 500)

    async def start(self):
        for step in PLAN:
            do = step.get("do", "get")
            if do == "get":
                yield self.request(step)
            elif do == "item":
                yield {key: step[key] for key in ("fetch", "file_urls") if key in step}
            else:
                try:
                    found = await asyncio.wait_for(self.act(do, step), 8)
                    print("STEP", step["case"], "OK", found, flush=True)
                except BaseException as error:
                    print("STEP", step["case"], type(error).__name__, str(error)[:100], flush=True)

    async def act(self, do, step):
        return await getattr(self, "do_" + do)(step["url"], step)

    def request(self, step):
        kind = {"form": FormRequest, "json": JsonRequest}.get(step.get("kind"), scrapy.Request)
        return kind(
            step["url"],
            meta={"case": step["case"], **step.get("meta", {})},
            headers=step.get("headers"),
            cb_kwargs={"step": step},
            callback=self.parse,
            errback=self.failed,
            dont_filter=True,
            priority=step.get("priority", 0),
            **({"formdata": {"a": "b"}} if kind is FormRequest else {"data": {}} if kind is JsonRequest else {}),
        )

    def parse(self, response, step=None):
        print("GOT", (step or {}).get("case"), response.status, response.url, "cached" in response.flags, flush=True)
        if step and "follow" in step:
            yield response.follow(step["follow"], errback=self.failed, cb_kwargs={"step": {"case": step["case"]}})
        if step and "links" in step:
            for link in response.css("a"):
                yield response.follow(link, errback=self.failed, cb_kwargs={"step": {"case": step["case"]}})

    def failed(self, failure):
        request = failure.request
        print("FAILED", request.meta.get("case"), type(failure.value).__name__, request.url, flush=True)
        step = request.cb_kwargs.get("step", {})
        if "on_error" in step:
            yield scrapy.Request(step["on_error"], dont_filter=True, errback=self.failed)

    # --- ways round the queue ----------------------------------------------------------------------------------------

    @property
    def engine(self):
        return self.crawler.engine

    async def do_engine_download(self, url, step):
        return (await self.engine.download_async(scrapy.Request(url, meta=step.get("meta", {})))).status

    async def do_engine_crawl(self, url, step):
        self.engine.crawl(scrapy.Request(url, dont_filter=True))

    async def do_scheduler(self, url, step):
        self.engine.scheduler.enqueue_request(scrapy.Request(url, dont_filter=True))

    async def do_fetch(self, url, step):
        return (await maybe_deferred_to_future(self.engine.downloader.fetch(scrapy.Request(url)))).status

    async def do_enqueue(self, url, step):
        return (await self.engine.downloader._enqueue_request(scrapy.Request(url))).status

    async def do_handlers(self, url, step):
        return (await self.engine.downloader.handlers.download_request_async(scrapy.Request(url))).status

    async def do_handler(self, url, step):
        handler = self.engine.downloader.handlers._get_handler(url.split(":")[0])
        return (await handler.download_request(scrapy.Request(url))).status

    async def do_inner(self, url, step):
        handler = self.engine.downloader.handlers._get_handler(url.split(":")[0])
        inner = next(iter(handler._inner.values()), handler)
        return (await inner.download_request(scrapy.Request(url))).status

    async def do_own_handler(self, url, step):
        cls = load_object(step["handler"])
        handler = build_from_crawler(cls, self.crawler)
        try:
            return (await handler.download_request(scrapy.Request(url))).status
        finally:
            await handler.close()

    # --- ways round Scrapy, within its loop ------------------------------------------------------------------------

    async def do_open_connection(self, url, step):
        reader, writer = await asyncio.open_connection(step["host"], step["port"])
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        await writer.drain()
        return await reader.read(10)

    async def do_getaddrinfo(self, url, step):
        return await asyncio.get_running_loop().getaddrinfo(step["host"], 80)

    async def do_sock_connect(self, url, step):
        sock = socket.socket()
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (step["host"], step["port"]))
        finally:
            sock.close()

    async def do_aiohttp(self, url, step):
        import aiohttp

        async with aiohttp.ClientSession() as session, session.get(url, ssl=False) as response:
            return response.status

    async def do_httpx(self, url, step):
        import httpx2

        async with httpx2.AsyncClient(verify=False) as client:
            return (await client.get(url)).status_code

    async def do_agent(self, url, step):
        if not is_reactor_installed():
            raise RuntimeError("no reactor")
        from twisted.internet import reactor
        from twisted.web.client import Agent

        return (await maybe_deferred_to_future(Agent(reactor).request(b"GET", url.encode()))).code

    async def do_reactor_resolve(self, url, step):
        if not is_reactor_installed():
            raise RuntimeError("no reactor")
        from twisted.internet import reactor

        return await maybe_deferred_to_future(reactor.resolve(step["host"]))

    async def do_connect_tcp(self, url, step):
        if not is_reactor_installed():
            raise RuntimeError("no reactor")
        from twisted.internet import endpoints, protocol, reactor

        endpoint = endpoints.clientFromString(reactor, f"tcp:{step['host']}:{step['port']}")
        return await maybe_deferred_to_future(endpoint.connect(protocol.Factory.forProtocol(protocol.Protocol)))


class PlainResolver:
    """For control runs without gates: asks the simulated web's name server, as a machine's resolver would."""

    @classmethod
    def from_crawler(cls, crawler, reactor):
        self = cls()
        self.reactor = reactor
        return self

    def install_on_reactor(self):
        from twisted.internet.interfaces import IResolverSimple
        from twisted.internet.threads import deferToThread
        from zope.interface import directlyProvides

        address, port = os.environ["RAIDER_DNS"].split(":")

        def ask(name):
            import dns.resolver

            resolver = dns.resolver.Resolver(configure=False)
            resolver.nameservers, resolver.port = [address], int(port)
            return resolver.resolve(name + ".", "A")[0].address

        self.getHostByName = lambda name, timeout=(): deferToThread(ask, name)
        directlyProvides(self, IResolverSimple)
        self.reactor.installResolver(self)
