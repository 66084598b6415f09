"""The values that every room shares: purposes, bases, places, signals, reasons, decisions.

Nothing here reads a file, a clock or the network, and nothing here imports another room.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

import msgspec

__all__ = [
    "ALL_PURPOSES",
    "NOT_ASKED",
    "UNREAD",
    "Basis",
    "Decision",
    "Effect",
    "Place",
    "Purpose",
    "Reason",
    "RobotsState",
    "RobotsVerdict",
    "Role",
    "Signal",
    "SignalVerdict",
    "Usage",
]

Effect = Literal["allow", "refuse"]


class Purpose(StrEnum):
    """What a spider fetches for. A spider that declares none is judged as if it had all."""

    INDEX = "index"
    ARCHIVE = "archive"
    RESEARCH = "research"
    MONITORING = "monitoring"
    TRAIN_AI = "train-ai"
    BIOMETRIC = "biometric"
    COMMERCIAL_REUSE = "commercial-reuse"


ALL_PURPOSES: Final = frozenset(Purpose)


class Usage(StrEnum):
    """The words in which signals speak; `desist.optout.purposes` maps them on to purposes.

    `fetch` is any request at all, `follow` is following the page's links; the others are the vocabularies of
    robots meta tags (index, archive), AIPREF (search, train-ai), Content-Signal (ai-input) and TDMRep (tdm).
    """

    FETCH = "fetch"
    INDEX = "index"
    ARCHIVE = "archive"
    SEARCH = "search"
    TRAIN_AI = "train-ai"
    AI_INPUT = "ai-input"
    TDM = "tdm"
    FOLLOW = "follow"


class Basis(StrEnum):
    """Why a fetch is refused, in governing order: the first one that applies speaks for the decision."""

    COURT_ORDER = "court-order"
    REGULATOR_ORDER = "regulator-order"
    NOTICE = "notice"
    TERMS = "terms"
    ROBOTS = "robots"
    OPTOUT = "optout"
    STATUS = "status"
    NOTICE_TO_OTHER = "notice-to-other"
    AMBIGUOUS = "ambiguous"
    INVALID_URL = "invalid-url"
    SCHEME = "scheme"
    PROXY = "proxy"
    ROBOTS_UNAVAILABLE = "robots-unavailable"
    POLICY_ERROR = "policy-error"
    PROCESS = "process"
    DEFAULT = "default"

    @property
    def rank(self) -> int:
        """Place in the governing order, 0 governs all others."""
        return _RANKS[self]


_RANKS: Final = {basis: rank for rank, basis in enumerate(Basis)}


class Role(StrEnum):
    """What a host of a platform is for; roles bound what a host rule reaches (ARCHITECTURE.md, 'Roles')."""

    SITE = "site"
    API = "api"
    CDN = "cdn"
    SHORTENER = "shortener"
    ADS = "ads"
    MAIL = "mail"
    TENANT = "tenant"
    INFRASTRUCTURE = "infrastructure"
    PROJECT = "project"
    DEFENSIVE = "defensive"


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a rule stands: a file with line and column (both from 1; 0 where there is none)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`file:line:column`, leaving out what is not known."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


class RobotsState(StrEnum):
    """What a caller of `decide` knows of robots.txt where it has no answer to hand in."""

    NOT_ASKED = "not-asked"
    """A dry run: the row says `unchecked: robots`."""
    UNREAD = "unread"
    """A gate that has no captured answer: refuse."""


NOT_ASKED: Final = RobotsState.NOT_ASKED
UNREAD: Final = RobotsState.UNREAD


class RobotsVerdict(msgspec.Struct, frozen=True):
    """What robots.txt says of one path to one agent, with the evidence for it."""

    effect: Effect
    basis: Basis = Basis.ROBOTS
    """ROBOTS where a rule matched, AMBIGUOUS where readings differ, ROBOTS_UNAVAILABLE where no file is on hand."""
    why: str = ""
    """One clause, lower case, no full stop."""
    line: int = 0
    rule: str = ""
    """The matched line as written, for example `Disallow: /faces`."""
    token: str = ""
    """The user-agent token of the group that governed, `*` included."""
    octets: int = 0
    runner_up_line: int = 0
    runner_up_octets: int = 0
    sha256: str = ""
    authority: str = ""
    """`scheme://host:port` of the file, for messages and the docket."""


SignalVerdict = Literal["allow", "disallow", "unknown"]


class Signal(msgspec.Struct, frozen=True):
    """One machine-readable preference, as one statement of one source.

    `unknown` means that a statement was made and could not be read: it refuses for AI purposes. A statement that was
    not made has no Signal, and absence is never a permission.
    """

    name: str
    """`x-robots-tag`, `meta-robots`, `tdmrep`, `aipref`, `content-signal`, `rsl`, `ai.txt` or `status`."""
    usages: frozenset[Usage]
    verdict: SignalVerdict
    place: str
    """Where it was read: `header X-Robots-Tag`, `robots.txt line 4`, `meta robots`, `/.well-known/tdmrep.json [2]`."""
    text: str = ""
    """The words as received, at most 500 characters."""
    basis: Basis = Basis.OPTOUT
    covers: Literal["url", "authority"] = "url"
    seconds: int = 0
    """How long a `status` refusal holds (RFC 9110 10.2.3 for Retry-After); 0 means this response only."""


class Reason(msgspec.Struct, frozen=True):
    """One rule that refuses, or that would have refused had a permission not lifted it."""

    basis: Basis
    rule: str
    """The id of the rule: a notice's or terms' id with its clause, `robots.txt:4`, a signal's name."""
    message: str
    """What refuses *you*, lower case, no full stop."""
    place: Place | None = None
    via: str = ""
    """The embedded target or the name on the route, where the refusal came by an indirect route."""
    platforms: tuple[str, ...] = ()
    docket: str = ""
    help: str = ""
    filed: str = ""
    """`filed under N, addressed to X (as reported)`: what the docket is and how well it is known."""
    purposes: tuple[Purpose, ...] = ()
    """The purposes for which it refuses, where it refuses for some only."""
    lifted_by: str = ""
    """The permission that lifts it: such a reason is kept, and does not refuse."""


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The answer to one URL: the effect, every reason, and what it is filed against."""

    effect: Effect
    url: str
    reasons: tuple[Reason, ...] = ()
    governing: Reason | None = None
    docket: str = ""
    platforms: tuple[str, ...] = ()
    revision: str = ""
    unchecked: tuple[str, ...] = ()
    """What was not asked: `robots`, `signals`."""

    @property
    def refused(self) -> bool:
        """Whether nothing may be fetched."""
        return self.effect != "allow"
