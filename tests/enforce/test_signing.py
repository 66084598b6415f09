"""What every session that gates open begins with."""

from __future__ import annotations

from pathlib import Path

from desist.enforce.options import Options
from desist.enforce.signing import open_ledger
from desist.ledger.opener import Opener
from desist.ledger.query import Reader


def test_what_a_project_declares_is_on_record(tmp_path: Path) -> None:
    """The lines of DESIST_INFRA and DESIST_PROXIES are details of the first entry; how many there are is public."""
    key = Opener.generate()
    infra, proxies = ("db.shop.test:5432", "spawn:git"), ("proxy.shop.test:3128",)
    options = Options(infra=infra, proxies=proxies, counsel_key=str(key.counsel))
    open_ledger(options, tmp_path / "ledger" / "ledger.db", "crawl", details={"spiders": ["stock"]}).close()
    with Reader(tmp_path / "ledger" / "ledger.db") as reader:
        read = next(iter(reader.entries((key,))))
    assert (read.entry.k, read.entry.facts["infra"], read.entry.facts["proxies"]) == ("open", 2, 1)
    assert read.details is not None
    assert (read.details["infra"], read.details["proxies"]) == (list(infra), list(proxies))
    assert read.details["spiders"] == ["stock"]


def test_a_project_that_declares_nothing_says_nothing(tmp_path: Path) -> None:
    """No fact where there is no line."""
    open_ledger(Options(), tmp_path / "ledger" / "ledger.db", "crawl").close()
    with Reader(tmp_path / "ledger" / "ledger.db") as reader:
        entry = next(iter(reader.entries())).entry
    assert not {"infra", "proxies"} & set(entry.facts)
