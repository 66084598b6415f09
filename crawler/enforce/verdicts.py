"""Decisions that a gate makes itself, where documents have nothing to say: route, header, proxy, its own trouble."""

from __future__ import annotations

import msgspec

from ..model import Basis, Decision, Reason

__all__ = ["refusal", "with_route"]


def refusal(
    url: str,
    basis: Basis,
    rule: str,
    message: str,
    *,
    help: str = "",
    via: str = "",
    revision: str = "",
) -> Decision:
    """A refusal for one reason, filed under the house's own docket of that basis."""
    docket = f"house:{basis.value}"
    reason = Reason(basis=basis, rule=rule, message=message, via=via, docket=docket, help=help)
    return Decision(
        effect="refuse", url=url, reasons=(reason,), governing=reason, docket=docket, platforms=(), revision=revision
    )


def with_route(decision: Decision, url: str, via: str) -> Decision:
    """What was decided of a name or address on the way, as the answer to `url` by the route `via`."""

    def routed(reason: Reason) -> Reason:
        return msgspec.structs.replace(reason, via=reason.via or via)

    governing = routed(decision.governing) if decision.governing else None
    return msgspec.structs.replace(
        decision, url=url, reasons=tuple(routed(reason) for reason in decision.reasons), governing=governing
    )
