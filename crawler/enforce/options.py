"""The `DESIST_*` settings of a project, read once and then held.

They are read in `update_pre_crawler_settings`, before a spider's `custom_settings` exist. One that stands above project
priority (a spider, `-s`) would let whoever starts a crawl loosen it, and is refused; `DESIST_PURPOSES` alone belongs to
the spider.
"""

from __future__ import annotations

import difflib
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from ..decide.options import purposes_of
from ..errors import UsageError
from ..ledger.anchoring import read_places
from ..model import Purpose
from ..robots import product_token
from .spawns import SPAWN

__all__ = ["HELD", "KNOWN", "SETTINGS", "Options", "Setting", "declared_purposes", "held_options"]

HELD: Final = "_DESIST_OPTIONS"
"""The settings key under which the options of a process are held, out of reach of every named priority."""

_PROJECT: Final = SETTINGS_PRIORITIES["project"]
_PER_SPIDER: Final = "DESIST_PURPOSES"


class Setting(NamedTuple):
    """One `DESIST_*` setting, as docs/reference/settings.md says it."""

    name: str
    takes: str
    default: str
    example: str
    """A line of settings.py."""
    meaning: str
    who: str = "the project"
    """Where it may stand: anywhere else, the crawl does not start."""
    environment: str = ""
    """What commands that run outside a project take from the environment variable of the same name."""


