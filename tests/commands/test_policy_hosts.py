"""`desist policy hosts` and `desist policy new`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def test_plain_lists_names_once_and_marks_exact_ones(folder: Path, desist: Run) -> None:
    """A name below another is not repeated, a reserved one is left out and said to be."""
    done = desist("policy", "hosts", "pictogram", "--policies", "policies")
    assert (done.code, done.out.splitlines()) == (0, ["pictogram.test", "=pictogram.cdn.test"])
    assert "1 hosts left out by their role" in done.err
    done = desist("policy", "hosts", "pictogram", "--policies", "policies", "--all-hosts")
    assert "pictogram-fonts.test" in done.out.splitlines()


def test_tenants_are_never_listed(folder: Path, desist: Run) -> None:
    """A hosting provider's name would block its other customers."""
    (folder / "t.yaml").write_text("platform: t\nhosts: [t.test, {host: cloudfront.net, role: tenant}]\n")
    assert desist("policy", "hosts", "t", "--policies", "policies", "--all-hosts").out == "t.test\n"


def test_nftables_rejects_the_platforms_networks(folder: Path, desist: Run) -> None:
    """A whole table that replaces itself when it is loaded again; nft accepts it where it is at hand."""
    done = desist("policy", "hosts", "pictogram", "--policies", "policies", "--format", "nftables")
    assert done.code == 0
    assert "type ipv4_addr; flags interval; elements = { 203.0.113.0/29 }" in done.out
    assert "type ipv6_addr; flags interval; elements = { fd00::66/128 }" in done.out
    if shutil.which("nft"):
        checked = subprocess.run(["nft", "-c", "-f", "-"], input=done.out, text=True, capture_output=True, check=False)
        assert "syntax error" not in checked.stderr


def test_nftables_without_addresses_is_refused_loudly(folder: Path, desist: Run) -> None:
    """A table that stops nothing would look like one that does."""
    done = desist("policy", "hosts", "videogram", "--policies", "policies", "--format", "nftables")
    assert (done.code, done.out) == (2, "")
    assert "--resolve" in done.err


def test_an_unknown_slug_or_format_exits_2(folder: Path, desist: Run) -> None:
    """With the slug that was meant."""
    done = desist("policy", "hosts", "pictogran", "--policies", "policies")
    assert (done.code, "did you mean `pictogram`?" in done.err) == (2, True)
    assert desist("policy", "hosts", "pictogram", "--format", "iptables").code == 2


@pytest.mark.parametrize("kind", ["platform", "notice", "terms", "permission"])
def test_new_writes_a_draft_that_lint_leads_through(folder: Path, desist: Run, kind: str) -> None:
    """Outside the watched folder; what is left to fill in is what lint names, and nothing else."""
    done = desist("policy", "new", kind, f"new-{kind}", "--platform", "pictogram")
    assert done.code == 0
    path = Path("drafts") / {"terms": "terms"}.get(kind, f"{kind}s") / f"new-{kind}.yaml"
    assert path.exists()
    assert not list(folder.rglob("new-*"))
    left = desist("policy", "lint", "policies", "drafts", "--format", "text")
    assert ("D016" in left.out, left.code) == ((True, 1) if kind == "permission" else (False, 0))


def test_new_never_overwrites_and_takes_only_ids(folder: Path, desist: Run) -> None:
    """A second run, an id that is none, a kind that is none: exit 2."""
    assert desist("policy", "new", "notice", "a").code == 0
    before = Path("drafts/notices/a.yaml").read_bytes()
    assert desist("policy", "new", "notice", "a").code == 2
    assert Path("drafts/notices/a.yaml").read_bytes() == before
    assert desist("policy", "new", "notice", "../a").code == 2
    assert desist("policy", "new", "letter", "a").code == 2
