"""The sentences of compiled rules: what refuses you, and what a refusal is filed under."""

from __future__ import annotations

from .documents import Clause, CrawlEffect, Instrument, Notice, Permission, Terms, Topic
from .parts import Confidence

__all__ = ["clause_message", "filed_under_notice", "filed_under_terms", "notice_message", "why_permission_is_idle"]

_INSTRUMENTS = {
    Instrument.CEASE_AND_DESIST: "cease-and-desist letter",
    Instrument.FORMAL_NOTICE: "formal notice",
    Instrument.OWN_DECISION: "own decision",
}
_TOPICS = {
    Topic.AUTOMATED_ACCESS: "automated access",
    Topic.AI_TRAINING: "use for AI training",
    Topic.COMMERCIAL_REUSE: "commercial reuse",
    Topic.FACE_OR_BIOMETRIC: "face and biometric use",
    Topic.PERSONAL_DATA: "collecting personal data",
    Topic.CACHING: "keeping copies",
    Topic.CIRCUMVENTION: "circumvention",
    Topic.DOWNSTREAM_ROUTE: "taking the content through others",
}
_CONDITIONS = {
    "permission": "prior permission",
    "licence": "a licence",
    "api": "the platform's API",
    "law": "a right by law",
    "robots_txt": "robots.txt",
    "search_engine": "a public search engine",
    "purpose": "certain purposes",
}


def notice_message(notice: Notice) -> str:
    """What a notice says to *you*: lower case, no full stop."""
    what = _INSTRUMENTS.get(notice.instrument, notice.instrument.value.replace("_", " "))
    sender = f" from {notice.sender.name}" if notice.sender else ""
    if notice.addressed_to == "other":
        shows = " shows that the platform refuses it" if notice.crawl_effect is not CrawlEffect.NONE else ""
        return f"{what}{sender} to {_recipient(notice)} ({_known(notice)}){shows}"
    return f"{what}{sender}, in force since {_since(notice)}"


def _since(notice: Notice) -> str:
    """The moment as the letter gives it, marked where it was inferred."""
    when = notice.received_at or notice.effective_at
    if when is not None:
        return str(when) if not notice.assumed else f"{when} (earliest instant of that day)"
    return f"{notice.force:%Y-%m-%d} (assumed)" if notice.dated else "ever (no date on file)"


def _recipient(notice: Notice) -> str:
    return notice.recipient.name if notice.recipient else "a recipient that is not on file"


def _known(notice: Notice) -> str:
    """How well a letter is known."""
    if notice.confidence is Confidence.MEMORY:
        return "from memory, unverified"
    if notice.addressed_to == "other" and notice.document_hash is None:
        return "as reported"
    return "as reported" if notice.confidence is Confidence.REPORTED else "on file"


def filed_under_notice(notice: Notice) -> str:
    """`filed under N, addressed to X (as reported)`."""
    if notice.instrument is Instrument.OWN_DECISION:
        return f"filed under {notice.key}, your own decision"
    if notice.addressed_to == "other":
        return f"filed under {notice.key}, addressed to {_recipient(notice)} ({_known(notice)})"
    return f"filed under {notice.key}, addressed to you{f' ({notice.recipient.name})' if notice.recipient else ''}"


def filed_under_terms(terms: Terms) -> str:
    """`filed under T`, marked where it rests on memory."""
    return f"filed under {terms.key}" + (" (from memory)" if terms.confidence is Confidence.MEMORY else "")


def clause_message(platform: str, terms: Terms, clause: Clause) -> str:
    """What one clause says to *you*: lower case, no full stop."""
    section = f" section {clause.section[:60]}" if clause.section else ""
    return f"{platform} {terms.document}{section} ({_version(terms)}) {_says(clause)}"


def _version(terms: Terms) -> str:
    """Which version, by the best date on file."""
    for word, when in (
        ("effective", terms.effective_from),
        ("recorded", terms.recorded_at),
        ("published", terms.published_on),
    ):
        if when is not None:
            return f"{word} {when}"
    return "undated"


def _says(clause: Clause) -> str:
    topic = _TOPICS[clause.topic]
    subject = "" if clause.topic is Topic.AUTOMATED_ACCESS else f" for {topic.removeprefix('use for ')}"
    if clause.effect == "forbids":
        return f"forbid {topic}"
    if clause.effect == "reserves":
        return f"reserve {topic}"
    if clause.effect == "permits":
        return f"permit {topic}"
    if "permission" in clause.conditions or "licence" in clause.conditions:
        wanted = _CONDITIONS["permission" if "permission" in clause.conditions else "licence"]
        return f"require {wanted}{subject}, none on file"
    if clause.conditions == ("robots_txt",):
        return f"leave {topic} to robots.txt"
    known = " or ".join(_CONDITIONS[condition] for condition in clause.conditions)
    return f"allow {topic} only with {known or 'conditions that are not on file'}, which nothing here shows"


def why_permission_is_idle(permission: Permission) -> str:
    """Why a permission lifts nothing; empty where it may."""
    if permission.addressed_to == "other":
        return "it is somebody else's"
    missing = {
        "`from`": permission.start,
        "`purposes`": permission.purposes,
        "`overrides`": permission.overrides,
        "`document_sha256`": permission.document_sha256,
        "two different names in `approved_by`": permission.approved,
    }
    lacking = [name for name, value in missing.items() if not value]
    return f"it does not say {', '.join(lacking)}" if lacking else ""
