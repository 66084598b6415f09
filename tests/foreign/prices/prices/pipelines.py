"""Items that were seen before are dropped: a set in Redis, over a client of a few lines."""

import socket
from urllib.parse import urlsplit

from scrapy.exceptions import DropItem


class SeenBefore:
    def __init__(self, url):
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port))
        self._answers = self._socket.makefile("rb")

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler.settings["REDIS_URL"])

    def process_item(self, item):
        words = [b"SADD", b"prices", item["url"].encode()]
        self._socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        if self._answers.readline() != b":1\r\n":
            raise DropItem(item["url"])
        return item

    def close_spider(self):
        self._socket.close()
