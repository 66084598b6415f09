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
"""What is to be done with a request."""


class Purpose(StrEnum):
    """What a spider fetches for. A spider that declares none is judged as if it had all."""

    INDEX = "index"
    """Finding pages by search."""
    ARCHIVE = "archive"
    """Keeping copies to show."""
    RESEARCH = "research"
    """Finding something out."""
    MONITORING = "monitoring"
    """Watching for changes."""
    TRAIN_AI = "train-ai"
    """Training models."""
    BIOMETRIC = "biometric"
    """Recognising persons by face, voice or gait."""
    COMMERCIAL_REUSE = "commercial-reuse"
    """Selling or showing what was fetched."""


ALL_PURPOSES: Final = frozenset(Purpose)
"""What a spider is judged for that declares none."""


class Usage(StrEnum):
    """The words in which signals speak; `desist.optout.purposes` maps them on to purposes.

    `fetch` is any request at all, `follow` is following the page's links; the others are the vocabularies of
    robots meta tags (index, archive), AIPREF (search, train-ai), Content-Signal (ai-input) and TDMRep (tdm).
    """

    FETCH = "fetch"
    """Any request at all."""
    INDEX = "index"
    """Showing the page in an index."""
    ARCHIVE = "archive"
    """Keeping a copy to show."""
    SEARCH = "search"
    """Search, in the words of AIPREF."""
    TRAIN_AI = "train-ai"
    """Training models."""
    AI_INPUT = "ai-input"
    """Handing the page to a model when it is asked something."""
    TDM = "tdm"
    """Text and data mining."""
    FOLLOW = "follow"
    """Following the page's links."""


class Basis(StrEnum):
    """Why a fetch is refused, in governing order: the first one that applies speaks for the decision."""

    COURT_ORDER = "court-order"
    """An order of a court."""
    REGULATOR_ORDER = "regulator-order"
    """An order of an authority."""
    NOTICE = "notice"
    """A letter to you, or a decision of your own."""
    TERMS = "terms"
    """Recorded terms of the platform."""
    ROBOTS = "robots"
    """A rule of robots.txt."""
    OPTOUT = "optout"
    """A signal in headers, a page or a well-known file."""
    STATUS = "status"
    """The server answered 402, 403, 429 or 451."""
    NOTICE_TO_OTHER = "notice-to-other"
    """A letter that the platform sent to somebody else."""
    AMBIGUOUS = "ambiguous"
    """Readings differ, or a statement cannot be read."""
    INVALID_URL = "invalid-url"
    """No URL that can be fetched."""
    SCHEME = "scheme"
    """Neither http nor https."""
    PROXY = "proxy"
    """A proxy that is not declared."""
    ROBOTS_UNAVAILABLE = "robots-unavailable"
    """No answer from robots.txt is on hand."""
    POLICY_ERROR = "policy-error"
    """A document or a gate that does not work as it should."""
    PROCESS = "process"
    """A way round the gates."""
    DEFAULT = "default"
    """A host that no document names, where DESIST_UNKNOWN_PLATFORM refuses those."""

    @property
    def rank(self) -> int:
        """Place in the governing order, 0 governs all others."""
        return _RANKS[self]


_RANKS: Final = {basis: rank for rank, basis in enumerate(Basis)}


