"""What `desist doctor` says of the gates: what is armed, whether the chain holds, which lines a project still needs."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .doctor import Result
from .project_code import project_settings
from .screen import waiting

if TYPE_CHECKING:
    from ..enforce.options import Options

__all__ = ["gates", "project"]

_PORTS: Final = {
    "redis": 6379, "rediss": 6379, "mongodb": 27017, "mongodb+srv": 27017, "postgres": 5432, "postgresql": 5432,
    "mysql": 3306, "amqp": 5672, "amqps": 5671, "kafka": 9092, "memcached": 11211, "http": 80, "https": 443,
    "ws": 80, "wss": 443, "smtp": 25, "ftp": 21,
}  # fmt: skip
_PROXY_NAMES: Final = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
_SECONDS: Final = 60


def gates(_args: argparse.Namespace) -> Iterator[Result]:
    """Whether this environment is armed, which Scrapy processes are not, and whether this project's chain holds."""
    from ..enforce.marks import scrapy_processes
    from .arm import armed

    note = armed()
    if note is None:
        yield Result("warn", "this environment is not armed: a crawl without the add-on has no gates", "desist arm")
    else:
        yield Result("ok", f"this environment is armed, by {note.get('by')} at {note.get('at')}")
    for found in scrapy_processes():
        if not found.armed:
            state = "is not armed" if found.readable else "cannot be looked at (it is another user's)"
            yield Result("warn", f"process {found.pid} {state}: {found.command[:80]}", "restart it with the add-on")
    settings = project_settings()
    if settings is None:
        yield Result("ok", "no Scrapy project here: there is no chain to attest")
        return
    yield from _chain(settings)


