"""The registry of `responses`: the same description, for code that uses `requests`."""

from __future__ import annotations

import pytest
import requests
import responses

from desist.decide import decide
from desist.errors import UsageError
from desist.testing import Failure, Page, Site, ready
from desist.testing.fixtures import PolicyFolder, Webs
from desist.testing.mock import mount


def test_answers_as_the_server_does() -> None:
    """Names, robots.txt, redirects, headers and statuses come from the description, and each request is logged."""
    pages = {"/": "home", "/old": Page(redirect="http://a.test/"), "/no": Page("no", 451, {"X-Robots-Tag": "noai"})}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mounted = mount([Site("a.test", ("*.a.test",), robots="User-agent: *\n", pages=pages)], registry)
        assert requests.get("https://www.a.test:8443/", timeout=5).text == "home"
        assert requests.get("http://a.test/robots.txt", timeout=5).text == "User-agent: *\n"
        followed = requests.get("http://a.test/old", timeout=5)
        assert (followed.url, followed.text) == ("http://a.test/", "home")
        refused = requests.head("http://a.test/no?x=1", timeout=5)
        assert (refused.status_code, refused.headers["X-Robots-Tag"], refused.content) == (451, "noai", b"")
        assert [hit.path for hit in mounted.hits] == ["/", "/robots.txt", "/old", "/", "/no?x=1"]
        assert mounted.hits[0].host == "www.a.test:8443"


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Failure.RESET, requests.ConnectionError),
        (Failure.HANG, requests.ReadTimeout),
        (Failure.TRUNCATED, requests.exceptions.ChunkedEncodingError),
    ],
)
def test_failures_are_the_exceptions_of_requests(failure: Failure, expected: type[Exception]) -> None:
    """A site that fails on the socket raises here what requests raises there."""
    with responses.RequestsMock() as registry:
        mounted = mount([Site("a.test", failure=failure)], registry)
        with pytest.raises(expected, match="simulated"):
            requests.get("http://a.test/", timeout=5)
        assert [hit.status for hit in mounted["a.test"].hits] == [0]
        registry.assert_all_requests_are_fired = False


def test_a_site_that_was_left_alone() -> None:
    """`was_never_contacted` fails with the list of requests."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mounted = mount([ready.platform_with_notice(), ready.ordinary()], registry)
        requests.get("http://gazette.test/", timeout=5)
        assert mounted["pictogram.test"].was_never_contacted()
        with pytest.raises(AssertionError, match=r"GET http://gazette\.test/"):
            mounted["www.gazette.test"].was_never_contacted()


def test_three_lines_for_code_that_uses_requests(sites: Webs, policy_set: PolicyFolder) -> None:
    """The fixture mounts, takes away again and hands the documents on, as it does for sites that are served."""
    web = sites.mock(ready.platform_with_notice(), ready.ordinary())
    assert requests.get("http://gazette.test/robots.txt", timeout=5).ok
    assert web["pictogram.test"].was_never_contacted()
    assert web["gazette.test"].was_contacted()
    assert web["gazette.test"].was_never_requested()
    assert decide(policy_set(), "http://www.pictogram.test/").effect == "refuse"
    with pytest.raises(UsageError, match=r"no site of this registry is called `gazete\.test`"):
        web["gazete.test"].was_never_contacted()


def test_a_longer_name_is_another_site() -> None:
    """Only the names of the description are answered."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registry:
        mount([Site("a.test")], registry)
        with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
            requests.get("http://a.test.evil.test/", timeout=5)
