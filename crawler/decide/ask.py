"""The public way in: one URL or host, one decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ..model import NOT_ASKED, Decision, Purpose, Signal
from ..policy.policyset import PolicySet
from .judge import Judge, Robots
from .options import DEFAULT, Options, purposes_of

__all__ = ["decide", "judge_host"]

_JUDGES = 64
"""Questions that a set remembers its judges for."""


def decide(  # noqa: PLR0913 - the public signature
    policy_set: PolicySet,
    url: str,
    *,
    at: datetime | int | str | None = None,
    agent: str = "",
    purposes: Iterable[Purpose | str] | None = None,
    robots: Robots = NOT_ASKED,
    signals: Sequence[Signal] = (),
    known_at: datetime | int | str | None = None,
    options: Options = DEFAULT,
) -> Decision:
    """Decide one URL: documents, routes, robots and signals, every reason kept, deny overriding.

    `at` replays a past moment, `known_at` what was on file then; purposes None means undeclared, judged as all.
    Never raises on any text; UsageError on a purpose or moment that is none.
    """
    if at is None and purposes is None and known_at is None and options is DEFAULT:
        judge = policy_set.judges.get(agent)
        if judge is not None:
            return judge.decide(url, robots, signals)  # type: ignore[no-any-return]
    judge = _judge(policy_set, at, agent, purposes, known_at, options)
    return judge.decide(url, robots, signals)


def _judge(
    policy_set: PolicySet,
    at: datetime | int | str | None,
    agent: str,
    purposes: Iterable[Purpose | str] | None,
    known_at: datetime | int | str | None,
    options: Options,
) -> Judge:
    """The judge of this question, remembered by the set."""
    asked = purposes_of(purposes)
    plain = at is None and asked is None and known_at is None and options == DEFAULT
    key = agent if plain else (at, agent, asked, known_at, options)
    judge: Judge | None = policy_set.judges.get(key)
    if judge is None:
        if len(policy_set.judges) >= _JUDGES:
            policy_set.judges.clear()
        judge = Judge(policy_set, agent=agent, purposes=asked, options=options, at=at, known_at=known_at)
        policy_set.judges[key] = judge
    return judge


def judge_host(
    policy_set: PolicySet,
    name: str,
    *,
    path: str | None = None,
    at: datetime | int | str | None = None,
    agent: str = "",
    purposes: Iterable[Purpose | str] | None = None,
    options: Options = DEFAULT,
) -> Decision:
    """Decide a bare host name or address: CNAME targets and resolved addresses, for the resolver gate."""
    return _judge(policy_set, at, agent, purposes, None, options).host(name, path=path)
