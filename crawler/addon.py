"""The one line that a Scrapy project adds: `ADDONS = {"desist.addon.Addon": 0}`."""

from __future__ import annotations

from typing import Final

from scrapy.settings import BaseSettings, Settings

from .enforce.attest import Attest
from .enforce.early import EarlyGate
from .enforce.engine import EngineGate
from .enforce.hold import OUT_OF_REACH, hold_addons, hold_first, hold_last, hold_scalar, switch_off
from .enforce.keep import KeepGate
from .enforce.leave import leave, say
from .enforce.options import HELD, Options, declared_purposes, held_options
from .enforce.process import GATE
from .enforce.reactor_gate import GateNameResolver
from .errors import DesistError

__all__ = ["Addon"]

_PATH: Final = "desist.addon.Addon"


class Addon:
    """Reads the project's `DESIST_*` settings once and puts the gates in place; `Attest` lets the crawl start."""

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        """For the whole process, before a spider's `custom_settings` exist."""
        try:
            options = Options.read(settings)
            GATE.arm(options, "the project's ADDONS")
        except DesistError as error:
            say(error)
            raise SystemExit(error.exit_code) from None
        settings.set(HELD, options, OUT_OF_REACH)
        hold_addons(settings, _PATH)
        hold_scalar(settings, "TWISTED_DNS_RESOLVER", GateNameResolver, at_least=OUT_OF_REACH)

    def update_settings(self, settings: Settings) -> None:
        """For one crawl: after its spider's settings, before its components are built."""
        try:
            GATE.arm(held_options(settings), "the project's ADDONS")
            declared_purposes(settings)
        except DesistError as error:
            say(error)
            leave(error.exit_code)
        hold_first(settings, "EXTENSIONS", Attest)
        hold_first(settings, "SPIDER_MIDDLEWARES", EarlyGate)
        hold_first(settings, "DOWNLOADER_MIDDLEWARES", EngineGate)
        hold_last(settings, "DOWNLOADER_MIDDLEWARES", KeepGate)
        hold_scalar(settings, "TWISTED_DNS_RESOLVER", GateNameResolver)
        switch_off(settings)
