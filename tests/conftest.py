"""Loads the project's own pytest plugin where the installation does not do so by its entry point."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from desist.testing import plugin
from desist.testing.fixtures import Crawler, PolicyFolder, TestLedger, Webs

from .nursery import Nursery

settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("same")  # one commit, one answer; `make nightly` looks for new examples instead


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin under the name of its entry point, unless it is there."""
    if not config.pluginmanager.hasplugin("desist"):
        config.pluginmanager.register(plugin, "desist")


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A home of the run's own: nothing of the user's is read, and no snapshot, key or session file is left there."""
    os.environ["HOME"] = str(tmp_path_factory.mktemp("home"))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        os.environ.pop(name, None)


@pytest.fixture(autouse=True)
def _environment_as_it_was() -> Iterator[None]:
    """Scrapy writes SCRAPY_SETTINGS_MODULE into the environment when it looks for a project: no test hands it on."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Starts crawls without their imports; a test of starting itself uses `subprocess`."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def crawl(
    tmp_path: Path,
    pytestconfig: pytest.Config,
    sites: Webs,
    policy_set: PolicyFolder,
    ledger: TestLedger,
    nursery: Nursery,
) -> Crawler:
    """The plugin's fixture of that name, quicker."""
    root = str(pytestconfig.rootpath)
    return Crawler(tmp_path / "crawl", root, sites, policy_set, ledger, start=nursery.run)
