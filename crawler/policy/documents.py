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
]

Document = Platform | Notice | Terms | Permission
KINDS: dict[str, type[Document]] = {"notice": Notice, "terms": Terms, "permission": Permission, "platform": Platform}
"""The key that makes a document one of its kind, in the order in which they are looked for."""
