"""The four kinds of policy document: platform, notice, terms, permission.

The field names are those of the YAML. Facts only: counsel's reading, a position taken and the scan of a letter stay
outside, the scan by its hash. `policies/schema.json` is generated from these classes.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from ..model import Role
from .fields import (
    Count,
    Flag,
    FullHash,
    Hash,
    HostName,
    Id,
    Names,
    Network,
    Purposes,
    Slug,
    Text,
    Texts,
    YesNo,
    listed,
)
from .parts import Confidence, Entered, Limit, Part, Party, PathPatterns, Recipient, Scope, StatusChange
from .when import BEGINNING, WhenField

__all__ = [
    "KINDS",
    "Archive",
    "Clause",
    "CrawlEffect",
    "Dates",
    "Document",
    "Event",
    "Ground",
    "HostPattern",
    "HostRule",
    "Hosts",
    "Instrument",
    "Letter",
    "Notice",
    "Permission",
    "Platform",
    "Reply",
    "Terms",
    "TermsChange",
    "Topic",
]

Slugs = Annotated[tuple[Slug, ...], BeforeValidator(listed)]
Ids = Annotated[tuple[Id, ...], BeforeValidator(listed)]


class HostRule(Part):
    """A host of a platform; a scalar is its name."""

    scalar = "host"
    host: HostName
    match: Literal["suffix", "exact"] = "suffix"
    """`suffix`: this name and all below it; `exact`: this name alone."""
    role: Role = Role.SITE
    """Bounds what the rule reaches: see `Role`."""
    source: Text | None = None
    """Where it is known from: the name of one of the platform's `sources`, or a list within it (v2fly/facebook)."""
    also_in: Texts = ()
    checked_on: WhenField | None = None
    confidence: Confidence | None = None
    """Absent: as the platform document says."""
    on_shared_provider: Flag = False
    """It stands on a hosting provider's domain, for example a bucket."""
    note: Text | None = None


class HostPattern(Part):
    """A regular expression that a source gives for host names: kept as a record, matched by nothing."""

    regexp: Text
    source: Text | None = None


class Platform(Entered):
    """A service with an operator and a family of hosts. The same slug in a later folder extends it."""

    platform: Slug
    name: Text | None = None
    """Absent: the slug, or what an earlier folder says."""
    operator: Text | None = None
    formerly: Texts = ()
    """Names that older letters use: Twitter."""
    successor_of: Texts = ()
    hosts: Annotated[tuple[HostRule, ...], BeforeValidator(listed)] = ()
    addresses: Annotated[tuple[Network, ...], BeforeValidator(listed)] = ()
    """The platform's own networks, for URLs that give an address."""
    host_patterns: tuple[HostPattern, ...] = ()
    terms_hosts: Texts = ()
    """From which hosts its terms were recorded."""
    v2fly_lists: Texts = ()
    """Lists of domain-list-community that `desist policy refresh` compares with."""

    @property
    def key(self) -> str:
        """The slug."""
        return str(self.platform)


class Instrument(StrEnum):
    """What a notice is."""

    CEASE_AND_DESIST = "cease_and_desist"
    DEMAND_LETTER = "demand_letter"
    WARNING = "warning"
    FORMAL_NOTICE = "formal_notice"
    REGULATOR_NOTICE = "regulator_notice"
    REGULATOR_ORDER = "regulator_order"
    COURT_ORDER = "court_order"
    CONSENT_ORDER = "consent_order"
    SETTLEMENT = "settlement"
    LAWSUIT = "lawsuit"
    OWN_DECISION = "own_decision"
    CONTEXT = "context"
    """No demand at all: facts kept beside the notices."""


class CrawlEffect(StrEnum):
    """What a notice means for a crawl; a letter about marketing need not be a crawl ban."""

    BLOCK = "block"
    """Refuses what its scope covers."""
    RESTRICT = "restrict"
    """As `block`, where the scope names purposes, paths or hosts: it says that the rest stays allowed by it."""
    NONE = "none"
    """Refuses nothing: context."""


