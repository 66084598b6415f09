"""What was allowed yesterday: pages in the HTTP cache, requests on disk, a proxy in the environment."""

from __future__ import annotations

PLATFORM = "pictogram.test"
PLATFORM_YAML = "platform: pictogram\nname: Pictogram\nhosts: [pictogram.test]\naddresses: [127.83.0.1/32]\n"
NOTICE_YAML = """notice: 2026-01-pictogram
instrument: cease_and_desist
sender: Pictogram, Inc.
recipient: Example Crawls Ltd
platforms: [pictogram]
received_at: 2026-01-05T09:30:00Z
crawl_effect: block
"""
CACHE = {"HTTPCACHE_ENABLED": True, "HTTPCACHE_DIR": "cache"}
PAGE = {"cached": {"url": "<b>/<x>"}, "ok-cached": {"url": "<g>/"}}


def test_cache_is_not_replayed_once_a_letter_is_in_force(field) -> None:
    """A page that the cache holds is served while it is allowed, and withheld when it is not."""
    field.policies(PLATFORM_YAML)
    first = field.raid(PAGE, **CACHE)
    again = field.raid(PAGE, **CACHE)
    field.policies(PLATFORM_YAML, NOTICE_YAML)
    after = field.raid(PAGE, **CACHE)
    assert first.said("GOT", "cached", "200"), first.out
    assert again.said("GOT", "cached", "200")[0].endswith("True")
    assert not after.said("GOT", "cached")
    assert PLATFORM not in after.connections
    assert after.said("GOT", "ok-cached", "200")[0].endswith("True")
    assert after.recorded("cached")


def test_requests_on_disk_are_decided_anew(field) -> None:
    """A JOBDIR that was filled while the platform was allowed holds nothing that is fetched afterwards."""
    plan = {
        "closer": {"url": "<g>/", "meta": {"close": True}, "priority": 9},
        **{f"queued-{n}": {"url": "<b>/<x>", "priority": -n} for n in range(8)},
    }
    job = {"JOBDIR": "job", "CONCURRENT_REQUESTS": 1, "CLOSESPIDER_PAGECOUNT": 2, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}
    field.policies(PLATFORM_YAML)
    first = field.raid(plan, **job)
    field.policies(PLATFORM_YAML, NOTICE_YAML)
    after = field.raid({"idle": {"do": "none", "url": ""}}, **(job | {"CLOSESPIDER_PAGECOUNT": 0}))
    assert "Resuming crawl" in after.out, first.out[-3000:]
    assert PLATFORM not in after.connections
    assert len([case for case in plan if after.recorded(case)]) >= 3


def test_proxy_of_the_environment_is_no_way_out(field) -> None:
    """`http_proxy` is read by Scrapy's own middleware, behind the engine gate; the wire sees it."""
    url = field.fill("x", "http://x.pictogram.test:<http>")
    ran = field.raid({"env-proxy": {"url": "<g>/<x>"}}, env={"http_proxy": url, "https_proxy": url, "HTTP_PROXY": url})
    assert PLATFORM not in ran.connections
    assert not [name for name in ran.queries if name.endswith(PLATFORM)]
    assert {one.basis for one in ran.recorded("env-proxy")} & {"proxy", "robots-unavailable"}
