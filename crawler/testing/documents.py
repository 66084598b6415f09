"""Policy documents for simulated platforms: the text of the YAML that a crawler would hold about them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["notice", "platform", "terms", "write"]


def platform(slug: str, name: str, hosts: Mapping[str, str]) -> dict[str, str]:
    """`platforms/<slug>.yaml` with `hosts` as name to role; each host rule covers all names below it."""
    rules = "".join(f"  - {{host: {host}, role: {role}}}\n" for host, role in hosts.items())
    return {f"platforms/{slug}.yaml": f"platform: {slug}\nname: {name}\nhosts:\n{rules}"}


def notice(
    slug: str,
    sender: str,
    *,
    received_at: str,
    instrument: str = "cease_and_desist",
    recipient: str = "Example Crawls Ltd",
    addressed_to: str = "us",
    crawl_effect: str = "block",
    letter: str = "",
) -> dict[str, str]:
    """`notices/<day>-<slug>.yaml`; `letter` is the text of the paper, of which the document holds the hash."""
    key = f"{received_at[:10]}-{slug}"
    paper = f"document_sha256: {_sha256(letter)}\n" if letter else ""
    return {
        f"notices/{key}.yaml": (
            f"notice: {key}\n"
            f"instrument: {instrument}\n"
            f"sender: {sender}\n"
            f"recipient: {recipient}\n"
            f"addressed_to: {addressed_to}\n"
            f"platforms: [{slug}]\n"
            f"received_at: {received_at}\n"
            f"crawl_effect: {crawl_effect}\n"
            f"{paper}"
        )
    }


def terms(
    slug: str, text: str, *, effective_from: str, section: str = "4.2", effect: str = "forbids"
) -> dict[str, str]:
    """`terms/<slug>.yaml`: one clause on automated access; `text` is the whole recorded text, kept as a hash."""
    return {
        f"terms/{slug}.yaml": (
            f"terms: {slug}-tos-{effective_from[:7]}\n"
            f"platform: {slug}\n"
            "document: Terms of Service\n"
            f"effective_from: {effective_from}\n"
            f"sha256: {_sha256(text)}\n"
            "clauses:\n"
            f'  - {{topic: automated_access, effect: {effect}, section: "{section}", '
            "summary: Automated collection needs written consent.}\n"
        )
    }


def write(folder: Path, papers: Iterable[Mapping[str, str]]) -> Path:
    """Write documents (text by path, as `Site.documents` holds them) below `folder`; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for paper in papers:
        for name, text in paper.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    return folder


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
