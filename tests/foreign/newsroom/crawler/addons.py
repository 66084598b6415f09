"""The newsroom's own add-on: its middleware in every project."""


class Politeness:
    def update_settings(self, settings):
        settings.set("CONCURRENT_REQUESTS_PER_DOMAIN", 2, "addon")
        settings.set_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", Signature, 10)


class Signature:
    def process_request(self, request):
        request.headers["X-Newsroom"] = "yes"
