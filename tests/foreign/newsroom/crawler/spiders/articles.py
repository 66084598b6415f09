import os

import scrapy

from crawler.items import Article


class Articles(scrapy.Spider):
    name = "articles"

    async def start(self):
        for url in os.environ["FOREIGN_URLS"].split():
            yield scrapy.Request(url, meta={"dont_redirect": True})

    def parse(self, response):
        yield Article(response.url)
        for url in os.environ["FOREIGN_ASIDE"].split():
            yield response.follow(url)
