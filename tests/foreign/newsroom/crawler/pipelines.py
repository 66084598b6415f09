"""Counting is work, so it is done in a pool of processes."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor


class Words:
    def __init__(self):
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("fork"))

    def process_item(self, item):
        item.words = self._pool.submit(len, item.url).result()
        return item

    def close_spider(self):
        self._pool.shutdown()
