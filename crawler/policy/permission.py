"""A permission: a licence or written consent, what it overrides, for what, until when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .fields import Flag, FullHash, Hosts, Id, Ids, Names, Purposes, Slugs, Text
from .parts import Entered, Party, PathPatterns, Recipient, differ
from .when import WhenField

__all__ = ["Permission"]


class Permission(Entered):
    """A licence or written consent: what it overrides, for whom, for what, until when."""

    permission: Id
    """Its id."""
    platforms: Slugs = Field(alias="platform")
    """Slugs of the platforms that gave it."""
    instrument: Literal["licence", "api_agreement", "written_consent", "settlement", "court_order", "law"]
    """What kind of paper it is."""
    grantor: Party | None = None
    """Who gave it."""
    grantee: Recipient | None = None
    """To whom it was given."""
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
    """Since when; absent: it lifts nothing."""
    until: WhenField | None = None
    """The day named is included."""
    revoked_at: WhenField | None = None
    """When it was revoked."""
    revocable_at_will: Flag = False
    """Whether the grantor may end it at any time."""
    territory: Text | None = None
    """Where it holds, in words."""
    rate_limit: Text | None = None
    """How fast, in words: no gate reads it."""
    user_agent: Text | None = None
    """The product token of the crawler that it is given for; absent: any."""
    document_sha256: FullHash | None = None
    """Of the paper, kept elsewhere."""
    by: Names = ()
    """Short for `approved_by`."""

    @property
    def key(self) -> str:
        """The id."""
        return str(self.permission)

    @property
    def approved(self) -> bool:
        """Whether two different persons approved it."""
        return differ((*self.approved_by, *self.by))

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
