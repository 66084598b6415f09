import os

import requests
import scrapy


class Shops(scrapy.Spider):
    name = "shops"

    async def start(self):
        for url in os.environ["FOREIGN_URLS"].split():
            yield scrapy.Request(url)

    def parse(self, response):
        yield {"url": response.url}
        for url in os.environ["FOREIGN_ASIDE"].split():
            try:
                requests.get(url, timeout=5)
            except requests.RequestException as error:
                self.logger.info("no picture: %s", error)