class Dates(Part):
    """The dates of a letter. Force comes from `received_at` of the notice, else from the earliest of these."""

    dated: WhenField | None = None
    sent: WhenField | None = None
    alternative: WhenField | None = None
    """Another date that a source gives for the sending."""
    made: WhenField | None = None
    filed: WhenField | None = None
    entered: WhenField | None = None
    published: WhenField | None = None
    reported: WhenField | None = None
    reply_due: WhenField | None = None
    comply_by: WhenField | None = None
    """Recorded, never waited for."""
    deadline: Text | None = None
    """A deadline in words, for example two months."""
    precision: Literal["minute", "day", "about", "week", "month", "year"] | None = None
    basis: Text | None = None
    """From what the date was inferred."""

    @property
    def earliest(self) -> datetime | None:
        """The earliest instant at which the recipient may have had it, by these dates."""
        given = (
            self.dated,
            self.sent,
            self.alternative,
            self.made,
            self.filed,
            self.entered,
            self.published,
            self.reported,
        )
        return min((when.earliest for when in given if when is not None), default=None)


class Event(Part):
    """Something that happened later: a reply, a suit, a judgment."""

    at: WhenField | None = None
    what: Text
    source: Text | None = None


class Ground(Part):
    """On what a demand is founded; a scalar is its kind."""

    scalar = "kind"
    kind: Text
    """terms, policy, robots, statute, copyright, contract, order, ..."""
    detail: Text | None = None
    terms: Id | None = None
    """The id of the terms document in this set."""
    section: Text | None = None


class Reply(Part):
    """That a reply was made; what it argues stays outside."""

    scalar = "what"
    at: WhenField | None = None
    by: Text | None = None
    what: Text | None = None
    document_sha256: FullHash | None = None


class Letter(Part):
    """The paper itself: kept elsewhere, known by its hash; a scalar is the hash."""

    scalar = "sha256"
    sha256: FullHash | None = None
    media_type: Text | None = None
    pages: Count | None = None
    received_via: Text | None = None
    signature_seen: Flag = False
    redacted: Flag = False


class Retention(Part):
    """Deletion demanded against the duty to keep evidence."""

    delete_by: WhenField | None = None
    legal_hold: Flag = False
    note: Text | None = None


def _hosts(value: object) -> object:
    """`all` stays a word of its own, any other scalar is a list of one."""
    return ("all",) if value == "all" else listed(value)


def _hosts_or_all(value: tuple[str, ...]) -> tuple[str, ...]:
    if "all" in value and len(value) > 1:
        raise PydanticCustomError("bad_host", "`all` stands alone")
    return value


Hosts = Annotated[tuple[HostName, ...], BeforeValidator(_hosts), AfterValidator(_hosts_or_all), Field(min_length=1)]
"""`("all",)`, or names that each mean themselves and all below."""