def _chain(settings: Any) -> Iterator[Result]:
    from ..enforce.shut import ADDON, names_addon

    if not names_addon(settings):
        others = {key: order for key, order in (settings["ADDONS"] or {}).items() if not _is_ours(key)}
        line = "ADDONS = " + repr({ADDON: 0, **others})
        yield Result("fail", "the project's settings do not name the add-on: no gate is in place", line)
        return
    with waiting("starting a crawl that asks for nothing"):
        done = subprocess.run(
            [sys.executable, "-m", "desist.enforce.rehearse"],
            capture_output=True, text=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    if done.returncode == 0:
        yield Result("ok", "a crawl that asks for nothing started and ended with every gate in place")
        return
    _, _, said = f"\n{done.stderr}".rpartition("\nerror: ")  # findings on documents may stand above it
    head, *rest = said.splitlines() or [f"a crawl ends with exit code {done.returncode}"]
    mend = next((line.removeprefix("  help: ") for line in rest if line.startswith("  help: ")), "")
    yield Result("fail", head, mend or "scrapy crawl shows why")


def _is_ours(key: Any) -> bool:
    """Whether a key of ADDONS means us, misspelt or not."""
    return isinstance(key, str) and key.partition(".")[0] == "desist"


def project(_args: argparse.Namespace) -> Iterator[Result]:
    """Lines of settings, ready to paste, for what this project's settings, environment and observation name."""
    from ..enforce.derived import derived
    from ..enforce.options import Options

    settings = project_settings()
    if settings is None:
        yield Result("fail", "no Scrapy project here", "run it in the folder of scrapy.cfg")
        return
    options = Options.read(settings)
    for line in derived(settings):
        yield Result("ok", f"{line} stands in FEEDS, a store or MAIL_HOST: nothing to declare")
    infra, proxies = Wanted("DESIST_INFRA", options.infra), Wanted("DESIST_PROXIES", options.proxies)
    for line, source in (*_services(settings), *_observed(options)):
        (proxies if line.startswith("proxy ") else infra).add(line.removeprefix("proxy "), source)
    for line, source in _proxies():
        proxies.add(line, source)
    for wanted in (infra, proxies):
        yield from wanted.results(options)
    if not infra.lines and not proxies.lines:
        yield Result("ok", "nothing to declare was found; DESIST_OBSERVE_UNTIL shows what a crawl really uses")


class Wanted:
    """The lines of one setting that are found and not declared yet."""

    def __init__(self, setting: str, declared: Iterable[str]) -> None:
        from ..enforce.destinations import Destinations

        self.setting = setting
        self.declared = list(declared)
        self.lines: dict[str, str] = {}
        self._listed = Destinations(setting, self.declared)

    def add(self, line: str, source: str) -> None:
        """A line, and where it was found."""
        host, _, port = line.rpartition(":")
        special = line.startswith(("spawn:", "import:", "/"))
        covered = line in self.declared or (
            not special and port.isdigit() and self._listed.allow(host.strip("[]"), int(port))
        )
        if not covered:
            self.lines.setdefault(line, source)

    def results(self, options: Options) -> Iterator[Result]:
        """One for each line, and one with the setting to paste; what documents refuse is never proposed."""
        refused = {line: why for line in self.lines if (why := _why_refused(line, options))}
        for line, why in refused.items():
            yield Result("warn", f"{line} ({self.lines.pop(line)}) stays shut: {why}", "desist policy explain")
        for line, source in self.lines.items():
            yield Result("warn", f"{line} is not declared ({source})")
        if self.lines:
            line = f"{self.setting} = {[*self.declared, *self.lines]!r}"
            yield Result("warn", f"{self.setting} lacks {len(self.lines)}; paste this into settings.py:", paste=line)


def _why_refused(line: str, options: Options) -> str:
    """Why documents refuse a destination; empty where they do not."""
    from ..decide import Judge
    from ..policy.policyset import PolicySet

    host = line.rpartition(":")[0].strip("[]")
    if not host or line.startswith(("spawn:", "import:", "/")):
        return ""
    policies = PolicySet.load([Path(folder) for folder in options.policies] or None)
    decision = Judge(policies, agent=options.agent).host(host)
    return decision.governing.message if decision.refused and decision.governing else ""


def _services(settings: Any) -> Iterator[tuple[str, str]]:
    """URLs and HOST, PORT pairs in the project's own settings, and in the environment under the same kinds of name."""
    own = {name: settings[name] for name in settings if settings.getpriority(name) and not name.startswith("DESIST_")}
    for source, values in (("setting", own), ("environment", dict(os.environ))):
        for name, value in values.items():
            if str(name).lower() in _PROXY_NAMES or name in {"FEEDS", "FILES_STORE", "IMAGES_STORE", "MAIL_HOST"}:
                continue
            for line in _lines(str(name), value, values):
                yield line, f"{source} {name}"


def _lines(name: str, value: Any, values: Mapping[Any, Any]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _lines(name, inner, values)
        return
    if not isinstance(value, str):
        return
    if name.endswith("_HOST") and value and "://" not in value and "/" not in value:
        port = values.get(name.removesuffix("_HOST") + "_PORT")
        known = _PORTS.get(name.removesuffix("_HOST").lower())
        if port or known:
            yield f"{value}:{port or known}"
        return
    parts = urlsplit(value)
    if parts.scheme in _PORTS and parts.hostname and " " not in value and name != "USER_AGENT":
        kind = "proxy " if "PROXY" in name.upper() else ""
        yield f"{kind}{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"
    elif parts.scheme in {"unix", "redis+socket"} and parts.path.startswith("/"):
        yield parts.path


def _proxies() -> Iterator[tuple[str, str]]:
    """The proxies that Scrapy's HttpProxyMiddleware takes from the environment."""
    from ..enforce.destinations import endpoint_of

    for name, value in os.environ.items():
        if name.lower() in _PROXY_NAMES and value:
            try:
                endpoint = endpoint_of(value)
            except ValueError:
                continue
            yield f"{endpoint.host}:{endpoint.port}", f"environment {name}"


def _observed(options: Options) -> Iterator[tuple[str, str]]:
    """What a crawl under DESIST_OBSERVE_UNTIL used."""
    from ..enforce.attempts import OBSERVED
    from ..enforce.recorder import DEFAULT_LEDGER

    place = Path(options.ledger or DEFAULT_LEDGER).parent / OBSERVED
    if not place.is_file():
        return
    for text in place.read_text(encoding="utf-8").splitlines():
        what, _, target = text.partition(" ")
        kind = {"spawn": "spawn:", "import": "import:", "proxy": "proxy "}.get(what, "")
        line = "import:ctypes" if what == "library" else kind + target
        if what in {"connect", "datagram", "spawn", "import", "library", "proxy"}:
            yield line, "seen under observation"
