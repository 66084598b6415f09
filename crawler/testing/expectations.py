"""`policies/tests/*.yaml`: what a policy set is expected to say of URLs, one pytest item a URL.

A file is a mapping of URL to expectation: `allow`, `refuse`, `refuse terms` (effect and basis), or a mapping with
`effect` and any of `basis`, `docket`, `platforms`, `at`, `purposes`, `agent`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from ..decide import decide
from ..errors import PolicyError
from ..model import Basis, Place, Purpose
from ..policy.policyset import SHIPPED, PolicySet, shipped_policies
from ..policy.source import read

__all__ = ["Expectation", "ExpectationFile", "read_expectations"]


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one URL is expected to get; a field that is empty is not compared."""

    effect: Literal["allow", "refuse"]
    basis: Basis | None = None
    docket: str = ""
    platforms: tuple[str, ...] | None = None
    at: str = ""
    purposes: tuple[Purpose, ...] | None = None
    agent: str = ""
    url: str = ""
    place: Place | None = None

    def failure(self, policy_set: PolicySet) -> str:
        """What differs, with every reason that was given; empty where all is as expected."""
        decision = decide(
            policy_set,
            self.url,
            at=self.at or None,
            agent=self.agent,
            purposes=frozenset(self.purposes) if self.purposes else None,
        )
        basis = decision.governing.basis if decision.governing else None
        pairs = {
            "effect": (self.effect, decision.effect),
            "basis": (self.basis, basis),
            "docket": (self.docket or None, decision.docket),
            "platforms": (self.platforms, decision.platforms),
        }
        wrong = [f"{name} {got!s}, expected {want!s}" for name, (want, got) in pairs.items() if want not in (None, got)]
        reasons = "".join(f"\n  {reason.basis}: {reason.message}" for reason in decision.reasons)
        return f"{self.place}: {self.url}: {'; '.join(wrong)}{reasons}" if wrong else ""


def read_expectations(path: Path) -> list[Expectation]:
    """The expectations of a file, in its order; PolicyError with file:line:column for what is none."""
    sources, diagnostics = read(str(path), path.read_bytes())
    if diagnostics:
        raise PolicyError("expectations cannot be read", diagnostics=diagnostics, place=str(diagnostics[0].place))
    found = []
    for source in sources:
        if not isinstance(source.data, dict):
            raise PolicyError("not a mapping of URL to expectation", place=str(path), help="https://a.test/: refuse")
        for url, value in source.data.items():
            span = source.keys[url,]
            found.append(_expectation(url, value, Place(str(path), span.line, span.column)))
    return found


def _expectation(url: str, value: Any, place: Place) -> Expectation:
    if isinstance(value, str):
        effect, _, basis = value.partition(" ")
        value = {"effect": effect, **({"basis": basis} if basis else {})}
    try:
        expected = msgspec.convert(value, Expectation, strict=False)
    except msgspec.ValidationError as error:
        raise PolicyError(
            f"`{url}` has no expectation that can be read: {error}",
            place=str(place),
            help="allow, refuse, `refuse terms`, or effect with basis, docket, platforms, at, purposes, agent",
        ) from error
    return msgspec.structs.replace(expected, url=url, place=place)


class ExpectationFile(pytest.File):
    """A file below `policies/tests`; the policy set is its `policies` folder together with the shipped one."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item a URL."""
        folder = self.path.parent.parent
        policies = PolicySet.load(folder if folder == shipped_policies() else [SHIPPED, folder])
        for expectation in read_expectations(self.path):
            item = _ExpectationItem.from_parent(self, name=expectation.url)
            item.expectation, item.policies = expectation, policies
            yield item


class _ExpectationItem(pytest.Item):
    expectation: Expectation
    policies: PolicySet

    def runtest(self) -> None:
        if failure := self.expectation.failure(self.policies):
            raise _Unexpected(failure)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        return str(excinfo.value) if excinfo.errisinstance(_Unexpected) else super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        place = self.expectation.place
        return self.path, (place.line if place else 1) - 1, self.name


class _Unexpected(Exception):
    pass
