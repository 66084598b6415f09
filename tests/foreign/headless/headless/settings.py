import os

BOT_NAME = "headless"
SPIDER_MODULES = ["headless.spiders"]
ADDONS = {"headless.addon.Headless": 500}
RENDERER_URL = os.environ["HEADLESS_RENDERER"]
RETRY_ENABLED = False
DOWNLOAD_TIMEOUT = 10
