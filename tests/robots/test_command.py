"""`desist robots FILE`: lines with their meaning, verdicts with their evidence, findings with their mends."""

from __future__ import annotations

from pathlib import Path

import pytest

from desist.commands.main import main

FILE = """User-agent: Alpha
Crawl-delay: 4
User-agent: DesistBot/3.1
Disallow: /faces # no
Allow: /faces/open$

User-agent: *
Disallow: /
"""


def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | bytes, *args: str) -> tuple[int, str]:
    path = tmp_path / "robots.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    code = main(["robots", str(path), *args])
    return code, capsys.readouterr().out.replace(str(path), "F")


def test_each_line_says_what_it_means_to_the_agent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whose line, which effect, how many octets, and where Scrapy's parser would read it otherwise."""
    _, out = run(tmp_path, capsys, FILE)
    lines = out.splitlines()
    assert lines[0].startswith("to `DesistBot`: group `desistbot` governs, at least 4 s between requests; 128 octets, ")
    assert lines[1].endswith("others")
    assert lines[3].endswith("addresses you")
    assert lines[4].endswith("refuse, 6 octets")
    assert lines[5].endswith("allow, 12 octets; Scrapy alone would refuse /faces/open")
    assert lines[8].endswith("others")


def test_urls_are_judged_with_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Winner, runner-up, the second opinion; a refusal exits 1."""
    code, out = run(
        tmp_path, capsys, FILE, "--url", "/faces/open", "--url", "https://a.test/faces/1", "--agent", "desistbot"
    )
    assert code == 1
    assert "allow /faces/open: line 5 `Allow: /faces/open$` (12 octets), over line 4 (6 octets)\n" in out
    assert "refuse https://a.test/faces/1: line 4 `Disallow: /faces` (6 octets)\n" in out
    assert "  Scrapy alone would have refused it\n" in out


def test_a_file_without_findings_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says what to type next."""
    code, out = run(tmp_path, capsys, "User-agent: *\nDisallow: /x\n", "--url", "/y")
    assert code == 0
    assert out.splitlines()[-1] == "next: desist policy explain URL --robots F"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Disallow: /x\nUser-agent: *\n", "F:1: it stands before any user-agent line and holds for nobody"),
        ("User-agent: *\nDissallow: /x\n", "F:2: only tolerant crawlers read this line"),
        ("User-agent: *\nDisallow /x\n", "F:2: only tolerant crawlers read this line"),
        (
            "User-agent: *\nCrawl-dealy: 3\n",
            "F:2: no field is called `crawl-dealy`\n  help: did you mean `Crawl-Delay`?",
        ),
        ("User-agent: *\nDisallow: x\n", "F:2: a path that begins with neither `/` nor `*` matches nothing"),
        ("User-agent: *\nDisallow: /x\nAllow: /x\n", "F:3: it contradicts line 2: of equal rules, Allow holds"),
        ("User-agent: *\nDisallow: /x\n\nUser-agent: *\nDisallow: /x\n", "F:5: it repeats line 2"),
        ("User-agent: Bot/1\nDisallow: /x\n", "F:1: only `Bot` of it counts"),
        ("User-agent: 007\nDisallow: /x\n", "F:1: no crawler has such a name"),
        ("User-agent: *\nCrawl-delay: soon\n", "F:2: it is no number of seconds"),
        ("User-agent: *\nRequest-rate: often\n", "F:2: it is no rate"),
        ("User-agent: *\nNoindex: /x\n", "F:2: Noindex is no rule of robots.txt"),
        ("User-agent: *\nhello\n", "F:2: it has no colon and says nothing"),
        ("User-agent: *\n\u00a0Disallow: /x\n", "F:2: it holds invisible characters or is not UTF-8"),
        ("User-agent: *\nContent-Usage: Train=n\n", "F:2: the preference cannot be read, and refuses AI purposes"),
        (
            "User-agent: *\nContent-Signal: ai-train=maybe\n",
            "F:2: the preference cannot be read, and refuses AI purposes",
        ),
        ("User-agent: *\nDisallow: /\0\n", "F: it holds NUL octets"),
        ("User-agent: *\n" + "# x\n" * 130_000, "F: 520014 octets: Google stops reading at 500 KiB"),
    ],
)
def test_findings_name_the_line_and_the_mend(
    text: str, finding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each finding exits 1."""
    code, out = run(tmp_path, capsys, text)
    assert code == 1
    assert finding in out


def test_utf_16_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As strict mode reads it."""
    code, out = run(tmp_path, capsys, "User-agent: *\nDisallow: /x\n".encode("utf-16"), "--url", "/x")
    assert code == 1
    assert "refuse /x: line 2" in out


def test_a_file_that_cannot_be_read_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the mend."""
    assert main(["robots", "/nowhere/robots.txt"]) == 2
    assert "help: name a saved robots.txt" in capsys.readouterr().err
