"""Loads the project's own pytest plugin where the installation does not do so by its entry point."""

from __future__ import annotations

import pytest

from desist.testing import plugin


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin under the name of its entry point, unless it is there."""
    if not config.pluginmanager.hasplugin("desist"):
        config.pluginmanager.register(plugin, "desist")
