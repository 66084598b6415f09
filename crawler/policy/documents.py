"""The four kinds of policy document: platform, notice, terms, permission.

The field names are those of the YAML. Facts only: counsel's reading, a position taken and the scan of a letter stay
outside, the scan by its hash. `policies/schema.json` is generated from these classes.
"""

from __future__ import annotations

from .notice import CrawlEffect, Dates, Instrument, Notice
from .permission import Permission
from .platform import HostRule, Platform
from .terms import Clause, Terms, Topic

__all__ = [
    "KINDS",
    "Clause",
    "CrawlEffect",
    "Dates",
    "Document",
    "HostRule",
    "Instrument",
    "Notice",
    "Permission",
    "Platform",
    "Terms",
    "Topic",
    "why_it_replaces_nothing",
]

Document = Platform | Notice | Terms | Permission
"""One document of any kind."""
KINDS: dict[str, type[Document]] = {"notice": Notice, "terms": Terms, "permission": Permission, "platform": Platform}
"""The key that makes a document one of its kind, in the order in which they are looked for."""


def why_it_replaces_nothing(new: Document, old: Document) -> str:
    """What keeps `new` from taking the place of `old`, which it supersedes; empty where nothing does.

    Less may be refused after it. So it must be of one kind with the old one, about the same platform or addressed to
    the same, and where a notice to us is to end, two names and the paper stand behind it, as behind a withdrawal.
    """
    if type(new) is not type(old):
        return f"`{old.key}` is not of its kind"
    if isinstance(new, Terms) and isinstance(old, Terms) and (new.platform, new.kind) != (old.platform, old.kind):
        return f"`{old.key}` is another document, or another platform's"
    if not (isinstance(new, Notice) and isinstance(old, Notice)):
        return ""
    if new.addressed_to != old.addressed_to:
        return f"`{old.key}` is addressed to somebody else"
    backed = new.two_names and new.document_hash is not None
    return "" if backed or new.addressed_to == "other" else "two different names and `document_sha256` are missing"
