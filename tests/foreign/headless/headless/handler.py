"""A download handler that asks a rendering service for the page and never opens a connection to the site."""

import asyncio
from urllib.parse import quote, urlsplit

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.http import HtmlResponse


class Rendered(BaseDownloadHandler):
    lazy = False

    def __init__(self, crawler):
        super().__init__(crawler)
        parts = urlsplit(crawler.settings["RENDERER_URL"])
        self._place = parts.hostname, parts.port

    async def download_request(self, request):
        reader, writer = await asyncio.open_connection(*self._place)
        writer.write(f"GET /render?url={quote(request.url, safe='')} HTTP/1.0\r\n\r\n".encode())
        await writer.drain()
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return HtmlResponse(request.url, status=int(head.split()[1]), body=body, encoding="utf-8", request=request)

    async def close(self):
        pass
