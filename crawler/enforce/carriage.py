"""How a request wants to travel, beside where its URL goes: its Host header and its proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Basis, Decision
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
    refused = _header(warden, request, place)
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
