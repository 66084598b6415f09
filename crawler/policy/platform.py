"""A platform: a service with an operator and a family of hosts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from ..model import Role
from .fields import Flag, HostName, Network, Slug, Text, Texts, listed
from .parts import Confidence, Entered, Part
from .when import WhenField

__all__ = ["HostPattern", "HostRule", "Platform"]


class HostRule(Part):
    """A host of a platform; a scalar is its name."""

    scalar = "host"
    host: HostName
    """A host name; international ones in either form."""
    match: Literal["suffix", "exact"] = "suffix"
    """`suffix`: this name and all below it; `exact`: this name alone."""
    role: Role = Role.SITE
    """Bounds what the rule reaches: see `Role`."""
    source: Text | None = None
    """Where it is known from: the name of one of the platform's `sources`, or a list within it (v2fly/facebook)."""
    also_in: Texts = ()
    """Other lists that have it."""
    checked_on: WhenField | None = None
    """When somebody last looked."""
    confidence: Confidence | None = None
    """Absent: as the platform document says."""
    on_shared_provider: Flag = False
    """It stands on a hosting provider's domain, for example a bucket."""
    note: Text | None = None
    """Anything else."""


class HostPattern(Part):
    """A regular expression that a source gives for host names: kept as a record, matched by nothing."""

    regexp: Text
    """As the source writes it."""
    source: Text | None = None
    """Which source."""


class Platform(Entered):
    """A service with an operator and a family of hosts. The same slug in a later folder extends it."""

    platform: Slug
    """Its slug: how every other document names it."""
    name: Text | None = None
    """Absent: the slug, or what an earlier folder says."""
    operator: Text | None = None
    """The firm that runs it."""
    formerly: Texts = ()
    """Names that older letters use: Twitter."""
    successor_of: Texts = ()
    """Platforms whose place it took."""
    hosts: Annotated[tuple[HostRule, ...], BeforeValidator(listed)] = ()
    """Its family of hosts."""
    addresses: Annotated[tuple[Network, ...], BeforeValidator(listed)] = ()
    """The platform's own networks, for URLs that give an address."""
    host_patterns: tuple[HostPattern, ...] = ()
    """Patterns that sources give."""
    terms_hosts: Texts = ()
    """From which hosts its terms were recorded."""
    v2fly_lists: Texts = ()
    """Lists of domain-list-community that `desist policy refresh` compares with."""

    @property
    def key(self) -> str:
        """The slug."""
        return str(self.platform)
