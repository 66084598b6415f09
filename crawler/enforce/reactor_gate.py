"""The resolver gate's place in a Twisted reactor: names have the addresses that are pinned, or none."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import Any

from scrapy.resolver import HostResolution, dnscache
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver
from twisted.internet.threads import deferToThreadPool
from zope.interface import implementer

from .pins import PINS, Pins, canonical
from .process import GATE

__all__ = ["GateNameResolver", "install_on_reactor", "on_reactor"]


@implementer(IHostnameResolver)
class GateNameResolver:
    """Stands where Scrapy's caching resolver stood; it never asks anybody and keeps nothing."""

    def __init__(self, reactor: Any, pins: Pins = PINS) -> None:
        self._reactor = reactor
        self._pins = pins

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> GateNameResolver:  # noqa: ARG003 - Scrapy's signature
        """Built by Scrapy from TWISTED_DNS_RESOLVER."""
        return cls(reactor)

    def install_on_reactor(self) -> None:
        """Take the reactor's place for both kinds of lookup: `nameResolver`, and `resolver` behind `connectTCP`."""
        dnscache.clear()
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 - Twisted's interface
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> HostResolution:
        """Hand over what is pinned; nothing pinned is a failed lookup to Twisted (DNSLookupError)."""
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)

        def hand_over(addresses: Sequence[str]) -> None:
            for address in addresses:
                kind: Any = IPv6Address if ipaddress.ip_address(address).version == 6 else IPv4Address
                if addressTypes is None or kind in addressTypes:
                    resolutionReceiver.addressResolved(kind(transportSemantics, address, portNumber))
            resolutionReceiver.resolutionComplete()

        name = canonical(hostName)
        if GATE.infra.names(name) and not self._pins.granted(name):
            self._ask_for_infrastructure(name, hand_over)
        else:
            hand_over(self._pins.addresses(hostName))
        return resolution

    def _ask_for_infrastructure(self, name: str, hand_over: Callable[[Sequence[str]], None]) -> None:
        """The process gate answers for what a project declares; that may take a question to the DNS, so in a thread."""
        deferToThreadPool(self._reactor, self._reactor.getThreadPool(), GATE.addresses, name).addCallbacks(
            hand_over, lambda _failure: hand_over(())
        )


def install_on_reactor() -> None:
    """Put the gate into the installed reactor, whoever runs it: scripts with a CrawlerRunner install no resolver."""
    from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

    if not on_reactor():
        GateNameResolver(reactor).install_on_reactor()


def on_reactor() -> bool:
    """Whether the gate is what resolves in the installed reactor."""
    from twisted.internet import reactor  # noqa: PLC0415

    return isinstance(getattr(reactor, "nameResolver", None), GateNameResolver)
