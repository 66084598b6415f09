"""What several kinds of policy document are made of: sources, parties, scopes, changes of status, limiting orders."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..model import ALL_PURPOSES
from .fields import Flag, FullHash, HostName, Names, PathPattern, Purposes, Text, Texts, YesNo, listed
from .when import WhenField

__all__ = [
    "Confidence",
    "Entered",
    "Limit",
    "LimitEffect",
    "Part",
    "Party",
    "PathPatterns",
    "Recipient",
    "Scope",
    "Source",
    "Sources",
    "Status",
    "StatusChange",
    "differ",
]

PathPatterns = Annotated[tuple[PathPattern, ...], BeforeValidator(listed), Field(min_length=1)]
"""A path pattern, or a list of at least one."""
Sources = Annotated[tuple["Source", ...], BeforeValidator(listed)]
"""A source, or a list of sources."""


class Part(BaseModel):
    """A mapping in a document: unknown keys are errors, values never change, a scalar is short for one key."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)
    scalar: ClassVar[str] = ""
    """The key that a scalar in place of the mapping stands for."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {cls.scalar: value} if cls.scalar and isinstance(value, str) else value


class Confidence(StrEnum):
    """How well a statement is known."""

    SEEN = "seen"
    """The document itself was read."""
    REPORTED = "reported"
    """Read in the press, a court paper or a party's words."""
    MEMORY = "memory"
    """From memory, unverified."""


class Source(Part):
    """Where a fact comes from; a scalar is its name."""

    scalar = "name"
    name: Text
    """The paper, register or archive."""
    title: Text | None = None
    """Of the article or filing."""
    outlet: Text | None = None
    """Who published it."""
    url: Text | None = None
    """Where it was seen."""
    date: Text | None = None
    """As printed: may be uncertain."""
    repo: Text | None = None
    """The repository, where it is in one."""
    commit: Text | None = None
    """Of the repository."""
    path: Text | None = None
    """In the repository."""
    licence: Text | None = None
    """Of the source."""
    checked_on: WhenField | None = None
    """When somebody last looked."""
    primary: Flag = False
    """A court paper or a party's own document."""
    confidence: Confidence | None = None
    """How well it is known, where that differs from the document."""
    note: Text | None = None
    """Anything else."""


class Party(Part):
    """Who sent a letter, granted a permission; a scalar is the name."""

    scalar = "name"
    name: Text
    """As it calls itself."""
    now: Text | None = None
    """The name that it bears today."""
    counsel: Text | None = None
    """Who wrote for it."""
    capacity: Literal["platform", "rightsholder", "regulator", "claimant", "court", "operator"] | None = None
    """In which role it speaks."""
    platforms: Annotated[tuple[Text, ...], BeforeValidator(listed)] = ()
    """What the sender named as its own, where this differs from the notice's platforms."""


class Recipient(Part):
    """To whom a letter or permission is addressed, and who else is bound by it; a scalar is the name."""

    scalar = "name"
    name: Text
    """As the letter calls it."""
    entities: Texts = ()
    """Further firms that it names."""
    officers: Texts = ()
    """Persons that it names."""
    affiliates: Literal["none", "named", "all", "unstated"] = "unstated"
    """Which of its affiliates are bound."""
    agents_and_contractors: YesNo = "unstated"
    """Whether they are bound."""
    successors: YesNo = "unstated"
    """Whether they are bound."""
    note: Text | None = None
    """Anything else."""


class Scope(Part):
    """What a notice, limit or permission covers. What a URL cannot tell (content, people) narrows nothing."""

    purposes: Annotated[Purposes, Field(min_length=1)] = ALL_PURPOSES
    """`any`, or a list of purposes: it covers these only."""
    paths: PathPatterns | None = None
    """Path patterns (RFC 9309 2.2.3) on the hosts; absent: every path."""
    content: Texts = ()
    """Kinds of content: images, video, profiles, listings, fares, all."""
    people: Text | None = None
    """Whose data, for example residents of a territory."""
    visibility: Literal["public", "logged_in", "both"] = "both"
    """Whether it speaks of public pages, of those behind a login, or of both."""
    routes: Literal["direct", "also_via_third_parties"] = "also_via_third_parties"
    """Whether content that comes through others (caches, archives, data vendors) is covered."""
    territory: Text | None = None
    """Where it holds, in words."""
    acts: Texts = ()
    """fetch, use, store, train, index, resell."""
    automation_only: Flag = False
    """Whether a person at a browser is left out."""
    applies_without_account: YesNo = "unstated"
    """Whether it binds those who never agreed to the terms."""
    note: Text | None = None
    """Anything else."""


