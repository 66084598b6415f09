"""`policies/tests/*.yaml` as pytest items: one for each URL and what the documents must say of it.

`desist.policy.testfile` reads the files; the same comparison serves `desist policy test`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from ..decide import decide
from ..policy.policyset import SHIPPED, PolicySet, shipped_policies
from ..policy.testfile import Located, load_tests

__all__ = ["ExpectationFile", "difference"]


def difference(policy_set: PolicySet, test: Located) -> str:
    """What the decision has otherwise than expected, with its reasons below; empty where nothing differs."""
    expected = test.test
    decision = decide(
        policy_set,
        test.url,
        at=expected.at.earliest if expected.at else None,
        agent=expected.agent or "",
        purposes=expected.purposes,
    )
    governing = decision.governing
    pairs: dict[str, tuple[Any, Any]] = {
        "effect": (expected.effect, decision.effect),
        "basis": (expected.basis, governing.basis if governing else None),
        "platforms": (expected.platforms, decision.platforms),
        "docket": (expected.docket, decision.docket),
        "via": (expected.via, governing.via if governing else None),
    }
    wrong = [f"{name} `{got}`, expected `{want}`" for name, (want, got) in pairs.items() if want not in (None, got)]
    rule = governing.rule if governing else ""
    if expected.rule and rule != expected.rule and not rule.startswith(f"{expected.rule}:"):
        wrong.append(f"rule `{rule}`, expected `{expected.rule}`")
    reasons = "".join(f"\n  {reason.basis}: {reason.message}" for reason in decision.reasons)
    return f"{test.place}: {test.url}: {'; '.join(wrong)}{reasons}" if wrong else ""


@lru_cache(maxsize=8)
def _policies(folder: Path) -> PolicySet:
    """The folder's own documents with the shipped ones, as a crawl would load them."""
    return PolicySet.load(folder if folder == shipped_policies() else [SHIPPED, folder])


class ExpectationFile(pytest.File):
    """A file below `policies/tests`."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item an expectation, named after its URL and line."""
        folder = self.path.parent.parent
        found = load_tests([folder])
        mine = [one for one in found.diagnostics if one.place.file == str(self.path)]
        if mine:
            raise self.CollectError(
                "\n".join(f"{one.place}: {one.code} {one.message}\n  help: {one.help}" for one in mine)
            )
        for test in found.tests:
            if test.place.file == str(self.path):
                item = _ExpectationItem.from_parent(self, name=f"{test.url}:{test.place.line}")
                item.expectation, item.folder = test, folder
                yield item


class _ExpectationItem(pytest.Item):
    expectation: Located
    folder: Path

    def runtest(self) -> None:
        if wrong := difference(_policies(self.folder), self.expectation):
            raise _Unexpected(wrong)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        return str(excinfo.value) if excinfo.errisinstance(_Unexpected) else super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.expectation.place.line - 1, self.name


class _Unexpected(Exception):
    pass
