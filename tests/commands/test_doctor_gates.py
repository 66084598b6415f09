"""`desist doctor` on gates: what is armed, whether the chain holds, and the lines that a project lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from desist.commands.doctor import Result, _checkout
from desist.ledger.keys import make_log_key

SETTINGS = """
BOT_NAME = "shop"
SPIDER_MODULES = []
REDIS_URL = "redis://cache.shop.test:6380/0"
MONGO_HOST, MONGO_PORT = "store.shop.test", 27018
SENTRY_DSN = "https://key@errors.shop.test/1"
PICTURE_API = {"url": "http://api.pictogram.test/v1"}
FEEDS = {"ftp://u:p@files.shop.test/x.json": {"format": "json"}}
ADDONS = {ADDONS}
DESIST_POLICIES = ["policies"]
DESIST_INFRA = ["queue.shop.test:5672"]
"""
OURS = '{"desist.addon.Addon": 0}'
PLATFORM = "platform: pictogram\nname: Pictogram\nhosts: [pictogram.test]\n"
NOTICE = """notice: 2026-01-pictogram
instrument: cease_and_desist
sender: Pictogram, Inc.
recipient: Example Crawls Ltd
platforms: [pictogram]
received_at: 2026-01-05T09:30:00Z
crawl_effect: block
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = shop_settings\n")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "platform.yaml").write_text(PLATFORM)
    (tmp_path / "policies" / "notice.yaml").write_text(NOTICE)
    write(tmp_path, OURS)
    return tmp_path


def write(folder: Path, addons: str) -> None:
    (folder / "shop_settings.py").write_text(SETTINGS.replace("{ADDONS}", addons))