class Notice(Entered):
    """A formal demand, or one's own decision, with its scope and what became of it."""

    notice: Id
    instrument: Instrument
    instrument_note: Text | None = None
    sender: Party | None = None
    recipient: Recipient | None = None
    addressed_to: Literal["us", "other"] = "us"
    """`other`: somebody else's letter. It shows the platform's stance and stays the docket."""
    platforms: Slugs = ()
    hosts: Hosts | None = None
    """Absent: the platforms' hosts, infrastructure, project and defensive ones aside. `all`: these too. A list: these
    names and all below them, and nothing else of the platforms."""
    received_at: WhenField | None = None
    """When force starts."""
    effective_at: WhenField | None = None
    """Where the letter says that it holds from an earlier time."""
    crawl_effect: CrawlEffect = CrawlEffect.BLOCK
    scope: Scope = Scope()
    dates: Dates = Dates()
    demands: Texts = ()
    """stop_access, stop_collecting, stop_use, stop_display, stop_sale, delete_collected, delete_derived,
    provide_information, preserve_evidence, confirm_in_writing, identify_automation, cease_marketing, ..."""
    grounds: tuple[Ground, ...] = ()
    measures: Texts = ()
    """Announced or taken: ip_block, account_disabled, technical_barrier. Evading them aggravates."""
    retention: Retention | None = None
    reply: Reply | None = None
    document: Letter | None = None
    document_sha256: FullHash | None = None
    """Short for `document: {sha256: ...}`."""
    limits: tuple[Limit, ...] = ()
    status_history: tuple[StatusChange, ...] = ()
    events: tuple[Event, ...] = ()
    outcome: Text | None = None
    related: Texts = ()

    @property
    def key(self) -> str:
        """The id."""
        return str(self.notice)

    @property
    def force(self) -> datetime:
        """Since when it is in force: the earliest instant that the text allows; BEGINNING where it gives none."""
        said = [when.earliest for when in (self.received_at, self.effective_at) if when is not None]
        return min(said) if said else self.dates.earliest or BEGINNING

    @property
    def assumed(self) -> bool:
        """Whether `force` was inferred: no exact moment of receipt is on file."""
        return not (self.received_at is not None and self.received_at.exact) and self.effective_at is None

    @property
    def dated(self) -> bool:
        """Whether any date gives its force."""
        return self.force != BEGINNING

    @property
    def document_hash(self) -> str | None:
        """The SHA-256 of the paper."""
        return self.document_sha256 or (self.document.sha256 if self.document else None)

    @property
    def changes(self) -> tuple[StatusChange, ...]:
        """The changes that count, in order: one that loosens without a document and two names changes nothing.

        For a letter to somebody else a named source stands in for these.
        """
        counted = (c for c in self.status_history if self.counts(c, loosens=c.status.loosens))
        return tuple(sorted(counted, key=lambda change: change.force))

    @property
    def orders(self) -> tuple[Limit, ...]:
        """The limiting orders that count, by the same rule."""
        return tuple(limit for limit in self.limits if limit.force and self.counts(limit, loosens=limit.effect.loosens))

    def counts(self, change: StatusChange | Limit, *, loosens: bool) -> bool:
        """Whether a change has the evidence that it needs."""
        known = bool(change.sources or self.sources) and self.addressed_to == "other"
        return not loosens or change.backed or known


class Topic(StrEnum):
    """What a clause of terms speaks of."""

    AUTOMATED_ACCESS = "automated_access"
    AI_TRAINING = "ai_training"
    COMMERCIAL_REUSE = "commercial_reuse"
    FACE_OR_BIOMETRIC = "face_or_biometric"
    PERSONAL_DATA = "personal_data"
    CACHING = "caching"
    CIRCUMVENTION = "circumvention"
    DOWNSTREAM_ROUTE = "downstream_route"


class Clause(Part):
    """One clause of terms, in the project's own words."""

    topic: Topic
    effect: Literal["forbids", "conditional", "reserves", "permits"]
    section: Text | None = None
    location: Text | None = None
    """Where it stands in the recorded file, for example line 38."""
    summary: Text | None = None
    conditions: Annotated[
        tuple[Literal["permission", "robots_txt", "search_engine", "api", "licence", "law", "purpose"], ...],
        BeforeValidator(listed),
    ] = ()
    """What lifts it, where the effect is conditional."""
    purposes: Annotated[Purposes, Field(min_length=1)] | None = None
    """For which purposes it speaks; absent: what its topic says."""
    paths: PathPatterns | None = None
    scope: Literal["general", "narrow"] = "general"
    applies_logged: Literal["in", "out", "both", "unstated"] = "unstated"
    confidence: Confidence | None = None
    read_by: Text | None = None
    read_on: WhenField | None = None


