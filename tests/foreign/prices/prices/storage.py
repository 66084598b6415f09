"""Feeds into an S3-like bucket: one PUT an upload, in a thread, as Scrapy's own S3 storage does it."""

import urllib.request
from urllib.parse import urlsplit

from scrapy.extensions.feedexport import BlockingFeedStorage


class BucketStorage(BlockingFeedStorage):
    def __init__(self, uri, endpoint, *, feed_options=None):
        self._url = f"{endpoint}/{urlsplit(uri).netloc}{urlsplit(uri).path}"

    @classmethod
    def from_crawler(cls, crawler, uri, *, feed_options=None):
        return cls(uri, crawler.settings["S3_ENDPOINT_URL"], feed_options=feed_options)

    def _store_in_thread(self, file):
        file.seek(0)
        request = urllib.request.Request(self._url, data=file.read(), method="PUT")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            answer.read()
