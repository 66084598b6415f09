BOT_NAME = "newsroom"
SPIDER_MODULES = ["crawler.spiders"]
ADDONS = {"crawler.addons.Politeness": 100}
ITEM_PIPELINES = {"crawler.pipelines.Words": 300}
RETRY_ENABLED = False
DOWNLOAD_TIMEOUT = 10
