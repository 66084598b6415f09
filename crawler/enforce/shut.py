"""Shutting a process before its add-on is asked: by the entry point of `scrapy`, or by an armed environment.

`scrapy` loads every command before it reads its own options. Ours looks at what stands in the project's settings and
nowhere else; where these name the add-on, the process is shut from there on, and a crawl without the add-on ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from scrapy.addons import AddonManager
from scrapy.settings import BaseSettings, Settings
from scrapy.utils.conf import get_config
from scrapy.utils.project import ENVVAR, get_project_settings

from ..errors import DesistError, GateError
from .attempts import Attempt
from .frames import culprit
from .leave import leave, say
from .options import Options
from .process import ENVIRONMENT, GATE
from .state import state_ledger

__all__ = ["ADDON", "names_addon", "shut_by_environment", "shut_by_project", "shut_unless_gated"]

ADDON: Final = "desist.addon.Addon"
"""How settings name the add-on."""


def shut_by_project() -> None:
    """Arm the process where the project's own settings name the add-on; ends it where it cannot be armed."""
    settings = next((found for found in _own_settings() if names_addon(found)), None)
    if settings is None:
        return
    try:
        GATE.arm(Options.read(settings), "the project's settings, at the entry point of scrapy")
    except DesistError as error:
        say(error)
        raise SystemExit(error.exit_code) from None
    shut_unless_gated(
        "the project's settings name the add-on, and this crawl leaves it out",
        "leave ADDONS to the project's settings.py",
    )


def _own_settings() -> Iterator[BaseSettings]:
    """The settings in use, and those of scrapy.cfg where the environment names others, or a project it has not."""
    yield get_project_settings()
    config = get_config()
    project = os.environ.get("SCRAPY_PROJECT", "default")
    named = dict(config["settings"]) if config.has_section("settings") else {}
    for module in [named[project]] if project in named else named.values():
        if module != os.environ.get(ENVVAR):
            settings = Settings()
            settings.setmodule(module, priority="project")
            yield settings


def shut_by_environment() -> None:
    """Arm a process of an armed environment: it has just imported Scrapy. Its project may say more later."""
    GATE.arm(Options(ledger=str(state_ledger())), ENVIRONMENT)
    shut_unless_gated(
        "this environment is armed (desist arm), and the crawl has no add-on",
        'ADDONS = {"desist.addon.Addon": 0} in the settings, or desist disarm',
    )


def names_addon(settings: BaseSettings) -> bool:
    """Whether ADDONS holds our line, by path or by class, and not switched off."""
    addons = settings["ADDONS"]
    return isinstance(addons, Mapping) and any(_is_ours(key) and order is not None for key, order in addons.items())


def shut_unless_gated(why: str, mend: str) -> None:
    """From here on every crawl of this process has the add-on in its settings, or ends with exit code 2."""
    load = AddonManager.load_settings
    if getattr(load, "desist", False):
        return

    def load_settings(self: AddonManager, settings: Any) -> None:
        if not names_addon(settings):
            _end(why, mend)
        load(self, settings)

    load_settings.desist = True  # type: ignore[attr-defined]
    AddonManager.load_settings = load_settings  # type: ignore[method-assign]


def _end(why: str, mend: str) -> NoReturn:
    """A crawl without gates: on record like any other way round them, then over."""
    GATE.attempts.record(Attempt("crawl", "a crawl without the add-on", "crawl:", culprit(), 0), None)
    say(GateError(f"no gate is in place: {why}", help=mend))
    leave(2)


def _is_ours(key: object) -> bool:
    return key == ADDON or (isinstance(key, type) and f"{key.__module__}.{key.__qualname__}" == ADDON)
