"""Terms: one recorded version of a platform document, with its clauses."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .fields import Count, Hash, Id, Purposes, Slug, Text, Texts, YesNo, listed
from .parts import Confidence, Entered, Part, PathPatterns
from .when import BEGINNING, WhenField

__all__ = ["Archive", "Clause", "Terms", "TermsChange", "Topic"]


class Topic(StrEnum):
    """What a clause of terms speaks of."""

    AUTOMATED_ACCESS = "automated_access"
    """Crawling, scraping, bots."""
    AI_TRAINING = "ai_training"
    """Training models on it."""
    COMMERCIAL_REUSE = "commercial_reuse"
    """Selling or showing it elsewhere."""
    FACE_OR_BIOMETRIC = "face_or_biometric"
    """Recognising persons."""
    PERSONAL_DATA = "personal_data"
    """Collecting data about persons."""
    CACHING = "caching"
    """Keeping copies."""
    CIRCUMVENTION = "circumvention"
    """Going round blocks and logins."""
    DOWNSTREAM_ROUTE = "downstream_route"
    """Taking it from others who have it."""


class Clause(Part):
    """One clause of terms, in the project's own words."""

    topic: Topic
    """What it speaks of."""
    effect: Literal["forbids", "conditional", "reserves", "permits"]
    """What it does."""
    section: Text | None = None
    """Its number in the document."""
    location: Text | None = None
    """Where it stands in the recorded file, for example line 38."""
    summary: Text | None = None
    """What it says, in own words."""
    conditions: Annotated[
        tuple[Literal["permission", "robots_txt", "search_engine", "api", "licence", "law", "purpose"], ...],
        BeforeValidator(listed),
    ] = ()
    """What lifts it, where the effect is conditional."""
    purposes: Annotated[Purposes, Field(min_length=1)] | None = None
    """For which purposes it speaks; absent: what its topic says."""
    paths: PathPatterns | None = None
    """Path patterns (RFC 9309 2.2.3) that it speaks of; absent: every path."""
    scope: Literal["general", "narrow"] = "general"
    """Whether it is about crawling in general, or about something narrower."""
    applies_logged: Literal["in", "out", "both", "unstated"] = "unstated"
    """To whom it speaks: those who are logged in, or out."""
    confidence: Confidence | None = None
    """How well it is known, where that differs from the document."""
    read_by: Text | None = None
    """Who read it."""
    read_on: WhenField | None = None
    """When it was read."""


class Archive(Part):
    """Where the recorded text is kept; a scalar is its name."""

    scalar = "name"
    name: Text
    """Of the archive."""
    path: Text | None = None
    """In the archive."""
    commit: Text | None = None
    """The commit whose bytes were hashed."""
    version_commit: Text | None = None
    """The commit that changed the text last."""
    licence: Text | None = None
    """Of the archive."""


class TermsChange(Part):
    """A change of the text that an archive recorded."""

    recorded: WhenField
    """When the archive recorded it."""
    change: Text
    """What changed, in own words."""
    commit: Text | None = None
    """Of the archive."""


class Terms(Entered):
    """One recorded version of a platform document, with its clauses."""

    terms: Id
    """Its id."""
    platform: Slug
    """The slug of the platform."""
    document: Text
    """The title, as printed."""
    kind: Literal["tos", "aup", "guidelines", "developer", "commercial", "robots", "other"] = "tos"
    """What kind of document it is."""
    language: Text | None = None
    """Of the text that was read."""
    jurisdiction: Text | None = None
    """For whom this variant is."""
    published_on: WhenField | None = None
    """When it was published."""
    effective_from: WhenField | None = None
    """Since when it holds, by its own words."""
    effective_until: WhenField | None = None
    """Until when it held."""
    recorded_at: WhenField | None = None
    """When an archive recorded this version: it may have been in effect before."""
    first_recorded: WhenField | None = None
    """When an archive recorded the document first."""
    versions_recorded: Count | None = None
    """How many versions the archive has."""
    last_seen_unchanged_on: WhenField | None = None
    """When somebody last compared it."""
    archive: Archive | None = None
    """Where the text is kept."""
    sha256: Hash | None = None
    """Of the recorded text; the text itself is not kept here."""
    clauses: tuple[Clause, ...] = ()
    """What it says on the topics that matter to a crawl."""
    silent_on: Annotated[tuple[Topic, ...], BeforeValidator(listed)] = ()
    """Topics on which it was read and says nothing."""
    incorporates: Texts = ()
    """Documents that it makes its own by reference."""
    robots_is_not_permission: YesNo = "unstated"
    """Whether it says that robots.txt gives no leave."""
    summary: Text | None = None
    """What it says, in a sentence."""
    changes: tuple[TermsChange, ...] = ()
    """What earlier versions said."""

    @property
    def key(self) -> str:
        """The id."""
        return str(self.terms)

    @property
    def force(self) -> datetime:
        """Since when it is in force, by the earliest reading."""
        when = self.effective_from or self.published_on or self.recorded_at
        return when.earliest if when is not None else BEGINNING

    @property
    def end(self) -> datetime | None:
        """Until when it is in force, by the latest reading; None: still."""
        return self.effective_until.late_end if self.effective_until is not None else None

    @property
    def assumed(self) -> bool:
        """Whether the start was inferred from a recording."""
        return self.effective_from is None
