"""Which platforms an IP address belongs to, by the networks that their documents name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

__all__ = ["Networks"]

_NAT64: Final = int(IPv6Address("64:ff9b::"))
"""RFC 6052 2.1: the last 32 bits are the IPv4 address."""


class Networks:
    """Networks by length of prefix: a look-up costs one dictionary access a length that occurs."""

    def __init__(self, networks: Iterable[tuple[str, int]]) -> None:
        self._by_length: dict[tuple[int, int], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        for text, number in networks:
            network = ip_network(text)
            shift = network.max_prefixlen - network.prefixlen
            self._by_length[network.version, shift][int(network.network_address) >> shift].add(number)

    def owners(self, address: str) -> frozenset[int]:
        """The platforms whose networks hold the address, or the IPv4 address that an IPv6 one carries.

        A text that only looks like an address (another reader's `3405803777`) belongs to nobody.
        """
        found: set[int] = set()
        try:
            parsed = ip_address(address)
        except ValueError:
            return frozenset()
        for candidate in _carried(parsed):
            for (version, shift), networks in self._by_length.items():
                if version == candidate.version:
                    found |= networks.get(int(candidate) >> shift, set())
        return frozenset(found)


def _carried(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """The address, and what it stands for where it is IPv4-mapped, 6to4 (RFC 3056), Teredo (RFC 4380) or NAT64."""
    yield address
    if isinstance(address, IPv6Address):
        yield from (a for a in (address.ipv4_mapped, address.sixtofour) if a)
        if address.teredo:
            yield address.teredo[1]
        if int(address) >> 32 == _NAT64 >> 32:
            yield IPv4Address(int(address) & 0xFFFFFFFF)