class Role(StrEnum):
    """What a host of a platform is for; roles bound what a host rule reaches (ARCHITECTURE.md, 'Roles')."""

    SITE = "site"
    """The pages."""
    API = "api"
    """The interface for programs."""
    CDN = "cdn"
    """Pictures, media, scripts."""
    SHORTENER = "shortener"
    """Short links."""
    ADS = "ads"
    """Advertisements."""
    MAIL = "mail"
    """Mail."""
    TENANT = "tenant"
    """A hosting name that many share: it means that one name, never those below it."""
    INFRASTRUCTURE = "infrastructure"
    """What other sites embed, such as fonts: refused only by a notice that says `hosts: all`."""
    PROJECT = "project"
    """An open project that the firm maintains: refused as above."""
    DEFENSIVE = "defensive"
    """A name kept in reserve: refused as above."""


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a rule stands: a file with line and column (both from 1; 0 where there is none)."""

    file: str
    """Path of the document, or `robots.txt` and its like."""
    line: int = 0
    """From 1."""
    column: int = 0
    """From 1."""

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
"""Short for `RobotsState.NOT_ASKED`."""
UNREAD: Final = RobotsState.UNREAD
"""Short for `RobotsState.UNREAD`."""


class RobotsVerdict(msgspec.Struct, frozen=True):
    """What robots.txt says of one path to one agent, with the evidence for it."""

    effect: Effect
    """`allow` or `refuse`."""
    basis: Basis = Basis.ROBOTS
    """ROBOTS where a rule matched, AMBIGUOUS where readings differ, ROBOTS_UNAVAILABLE where no file is on hand."""
    why: str = ""
    """One clause, lower case, no full stop."""
    line: int = 0
    """Of the rule, from 1; 0 where no rule matched."""
    rule: str = ""
    """The matched line as written, for example `Disallow: /faces`."""
    token: str = ""
    """The user-agent token of the group that governed, `*` included."""
    octets: int = 0
    """Length of the rule that won: the longest match does (RFC 9309 2.2.2)."""
    runner_up_line: int = 0
    """Of the rule that came second; 0 where there was none."""
    runner_up_octets: int = 0
    """Its length."""
    sha256: str = ""
    """Of the file as captured."""
    authority: str = ""
    """`scheme://host:port` of the file, for messages and the docket."""


SignalVerdict = Literal["allow", "disallow", "unknown"]
"""What a signal says of its usages."""


class Signal(msgspec.Struct, frozen=True):
    """One machine-readable preference, as one statement of one source.

    `unknown` means that a statement was made and could not be read: it refuses for AI purposes. A statement that was
    not made has no Signal, and absence is never a permission.
    """

    name: str
    """`x-robots-tag`, `meta-robots`, `tdmrep`, `aipref`, `content-signal`, `rsl`, `ai.txt` or `status`."""
    usages: frozenset[Usage]
    """What the statement is about."""
    verdict: SignalVerdict
    """What it says of them."""
    place: str
    """Where it was read: `header X-Robots-Tag`, `robots.txt line 4`, `meta robots`, `/.well-known/tdmrep.json [2]`."""
    text: str = ""
    """The words as received, at most 500 characters."""
    basis: Basis = Basis.OPTOUT
    """OPTOUT, or STATUS for an answer of the server."""
    covers: Literal["url", "authority"] = "url"
    """Whether it holds for this URL or for the whole authority."""
    seconds: int = 0
    """How long a `status` refusal holds (RFC 9110 10.2.3 for Retry-After); 0 means this response only."""


class Reason(msgspec.Struct, frozen=True):
    """One rule that refuses, or that would have refused had a permission not lifted it."""

    basis: Basis
    """What kind of rule it is."""
    rule: str
    """The id of the rule: a notice's or terms' id with its clause, `robots.txt:4`, a signal's name."""
    message: str
    """What refuses *you*, lower case, no full stop."""
    place: Place | None = None
    """Where the rule stands; None where it is in no document."""
    via: str = ""
    """The embedded target or the name on the route, where the refusal came by an indirect route."""
    platforms: tuple[str, ...] = ()
    """Slugs of the platforms whose rule it is."""
    docket: str = ""
    """What a refusal for this reason alone would be filed against."""
    help: str = ""
    """What would mend it."""
    filed: str = ""
    """`filed under N, addressed to X (as reported)`: what the docket is and how well it is known."""
    purposes: tuple[Purpose, ...] = ()
    """The purposes for which it refuses, where it refuses for some only."""
    lifted_by: str = ""
    """The permission that lifts it: such a reason is kept, and does not refuse."""


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The answer to one URL: the effect, every reason, and what it is filed against."""

    effect: Effect
    """`allow` or `refuse`."""
    url: str
    """As it was asked about."""
    reasons: tuple[Reason, ...] = ()
    """Every rule that refuses, and those that a permission lifts, in governing order."""
    governing: Reason | None = None
    """The reason that speaks for the decision; None where nothing refuses. Observation allows and keeps it."""
    docket: str = ""
    """What a refusal is filed against: a notice, else terms, else `robots.txt` or a signal, else `house:<basis>`."""
    platforms: tuple[str, ...] = ()
    """Slugs of the platforms that the URL belongs to."""
    revision: str = ""
    """Of the policy set that decided."""
    unchecked: tuple[str, ...] = ()
    """What was not asked: `robots`, `signals`."""

    @property
    def refused(self) -> bool:
        """Whether nothing may be fetched."""
        return self.effect != "allow"
