"""A notice: a formal demand or one's own decision, its dates, its scope and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator

from .fields import Count, Flag, FullHash, Hosts, Id, Slugs, Text, Texts, listed
from .parts import Entered, Limit, Part, Party, Recipient, Scope, Status, StatusChange
from .when import BEGINNING, WhenField

__all__ = ["CrawlEffect", "Dates", "Event", "Ground", "Instrument", "Letter", "Notice", "Reply", "Retention"]


class Instrument(StrEnum):
    """What a notice is."""

    CEASE_AND_DESIST = "cease_and_desist"
    """A letter that tells the recipient to stop."""
    DEMAND_LETTER = "demand_letter"
    """A letter that asks for more than to stop: deletion, an answer."""
    WARNING = "warning"
    """A warning, an e-mail, a call."""
    FORMAL_NOTICE = "formal_notice"
    """A notice in a form that a law or contract prescribes."""
    REGULATOR_NOTICE = "regulator_notice"
    """A letter of an authority that orders nothing yet."""
    REGULATOR_ORDER = "regulator_order"
    """An order of an authority: refuses on basis `regulator-order`."""
    COURT_ORDER = "court_order"
    """An order of a court: refuses on basis `court-order`."""
    CONSENT_ORDER = "consent_order"
    """An order of a court to which both sides agreed: refuses on basis `court-order`."""
    SETTLEMENT = "settlement"
    """What both sides agreed on."""
    LAWSUIT = "lawsuit"
    """A complaint that was filed."""
    OWN_DECISION = "own_decision"
    """Nobody wrote: the crawler decided so."""
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
    """The date on the letter."""
    sent: WhenField | None = None
    """When it was sent."""
    alternative: WhenField | None = None
    """Another date that a source gives for the sending."""
    made: WhenField | None = None
    """When an order or decision was made."""
    filed: WhenField | None = None
    """When a paper was filed in court."""
    entered: WhenField | None = None
    """When a court entered it."""
    published: WhenField | None = None
    """When it was published."""
    reported: WhenField | None = None
    """When it was first reported."""
    reply_due: WhenField | None = None
    """Recorded, never waited for."""
    comply_by: WhenField | None = None
    """Recorded, never waited for."""
    deadline: Text | None = None
    """A deadline in words, for example two months."""
    precision: Literal["minute", "day", "about", "week", "month", "year"] | None = None
    """How exact these dates are."""
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
    """When it happened."""
    what: Text
    """What happened, in a sentence."""
    source: Text | None = None
    """Where it is known from."""


class Ground(Part):
    """On what a demand is founded; a scalar is its kind."""

    scalar = "kind"
    kind: Text
    """terms, policy, robots, statute, copyright, contract, order, ..."""
    detail: Text | None = None
    """Which statute or policy."""
    terms: Id | None = None
    """The id of the terms document in this set."""
    section: Text | None = None
    """Of the terms or statute."""


class Reply(Part):
    """That a reply was made; what it argues stays outside."""

    scalar = "what"
    at: WhenField | None = None
    """When."""
    by: Text | None = None
    """Who replied."""
    what: Text | None = None
    """That it was made, in a word."""
    document_sha256: FullHash | None = None
    """Of the paper, kept elsewhere."""


class Letter(Part):
    """The paper itself: kept elsewhere, known by its hash; a scalar is the hash."""

    scalar = "sha256"
    sha256: FullHash | None = None
    """Of the file, kept elsewhere."""
    media_type: Text | None = None
    """For example application/pdf."""
    pages: Count | None = None
    """How many."""
    received_via: Text | None = None
    """Post, e-mail, process server."""
    signature_seen: Flag = False
    """Whether it bears one."""
    redacted: Flag = False
    """Whether the copy on hand is."""


class Retention(Part):
    """Deletion demanded against the duty to keep evidence."""

    delete_by: WhenField | None = None
    """When the letter wants data deleted."""
    legal_hold: Flag = False
    """Whether evidence must be kept."""
    note: Text | None = None
    """How the two go together."""


class Notice(Entered):
    """A formal demand, or one's own decision, with its scope and what became of it."""

    notice: Id
    """Its id, under which refusals are filed."""
    instrument: Instrument
    """What kind of paper it is."""
    instrument_note: Text | None = None
    """What is special about it."""
    sender: Party | None = None
    """Who sent it."""
    recipient: Recipient | None = None
    """To whom it was sent."""
    addressed_to: Literal["us", "other"] = "us"
    """`other`: somebody else's letter. It shows the platform's stance and stays the docket."""
    platforms: Slugs = ()
    """Slugs of the platforms that it is about."""
    hosts: Hosts | None = None
    """Absent: the platforms' hosts, infrastructure, project and defensive ones aside. `all`: these too. A list: these
    names and all below them, and nothing else of the platforms."""
    received_at: WhenField | None = None
    """When force starts."""
    effective_at: WhenField | None = None
    """Where the letter says that it holds from an earlier time."""
    crawl_effect: CrawlEffect = CrawlEffect.BLOCK
    """What it means for a crawl."""
    scope: Scope = Scope()
    """What it covers; absent: all."""
    dates: Dates = Dates()
    """All dates that sources give."""
    demands: Texts = ()
    """stop_access, stop_collecting, stop_use, stop_display, stop_sale, delete_collected, delete_derived,
    provide_information, preserve_evidence, confirm_in_writing, identify_automation, cease_marketing, ..."""
    grounds: Annotated[tuple[Ground, ...], BeforeValidator(listed)] = ()
    """On what it is founded."""
    measures: Texts = ()
    """Announced or taken: ip_block, account_disabled, technical_barrier. Evading them aggravates."""
    retention: Retention | None = None
    """What it says of data that is held."""
    reply: Reply | None = None
    """That there was one."""
    document: Letter | None = None
    """The paper."""
    document_sha256: FullHash | None = None
    """Short for `document: {sha256: ...}`."""
    limits: tuple[Limit, ...] = ()
    """Orders that limit, widen or confirm it."""
    status_history: tuple[StatusChange, ...] = ()
    """What became of it, oldest first. Lines are added, never edited."""
    events: tuple[Event, ...] = ()
    """What happened later."""
    outcome: Text | None = None
    """How it ended, in a sentence."""
    related: Texts = ()
    """Ids of notices that belong with it."""

    @property
    def key(self) -> str:
        """The id."""
        return str(self.notice)

    @property
    def force(self) -> datetime:
        """Since when it is in force: the earliest instant that the text allows; BEGINNING where it gives none."""
        said = [when.earliest for when in (self.received_at, self.effective_at) if when is not None]
        if said and self.entered_at is not None and self.instrument is not Instrument.OWN_DECISION:
            said.append(self.entered_at.earliest)  # what was entered had been received by then, whatever its date says
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
        """The changes that count, in the order of their dates, and as written where two have one date.

        One that loosens without a document and two names changes nothing; for a letter to somebody else a named source
        stands in for these. Not the order in which they take force: a withdrawal may do so later than what undid it.
        """
        counted = [c for c in self.status_history if self.counts(c, loosens=c.status.loosens) and not self.undone(c)]
        return tuple(sorted(counted, key=lambda change: change.at.earliest))

    def undone(self, change: StatusChange) -> bool:
        """Whether a line was written after this one that says `in_force`, from no later a date: a plan taken back."""
        later = self.status_history[self.status_history.index(change) + 1 :]
        back = (c for c in later if c.status is Status.IN_FORCE and c.at.earliest <= change.at.earliest)
        return change.status.loosens and next(back, None) is not None

    @property
    def orders(self) -> tuple[Limit, ...]:
        """The limiting orders that count, by the same rule."""
        return tuple(limit for limit in self.limits if limit.force and self.counts(limit, loosens=limit.effect.loosens))

    def counts(self, change: StatusChange | Limit, *, loosens: bool) -> bool:
        """Whether a change has the evidence that it needs."""
        known = bool(change.sources or self.sources) and self.addressed_to == "other"
        return not loosens or change.backed or known
