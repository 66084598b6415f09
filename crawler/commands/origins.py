"""Every `DESIST_*` setting in force with where it comes from, and all that keeps a setting from being in force."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, Settings

from ..enforce.options import KNOWN, SETTINGS, Options, Setting, declared_purposes
from ..enforce.shut import names_addon
from ..errors import DesistError, UsageError
from ..ledger.mask import STRUCK, mask
from .project_code import project_settings
from .setting_places import place_in_class, place_in_module

__all__ = ["Finding", "InForce", "Origins", "origins"]

_PROJECT: Final = SETTINGS_PRIORITIES["project"]
_PER_SPIDER: Final = "DESIST_PURPOSES"
_USERINFO: Final = re.compile(r"[^/,\s]+@")
_ONE_PLACE: Final = "set it in the project's settings.py and nowhere else"


class InForce(NamedTuple):
    """One setting: its value with secrets struck (or in words, where it is the default), and where it comes from."""

    name: str
    value: str | list[str]
    origin: str
    """`default`, `environment`, or `file:line`."""


class Finding(NamedTuple):
    """What is not as its writer meant: `error` where a crawl would not start, `warning` where it is not heard."""

    severity: str
    message: str
    place: str
    help: str


class Origins(NamedTuple):
    """All of it: the project's settings module (empty outside a project), settings, findings."""

    module: str
    settings: list[InForce]
    findings: list[Finding]


def origins(spiders: Sequence[str] = (), overrides: Sequence[str] = (), *, every: bool = False) -> Origins:
    """What holds in the project of this folder; also what these spiders and `-s NAME=VALUE` would say, and be refused.

    Raises UsageError where the project's settings cannot be imported, or a spider is not there.
    """
    settings, module = _project()
    findings = [*_of_project(settings, module), *_of_environment(module), *_of_overrides(overrides)]
    if spiders or every:
        findings += _of_spiders(settings, spiders)
    return Origins(module, [_in_force(setting, settings, module) for setting in SETTINGS], findings)


def _project() -> tuple[BaseSettings, str]:
    settings = project_settings()
    return (Settings(), "") if settings is None else (settings, os.environ["SCRAPY_SETTINGS_MODULE"])


def _in_force(setting: Setting, settings: BaseSettings, module: str) -> InForce:
    name, value = setting.name, settings[setting.name]
    if value is not None:
        return InForce(name, _shown(name, value), place_in_module(module, name, value))
    outside = os.environ.get(name) if setting.environment and not module else None
    if outside:
        return InForce(name, _shown(name, outside), "environment")
    return InForce(name, setting.default.replace("`", ""), "default")


def _shown(name: str, value: Any) -> str | list[str]:
    """A value without its secrets: userinfo, tokens, private keys."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return [str(_shown(name, item)) for item in value]
    text = str(value)
    if name == "DESIST_COUNSEL_KEY":
        return text if text.startswith("desist-x25519:") or _is_path(text) else STRUCK
    if name in ("DESIST_INFRA", "DESIST_PROXIES"):
        text = _USERINFO.sub(f"{STRUCK}@", text)
    return mask(text)[0]


def _is_path(text: str) -> bool:
    return os.path.lexists(text) or (os.sep in text and "." in text)


def _of_project(settings: BaseSettings, module: str) -> Iterator[Finding]:
    """Unknown names, values that no crawl takes, and a project without the add-on."""
    for name in sorted(str(name) for name in settings if str(name).startswith("DESIST_")):
        if name not in KNOWN:
            yield _unknown(name, place_in_module(module, name, settings[name]), "error")
    try:
        Options.read(_known(settings))
    except DesistError as error:
        name = next((name for name in KNOWN if name in error.message), "")
        yield Finding("error", error.message, place_in_module(module, name, settings[name]) if name else "", error.help)
    if module and not names_addon(settings):
        line = 'ADDONS = {"desist.addon.Addon": 0}'
        place = place_in_module(module, "ADDONS", settings["ADDONS"])
        yield Finding("warning", "the add-on is not named: a crawl hears none of these settings", place, line)


def _known(settings: BaseSettings) -> Settings:
    """The settings that are spelt as they should be, so that a wrong name does not hide a wrong value."""
    known = Settings()
    for name in (*KNOWN, "USER_AGENT"):
        if settings[name] is not None:
            known.set(name, settings[name], "project")
    return known


def _of_environment(module: str) -> Iterator[Finding]:
    """Variables that nobody reads, or that only commands outside a project read."""
    heard = {setting.name: setting.environment for setting in SETTINGS}
    for name in sorted(name for name in os.environ if name.startswith("DESIST_")):
        place = "environment"
        if name not in heard:
            yield _unknown(name, place, "warning")
        elif not heard[name]:
            yield Finding("warning", f"variable `{name}` is heard by nobody", place, _ONE_PLACE)
        elif module:
            message = f"variable `{name}` is {heard[name]}; no crawl reads it"
            yield Finding("warning", message, place, "a crawl reads the project's settings.py and nothing else")


def _of_overrides(overrides: Iterable[str]) -> Iterator[Finding]:
    """What `scrapy crawl -s NAME=VALUE` would meet."""
    for text in overrides:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"`{text}` is no setting", help="write -s NAME=VALUE")
        yield from _above(name, value, f"-s {name}")


def _of_spiders(settings: BaseSettings, names: Sequence[str]) -> Iterator[Finding]:
    """What the `custom_settings` of spiders would meet; their modules are imported in a shut process."""
    from scrapy.spiderloader import get_spider_loader

    from ..enforce.process import GATE

    GATE.arm(Options(), "desist config")
    loader = get_spider_loader(settings)
    known = sorted(loader.list())
    for name in names or known:
        if name not in known:
            raise UsageError(f"there is no spider `{name}`", help=f"spiders: {', '.join(known) or 'none'}")
        cls, own = loader.load(name), settings.copy()
        cls.update_settings(own)
        for setting in sorted(str(key) for key in own if str(key).startswith("DESIST_")):
            if (own.getpriority(setting) or 0) > _PROJECT:
                yield from _above(setting, own[setting], f"{place_in_class(cls, setting)}: spider {name}")


def _above(name: str, value: Any, place: str) -> Iterator[Finding]:
    """A setting that stands above the project's settings."""
    if name == _PER_SPIDER:
        yield _purposes(value, place)
    elif name in KNOWN:
        yield Finding("error", f"`{name}` is refused here: the crawl would not start", place, _ONE_PLACE)
    elif name.startswith("DESIST_"):
        yield _unknown(name, place, "error")


def _purposes(value: Any, place: str) -> Finding:
    """The one setting that belongs to the spider."""
    try:
        purposes = declared_purposes(Settings({_PER_SPIDER: value}))
    except DesistError as error:
        return Finding("error", error.message, place, error.help)
    words = ", ".join(sorted(purposes or ())) or "undeclared"
    return Finding("note", f"`{_PER_SPIDER}` is {words} for this crawl", place, "")


def _unknown(name: str, place: str, severity: str) -> Finding:
    near = difflib.get_close_matches(name, KNOWN, 1, 0.75)
    mend = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(KNOWN)}"
    return Finding(severity, f"unknown setting `{name}`", place, mend)
