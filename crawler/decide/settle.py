"""Reasons put together: each once, in governing order, with docket and mend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec.structs

from ..model import ALL_PURPOSES, Basis, Purpose, Reason
from ..urls import Target
from .standing import Question

__all__ = ["broken_route", "by_way", "governing_of", "settled", "trouble_of", "unknown_platform"]

_HELP: Final = {
    Basis.INVALID_URL: "write the whole URL, for example https://example.com/page",
    Basis.AMBIGUOUS: "write the URL so that every reader sees the same host",
    Basis.SCHEME: "only http and https pass a gate",
}


def governing_of(reasons: Iterable[Reason]) -> Reason | None:
    """The first reason in governing order that is not lifted."""
    return min((r for r in reasons if not r.lifted_by), key=lambda reason: reason.basis.rank, default=None)


def settled(reasons: Iterable[Reason], question: Question, docket: str) -> tuple[Reason, ...]:
    """Each reason once, in governing order, with its docket, and with the mend where only silence refuses."""
    first: dict[tuple[object, ...], Reason] = {}
    for reason in reasons:  # one that is lifted here and one that is not are two, and so are two texts of one signal
        said = (reason.basis, reason.rule, reason.message, reason.purposes, reason.lifted_by)
        first.setdefault(said, reason)
    if not first:
        return ()
    unique = sorted(first.values(), key=lambda reason: reason.basis.rank)
    help_ = _purposes_help(unique, question)
    return tuple(_docketed(reason, docket, "" if reason.lifted_by else help_) for reason in unique)


def _docketed(reason: Reason, docket: str, help_: str) -> Reason:
    if reason.docket and not help_:
        return reason
    filed_under = reason.docket or docket or f"house:{reason.basis}"
    return msgspec.structs.replace(reason, docket=filed_under, help=help_ or reason.help)


def _purposes_help(reasons: Iterable[Reason], question: Question) -> str:
    """Which declared purposes would not be refused, where the spider declares none."""
    if question.declared:
        return ""
    refused: set[Purpose] = set()
    for reason in reasons:
        if not reason.lifted_by:
            refused |= set(reason.purposes or ALL_PURPOSES)
    free = ALL_PURPOSES - refused
    if not refused or not free:
        return ""
    return f"declare what you fetch for in DESIST_PURPOSES: this does not refuse {', '.join(sorted(free))}"


def by_way(reason: Reason, via: str) -> Reason:
    """The same reason, reached by a route."""
    return msgspec.structs.replace(reason, via=reason.via or via)


def trouble_of(target: Target) -> Reason:
    """The reason of a URL that cannot be judged further."""
    basis = target.trouble or Basis.INVALID_URL
    return Reason(basis, str(basis), target.why, help=_HELP[basis])


def broken_route(why: str, via: str) -> Reason:
    """The reason of a route that nobody follows to its end."""
    return Reason(Basis.AMBIGUOUS, "route", why, via=via, help=_HELP[Basis.AMBIGUOUS])


def unknown_platform(host: str) -> Reason:
    """The reason of a host that no document names, where the setting refuses those."""
    help_ = "name it in policies/platforms/, or set DESIST_UNKNOWN_PLATFORM to `robots`"
    return Reason(Basis.DEFAULT, "unknown-platform", f"no document names `{host}`", help=help_)
