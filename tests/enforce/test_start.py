"""A crawl that cannot be guarded does not start: exit code 2, one message, nothing asked of anybody."""

from __future__ import annotations

import os

import pytest

GAZETTE = "gazette.test"


def run(project, spider, web, *words, extra="", body="", **changes):
    return project.run(spider(web.url(GAZETTE), web.url("pictogram.test"), body=body), *words, extra=extra, **changes)


def refused_to_start(done, web, *texts):
    """The whole of it: code, one message with its help line, silence on the wire."""
    assert done.code == 2, done.out
    errors = [line for line in done.out.splitlines() if line.startswith("error:")]
    assert len(errors) == 1, done.out
    assert "Traceback" not in done.out
    for text in texts:
        assert text in done.out
    assert not web.queries
    assert not web.connections


RUNNERS = {
    "async": {},
    "process": {"FORCE_CRAWLER_PROCESS": True},
    "select": {"TWISTED_REACTOR": "twisted.internet.selectreactor.SelectReactor"},
    "reactor-less": {"TWISTED_REACTOR_ENABLED": False},
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_broken_policy_names_its_place(project, spider, web, runner) -> None:
    """An unknown key: file, line, column, and what was meant, under every loop and reactor."""
    broken = project.policies / "platforms" / "broken.yaml"
    broken.write_text("platform: broken\nname: Broken\nhots: [broken.test]\n")
    done = run(project, spider, web, **RUNNERS[runner])
    refused_to_start(done, web, f"{broken}:3:1", "hots", "help: did you mean `hosts`?")
    assert not project.ledger.exists()


@pytest.mark.parametrize(
    "text",
    [
        "platform: [broken",
        "platform: pictogram\nname: Twice\nhosts: [twice.test]\n",
        "notice: n\ninstrument: cease_and_desist\nsender: A\nrecipient: B\nplatforms: [pictogram]\nreceived_at: soon\n",
        "platform: broken\nname: Broken\nhosts: [github.io]\n",
    ],
    ids=["broken-yaml", "duplicate-id", "no-date", "public-suffix"],
)
def test_bad_documents_stop_the_start(project, spider, web, text) -> None:
    """Each with file and line."""
    broken = project.policies / "platforms" / "zzz.yaml"
    broken.write_text(text)
    refused_to_start(run(project, spider, web), web, f"{broken}:", "help:")


def test_empty_folder_stops_the_start(project, spider, web, tmp_path) -> None:
    """A folder without documents is a slip, not a policy."""
    (tmp_path / "none").mkdir()
    refused_to_start(run(project, spider, web, DESIST_POLICIES=[str(tmp_path / "none")]), web, "help:")


def test_missing_folder_stops_the_start(project, spider, web, tmp_path) -> None:
    """So is a folder that is not there."""
    refused_to_start(run(project, spider, web, DESIST_POLICIES=[str(tmp_path / "gone")]), web, "help:")


def symlink(project):
    real = project.folder / "elsewhere.db"
    project.ledger.parent.mkdir(mode=0o700)
    project.ledger.symlink_to(real)


def world_readable(project):
    project.ledger.parent.mkdir(mode=0o755)
    project.ledger.parent.chmod(0o755)
    project.ledger.touch(0o644)
    project.ledger.chmod(0o644)


def foreign(project):
    project.ledger.parent.mkdir(mode=0o700)
    project.ledger.touch(0o600)
    project.ledger.write_text("shopping list")


def folder(project):
    project.ledger.mkdir(parents=True, mode=0o700)


@pytest.mark.parametrize("spoil", [symlink, world_readable, foreign, folder])
def test_spoilt_ledger_stops_the_start_and_is_left_alone(project, spider, web, spoil) -> None:
    """A symbolic link, a file that others may read, somebody else's file, no file at all."""
    spoil(project)
    before = project.ledger.read_bytes() if project.ledger.is_file() else None
    refused_to_start(run(project, spider, web), web, "help:")
    assert before == (project.ledger.read_bytes() if project.ledger.is_file() else None)


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.isdir("/proc/self"), reason="needs a file system without writes")
def test_unwritable_place_stops_the_start(project, spider, web) -> None:
    """A ledger where nothing can be written."""
    refused_to_start(run(project, spider, web, DESIST_LEDGER="/proc/self/desist/ledger.db"), web, "help:")


SETTINGS = {
    "DESIST_POLICES": ["x"],
    "DESIST_ROBOTS_MODE": "lenient",
    "DESIST_AGENT": "two words",
    "DESIST_NAMESERVERS": ["dns.example"],
    "DESIST_PROXIES": ["proxy.test"],
    "DESIST_PURPOSES": ["world-domination"],
    "DESIST_UNKNOWN_PLATFORM": "allow",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_wrong_setting_stops_the_start(project, spider, web, name) -> None:
    """An unknown name, a value that is none: said with what would be right."""
    refused_to_start(run(project, spider, web, **{name: SETTINGS[name]}), web, name, "help:")


def test_command_line_cannot_set_policies(project, spider, web, tmp_path) -> None:
    """`-s DESIST_POLICIES=...` stands above project priority."""
    done = run(project, spider, web, "-s", f"DESIST_POLICIES={tmp_path}")
    refused_to_start(done, web, "`DESIST_POLICIES` is set above project priority")


def test_spider_cannot_set_policies(project, spider, web, tmp_path) -> None:
    """Nor can `custom_settings`."""
    body = f"custom_settings = {{'DESIST_LEDGER': {str(tmp_path / 'own.db')!r}}}"
    refused_to_start(run(project, spider, web, body=body), web, "`DESIST_LEDGER` is set above project priority")


def test_spider_may_declare_its_purposes(project, spider, web) -> None:
    """The one setting that belongs to the spider."""
    done = run(project, spider, web, body="custom_settings = {'DESIST_PURPOSES': ['research']}")
    assert done.code == 0
    assert f"GOT {web.url(GAZETTE)}" in done.out


TAKES_OUT = """
    class Meddler:
        def update_settings(self, settings):
            {act}
    ADDONS = {{"desist.addon.Addon": 0, Meddler: 1}}
"""


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("name", ["DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES"])
def test_add_on_that_takes_a_gate_out_stops_the_start(project, spider, web, name, runner) -> None:
    """A later add-on may change everything, and what it took is named."""
    act = f"settings.set({name!r}, {{}}, 'cmdline')"
    done = run(project, spider, web, extra=TAKES_OUT.format(act=act), **RUNNERS[runner])
    refused_to_start(done, web, f"`{name}` has lost", "help:")


def test_own_downloader_stops_the_start(project, spider, web) -> None:
    """A downloader that has no place for the wire gate."""
    body = "custom_settings = {'DOWNLOADER': 'spiders.Own'}"
    text = spider(web.url("pictogram.test"), body=body) + OWN_DOWNLOADER
    done = project.run(text)
    refused_to_start(done, web, "DOWNLOADER", "help:")


OWN_DOWNLOADER = """
class Own:
    def __init__(self, crawler):
        self.active = set()
        self.handlers = None
    def fetch(self, request):
        raise NotImplementedError
    def needs_backout(self):
        return False
    def close(self):
        pass
"""
