"""`desist config`: every setting in force and where it comes from, in and outside a project, without its secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from desist.enforce.options import SETTINGS

_SETTINGS = """\
from .common import *

BOT_NAME = "shop"
SPIDER_MODULES = ["shop.spiders"]
ADDONS = {"desist.addon.Addon": 0}
if BOT_NAME:
    DESIST_LEDGER = "kept/ledger.db"
else:
    DESIST_LEDGER = "elsewhere.db"
DESIST_PROXIES = ["shopper:hunter2@proxy.test:3128"]
DESIST_INFRA = ["redis://:hunter3@cache.test:6379"]
globals()["DESIST_NAMESERVERS"] = "127.0.0.1:53"
"""
_SPIDER = """\
import scrapy


class Faces(scrapy.Spider):
    name = "faces"
    custom_settings = {
        "DESIST_PURPOSES": ["research"],
        "DESIST_LEDGER": "/dev/null",
        "DESIST_AGNET": "x",
    }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with settings in two files and a spider that wants to loosen them."""
    package = tmp_path / "shop"
    (package / "spiders").mkdir(parents=True)
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = shop.settings\n")
    (package / "__init__.py").touch()
    (package / "spiders" / "__init__.py").touch()
    (package / "settings.py").write_text(_SETTINGS)
    (package / "common.py").write_text("# for all crawls\nDESIST_OPERATOR = 'Shop Ltd'\nDESIST_LEDGER = 'old.db'\n")
    (package / "spiders" / "faces.py").write_text(_SPIDER)
    return tmp_path


def _config(folder: Path, *words: str, scrapy: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from desist.commands.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-m", "scrapy", "desist"] if scrapy else [sys.executable, "-c", program]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DESIST_", "SCRAPY_"))}
    return subprocess.run(
        [*command, "config", *words], cwd=folder, env=clean | environment, capture_output=True, text=True, check=False
    )


def _rows(done: subprocess.CompletedProcess[str]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    read = json.loads(done.stdout)
    return {row["name"]: (row["value"], row["origin"]) for row in read["settings"]}, read["findings"]


def test_each_value_has_its_file_and_line(project: Path) -> None:
    """Own lines, lines of a module taken over, the branch that was taken, and what no line says."""
    done = _config(project, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    settings, findings = _rows(done)
    assert findings == []
    assert settings["DESIST_LEDGER"] == ("kept/ledger.db", "shop/settings.py:7")
    assert settings["DESIST_OPERATOR"] == ("Shop Ltd", "shop/common.py:2")
    assert settings["DESIST_NAMESERVERS"] == ("127.0.0.1:53", "shop/settings.py")
    assert settings["DESIST_ROBOTS_MODE"] == ("strict", "default")
    assert list(settings) == [setting.name for setting in SETTINGS]


def test_secrets_are_struck(project: Path) -> None:
    """Passwords in proxies and services, private keys and tokens never leave the file in which they stand."""
    with (project / "shop" / "settings.py").open("a") as file:
        file.write("DESIST_COUNSEL_KEY = 'AGE-SECRET-KEY-1QQQQQQ'\nDESIST_PASSWORD = 'hunter4'\n")
    done = _config(project, "--show-origin", "-s", "DESIST_PROXIES=me:hunter5@p.test:1")
    assert "[struck]@proxy.test:3128" in done.stdout
    assert "DESIST_COUNSEL_KEY = '[struck]'" in done.stdout
    for secret in ("hunter", "SECRET"):
        assert secret not in done.stdout + done.stderr


def test_what_a_spider_or_the_command_line_says_is_refused_with_its_line(project: Path) -> None:
    """Only purposes belong to a spider; everything else above the project keeps the crawl from starting, exit 2."""
    done = _config(project, "--all", "-s", "DESIST_AGENT=x", "-s", "DESIST_PURPOSES=spying", "--format", "json")
    assert done.returncode == 2
    found = {one["place"]: (one["severity"], one["message"], one["help"]) for one in _rows(done)[1]}
    assert found["-s DESIST_AGENT"][:2] == ("error", "`DESIST_AGENT` is refused here: the crawl would not start")
    assert found["-s DESIST_PURPOSES"][0] == "error"
    assert found["shop/spiders/faces.py:7: spider faces"][:2] == (
        "note",
        "`DESIST_PURPOSES` is research for this crawl",
    )
    assert found["shop/spiders/faces.py:8: spider faces"][0] == "error"
    assert found["shop/spiders/faces.py:9: spider faces"] == (
        "error",
        "unknown setting `DESIST_AGNET`",
        "did you mean `DESIST_AGENT`?",
    )
    nobody = _config(project, "nobody")
    assert (nobody.returncode, "spiders: faces" in nobody.stderr) == (2, True)


def test_misspelt_and_wrong_settings_are_all_named(project: Path) -> None:
    """A wrong name does not hide a wrong value; `scrapy desist config` says the same, although no crawl could start."""
    with (project / "shop" / "settings.py").open("a") as file:
        file.write("DESIST_POLICES = ['x']\nDESIST_ROBOTS_MODE = 'lenient'\n")
    done = _config(project)
    assert done.returncode == 2
    assert "error: shop/settings.py:13: unknown setting `DESIST_POLICES`" in done.stdout
    assert "help: did you mean `DESIST_POLICIES`?" in done.stdout
    assert "error: shop/settings.py:14: setting `DESIST_ROBOTS_MODE` is `lenient`" in done.stdout
    same = _config(project, scrapy=True)
    assert (same.returncode, same.stdout) == (2, done.stdout)


def test_the_environment_is_heard_by_commands_outside_a_project_only(project: Path, tmp_path: Path) -> None:
    """Where a variable holds it says so, where it does not it is a warning, and one that nobody knows is named."""
    variables = {"DESIST_LEDGER": "/srv/l.db", "DESIST_POLICIES": "x", "DESIST_COUNSELKEY": "y"}
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / "scrapy.cfg").rename(project / "moved")
    bare = _config(outside, "--show-origin", **variables)
    assert bare.returncode == 0
    assert "environment  DESIST_LEDGER = '/srv/l.db'" in bare.stdout
    assert "variable `DESIST_POLICIES` is heard by nobody" in bare.stdout
    assert "did you mean `DESIST_COUNSEL_KEY`?" in bare.stdout
    assert bare.stdout.splitlines()[-1].startswith("next: desist new project")
    (project / "moved").rename(project / "scrapy.cfg")
    within = _config(project, "--show-origin", **variables)
    assert "  shop/settings.py:7   DESIST_LEDGER = 'kept/ledger.db'\n" in within.stdout
    assert "no crawl reads it" in within.stdout


def test_a_project_without_the_add_on_or_with_broken_settings_is_told(project: Path) -> None:
    """Settings that no crawl hears are a warning with the line to add; settings that raise are one error."""
    file = project / "shop" / "settings.py"
    file.write_text(_SETTINGS.replace('"desist.addon.Addon": 0', ""))
    done = _config(project)
    assert "warning: shop/settings.py:5: the add-on is not named" in done.stdout
    assert 'help: ADDONS = {"desist.addon.Addon": 0}' in done.stdout
    file.write_text(_SETTINGS + "1 / 0\n")
    broken = _config(project)
    assert broken.returncode == 2
    assert (
        "error: shop/settings.py:13: the project's settings cannot be imported: ZeroDivisionError: division by zero"
        in broken.stderr
    )
