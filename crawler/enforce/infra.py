"""Infrastructure of a process: what its projects declare and derive, and the addresses that these names have."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Final

from .destinations import Destinations

__all__ = ["Infra", "Judged"]

Judged = Callable[[str], bool]
"""Whether documents refuse a name or address."""
_KEPT: Final = 4_096


class Infra:
    """One a process. Lists come and go with their crawls; every use is judged, since a letter outranks a setting."""

    def __init__(self) -> None:
        self._lists: list[Destinations] = []
        self._names: dict[str, str] = {}
        """Address to the declared name that it was looked up for."""

    def add(self, listed: Destinations) -> Callable[[], None]:
        """Let these destinations pass until the returned function is called."""
        self._lists.append(listed)

        def remove() -> None:
            with contextlib.suppress(ValueError):
                self._lists.remove(listed)

        return remove

    def names(self, host: str) -> bool:
        """Whether some line declares this name, whatever the port."""
        return any(listed.names(host) for listed in list(self._lists))

    def learn(self, name: str, addresses: Iterable[str]) -> None:
        """Remember what a declared name stands for: it is the address that is dialled."""
        if len(self._names) > _KEPT:
            self._names.clear()
        self._names.update(dict.fromkeys(addresses, name))

    def covers(self, host: str, port: int) -> bool:
        """Whether a line declares this address, socket path or name, or the name that has this address."""
        name = self._names.get(host)
        return any(
            listed.allow(host, port) or (name is not None and listed.allow(name, port)) for listed in list(self._lists)
        )

    def name_of(self, address: str) -> str:
        """The declared name that has this address; the address itself where there is none."""
        return self._names.get(address, address)