def doctor(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(
        [sys.executable, "-c", "from desist.commands.main import main; raise SystemExit(main())", "doctor", *words],
        cwd=folder, env={**clean, **environ}, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


def test_chain_is_attested(project) -> None:
    """A crawl that asks for nothing is started, and ends with every gate in place."""
    done = doctor(project)
    assert "ok    a crawl that asks for nothing started and ended with every gate in place" in done.stdout
    assert done.returncode == 0, done.stdout


def test_project_without_the_line_fails_and_prints_it(project) -> None:
    """With the add-ons that it has already."""
    write(project, '{"shop.addons.Own": 5}')
    done = doctor(project)
    assert done.returncode == 2
    assert "ADDONS = {'desist.addon.Addon': 0, 'shop.addons.Own': 5}" in done.stdout


def test_a_misspelt_add_on_is_not_proposed_beside_itself(project) -> None:
    """Scrapy cannot import it, and the line to paste is the right one alone."""
    write(project, '{"desist.addon.Adon": 0, "shop.addons.Own": 5}')
    assert "ADDONS = {'desist.addon.Addon': 0, 'shop.addons.Own': 5}" in doctor(project).stdout


@pytest.mark.parametrize(
    ("line", "raised"),
    [("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"), ("def (", "SyntaxError: invalid syntax")],
)
def test_settings_that_cannot_be_imported_are_one_failure(project, line: str, raised: str) -> None:
    """With the place in the project's own file, and without a trace."""
    (project / "shop_settings.py").write_text(f"\n{line}\n")
    done = doctor(project)
    assert f"fail  shop_settings.py:2: the project's settings cannot be imported: {raised}\n" in done.stdout
    assert (done.returncode, done.stderr) == (2, "")


def test_a_record_among_the_sources_is_told(tmp_path: Path) -> None:
    """A git checkout that does not ignore the ledger's folder; one that does, and no checkout at all, are fine."""

    def told() -> list[Result]:
        return list(_checkout(Namespace(ledger=tmp_path / ".desist" / "ledger.db")))

    assert told() == []
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    [one] = told()
    assert (one.state, one.help) == ("warn", "echo '.desist/' >> .gitignore")
    (tmp_path / ".gitignore").write_text(".desist/\n")
    assert told() == []


def test_broken_policies_fail_with_their_mend(project) -> None:
    """The chain is only as good as its documents."""
    (project / "policies" / "notice.yaml").write_text("notice: [\n")
    done = doctor(project)
    assert done.returncode == 2
    assert "fail  1 error in 1 file, the first at policies/notice.yaml:2:1: broken YAML: " in done.stdout
    assert "      help: mend them, then: desist policy lint" in done.stdout


def test_lines_ready_to_paste(project) -> None:
    """Services of settings and environment, proxies apart; what is declared or derived is not asked for again."""
    done = doctor(
        project, "--project", BROKER_URL="amqp://u:p@queue.shop.test", HTTPS_PROXY="http://proxy.shop.test:3128"
    )
    lines = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if line.startswith("DESIST_"))
    infra = eval(lines["DESIST_INFRA"])
    assert infra[0] == "queue.shop.test:5672"
    assert {"cache.shop.test:6380", "store.shop.test:27018", "errors.shop.test:443"} <= set(infra)
    assert eval(lines["DESIST_PROXIES"]) == ["proxy.shop.test:3128"]
    assert "files.shop.test stands in FEEDS" in done.stdout
    assert "u:p" not in done.stdout


def test_a_line_to_paste_stands_below_what_it_is_for(project) -> None:
    """What was found first, then what is lacking, then the line itself, and one setting after the other."""
    shown = doctor(project, "--project", HTTPS_PROXY="http://proxy.shop.test:3128").stdout.splitlines()
    for setting, of in (("DESIST_INFRA", "cache.shop.test:6380"), ("DESIST_PROXIES", "proxy.shop.test:3128")):
        [line] = [place for place, text in enumerate(shown) if text.startswith(f"{setting} = ")]
        assert shown[line - 1].startswith(f"warn  {setting} lacks ")
        [found] = [place for place, text in enumerate(shown) if text.startswith(f"warn  {of} is not declared")]
        assert found < line - 1
    assert shown[-1].startswith("next: ")


def test_what_documents_refuse_is_never_proposed(project) -> None:
    """A letter outranks a setting."""
    done = doctor(project, "--project")
    assert "api.pictogram.test" not in next(
        line for line in done.stdout.splitlines() if line.startswith("DESIST_INFRA")
    )
    assert "stays shut: cease-and-desist letter from Pictogram" in done.stdout


def test_what_observation_saw_is_proposed(project) -> None:
    """Destinations, proxies, programs and modules that a crawl used."""
    place = project / ".desist"
    place.mkdir(mode=0o700)
    (place / "observed.txt").write_text("connect 10.0.0.5:9200\nspawn ffmpeg\nimport grpc\nproxy 10.0.0.6:8080\n")
    done = doctor(project, "--project")
    lines = dict(line.split(" = ", 1) for line in done.stdout.splitlines() if line.startswith("DESIST_"))
    assert {"10.0.0.5:9200", "spawn:ffmpeg", "import:grpc"} <= set(eval(lines["DESIST_INFRA"]))
    assert eval(lines["DESIST_PROXIES"]) == ["10.0.0.6:8080"]


ASK = """
import argparse, pathlib
from desist.commands.doctor import CHECKS
for one in CHECKS[-1](argparse.Namespace(ledger=pathlib.Path("evidence/ledger.db"))):
    print(one.state, one.message)
"""


def signing(folder: Path) -> str:
    """What the check of signer and anchors says in this project."""
    environ = {**os.environ, "XDG_CONFIG_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=folder, env=environ, capture_output=True, text=True, timeout=90, check=True
    )
    return done.stdout


def test_who_signs_and_where_checkpoints_are_kept(project: Path, tmp_path: Path) -> None:
    """No key and no anchor are told; an anchor without a key is in the way."""
    told = signing(project)
    assert "warn no key signs checkpoints" in told
    assert "warn checkpoints are kept nowhere else" in told
    settings, anchor, key = project / "shop_settings.py", tmp_path / "anchors.txt", tmp_path / "keys" / "log.key"
    settings.write_text(settings.read_text() + f"DESIST_ANCHORS = [{str(anchor)!r}]\n")
    assert f"fail checkpoints are kept at `{anchor}`" in signing(project)
    verifier = make_log_key(key).verifier
    settings.write_text(settings.read_text() + f"DESIST_LOG_KEY = {str(key)!r}\n")
    told = signing(project)
    assert f"ok checkpoints are signed; to be pinned elsewhere: {verifier}" in told
    assert f"ok checkpoints are kept at `{anchor}`" in told
    assert not anchor.exists()


def test_a_rehearsal_is_anchored_nowhere(project: Path, tmp_path: Path) -> None:
    """Its record is thrown away: a checkpoint of it among the anchors would speak against the project's own ledger."""
    anchor, key = tmp_path / "anchors.txt", tmp_path / "keys" / "log.key"
    make_log_key(key)
    lines = f"DESIST_ANCHORS = [{str(anchor)!r}]\nDESIST_LOG_KEY = {str(key)!r}\n"
    (project / "shop_settings.py").write_text((project / "shop_settings.py").read_text() + lines)
    subprocess.run([sys.executable, "-m", "desist.enforce.rehearse"], cwd=project, check=True, timeout=90)
    assert not anchor.exists()
