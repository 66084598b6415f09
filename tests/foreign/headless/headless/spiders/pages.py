import os

import scrapy


class Pages(scrapy.Spider):
    name = "pages"

    async def start(self):
        for url in os.environ["FOREIGN_URLS"].split():
            yield scrapy.Request(url)

    def parse(self, response):
        yield {"url": response.url}
        for url in os.environ["FOREIGN_ASIDE"].split():
            yield response.follow(url)
