"""The pytest plugin: `sites`, `policy_set`, `ledger`, `crawl`, and `policies/tests/*.yaml` as test items.

Loaded by its entry point in every test run of an environment that has Desist, so it imports nothing until it is used.
"""

# ruff: noqa: PLC0415 - each fixture imports what it needs when a test asks for it
from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .fixtures import Crawler, PolicyFolder, TestLedger, Webs

__all__ = ["crawl", "ledger", "policy_set", "pytest_collect_file", "sites"]


@pytest.fixture
def sites() -> Iterator[Webs]:
    """`web = sites(Site(...), ..., tls=False, http2=False)` serves them on loopback until the test ends."""
    from .fixtures import Webs

    with ExitStack() as stack:
        yield Webs(stack)


@pytest.fixture
def policy_set(tmp_path: Path, sites: Webs) -> PolicyFolder:
    """`policy_set(extra={path: yaml})` compiles the documents of all mounted sites and `extra`."""
    from .fixtures import PolicyFolder

    return PolicyFolder(tmp_path / "policies", sites)


@pytest.fixture
def ledger(tmp_path: Path) -> TestLedger:
    """A ledger of the test's own, with counsel's key: `.path`, `.decisions()`."""
    from .fixtures import TestLedger

    return TestLedger(tmp_path / "ledger" / "ledger.db")


@pytest.fixture
def crawl(
    tmp_path: Path, pytestconfig: pytest.Config, sites: Webs, policy_set: PolicyFolder, ledger: TestLedger
) -> Crawler:
    """`crawl(Spider, start_urls=[...])` runs it under the gates in a child process; see `Crawl`."""
    from .fixtures import Crawler

    return Crawler(tmp_path / "crawl", str(pytestconfig.rootpath), sites, policy_set, ledger)


def pytest_collect_file(file_path: Path, parent: Any) -> Any:
    """`policies/tests/*.yaml`: one item an expectation."""
    if file_path.suffix in (".yaml", ".yml") and file_path.parts[-3:-1] == ("policies", "tests"):
        from .expectations import ExpectationFile

        return ExpectationFile.from_parent(parent, path=file_path)
    return None
