"""What the fixtures of the pytest plugin hand out."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..errors import PolicyError, UsageError
from ..ledger.opener import Opener
from ..policy.policyset import PolicySet
from . import documents
from .crawl import Crawl, SpiderSource, crawl_folder, run_crawl, tail
from .folder import load_site, load_sites
from .hits import Hit
from .nameserver import Answer
from .recorded import Recorded
from .site import Site
from .web import Web

if TYPE_CHECKING:
    from .mock import Mounted

__all__ = ["Crawler", "PolicyFolder", "TestLedger", "Webs"]


class Webs:
    """The fixture `sites`: mounts sites, and remembers all that a test mounted."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.webs: list[Web] = []
        self.sites: list[Site] = []

    def __call__(
        self,
        *sites: Site | str | Path,
        names: Mapping[str, Answer | Sequence[Answer]] | None = None,
        tls: bool = False,
        http2: bool = False,
    ) -> Web:
        """Serve `sites` until the test ends; a path is a folder that describes one site, or holds such folders.

        The rest is as in `Web`.
        """
        described = [one for site in sites for one in _described(site)]
        if not described and not names:
            raise UsageError("no site to serve", help="Site('a.test', ...), a ready-made one, or a folder of sites")
        web = self._stack.enter_context(Web(described, names=names, tls=tls, http2=http2))
        self.webs.append(web)
        self.sites += described
        return web

    def mock(self, *sites: Site | str | Path) -> Mounted:
        """Have the library `responses` answer for `sites` until the test ends, for code that uses `requests`.

        Nothing is served: a request for any other name is an error.
        """
        import responses  # noqa: PLC0415 - of the extra `testing`, as what follows is

        from .mock import mount  # noqa: PLC0415

        described = [one for site in sites for one in _described(site)]
        self.sites += described
        registry = self._stack.enter_context(responses.RequestsMock(assert_all_requests_are_fired=False))
        return mount(described, registry)

    def hits(self) -> dict[str, list[Hit]]:
        """What each mounted site's own server has seen so far."""
        return {site.name: web[site.name].hits for web in self.webs for site in web}


def _described(site: Site | str | Path) -> list[Site]:
    if isinstance(site, Site):
        return [site]
    if not isinstance(site, (str, Path)):
        raise UsageError(f"a {type(site).__name__} is no site", help="a Site, or the path of a folder with a site.yaml")
    folder = Path(site)
    return [load_site(folder)] if (folder / "site.yaml").is_file() else load_sites(folder)


class PolicyFolder:
    """The fixture `policy_set`: a folder of documents, compiled when it is called."""

    def __init__(self, path: Path, webs: Webs) -> None:
        self.path = path
        self._webs = webs

    def __call__(self, extra: Mapping[str, str] | None = None) -> PolicySet:
        """The policy set of all mounted sites' documents and of `extra` (YAML text by path below `policies/`)."""
        try:
            return PolicySet.load(self.write(extra))
        except PolicyError as error:
            for one in error.diagnostics:
                error.add_note(f"{one.place}: {one.code} {one.message}\n  help: {one.help}")
            raise

    def write(self, extra: Mapping[str, str] | None = None) -> Path:
        """Write the documents, a platform that is nowhere where there are none; returns the folder."""
        papers = [site.documents for site in self._webs.sites] + [dict(extra or {})]
        if not any(papers) and not any(self.path.glob("**/*.yaml")):
            papers.append(documents.platform("nobody", "Nobody", {"nobody.test": "site"}))
        return documents.write(self.path, papers)


class TestLedger:
    """The fixture `ledger`: where a crawl of the test keeps its record, and the key that opens its details."""

    __test__ = False  # not a test class, whatever pytest thinks of the name

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opener = Opener.generate()
        self.counsel_key = str(self._opener.counsel)
        self.private_key = self._opener.private_text()

    def decisions(self) -> list[Recorded]:
        """All permits and refusals on record, with their URLs."""
        return Recorded.read(self.path, self.private_key) if self.path.exists() else []


class Crawler:
    """The fixture `crawl`: runs spiders under the gates, against the mounted sites and their documents."""

    def __init__(
        self,
        folder: Path,
        root: str,
        webs: Webs,
        policies: PolicyFolder,
        ledger: TestLedger,
        *,
        start: Callable[..., subprocess.CompletedProcess[Any]] = subprocess.run,
    ) -> None:
        self._folder = folder
        self._root = root
        self._webs = webs
        self._policies = policies
        self._ledger = ledger
        self._start = start
        self._runs = 0

    def __call__(
        self,
        spider: SpiderSource,
        *,
        settings: Mapping[str, Any] | None = None,
        project: str = "",
        seconds: float = 120.0,
        exit_code: int = 0,
        spider_errors: bool = False,
        **attributes: Any,
    ) -> Crawl:
        """Run `spider` with `attributes` set on its class; `project` is a settings module that it stands in.

        A crawl that ends with another exit code than `exit_code`, and an exception of the spider's own code unless
        `spider_errors` are expected, is an AssertionError: a crawl that never got going would make every
        `was_never_contacted` true.
        """
        self._runs += 1
        folder = crawl_folder(
            self._folder / str(self._runs),
            spider,
            {**self._settings(), **(settings or {})},
            base=project,
            attributes=attributes,
        )
        path = [self._root, *sys.path]
        key = self._ledger.private_key
        done = run_crawl(folder, self._ledger.path, key=key, path=path, seconds=seconds, start=self._start)
        if done.exit_code != exit_code:
            last = tail(done.log)
            raise AssertionError(f"the crawl ended with exit code {done.exit_code}, expected {exit_code}:\n{last}")
        if done.errors and not spider_errors:
            raise AssertionError(f"the spider raised {len(done.errors)} times, first:\n{done.errors[0]}")
        return msgspec.structs.replace(done, hits=self._webs.hits())

    def _settings(self) -> dict[str, Any]:
        return {
            "ADDONS": {"desist.addon.Addon": 0},
            "USER_AGENT": "desist-test/1",
            "DESIST_POLICIES": [str(self._policies.write())],
            "DESIST_LEDGER": str(self._ledger.path),
            "DESIST_COUNSEL_KEY": self._ledger.counsel_key,
            "DESIST_NAMESERVERS": [web.nameserver for web in self._webs.webs],
            "DOWNLOAD_DELAY": 0,
        }
