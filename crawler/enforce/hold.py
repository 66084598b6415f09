"""Putting the gates into Scrapy's settings, and keeping them there.

Scalars are held one above what stands there, component dicts keep their own priority and gain the gate. The position
is computed and not fixed: a project may number its middlewares as it likes, and ours stay outside of them all.
"""

from __future__ import annotations

from typing import Any, Final

from scrapy.core.downloader.handlers import DownloadHandlers
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.settings import BaseSettings, SettingsAttribute
from scrapy.utils.misc import load_object

from ..errors import GateError

__all__ = ["OUT_OF_REACH", "hold_addons", "hold_first", "hold_last", "hold_scalar", "hold_schemes", "switch_off"]

OUT_OF_REACH: Final = 1_000_000
"""A settings priority above every named one, for what is read once and held."""
_NEVER: Final = (
    ("EXTENSIONS", "scrapy.extensions.telnet.TelnetConsole"),
    ("EXTENSIONS", "scrapy.extensions.remote_control.RemoteControl"),
)


class _HeldAddons(SettingsAttribute):
    """ADDONS as a project set it, of which a spider's `custom_settings` can change all but our line."""

    def __init__(self, attribute: SettingsAttribute, path: str) -> None:
        super().__init__(attribute.value, attribute.priority)
        self._path = path

    def set(self, value: Any, priority: int) -> None:
        super().set(value, priority)
        addons = dict(self.value or {})
        if not any(_is(key, self._path) for key in addons):
            self.value = {**addons, self._path: 0}


def hold_addons(settings: BaseSettings, path: str) -> None:
    """Keep the add-on `path` in ADDONS, whatever a spider sets there later."""
    attribute = settings.attributes["ADDONS"]
    if not isinstance(attribute, _HeldAddons):
        settings.attributes["ADDONS"] = _HeldAddons(attribute, path)


def hold_scalar(settings: BaseSettings, name: str, value: object, *, at_least: int = 0) -> None:
    """Set `name` one priority above what stands there, or at `at_least` where what comes later must not undo it."""
    settings.set(name, value, max((settings.getpriority(name) or 0) + 1, at_least))


def hold_first(settings: BaseSettings, name: str, gate: type) -> None:
    """Put `gate` in front of every other component of the dict `name`."""
    settings.set_in_component_priority_dict(name, gate, min(_orders(settings, name, gate), default=0) - 1)


def hold_last(settings: BaseSettings, name: str, gate: type) -> None:
    """Put `gate` behind every other component of the dict `name`."""
    settings.set_in_component_priority_dict(name, gate, max(_orders(settings, name, gate), default=0) + 1)


def switch_off(settings: BaseSettings) -> None:
    """Components that would fetch robots.txt a second time, or that run any Python sent to them."""
    settings.set_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", RobotsTxtMiddleware, None)
    for name, path in _NEVER:
        settings.set_in_component_priority_dict(name, load_object(path), None)
    for name in ("TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED"):
        hold_scalar(settings, name, value=False)


def hold_schemes(settings: BaseSettings, gate: type) -> dict[str, object]:
    """Put `gate` in front of every download handler and return what stood there, by scheme."""
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    behind = {str(scheme): path for scheme, path in handlers.items() if path is not None and not _is(path, gate)}
    # A scheme of the base dict may carry a priority of its own (reactor-less mode sets some); the higher one wins.
    hold_scalar(settings, "DOWNLOAD_HANDLERS", dict.fromkeys(handlers, gate), at_least=OUT_OF_REACH)
    if not behind:
        raise GateError(f"setting `DOWNLOAD_HANDLERS` leaves {DownloadHandlers.__name__} nothing to stand in front of")
    return behind


def _orders(settings: BaseSettings, name: str, gate: type) -> list[int]:
    """Where the other components of a dict stand."""
    others = settings.get_component_priority_dict_with_base(name)
    return [order for cls, order in others.items() if order is not None and not _is(cls, gate)]


def _is(component: object, wanted: object) -> bool:
    """Whether both name one class, by itself or by its import path; nothing is imported to find out."""
    return _path(component) == _path(wanted)


def _path(component: object) -> object:
    return f"{component.__module__}.{component.__qualname__}" if isinstance(component, type) else component
