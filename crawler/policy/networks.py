"""Which platforms an IP address belongs to, by the networks that their documents name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

__all__ = ["Networks"]

_NAT64: Final = int(IPv6Address("64:ff9b::"))
"""RFC 6052 2.1: the last 32 bits are the IPv4 address."""
_LOCAL_NAT64: Final = int(IPv6Address("64:ff9b:1::"))
"""RFC 8215: a /48 of which a network cuts its own prefix, so that the address may lie in any place of RFC 6052 2.2."""


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
    """The address, and the IPv4 address that it may carry.

    IPv4-mapped and IPv4-compatible (RFC 4291 2.5.5), 6to4 (RFC 3056), Teredo (RFC 4380), NAT64.
    """
    yield address
    if isinstance(address, IPv6Address):
        yield from (a for a in (address.ipv4_mapped, address.sixtofour) if a)
        if address.teredo:
            yield address.teredo[1]
        bits = int(address)
        if bits >> 32 in {0, _NAT64 >> 32}:
            yield IPv4Address(bits & 0xFFFFFFFF)
        if bits >> 80 == _LOCAL_NAT64 >> 80:
            split = bits >> 64, bits >> 24 & 0xFFFFFFFF  # the octet between them is none of the address
            yield IPv4Address((split[0] & 0xFFFF) << 16 | split[1] >> 16)
            yield IPv4Address((split[0] & 0xFF) << 24 | split[1] >> 8)
            yield IPv4Address(split[1])
            yield IPv4Address(bits & 0xFFFFFFFF)
