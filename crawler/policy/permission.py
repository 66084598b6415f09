"""A permission: a licence or written consent, what it overrides, for what, until when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from .fields import Flag, FullHash, Hosts, Id, Ids, Names, Purposes, Slugs, Text
from .parts import Entered, Party, PathPatterns, Recipient
from .when import WhenField

__all__ = ["Permission"]


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
