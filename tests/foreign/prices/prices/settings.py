import os

BOT_NAME = "prices"
SPIDER_MODULES = ["prices.spiders"]
ROBOTSTXT_OBEY = False
RETRY_ENABLED = False
DOWNLOAD_TIMEOUT = 10
REDIS_URL = os.environ["PRICES_REDIS"]
S3_ENDPOINT_URL = os.environ["PRICES_S3"]
FEED_STORAGES = {"bucket": "prices.storage.BucketStorage"}
FEEDS = {"bucket://prices/latest.jsonl": {"format": "jsonlines"}}
ITEM_PIPELINES = {"prices.pipelines.SeenBefore": 300}
