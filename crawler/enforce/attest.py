"""The extension that lets a crawl start: every gate in place, policies valid, ledger writable, or no crawl.

It is built after the last add-on has had its say and before the engine, the handlers and the middlewares are; it looks
once more, at the objects that Scrapy really built, before the first request is asked for.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.core.downloader import Downloader
from scrapy.core.downloader.handlers import DownloadHandlers
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.asyncio import run_in_thread
from scrapy.utils.misc import load_object
from scrapy.utils.reactor import is_reactor_installed

from ..errors import DesistError, GateError, LedgerError
from ..policy.policyset import PolicySet, folders_of
from .ahead import Ahead
from .closing import closing_line
from .early import EarlyGate
from .engine import EngineGate
from .hold import hold_first, hold_last, hold_scalar, hold_schemes, switch_off
from .keep import KeepGate
from .leave import leave, say
from .loop_gate import install_on_loop
from .notices import Notices
from .observe import Observation, refuse_renewal
from .options import declared_purposes, held_options
from .process import GATE
from .reactor_gate import install_on_reactor
from .recorder import DEFAULT_LEDGER, Recorder
from .reload import Reload
from .warden import Warden
from .wire import BEHIND, WireGate

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

__all__ = ["Attest"]

logger = logging.getLogger("desist")
_HELD = (
    ("SPIDER_MIDDLEWARES", EarlyGate, hold_first),
    ("DOWNLOADER_MIDDLEWARES", EngineGate, hold_first),
    ("DOWNLOADER_MIDDLEWARES", KeepGate, hold_last),
)


class Attest:
    """Opens the warden, and closes it with the crawl."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        try:
            self._stand_in_settings()
            self.warden = self._open()
        except DesistError as error:
            say(error)
            leave(error.exit_code)
        except Exception as error:  # noqa: BLE001 - a gate that cannot be set up is a gate that is missing
            say(GateError(f"the gates could not be set up: {type(error).__name__}: {error}", help="desist doctor"))
            leave(2)
        crawler.signals.connect(self._look_again, signals.engine_started)
        crawler.signals.connect(self._look_again, signals.spider_opened)
        crawler.signals.connect(self._end, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Attest:
        """Built by Scrapy from EXTENSIONS."""
        return cls(crawler)

    def _stand_in_settings(self) -> None:
        """Every gate still where the add-on put it; download handlers that came since go behind the wire gate."""
        settings = self._crawler.settings
        for name, gate, hold in _HELD:
            components = settings.get_component_priority_dict_with_base(name)
            if not any(load_object(cls) is gate for cls in components):
                raise GateError(
                    f"setting `{name}` has lost `{gate.__name__}`", help="find the add-on that removes it in ADDONS"
                )
            hold(settings, name, gate)
        switch_off(settings)
        hold_scalar(settings, BEHIND, {**(settings[BEHIND] or {}), **hold_schemes(settings, WireGate)})

    def _open(self) -> Warden:
        crawler = self._crawler
        options = held_options(crawler.settings)
        purposes = declared_purposes(crawler.settings)
        named = [Path(folder) for folder in options.policies] or None
        policies = PolicySet.load(named)
        if Observation.read(options.observe_until).on:
            refuse_renewal(Path(options.ledger or DEFAULT_LEDGER))
        self._stand_in_loop()
        spiders = _spiders(crawler.settings)
        recorder = Recorder.open(options, revision=policies.revision, spider=crawler.spidercls.name, spiders=spiders)
        warden = Warden(crawler, options=options, purposes=purposes, policies=policies, recorder=recorder)
        notices = Notices(recorder.ledger, options.notices_to_others)
        notices.begin(policies, [*folders_of(named), *([] if named else [Path("policies")])])
        self._reload = Reload(warden, notices)
        return warden

    def _stand_in_loop(self) -> None:
        GATE.attest()
        if is_reactor_installed():
            install_on_reactor()
        try:
            install_on_loop(asyncio.get_running_loop())
        except RuntimeError:
            return  # no asyncio, or its loop starts later: looked at again in `_look_again`

    def _look_again(self) -> None:
        """What Scrapy built out of the settings; the first request is asked for after this."""
        try:
            self._stand_in_loop()
            self._stand_in_engine()
            self._reload.start()
            gc.collect()
            gc.freeze()  # what a start made stays: looking through it for garbage would cost every page
        except DesistError as error:
            say(error)
            leave(error.exit_code)
        except Exception as error:  # noqa: BLE001 - what cannot be looked at is not in place
            say(GateError(f"the gates could not be looked at: {type(error).__name__}: {error}", help="desist doctor"))
            leave(2)

    def _stand_in_engine(self) -> None:
        engine: Any = self._crawler.engine
        downloader = engine.downloader
        help_ = "take the setting that replaces it out of the project or spider"
        if not isinstance(downloader, Downloader) or type(downloader.handlers) is not DownloadHandlers:
            raise GateError("setting `DOWNLOADER` names a downloader in which the wire gate has no place", help=help_)
        if not all(load_object(path) is WireGate for path in downloader.handlers._schemes.values()):
            raise GateError("a download handler does not stand behind the wire gate", help=help_)
        if not isinstance(next(iter(downloader.middleware.middlewares), None), EngineGate):
            raise GateError("the engine gate is not the outermost downloader middleware", help=help_)
        if not isinstance(next(reversed(downloader.middleware.middlewares), None), KeepGate):
            raise GateError("the keep gate is not the innermost downloader middleware", help=help_)
        if not isinstance(next(iter(engine.scraper.spidermw.middlewares), None), EarlyGate):
            raise GateError("the early gate is not the outermost spider middleware", help=help_)
        Ahead.install(downloader)

    async def _end(self) -> None:
        """Close the session; the last line of a crawl. A crawl without a record ends with an exit code."""
        gc.unfreeze()
        self._reload.stop()
        self.warden.close()
        try:
            await run_in_thread(self.warden.recorder.ledger.close)
        except LedgerError as error:
            self.warden.lost = True
            say(error)
        for line in closing_line(self.warden):
            logger.info("%s", line)
        if self.warden.lost:
            leave(2)


def _spiders(settings: BaseSettings) -> list[str]:
    """The names of the project's spiders, so that a docket can name those that never ran under a notice."""
    try:
        return sorted(get_spider_loader(settings).list())
    except Exception:  # noqa: BLE001 - a broken module of another spider is no reason not to run this one
        return []
