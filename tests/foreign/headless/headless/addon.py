"""Sends every page through a browser that runs beside the crawler, as scrapy-playwright's users set it up."""


class Headless:
    def update_settings(self, settings):
        handler = "headless.handler.Rendered"
        settings.set("DOWNLOAD_HANDLERS", {"http": handler, "https": handler}, "addon")
