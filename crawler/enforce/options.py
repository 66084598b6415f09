"""The `DESIST_*` settings of a project, read once and then held.

They are read in `update_pre_crawler_settings`, before a spider's `custom_settings` exist. One that stands above project
priority (a spider, `-s`) would let whoever starts a crawl loosen it, and is refused; `DESIST_PURPOSES` alone belongs to
the spider.
"""

from __future__ import annotations

import difflib
from typing import Any, Final, Literal, get_args

import msgspec
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from ..decide.options import purposes_of
from ..errors import UsageError
from ..model import Purpose
from ..robots import product_token

__all__ = ["HELD", "KNOWN", "Options", "declared_purposes", "held_options"]

HELD: Final = "_DESIST_OPTIONS"
"""The settings key under which the options of a process are held, out of reach of every named priority."""

_PROJECT: Final = SETTINGS_PRIORITIES["project"]
_PER_SPIDER: Final = "DESIST_PURPOSES"
KNOWN: Final = (
    "DESIST_AGENT",
    "DESIST_COUNSEL_KEY",
    "DESIST_INFRA",
    "DESIST_LEDGER",
    "DESIST_NAMESERVERS",
    "DESIST_NOTICES_TO_OTHERS",
    "DESIST_OBSERVE_UNTIL",
    "DESIST_OPERATOR",
    "DESIST_POLICIES",
    "DESIST_PROXIES",
    _PER_SPIDER,
    "DESIST_ROBOTS_MODE",
    "DESIST_UNKNOWN_PLATFORM",
)

RobotsMode = Literal["strict", "rfc"]
UnknownPlatform = Literal["robots", "refuse"]
NoticesToOthers = Literal["refuse", "record"]


class Options(msgspec.Struct, frozen=True):
    """What a project asks for; immutable from the moment that it is read."""

    policies: tuple[str, ...] = ()
    """Folders; empty: those shipped and `./policies`."""
    ledger: str = ""
    agent: str = ""
    """The product token matched against robots.txt; `Mozilla` stands for the strictest of all groups."""
    operator: str = ""
    infra: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    """`address:port` each, asked by the resolver gate; empty: those of the machine."""
    robots_mode: RobotsMode = "strict"
    unknown_platform: UnknownPlatform = "robots"
    notices_to_others: NoticesToOthers = "refuse"
    observe_until: str = ""
    counsel_key: str = ""

    @classmethod
    def read(cls, settings: BaseSettings) -> Options:
        """The options in `settings`; raises `UsageError` for what is unknown, above project priority or wrong."""
        _check_names(settings)
        return cls(
            policies=_texts(settings, "DESIST_POLICIES"),
            ledger=_text(settings, "DESIST_LEDGER"),
            agent=product_token(_text(settings, "DESIST_AGENT"), str(settings["USER_AGENT"] or "")).token,
            operator=_text(settings, "DESIST_OPERATOR"),
            infra=_texts(settings, "DESIST_INFRA"),
            proxies=_texts(settings, "DESIST_PROXIES"),
            nameservers=_texts(settings, "DESIST_NAMESERVERS"),
            robots_mode=_choice(settings, "DESIST_ROBOTS_MODE", RobotsMode),
            unknown_platform=_choice(settings, "DESIST_UNKNOWN_PLATFORM", UnknownPlatform),
            notices_to_others=_choice(settings, "DESIST_NOTICES_TO_OTHERS", NoticesToOthers),
            observe_until=_text(settings, "DESIST_OBSERVE_UNTIL"),
            counsel_key=_text(settings, "DESIST_COUNSEL_KEY"),
        )


def held_options(settings: BaseSettings) -> Options:
    """The options held for this process; where a script made a Crawler of its own, they are read and checked now.

    Raises `UsageError` where the settings of a spider say anything else than what is held.
    """
    held = settings.attributes.get(HELD)
    now = Options.read(settings)
    if held is None:
        return now
    options: Options = held.value
    for field in Options.__struct_fields__:
        if field != "agent" and getattr(options, field) != getattr(now, field):
            raise UsageError(
                f"setting `DESIST_{field.upper()}` was changed after the project's settings were read",
                help="set it in the project's settings.py and nowhere else",
            )
    return msgspec.structs.replace(options, agent=now.agent)


def declared_purposes(settings: BaseSettings) -> frozenset[Purpose] | None:
    """What a spider says it fetches for; None where it says nothing. Raises `UsageError` for an unknown word."""
    try:
        return purposes_of(_texts(settings, _PER_SPIDER))
    except UsageError as error:
        raise UsageError(f"setting `{_PER_SPIDER}`: {error.message}", help=error.help) from error


def _check_names(settings: BaseSettings) -> None:
    for name in settings:
        if not isinstance(name, str) or not name.startswith("DESIST_"):
            continue
        if name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, 1)
            raise UsageError(
                f"unknown setting `{name}`", help=f"did you mean `{near[0]}`" if near else ", ".join(KNOWN)
            )
        if name != _PER_SPIDER and (settings.getpriority(name) or 0) > _PROJECT:
            raise UsageError(
                f"setting `{name}` is set above project priority, by a spider or on the command line",
                help="set it in the project's settings.py and nowhere else",
            )


def _text(settings: BaseSettings, name: str) -> str:
    value: Any = settings[name]
    if value is None:
        return ""
    if not isinstance(value, str) and not hasattr(value, "__fspath__"):
        raise UsageError(f"setting `{name}` is `{value!r}`", help="it takes a text")
    return str(value)


def _texts(settings: BaseSettings, name: str) -> tuple[str, ...]:
    value: Any = settings[name]
    if value is None:
        return ()
    items = value.split(",") if isinstance(value, str) else [value] if hasattr(value, "__fspath__") else value
    if not isinstance(items, (list, tuple, set, frozenset)):
        raise UsageError(f"setting `{name}` is `{value!r}`", help="it takes a list of texts")
    return tuple(str(item).strip() for item in items if str(item).strip())


def _choice(settings: BaseSettings, name: str, words: Any) -> Any:
    choices = get_args(words)
    value = _text(settings, name) or choices[0]
    if value not in choices:
        raise UsageError(f"setting `{name}` is `{value}`", help=f"one of {', '.join(choices)}")
    return value
