"""Lists of declared destinations: what a line may cover, and what would open the process to everybody's sites."""

from __future__ import annotations

import pytest

from desist.enforce.destinations import Destinations
from desist.errors import UsageError

TOO_WIDE = [
    "*",
    "*:443",
    "**:443",
    "*.com",
    "*.com:443",
    "*.co.uk:443",
    "*.github.io:443",
    "*.COM",
    "shop*:443",
    "*shop.test:443",
    "shop.*:443",
    "*.shop.te?t:443",
    "*.[a-z]:443",
    "https://*:443/",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/7",
    "::/0",
    "2000::/3",
    "2a00::/31",
]
NARROW = [
    ("*.shop.test:443", "a.shop.test", 443),
    ("*.shop.co.uk:443", "a.shop.co.uk", 443),
    ("cache-*.shop.test", "cache-7.shop.test", 80),
    ("s3.*.amazonaws.com:443", "s3.eu-west-1.amazonaws.com", 443),
    ("*.internal:6379", "cache.internal", 6379),
    ("*.svc.cluster.local:80", "redis.svc.cluster.local", 80),
    ("10.0.0.0/8", "10.1.2.3", 9),
    ("fc00::/7", "fd00::1", 9),
    ("2001:db8::/32", "2001:db8::1", 9),
]


@pytest.mark.parametrize("setting", ["DESIST_INFRA", "DESIST_PROXIES"])
@pytest.mark.parametrize("line", TOO_WIDE)
def test_line_that_covers_sites_of_anybody_is_refused_with_the_mend(setting: str, line: str) -> None:
    """A wildcard without a registrable domain behind it, and a network that is a good part of the internet."""
    with pytest.raises(UsageError) as raised:
        Destinations(setting, [line])
    assert f"setting `{setting}` has `{line}`" in raised.value.message
    assert "*.shop.example:6379" in raised.value.help
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(("line", "host", "port"), NARROW)
def test_line_that_covers_what_is_ones_own_is_taken(line: str, host: str, port: int) -> None:
    """Registered domains, names that no site of the internet has, private networks."""
    assert Destinations("DESIST_INFRA", [line]).allow(host, port)


def test_what_was_declared_covers_no_site_of_anybody() -> None:
    """A narrow list covers none of the sites that the wide ones would."""
    infra = Destinations("DESIST_INFRA", [line for line, _, _ in NARROW])
    assert not any(infra.allow(host, 443) for host in ("pictogram.test", "8.8.8.8", "2606:4700::1", "amazonaws.com"))


def test_crawl_whose_list_covers_everybody_does_not_start(project, spider, web) -> None:  # type: ignore[no-untyped-def]
    """Exit code 2 before the first DNS question, with the mend."""
    done = project.run(spider(web.url("gazette.test")), DESIST_INFRA=["*"])
    assert done.code == 2
    assert "setting `DESIST_INFRA` has `*`" in done.out
    assert web["gazette.test"].hits == []