class Status(StrEnum):
    """What became of a notice."""

    IN_FORCE = "in_force"
    """It refuses."""
    SUSPENDED = "suspended"
    """It refuses nothing for now."""
    NARROWED = "narrowed"
    """It refuses less than before."""
    WITHDRAWN = "withdrawn"
    """It refuses nothing more."""
    SUPERSEDED = "superseded"
    """Another document stands in its place."""
    ENTERED_IN_ERROR = "entered_in_error"
    """It never was what it seemed."""

    @property
    def loosens(self) -> bool:
        """Whether less is refused after it: such a change needs a document and two names."""
        return self is not Status.IN_FORCE


class _Backed(Part):
    """A statement that may loosen: the names behind it, the document it rests on, where it is known from."""

    by: Names = ()
    """The persons who entered it; two, where less is refused after it."""
    document_sha256: FullHash | None = None
    """Of the paper that says so, kept elsewhere."""
    sources: Sources = ()
    """Where it is known from."""
    entered_at: WhenField | None = None
    """When it was entered here; absent: together with the document."""
    note: Text | None = None
    """Anything else."""

    @property
    def backed(self) -> bool:
        """Whether a document and two different names stand behind it."""
        return self.document_sha256 is not None and differ(self.by)


class StatusChange(_Backed):
    """One line of a notice's status history. Lines are added, never edited."""

    at: WhenField
    """Since when, by the paper."""
    status: Status
    """What it is from then on."""
    scope: Scope | None = None
    """What the notice covers from then on, where it was narrowed."""
    hosts: Annotated[tuple[HostName, ...], BeforeValidator(listed)] | None = None
    """The hosts that it covers from then on, where it was narrowed to some."""
    reason: Text | None = None
    """Why, in a word."""
    order: Text | None = None
    """The order or later notice that brought it about."""

    @property
    def force(self) -> datetime:
        """Since when it counts: never earlier than it was entered, where it loosens."""
        return _force(self.at, self.entered_at, loosens=self.status.loosens)


class LimitEffect(StrEnum):
    """What an order does to a notice."""

    SUSPENDS = "suspends"
    """It refuses nothing while the order holds."""
    NARROWS = "narrows"
    """It refuses less."""
    WIDENS = "widens"
    """It refuses more."""
    CONFIRMS = "confirms"
    """It refuses as before."""

    @property
    def loosens(self) -> bool:
        """Whether less is refused under it."""
        return self in (LimitEffect.SUSPENDS, LimitEffect.NARROWS)


class Limit(_Backed):
    """An order that limits, widens or confirms a notice for a time (hiQ, 2017 to 2022)."""

    order: Text
    """The order, by its name."""
    effect: LimitEffect
    """What it does to the notice."""
    start: WhenField | None = Field(default=None, alias="from")
    """Since when; absent: it limits nothing."""
    until: WhenField | None = None
    """Until when; absent: until something else is entered."""
    scope: Scope | None = None
    """What the order speaks of: what is lifted where it suspends, what remains covered where it narrows."""

    @property
    def force(self) -> datetime | None:
        """Since when it counts; None where no start is known, and then it limits nothing."""
        return None if self.start is None else _force(self.start, self.entered_at, loosens=self.effect.loosens)


def _force(at: WhenField, entered_at: WhenField | None, *, loosens: bool) -> datetime:
    if not loosens:
        return at.earliest
    return at.late_start if entered_at is None else max(at.late_start, entered_at.late_start)


def differ(names: Iterable[str]) -> bool:
    """Whether these are the names of two persons: spaces, marks, accents' encoding and capitals make no second one."""
    plain = ("".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold())) for name in names)
    return len({name for name in plain if name}) >= 2


class Entered(Part):
    """What every document may say about its own making and evidence."""

    schema_: Text | None = Field(default=None, alias="$schema")
    """For editors only."""
    entered_at: WhenField | None = None
    """When it was entered here, for `--known-at`; absent: always known."""
    entered_by: Text | None = None
    """The person who typed it in."""
    approved_by: Names = ()
    """The persons who approved it."""
    supersedes: Texts = ()
    """Ids of earlier documents whose place it takes from its own start on."""
    confidence: Confidence = Confidence.SEEN
    """How well it is known."""
    confidence_note: Text | None = None
    """What is not known."""
    sources: Sources = ()
    """Where it is known from."""
    conflicts: Texts = ()
    """What sources say against each other, kept as such."""
    notes: Texts = ()
    """Facts for people; no gate reads them."""

    @property
    def two_names(self) -> bool:
        """Whether two different persons stand behind it."""
        return differ([*self.approved_by, *([self.entered_by] if self.entered_by else [])])
