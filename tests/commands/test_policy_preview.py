"""`desist policy preview`: what would be refused, what stays allowed, what a URL cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
DRAFT = """\
notice: faces
instrument: demand_letter
sender: Videogram
platforms: [videogram]
received_at: 2026-10-01T00:00:00Z
crawl_effect: restrict
scope: {purposes: [biometric], paths: [/v/], content: [videos], people: minors}
"""


def section(out: str, title: str) -> str:
    """The lines below a title."""
    return out.partition(f"{title}:\n")[2].partition(":\n")[0]


def test_it_says_what_is_refused_and_what_is_not(folder: Path, desist: Run) -> None:
    """Hosts and purposes; reserved hosts and the neighbour stay."""
    done = desist("policy", "preview", "2026-01-pictogram", "--policies", "policies")
    assert done.code == 0
    assert "3 hosts, among them pictogram.test, api.pictogram.test, pictogram.cdn.test" in done.out
    assert "for every purpose" in section(done.out, "refused")
    allowed = section(done.out, "stays allowed, by this notice")
    assert "pictogram-fonts.test" in allowed
    assert "videogram" in allowed


def test_a_draft_is_shown_before_it_is_in_force(folder: Path, desist: Run) -> None:
    """What a URL cannot tell is named, and refused whole."""
    Path("draft.yaml").write_text(DRAFT)
    done = desist("policy", "preview", "draft.yaml", "--policies", "policies")
    assert done.code == 0
    assert "for biometric, and where none is declared" in done.out
    assert "on /v/" in done.out
    assert "train-ai" in section(done.out, "stays allowed, by this notice")
    untold = done.out.partition("refused whole:\n")[2]
    assert "content: videos" in untold
    assert "people: minors" in untold


def test_it_says_which_urls_it_hits_and_which_nothing_else_refuses(folder: Path, desist: Run) -> None:
    """Against a list: by this notice alone, and on top of all others."""
    Path("draft.yaml").write_text(DRAFT.replace("[videogram]", "[videogram, pictogram]"))
    Path("urls").write_text(
        "https://videogram.test/v/1\nhttps://videogram.test/about\nhttps://pictogram.test/v/2\nhttps://a.test/v/\n"
    )
    done = desist("policy", "preview", "draft.yaml", "--file", "urls", "--policies", "policies")
    assert "of 4 URLs it hits 2; 1 of them nothing else refuses" in done.out
    assert "newly refused: https://videogram.test/v/1" in done.out
    assert "refused already: https://pictogram.test/v/2" in done.out


def test_context_refuses_nothing(folder: Path, desist: Run) -> None:
    """A letter about marketing is no crawl ban, and the preview says so."""
    Path("draft.yaml").write_text(DRAFT.replace("restrict", "none"))
    Path("urls").write_text("https://videogram.test/v/1\n")
    done = desist("policy", "preview", "draft.yaml", "--file", "urls", "--policies", "policies")
    assert "kept as context" in done.out
    assert "of 1 URLs it hits 0" in done.out


def test_a_broken_draft_and_an_unknown_notice_exit_2(folder: Path, desist: Run) -> None:
    """With the place, and with what was meant."""
    Path("draft.yaml").write_text(DRAFT.replace("videogram]", "videogrm]"))
    done = desist("policy", "preview", "draft.yaml", "--policies", "policies")
    assert done.code == 2
    assert "draft.yaml:4:13" in done.err
    done = desist("policy", "preview", "2026-01-pictogran", "--policies", "policies")
    assert done.code == 2
    assert "did you mean `2026-01-pictogram`?" in done.err
