"""How a request wants to travel, beside where its URL goes: its Host and User-Agent headers and its proxy."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ..model import Basis, Decision
from ..robots import EVERY_GROUP, stands_in
from ..urls import canonical_host
from .destinations import endpoint_of
from .places import Place, place_of
from .process import GATE
from .verdicts import refusal

if TYPE_CHECKING:
    from scrapy import Request

    from .warden import Warden

__all__ = ["first_host"]


def first_host(warden: Warden, request: Request) -> str | Decision:
    """The host that is dialled for a request, its proxy's where it has one; the refusal of how it wants to travel."""
    place = place_of(request.url)
    refused = _header(warden, request, place) or _agent(warden, request)
    if refused is not None:
        return refused
    return _proxy(warden, request) if request.meta.get("proxy") else place.host


def _header(warden: Warden, request: Request, place: Place) -> Decision | None:
    """The refusal of a Host header that names another host than the URL does (RFC 9112 3.2)."""
    for value in request.headers.getlist("Host"):
        name, _, port = value.decode("latin-1").strip().partition(":")
        try:
            same = canonical_host(name) == place.host and (not port or int(port) == place.port)
        except ValueError:
            same = False
        if same:
            continue
        named = warden.judge_name(request.url, name, "host header")
        if named is not None and named.platforms:
            return named
        return refusal(
            request.url, Basis.AMBIGUOUS, "host-header", "the Host header names another host than the URL",
            help="leave the Host header to the download handler", revision=warden.policies.revision,
        )  # fmt: skip
    return None


def _agent(warden: Warden, request: Request) -> Decision | None:
    """The refusal of a User-Agent that is not the one by which robots.txt was judged (RFC 9309 2.2.1)."""
    agent = warden.options.agent or "Mozilla"
    if agent.lower() == EVERY_GROUP or all(_names(agent, value) for value in request.headers.getlist("User-Agent")):
        return None
    return refusal(
        request.url, Basis.AMBIGUOUS, "user-agent",
        "the User-Agent header to be sent does not name DESIST_AGENT, by which the site's files were judged",
        help="let USER_AGENT speak for every request", revision=warden.policies.revision,
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _names(agent: str, header: bytes) -> bool:
    return stands_in(agent, header.decode("latin-1"))


def _proxy(warden: Warden, request: Request) -> str | Decision:
    """The proxy's host where DESIST_PROXIES lists it, else the refusal."""
    text = str(request.meta["proxy"])
    try:
        proxy = endpoint_of(text)
        listed = warden.proxies.allow(proxy.host, proxy.port) or GATE.observe_proxy(text)
    except ValueError:
        listed = False
    if listed:
        return warden.judge_name(request.url, proxy.host, "proxy") or proxy.host
    return refusal(
        request.url, Basis.PROXY, "proxy", "the request names a proxy that DESIST_PROXIES does not list",
        help="add `host:port` of the proxy to DESIST_PROXIES", revision=warden.policies.revision,
    )  # fmt: skip
