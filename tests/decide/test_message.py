"""The message form: what refuses you, what it is filed under, to whom that was addressed, how well known, the mend."""

from __future__ import annotations

from desist.decide import decide, message_of

from .documents import NOTICE, OTHER, PLATFORM, TERMS, policies

NOW = "2026-06-01"


def test_the_form_is_that_of_the_design() -> None:
    """Terms govern, somebody else's letter is the docket."""
    terms = TERMS.replace("effective_from: 2025-11-01", "recorded_at: 2024-10-23").replace(
        "effect: forbids", "effect: conditional, conditions: [permission]"
    )
    said = message_of(decide(policies(PLATFORM, OTHER, terms), "https://pictogram.test/x", at=NOW))
    assert said == (
        "refused https://pictogram.test/x: terms: Pictogram Terms of Service section 4.2 (recorded 2024-10-23) "
        "require prior permission, none on file; filed under 2020-pictogram-facefirm, "
        "addressed to Face Firm, Inc. (as reported)\n"
        "  help: desist policy explain https://pictogram.test/x; a written permission goes in policies/permissions/"
    )


def test_our_own_notice_says_since_when() -> None:
    """With the moment as the letter gives it."""
    said = message_of(decide(policies(PLATFORM, NOTICE), "https://pictogram.test/", at=NOW))
    assert "notice: cease-and-desist letter from Pictogram, Inc., in force since 2026-01-05T09:30:00Z; " in said
    assert "filed under 2026-01-pictogram, addressed to you (Example Crawls Ltd)" in said


def test_an_inferred_moment_is_marked() -> None:
    """A date alone is the earliest instant of that day; no date at all is said so."""
    dated = message_of(decide(policies(PLATFORM, NOTICE.replace("T09:30:00Z", "")), "https://pictogram.test/", at=NOW))
    assert "2026-01-05 (earliest instant of that day)" in dated
    reported = NOTICE.replace("received_at: 2026-01-05T09:30:00Z", "dates: {sent: 2020-02}")
    assert "2020-01-31 (assumed)" in message_of(decide(policies(PLATFORM, reported), "https://pictogram.test/", at=NOW))


def test_what_rests_on_memory_says_so() -> None:
    """How well a letter is known is part of the message."""
    other = OTHER.replace("confidence: reported", "confidence: memory")
    assert "(from memory, unverified)" in message_of(
        decide(policies(PLATFORM, other), "https://pictogram.test/", at=NOW)
    )


def test_a_route_is_named() -> None:
    """With the target that refuses."""
    url = "https://web.archive.org/web/2020/https://pictogram.test/"
    assert ", reached via https://pictogram.test/; filed" in message_of(decide(policies(PLATFORM, NOTICE), url, at=NOW))


def test_a_refusal_of_the_house_is_filed_there() -> None:
    """No platform, no letter."""
    assert "; filed under house:scheme\n" in message_of(decide(policies(PLATFORM), "ftp://x.test/"))


def test_no_url_breaks_a_line_a_terminal_or_a_shell() -> None:
    """Control characters are shown as escapes, quotes are quoted."""
    said = message_of(decide(policies(PLATFORM), "http://x.test\x1b[31m\n/'; rm -rf /"))
    assert "\x1b" not in said
    assert said.count("\n") == 1
    assert "explain 'http://x.test\\x1b[31m\\n/'\\''" in said


def test_an_allowed_url_says_what_was_not_asked() -> None:
    """A dry run is no permission to fetch."""
    assert message_of(decide(policies(PLATFORM), "https://x.test/")) == (
        "allowed https://x.test/ (robots, signals unchecked)"
    )