class Archive(Part):
    """Where the recorded text is kept; a scalar is its name."""

    scalar = "name"
    name: Text
    path: Text | None = None
    commit: Text | None = None
    """The commit whose bytes were hashed."""
    version_commit: Text | None = None
    """The commit that changed the text last."""
    licence: Text | None = None


class TermsChange(Part):
    """A change of the text that an archive recorded."""

    recorded: WhenField
    change: Text
    commit: Text | None = None


class Terms(Entered):
    """One recorded version of a platform document, with its clauses."""

    terms: Id
    platform: Slug
    document: Text
    kind: Literal["tos", "aup", "guidelines", "developer", "commercial", "robots", "other"] = "tos"
    language: Text | None = None
    jurisdiction: Text | None = None
    published_on: WhenField | None = None
    effective_from: WhenField | None = None
    effective_until: WhenField | None = None
    recorded_at: WhenField | None = None
    """When an archive recorded this version: it may have been in effect before."""
    first_recorded: WhenField | None = None
    versions_recorded: Count | None = None
    last_seen_unchanged_on: WhenField | None = None
    archive: Archive | None = None
    sha256: Hash | None = None
    """Of the recorded text; the text itself is not kept here."""
    clauses: tuple[Clause, ...] = ()
    silent_on: Annotated[tuple[Topic, ...], BeforeValidator(listed)] = ()
    """Topics on which it was read and says nothing."""
    incorporates: Texts = ()
    """Documents that it makes its own by reference."""
    robots_is_not_permission: YesNo = "unstated"
    summary: Text | None = None
    changes: tuple[TermsChange, ...] = ()

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


class Permission(Entered):
    """A licence or written consent: what it overrides, for whom, for what, until when."""

    permission: Id
    platforms: Slugs = Field(alias="platform")
    instrument: Literal["licence", "api_agreement", "written_consent", "settlement", "court_order", "law"]
    grantor: Party | None = None
    grantee: Recipient | None = None
    addressed_to: Literal["us", "other"] = "us"
    """`other`: somebody else's licence. It never helps us."""
    overrides: Ids = ()
    """The notices and terms that it lifts, by id: nothing else is lifted."""
    purposes: Annotated[Purposes, Field(min_length=1)] | None = None
    """Must be said: `any`, or the purposes it is given for."""
    paths: PathPatterns | None = None
    """Absent: every path of the hosts."""
    hosts: Hosts | None = None
    """Absent: the platforms' hosts."""
    start: WhenField | None = Field(default=None, alias="from")
    until: WhenField | None = None
    """The day named is included."""
    revoked_at: WhenField | None = None
    revocable_at_will: Flag = False
    territory: Text | None = None
    rate_limit: Text | None = None
    user_agent: Text | None = None
    document_sha256: FullHash | None = None
    by: Names = ()
    """Short for `approved_by`."""

    @property
    def key(self) -> str:
        """The id."""
        return str(self.permission)

    @property
    def approved(self) -> bool:
        """Whether two different persons approved it."""
        return len({name.casefold() for name in (*self.approved_by, *self.by)}) >= 2

    @property
    def force(self) -> datetime | None:
        """From when it lifts, by the latest reading; None: it lifts nothing."""
        return self.start.late_start if self.start is not None else None

    @property
    def end(self) -> datetime | None:
        """Until when it lifts, by the earliest reading; None: no end is known."""
        ends = [w for w in (self.until and self.until.early_end, self.revoked_at and self.revoked_at.earliest) if w]
        return min(ends, default=None)

    @property
    def helps(self) -> bool:
        """Whether it can lift anything for us: start, purposes, ids to override, a document and two names are given."""
        complete = self.start and self.purposes and self.overrides and self.document_sha256 and self.approved
        return self.addressed_to == "us" and bool(complete)


Document = Platform | Notice | Terms | Permission
KINDS: dict[str, type[Document]] = {"notice": Notice, "terms": Terms, "permission": Permission, "platform": Platform}
"""The key that makes a document one of its kind, in the order in which they are looked for."""
