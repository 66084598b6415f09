"""What robots.txt and signals give: reasons in the shape of all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model import ALL_PURPOSES, NOT_ASKED, UNREAD, Basis, Reason, RobotsState, RobotsVerdict, Signal
from ..urls import Target
from .standing import Question

__all__ = ["robots_reason", "signal_reasons"]


def robots_reason(robots: RobotsVerdict | RobotsState, target: Target, question: Question) -> list[Reason]:
    """One reason where robots.txt refuses or is not on hand at a gate; none where it allows or was not asked."""
    if robots is NOT_ASKED:
        return []
    authority = f"{target.scheme}://{target.host}:{target.port}"
    if not isinstance(robots, RobotsVerdict):
        message = (
            f"no robots.txt of {authority} was captured at the wire" if robots is UNREAD else f"robots is `{robots}`"
        )
        help_ = "it is fetched before the first page of a host; see `desist explain`"
        return [Reason(Basis.ROBOTS_UNAVAILABLE, "robots.txt", message, docket=f"robots:{authority}", help=help_)]
    if robots.effect == "allow":
        return []
    rule = f"robots.txt:{robots.line}" if robots.line else "robots.txt"
    return [
        Reason(
            robots.basis,
            rule,
            robots.why or f"robots.txt refuses `{question.agent or '*'}`: {robots.rule}",
            docket=f"robots:{robots.authority or authority}",
            help="desist robots FILE shows every line that speaks",
        )
    ]


def signal_reasons(signals: Sequence[Signal], target: Target, question: Question) -> Iterator[Reason]:
    """A reason for each signal that refuses one of the purposes."""
    if not signals:
        return
    from ..optout.purposes import refusals  # noqa: PLC0415 - most decisions come without signals

    for signal, refused, basis in refusals(signals, question.purposes, question.options.mode):
        said = f"says `{signal.text[:120]}`" if signal.text else "refuses"
        yield Reason(
            basis,
            signal.name,
            f"{signal.name} {said} ({signal.place})",
            docket=f"signal:{signal.name}:{target.host}",
            help="a written permission goes in policies/permissions/",
            purposes=tuple(sorted(refused)) if refused != ALL_PURPOSES else (),
        )