SETTINGS: Final = (
    Setting(
        "DESIST_AGENT",
        "text",
        "the first product of `USER_AGENT`",
        'DESIST_AGENT = "ExampleBot"',
        "The product token that is matched against robots.txt: letters, `-` and `_`, and part of `USER_AGENT`, since "
        "a site could not address the crawler otherwise. `Mozilla` names no crawler, so the strictest of all groups "
        "holds.",
        who="the project; `USER_AGENT` may be the spider's, as long as the token is part of it",
    ),
    Setting(
        "DESIST_ANCHORS",
        "list of texts",
        "nothing: a report says `not anchored`",
        'DESIST_ANCHORS = ["/mnt/counsel/anchors.txt", "| ssh counsel@notary.example.test anchor"]',
        "Where each signed checkpoint is written besides the ledger: a file to which it is appended, or `| command`, "
        "which gets it on standard input, is allowed to run, and exits 0 once it is kept. One that fails is recorded "
        "(`fault`) and said. Needs the key that signs checkpoints.",
    ),
    Setting(
        "DESIST_COUNSEL_KEY",
        "text or path",
        "the key in the user's configuration folder; at a terminal a pair is made there once",
        'DESIST_COUNSEL_KEY = "desist-x25519:..."',
        "Counsel's public key, or the path of a file that holds it. Details (URLs, spider, operator) are sealed to it. "
        "Where there is none, and none can be made, entries are written without details. One that cannot be read "
        "keeps the crawl from starting.",
        environment="the key for `desist arm`, `doctor` and the `ledger` verbs",
    ),
    Setting(
        "DESIST_INFRA",
        "list of texts",
        "nothing",
        'DESIST_INFRA = ["db.example.test:5432", "10.0.0.0/8", "unix:/run/db.sock", "spawn:git", "import:grpc"]',
        "What the crawling process may reach or start besides the sites that it crawls: `host:port`, `*.host:port`, "
        "networks, unix sockets, programs (`spawn:`), modules that open sockets by themselves (`import:`). Each "
        "session's first entry holds the list. A platform's name or address on it is refused all the same. A "
        "wildcard without a registrable domain behind it (`*`, `*.com`) and a network wider than /8 (IPv6: /32) stop "
        "the start.",
    ),
    Setting(
        "DESIST_LEDGER",
        "path",
        "`.desist/ledger.db` in the folder where the crawl is started",
        'DESIST_LEDGER = "/var/lib/shop/ledger.db"',
        "The record. A crawl makes one that is absent and never touches a file that is no ledger. It must lie on a "
        "local disk.",
        environment="the ledger for `desist doctor`, and for what `desist arm` puts on record",
    ),
    Setting(
        "DESIST_LOG_KEY",
        "path",
        "`log.key` in the user's configuration folder; at a terminal it is made there once",
        'DESIST_LOG_KEY = "/run/secrets/desist-log.key"',
        "The file with the private key that signs checkpoints. Its public half, `log.vkey`, belongs where the crawl "
        "host cannot write. Without a key nothing is signed, and nothing can be anchored or proved to a stranger.",
        environment="the key for `desist doctor` and the `ledger` verbs",
    ),
    Setting(
        "DESIST_NAMESERVERS",
        "list of texts",
        "those of the machine",
        'DESIST_NAMESERVERS = ["10.0.0.2:53"]',
        "`address:port` of each name server that the resolver gate asks. Nothing else in the process looks up names.",
    ),
    Setting(
        "DESIST_NOTICES_TO_OTHERS",
        "`refuse` or `record`",
        "`refuse`",
        'DESIST_NOTICES_TO_OTHERS = "record"',
        "Whether a letter that a platform sent to somebody else refuses your requests too (basis `notice-to-other`), "
        "or serves as a docket only. Terms, robots.txt and signals refuse either way.",
    ),
    Setting(
        "DESIST_OBSERVE_UNTIL",
        "date or moment",
        "unset: nothing passes",
        'DESIST_OBSERVE_UNTIL = "2026-03-01"',
        "Until then, at most 14 days ahead and 14 days behind the first session of the ledger that observed, what "
        "robots.txt, signals and undeclared destinations would refuse passes, "
        "on record as `would_refuse`. Programs and modules that open sockets are refused and noted. What an order, a "
        "notice or terms forbid never passes. A date means its midnight in UTC.",
    ),
    Setting(
        "DESIST_OPERATOR",
        "text",
        "nobody",
        'DESIST_OPERATOR = "Example Crawls Ltd, crawl team"',
        "Who answers for the crawl. It is sealed to counsel with the details of each entry.",
    ),
    Setting(
        "DESIST_POLICIES",
        "list of paths",
        "the shipped documents, and `./policies` where it holds any",
        'DESIST_POLICIES = ["shipped", "policies"]',
        "Folders of policy documents; `shipped` stands for those that come with Desist. Naming your own alone leaves "
        "the shipped ones out.",
    ),
    Setting(
        "DESIST_PROXIES",
        "list of texts",
        "nothing: a proxy that is not declared is refused",
        'DESIST_PROXIES = ["proxy.example.test:3128"]',
        "`host:port` of each proxy or rendering service that requests may go through. The target is judged as ever; "
        "what the far side does beside it is not seen.",
    ),
    Setting(
        _PER_SPIDER,
        "list of words",
        "undeclared: judged as if it had all",
        'DESIST_PURPOSES = ["research", "archive"]',
        "What is fetched for: `index`, `archive`, `research`, `monitoring`, `train-ai`, `biometric`, "
        "`commercial-reuse`. Signals and permissions speak of purposes.",
        who="the project, or a spider in `custom_settings`, or `-s`",
    ),
    Setting(
        "DESIST_ROBOTS_MODE",
        "`strict` or `rfc`",
        "`strict`",
        'DESIST_ROBOTS_MODE = "rfc"',
        "`rfc` follows RFC 9309 by the letter. `strict` refuses besides wherever the RFC only says MAY, or readings of "
        "the file differ.",
    ),
    Setting(
        "DESIST_UNKNOWN_PLATFORM",
        "`robots` or `refuse`",
        "`robots`",
        'DESIST_UNKNOWN_PLATFORM = "refuse"',
        "What happens to a host that no document names: its robots.txt and signals decide, or it is refused (basis "
        "`default`).",
    ),
)
"""Every setting there is, in the order of the alphabet. A name that is not here keeps a crawl from starting."""
KNOWN: Final = tuple(setting.name for setting in SETTINGS)
"""Their names."""

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
    anchors: tuple[str, ...] = ()
    """Where checkpoints are written besides the ledger: files, and commands behind `|`."""
    log_key: str = ""

    @classmethod
    def read(cls, settings: BaseSettings) -> Options:
        """The options in `settings`; raises `UsageError` for what is unknown, above project priority or wrong."""
        _check_names(settings)
        anchors = _texts(settings, "DESIST_ANCHORS")
        programs = [f"{SPAWN}{place.words[0]}" for place in read_places(anchors) if place.words]
        return cls(
            policies=_texts(settings, "DESIST_POLICIES"),
            ledger=_text(settings, "DESIST_LEDGER"),
            agent=product_token(_text(settings, "DESIST_AGENT"), str(settings["USER_AGENT"] or "")).token,
            operator=_text(settings, "DESIST_OPERATOR"),
            infra=(*_texts(settings, "DESIST_INFRA"), *programs),
            proxies=_texts(settings, "DESIST_PROXIES"),
            nameservers=_texts(settings, "DESIST_NAMESERVERS"),
            robots_mode=_choice(settings, "DESIST_ROBOTS_MODE", RobotsMode),
            unknown_platform=_choice(settings, "DESIST_UNKNOWN_PLATFORM", UnknownPlatform),
            notices_to_others=_choice(settings, "DESIST_NOTICES_TO_OTHERS", NoticesToOthers),
            observe_until=_text(settings, "DESIST_OBSERVE_UNTIL"),
            counsel_key=_text(settings, "DESIST_COUNSEL_KEY"),
            anchors=anchors,
            log_key=_text(settings, "DESIST_LOG_KEY"),
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
