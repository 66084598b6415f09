"""One browser for all tests that open a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .chromium import Tab, chromium


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """A tab, started once."""
    with chromium(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture(scope="session")
def opened(browser: Tab) -> Callable[[Path], Tab]:
    """Open a page in it, as if nothing had been open before."""

    def open_page(page: Path) -> Tab:
        browser.call("Emulation.clearDeviceMetricsOverride")
        browser.call("Emulation.setEmulatedMedia", media="", features=[])
        browser.requests.clear()
        browser.console.clear()
        browser.open(page)
        return browser

    return open_page
