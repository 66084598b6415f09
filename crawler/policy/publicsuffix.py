"""The Public Suffix List with its private section, as bundled with tldextract: no download, ever.

`import tldextract` imports requests and costs a third of a second, so the snapshot is read as a file. The list keeps
neighbours apart: whoever rents `shop.cloudfront.net` is not the neighbour's `pictures.cloudfront.net`
(https://publicsuffix.org/list/, algorithm as published there).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from ..errors import DesistError
from ..urls import canonical_host

__all__ = ["PublicSuffixes", "list_path", "parse", "suffixes"]

_SNAPSHOT: Final = ".tld_set_snapshot"


class PublicSuffixes(msgspec.Struct, frozen=True):
    """The rules of one list; hosts are canonical (`desist.urls`)."""

    version: str
    """SHA-256 of the list's bytes, hexadecimal."""
    names: frozenset[str]
    wildcards: frozenset[str]
    """`*.ck` as `ck`."""
    exceptions: frozenset[str]
    """`!www.ck` as `www.ck`."""

    def is_public_suffix(self, host: str) -> bool:
        """Whether registrations by unrelated people happen directly below `host`; an unlisted top level counts."""
        if host in self.exceptions:
            return False
        if host in self.names or "." not in host:
            return True
        return host.partition(".")[2] in self.wildcards

    def registrable(self, host: str) -> str:
        """The public suffix and one label more; empty where `host` is itself a suffix."""
        labels = host.split(".")
        for start in range(1, len(labels) + 1):
            if self.is_public_suffix(".".join(labels[start:])):
                return "" if self.is_public_suffix(host) else ".".join(labels[start - 1 :])
        return ""


def parse(text: str, version: str = "") -> PublicSuffixes:
    """Read a list in its published format: a rule a line, `//` comments, `*.` and `!` prefixes."""
    names: set[str] = set()
    wildcards: set[str] = set()
    exceptions: set[str] = set()
    for line in text.splitlines():
        rule = line.split(maxsplit=1)[0] if line.strip() else ""
        if not rule or rule.startswith("//"):
            continue
        kind = exceptions if rule.startswith("!") else wildcards if rule.startswith("*.") else names
        kind.add(_canonical(rule.removeprefix("!").removeprefix("*.")))
    return PublicSuffixes(version, frozenset(names), frozenset(wildcards), frozenset(exceptions))


def _canonical(name: str) -> str:
    """A rule's name in punycode; most rules are ASCII and need nothing."""
    return name if name.isascii() else canonical_host(name)


def list_path() -> Path:
    """Where tldextract's bundled snapshot lies; `DesistError` where the package is not installed."""
    spec = find_spec("tldextract")
    if spec is None or spec.origin is None:
        raise DesistError("the Public Suffix List is missing", help="install tldextract: pip install tldextract")
    return Path(spec.origin).with_name(_SNAPSHOT)


@lru_cache(maxsize=1)
def version() -> str:
    """SHA-256 of the bundled list, without parsing it."""
    return hashlib.sha256(list_path().read_bytes()).hexdigest()


@lru_cache(maxsize=1)
def suffixes() -> PublicSuffixes:
    """The bundled list, parsed once a process."""
    data = list_path().read_bytes()
    return parse(data.decode("utf-8"), hashlib.sha256(data).hexdigest())
