"""Documents for the tests of decisions: one platform with everything, its neighbours, and sets made of them."""

from __future__ import annotations

from desist.model import Decision
from desist.policy import PolicySet

SITE = "https://pictogram.test/x"
NOW = "2026-06-01T12:00:00Z"

PLATFORM = """
platform: pictogram
name: Pictogram
hosts:
  - pictogram.test
  - {host: media.pictures.test, role: cdn}
  - {host: pictogram.cdn.test, match: exact, role: cdn}
  - {host: d111.cloudfront.net, role: tenant}
  - {host: lib.test, role: project}
  - {host: fonts.test, role: infrastructure}
  - {host: pictogran.test, role: defensive}
addresses: [203.0.113.0/29, "2001:db8:66::/48"]
"""
NOTICE = """
notice: 2026-01-pictogram
instrument: cease_and_desist
sender: Pictogram, Inc.
recipient: Example Crawls Ltd
platforms: [pictogram]
received_at: 2026-01-05T09:30:00Z
"""
TERMS = """
terms: pictogram-tos
platform: pictogram
document: Terms of Service
effective_from: 2025-11-01
sha256: 5c1e...
clauses:
  - {topic: automated_access, effect: forbids, section: "4.2"}
"""
OTHER = """
notice: 2020-pictogram-facefirm
instrument: demand_letter
sender: Pictogram, Inc.
recipient: Face Firm, Inc.
addressed_to: other
platforms: [pictogram]
dates: {sent: 2020-02-05}
confidence: reported
sources: [a newspaper]
"""
PERMISSION = """
permission: pictogram-licence
platform: pictogram
instrument: licence
overrides: [pictogram-tos]
purposes: [research]
from: 2026-02-01
until: 2026-12-31
document_sha256: "{hash}"
approved_by: [A. Adams, B. Brown]
""".replace("{hash}", "ab" * 32)


def policies(*documents: str) -> PolicySet:
    """The set of these documents, a file each."""
    return PolicySet.of({f"{number}.yaml": text.lstrip().encode() for number, text in enumerate(documents)})


def bases(decision: Decision) -> list[str]:
    """The bases of the reasons that refuse, in order."""
    return [reason.basis.value for reason in decision.reasons if not reason.lifted_by]
