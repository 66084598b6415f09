"""What is known of one authority's robots.txt over time, without I/O: fetches in, verdicts out.

A permission is never older than 24 hours. A refusal stays for as long as the file cannot be had: of a stale copy and an
unreachable file the intersection holds (RFC 9309 2.3.1.4 and 2.4 leave that open). However many requests wait, `begin`
hands out one fetch. Times are seconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from ..model import Basis, RobotsVerdict
from ..patterns import path_of
from ..urls import read
from .delay import delay_floor
from .encoding import charset_of, trouble_of, utf8_of
from .fetch import DAY, MAX_OCTETS, RobotsFetch
from .file import Mode, Robots
from .outcome import Came, Outcome

__all__ = ["CLOSED_DOORS", "PATIENCE", "AuthorityRobots", "parse_ahead"]

PATIENCE: Final = 30 * DAY
"""After so long unreachable RFC 9309 2.3.1.4 lets a crawler take the file for absent; strict mode does not."""
CLOSED_DOORS: Final = frozenset({401, 402, 403, 407, 408, 421, 423, 425, 451})
"""4xx of a robots.txt that say 'not you' or 'not now' rather than 'there is none': strict mode refuses."""
_UNSETTLED: Final = re.compile(r"/\.|%2e|[\\\x00-\x20]", re.IGNORECASE)
"""What makes clients send another path than the one that is written."""
_RECORD: Final = 512
"""Octets that a record takes with its share of groups and rules: 450 to 550 as measured over files of many kinds."""
_FIRST_RETRY: Final = 60.0
_LAST_RETRY: Final = 3600.0


class _Kept(msgspec.Struct):
    """The part of a state that can be written down."""

    authority: str
    answer: Outcome | None = None
    failure: Outcome | None = None
    failing_since: float = 0.0
    failures: int = 0


class AuthorityRobots:
    """One authority, `scheme://host:port`. Not thread-safe: it belongs to the gate's own thread."""

    def __init__(self, authority: str) -> None:
        self._kept = _Kept(authority)
        self._fetching: RobotsFetch | None = None
        self._parsed: dict[str, Robots] = {}
        """The file on hand by mode, and under `body` the one that came with a 4xx."""

    @property
    def authority(self) -> str:
        """The authority for which the rules hold, whichever one served them (2.3.1.2)."""
        return self._kept.authority

    @property
    def answer(self) -> Outcome | None:
        """The last answer that settled the matter: a file, or that there is none."""
        return self._kept.answer

    @property
    def failure(self) -> Outcome | None:
        """What has gone wrong since; None while `answer` is current."""
        return self._kept.failure

    @property
    def fetching(self) -> bool:
        """Whether a fetch is under way: whoever asks for a page waits for it."""
        return self._fetching is not None

    def due(self, now: float) -> bool:
        """Whether the file must be fetched before a page is judged; while a failure's wait lasts it need not be."""
        kept = self._kept
        if kept.failure:
            wait = min(_FIRST_RETRY * (1 << min(kept.failures - 1, 10)), _LAST_RETRY)
            return now >= kept.failure.at + max(wait, kept.failure.retry_after)
        return kept.answer is None or not 0 <= now - kept.answer.at <= kept.answer.lifetime

    def begin(self) -> RobotsFetch | None:
        """Start the one fetch; None where one is under way.

        Validators are of one resource (RFC 9110 8.8): those of a file that a redirect led to are not this URL's.
        """
        if self._fetching:
            return None
        copy = self._kept.answer
        if copy and copy.came is Came.FILE and len(copy.hops) == 1:
            self._fetching = RobotsFetch(self.authority, etag=copy.etag, last_modified=copy.last_modified)
        else:
            self._fetching = RobotsFetch(self.authority)
        return self._fetching

    def settle(self, outcome: Outcome, parsed: Mapping[str, Robots] = MappingProxyType({})) -> None:
        """Take the end of a fetch, and what `parse_ahead` made of it; all who wait may ask for their verdict now."""
        kept = self._kept
        self._fetching = None
        if outcome.came is Came.UNCHANGED and kept.answer:
            outcome = msgspec.structs.replace(kept.answer, at=outcome.at, lifetime=outcome.lifetime)
            parsed = self._parsed
        if outcome.came in {Came.FILE, Came.UNAVAILABLE, Came.REDIRECTS}:
            self._kept = _Kept(self.authority, outcome)
            self._parsed = dict(parsed)
        else:
            since = kept.failing_since if kept.failure else outcome.at
            self._kept = _Kept(self.authority, kept.answer, outcome, since, kept.failures + 1)

    @property
    def weight(self) -> int:
        """About how many octets of memory the file and its parses take."""
        answer = self._kept.answer
        records = sum(len(robots.records) for robots in self._parsed.values())
        return (len(answer.body) if answer else 0) + records * _RECORD

    def dump(self) -> bytes:
        """The state as JSON, for a crawl that is resumed; a fetch under way is not part of it."""
        return msgspec.json.encode(self._kept)

    @classmethod
    def load(cls, data: bytes) -> AuthorityRobots:
        """The state that `dump` wrote; `ValueError` where it is none."""
        kept = msgspec.json.decode(data, type=_Kept)
        state = cls(kept.authority)
        state._kept = kept
        return state

    def robots(self, mode: Mode = "strict") -> Robots | None:
        """The parse of the file on hand, kept; None where there is none that can be read."""
        answer = self._kept.answer
        if answer is None or answer.came is not Came.FILE:
            return None
        if mode not in self._parsed:
            charset = charset_of(answer.content_type)
            body = utf8_of(answer.body, charset) if mode == "strict" else answer.body
            if body is None:
                return None
            self._parsed[mode] = Robots(body, authority=self.authority, charset=charset)
        return self._parsed[mode]

    def delay(self, agent: str, mode: Mode = "strict") -> float:
        """Seconds that the host's delay must not fall below for this agent."""
        robots = self.robots(mode)
        return delay_floor(robots, agent) if robots else 0.0

    def verdict(self, url: str, agent: str, now: float, mode: Mode = "strict") -> RobotsVerdict:
        """May `agent` fetch `url` (or a path) at `now`? Safe to ask at any time: what is not known refuses.

        Clients differ in what they send for dot segments, backslashes and control characters; strict mode also judges
        the path as the WHATWG reader resolves it.
        """
        path = path_of(url)
        verdict = self._of_path(path, agent, now, mode)
        if verdict.effect == "allow" and mode == "strict" and _UNSETTLED.search(path):
            sent = read(self.authority + path).path
            other = self._of_path(sent or path, agent, now, mode)
            if other.effect == "refuse":
                return msgspec.structs.replace(other, basis=Basis.AMBIGUOUS, why=f"forbidden if sent as {sent[:200]}")
        return verdict

    def _of_path(self, path: str, agent: str, now: float, mode: Mode) -> RobotsVerdict:
        kept = self._kept
        if kept.failure:
            return self._unreachable(path, agent, now, mode)
        if kept.answer is None:
            return self._closed("robots.txt has not been fetched")
        if not 0 <= now - kept.answer.at <= DAY:
            return self._stale(path, agent, mode, "robots.txt was fetched more than 24 hours ago")
        return self._current(kept.answer, path, agent, mode)

    def _current(self, answer: Outcome, path: str, agent: str, mode: Mode) -> RobotsVerdict:
        """The verdict of an answer taken at its word."""
        if answer.came is Came.FILE:
            return self._of_file(answer, path, agent, mode)
        if answer.came is Came.REDIRECTS:
            return self._closed(f"robots.txt: {answer.why}") if mode == "strict" else self._absent(answer.why)
        if mode == "strict":
            if answer.status in CLOSED_DOORS:
                return self._closed(f"robots.txt: {answer.why}, which closes the door to it")
            if "body" not in self._parsed:
                self._parsed["body"] = Robots(answer.body, authority=self.authority)
            body = self._parsed["body"].verdict(path, agent, mode)
            if body.effect == "refuse":
                why = f"{answer.why}, with a robots.txt that forbids"
                return msgspec.structs.replace(body, basis=Basis.AMBIGUOUS, why=why)
        return self._absent(answer.why)

    def _of_file(self, answer: Outcome, path: str, agent: str, mode: Mode) -> RobotsVerdict:
        robots = self.robots(mode)
        if robots is None:
            return self._closed("robots.txt is in an encoding that cannot be read", Basis.AMBIGUOUS)
        verdict = robots.verdict(path, agent, mode)
        if verdict.effect == "refuse" or mode == "rfc":
            return verdict
        if answer.cut:
            return self._closed(f"robots.txt is longer than {MAX_OCTETS} octets", Basis.AMBIGUOUS)
        if trouble := trouble_of(robots.data, answer.content_type):
            return self._closed(f"robots.txt: {trouble}", Basis.AMBIGUOUS)
        return verdict

    def _unreachable(self, path: str, agent: str, now: float, mode: Mode) -> RobotsVerdict:
        kept = self._kept
        assert kept.failure
        why = f"robots.txt is unreachable: {kept.failure.why}"
        if mode == "rfc" and kept.answer and 0 <= now - kept.answer.at <= DAY:
            return self._current(kept.answer, path, agent, mode)
        verdict = self._stale(path, agent, mode, why)
        if mode == "rfc" and verdict.basis is not Basis.ROBOTS and now - kept.failing_since >= PATIENCE:
            return self._absent(f"{why}, for 30 days")
        return verdict

    def _stale(self, path: str, agent: str, mode: Mode, why: str) -> RobotsVerdict:
        """A refusal of the old copy stands, a permission does not."""
        answer = self._kept.answer
        if answer and answer.came is Came.FILE:
            verdict = self._of_file(answer, path, agent, mode)
            if verdict.effect == "refuse" and verdict.basis is Basis.ROBOTS:
                return msgspec.structs.replace(verdict, why=f"{why}; the copy on hand forbids")
        return self._closed(why)

    def _closed(self, why: str, basis: Basis = Basis.ROBOTS_UNAVAILABLE) -> RobotsVerdict:
        return RobotsVerdict("refuse", basis, why, authority=self.authority)

    def _absent(self, why: str) -> RobotsVerdict:
        return RobotsVerdict("allow", Basis.ROBOTS, f"there is no robots.txt: {why}", authority=self.authority)


def parse_ahead(authority: str, outcome: Outcome, agent: str, mode: Mode) -> Mapping[str, Robots]:
    """What verdicts on `outcome` will need, for `settle`. Shares nothing, so that any thread may do it."""
    state = AuthorityRobots(authority)
    state.settle(outcome)
    state.verdict("/", agent, outcome.at, mode)
    for robots in state._parsed.values():
        for reading in robots.other_readings:
            robots.rules(agent, reading)
    return state._parsed
