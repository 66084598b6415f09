"""A parsed robots.txt, kept: ask it about any path and any agent."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Final, Literal

from ..model import Basis, RobotsVerdict
from ..patterns import normalise_path, path_of
from .groups import Group, Groups, Reading
from .records import Kind, Record, Sureness, read_records
from .rules import NO_RULE, Answer, Rules

__all__ = ["EVERY_GROUP", "Mode", "Robots"]

Mode = Literal["strict", "rfc"]
"""Whether readings that differ refuse (`strict`), or RFC 9309 holds by the letter (`rfc`)."""
EVERY_GROUP: Final = "mozilla"
"""An agent of this name cannot be addressed by a site, so it is held to the strictest of all groups."""
_ROBOTS_TXT: Final = "/robots.txt"
_SHOWN: Final = 500
"""Characters of a rule that a verdict carries."""


class Robots:
    """What one robots.txt says. Never raises, whatever the bytes."""

    def __init__(self, data: bytes, *, authority: str = "", charset: str = "") -> None:
        """`data` in UTF-8 (see `desist.robots.encoding`); `authority` is `scheme://host:port`, for messages."""
        self.data = data
        self.authority = authority
        self.records: list[Record] = list(read_records(data, charset))
        self._groups: dict[Reading, Groups] = {}
        self._combined: dict[tuple[int, ...], Rules] = {}
        self._rules: dict[str, list[tuple[str, Rules]]] = {}
        """By agent, in the standard reading: enum members are slow keys."""
        self._others: dict[tuple[str, Reading], list[tuple[str, Rules]]] = {}

    @cached_property
    def sha256(self) -> str:
        """Hash of the file as parsed, for the record."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def kinds(self) -> frozenset[Kind]:
        """What its lines are about."""
        return frozenset(record.kind for record in self.records)

    @cached_property
    def other_readings(self) -> tuple[Reading, ...]:
        """The readings besides the standard one in which this file may say something else."""
        kinds = self.kinds
        seen = {record.sureness for record in self.records}
        return (
            *((Reading.EXACT,) if Sureness.TOLERATED in seen else ()),
            *((Reading.AIPREF,) if Kind.CONTENT_USAGE in kinds else ()),
            *((Reading.GUESSED,) if Sureness.GUESSED in seen else ()),
        )

    def groups(self, reading: Reading = Reading.STANDARD) -> Groups:
        """The file's groups in one reading."""
        if reading not in self._groups:
            self._groups[reading] = Groups(self.records, reading)
        return self._groups[reading]

    def verdict(self, path: str, agent: str, mode: Mode = "strict") -> RobotsVerdict:
        """May `agent` (a product token) fetch `path` (path and query as they will be sent, or a whole URL)?

        In strict mode every reading of the file must allow it; a refusal by another reading than the standard one is
        AMBIGUOUS. `/robots.txt` itself is always allowed (RFC 9309 2.2.2).
        """
        normal = normalise_path(path if path.startswith("/") else path_of(path))
        if normal == _ROBOTS_TXT:
            return self._verdict("", NO_RULE, "/robots.txt is always allowed")
        token, answer = self._strictest(normal, agent, Reading.STANDARD)
        if answer.refuses or mode == "rfc" or not self.other_readings:
            return self._verdict(token, answer)
        for reading in self.other_readings:
            other_token, other = self._strictest(normal, agent, reading)
            if other.refuses:
                return self._verdict(other_token, other, f"refused when read {reading.value}", Basis.AMBIGUOUS)
        return self._verdict(token, answer)

    def _strictest(self, path: str, agent: str, reading: Reading) -> tuple[str, Answer]:
        """The answer of the governing rules; of several, the first that refuses."""
        token, answer = "", NO_RULE
        for token, rules in self.rules(agent, reading):  # noqa: B007 - the last token is the answer's
            answer = rules.answer(path)
            if answer.refuses:
                break
        return token, answer

    def _verdict(self, token: str, answer: Answer, why: str = "", basis: Basis = Basis.ROBOTS) -> RobotsVerdict:
        winner, octets, runner_up, runner_up_octets, refuses = answer
        if winner is None:
            why = why or ("no rule matches" if token else "no group names this agent")
            return RobotsVerdict("allow", basis, why, token=token, sha256=self.sha256, authority=self.authority)
        return RobotsVerdict(
            "refuse" if refuses else "allow",
            basis,
            why,
            winner.line,
            winner.text[:_SHOWN].decode(errors="replace"),
            token,
            octets,
            runner_up.line if runner_up else 0,
            runner_up_octets,
            self.sha256,
            self.authority,
        )

    def rules(self, agent: str, reading: Reading = Reading.STANDARD) -> list[tuple[str, Rules]]:
        """Tokens and combined rules that hold for an agent: one, or for `EVERY_GROUP` one for each of its tokens."""
        known = self._rules.get(agent) if reading is Reading.STANDARD else self._others.get((agent, reading))
        if known is None:
            found = ((self._combine(groups), token) for token, groups in self._governing(agent, reading))
            known = [(token, rules) for rules, token in dict(found).items()]
            if reading is Reading.STANDARD:
                self._rules[agent] = known
            else:
                self._others[agent, reading] = known
        return known

    def _governing(self, agent: str, reading: Reading) -> list[tuple[str, list[Group]]]:
        groups = self.groups(reading)
        if agent.lower() != EVERY_GROUP:
            return [groups.governing(agent)]
        return [groups.governing(token) for token in groups.tokens()] or [("", [])]

    def _combine(self, groups: list[Group]) -> Rules:
        """The rules of these groups as one set; tokens that share their groups share it."""
        key = tuple(map(id, groups))
        if key not in self._combined:
            self._combined[key] = Rules(record for group in groups for record in group.records)
        return self._combined[key]

    def said(self, kind: Kind, agent: str, reading: Reading = Reading.STANDARD) -> list[Record]:
        """Records of one kind that stand in the agent's groups, and those that stand before all groups."""
        if kind not in self.kinds:
            return []
        groups = [group for _, governing in self._governing(agent, reading) for group in governing]
        unique = {id(group): group.records for group in groups}.values()
        return [record for records in (self.orphans(), *unique) for record in records if record.kind is kind]

    def orphans(self) -> list[Record]:
        """Records before the first user-agent line."""
        return self.groups().orphans
