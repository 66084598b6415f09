"""`desist policy check`: rows in four formats, five kinds of input, exit codes, errors in every format."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from desist.commands.main import main

REFUSED = "https://pictogram.test/faces"
ALLOWED = "https://good.test/page"


@pytest.fixture
def policies(tmp_path: Path) -> str:
    """A folder with one platform and its notice."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "p.yaml").write_text("platform: pictogram\nhosts: [pictogram.test]\n")
    (folder / "n.yaml").write_text(
        "notice: n1\ninstrument: cease_and_desist\nsender: Pictogram, Inc.\nrecipient: us\nplatforms: [pictogram]\n"
        "received_at: 2026-01-05T09:30:00Z\nscope: {purposes: [train-ai]}\n"
    )
    return str(folder)


def check(policies: str, *words: str) -> int:
    """Run the verb."""
    return main(["policy", "check", *words, "--policies", policies])


def test_a_refusal_is_said_in_the_message_form(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What refuses you, under what it is filed, and the mend; exit 1."""
    assert check(policies, REFUSED) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"refused {REFUSED}: notice: cease-and-desist letter from Pictogram, Inc.")
    assert said[0].endswith("filed under n1, addressed to you (us)")
    assert said[1].startswith(f"  help: desist policy explain {REFUSED}; ")


def test_what_is_allowed_says_what_was_not_asked(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0."""
    assert check(policies, ALLOWED) == 0
    out = capsys.readouterr().out
    assert out == f"allowed {ALLOWED} (robots, signals unchecked)\nnext: desist policy explain {ALLOWED}\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--purpose", "index"], 0),
        (["--purpose", "index", "--purpose", "train-ai"], 1),
        (["--at", "2026-01-05T09:29:59Z"], 0),
        (["--at", "2026-01-06"], 1),
    ],
)
def test_purposes_and_moments_are_handed_on(policies: str, words: list[str], code: int) -> None:
    """The exit code is that of the question asked."""
    assert code == check(policies, REFUSED, *words)


def test_other_settings_are_handed_on(policies: str) -> None:
    """DESIST_UNKNOWN_PLATFORM as an option, `--known-at`."""
    assert check(policies, ALLOWED, "--unknown-platform", "refuse") == 1
    notice = Path(policies) / "n.yaml"
    notice.write_text(notice.read_text() + "entered_at: 2026-03-01T00:00:00Z\n")
    assert check(policies, REFUSED, "--known-at", "2026-02-01") == 0


KEYS = {"url", "effect", "basis", "rule", "platforms", "docket", "via", "source", "revision", "unchecked"}


def test_jsonl_rows_have_the_promised_keys(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A row a URL, allowed ones too."""
    assert check(policies, REFUSED, ALLOWED, "--format", "jsonl") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(row) >= KEYS for row in rows)
    assert [(row["effect"], row["basis"], row["rule"], row["platforms"], row["docket"]) for row in rows] == [
        ("refuse", "notice", "n1", ["pictogram"], "n1"),
        ("allow", "", "", [], ""),
    ]
    assert rows[0]["source"].endswith("n.yaml:1:9")


def test_json_is_one_array(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Also an empty one."""
    check(policies, REFUSED, ALLOWED, "--format", "json")
    assert [row["url"] for row in json.loads(capsys.readouterr().out)] == [REFUSED, ALLOWED]


def test_sarif_holds_refusals_with_their_place_in_the_input(
    policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SARIF 2.1.0: a result a refusal, none for what is allowed; the path is that from the working folder."""
    monkeypatch.chdir(tmp_path)
    urls = tmp_path / "urls.txt"
    urls.write_text(f"{ALLOWED}\n{REFUSED}\n")
    assert check(policies, "--file", str(urls), "--format", "sarif") == 1
    log = json.loads(capsys.readouterr().out)
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (
        log["version"], result["ruleId"], place["artifactLocation"]["uri"], place["region"]["startLine"],
    ) == ("2.1.0", "notice/n1", "urls.txt", 2)  # fmt: skip


SITEMAP = (
    f'<?xml version="1.0"?>\n<urlset><url><loc> {REFUSED}?a=1&amp;b=2 </loc></url>\n'
    f"<url><loc>{ALLOWED}</loc></url></urlset>"
)
LOG = (
    "2026-01-01 10:00:00 [scrapy.core.engine] INFO: Spider opened\n"
    f"2026-01-01 10:00:01 [scrapy.core.engine] DEBUG: Crawled (200) <GET {REFUSED}> (referer: None)\n"
    f"2026-01-01 10:00:02 [scrapy.core.engine] DEBUG: Crawled (200) <GET {ALLOWED}> (referer: None)\n"
)
INPUTS = {
    "list": (f"# a comment\n\n{REFUSED}\n{ALLOWED}\n", [], ":3"),
    "list with windows line ends": (f"\ufeff{REFUSED}\r\n{ALLOWED}\r\n", [], ":1"),
    "json lines": (f'{{"url": "{REFUSED}"}}\n{{"url": "{ALLOWED}"}}\n', [], ":1"),
    "json array": (f'[\n{{"url": "{REFUSED}"}},\n{{"url": "{ALLOWED}"}}\n]\n', [], ":2"),
    "json field with a list": (f'{{"file_urls": ["{REFUSED}", "{ALLOWED}"]}}\n', ["--field", "file_urls"], ":1"),
    "csv": (f"name,url\nx,{REFUSED}\ny,{ALLOWED}\n", [], ":2"),
    "csv field": (f'name,link\n"x, y",{REFUSED}\nz,{ALLOWED}\n', ["--field", "link"], ":2"),
    "log": (LOG, [], ":2"),
    "sitemap": (SITEMAP, [], ":2"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", INPUTS)
def test_every_kind_of_input_is_read(
    policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, packed: bool
) -> None:
    """Lists, feeds, logs and sitemaps, gzipped or not, with the line on which a URL stands."""
    text, words, line = INPUTS[kind]
    file = tmp_path / "input"
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert check(policies, "--file", str(file), *words) == 1
    out = capsys.readouterr().out
    assert f"[{file}{line}]" in out
    assert kind != "sitemap" or f"{REFUSED}?a=1&b=2: " in out
    assert (
        "2 URLs: 1 allowed, 1 refused\nby basis: notice 1\nby platform: pictogram 1\nnext: desist policy explain" in out
    )


WIDE = [name for name in INPUTS if name != "list with windows line ends"]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("kind", WIDE)
def test_a_file_that_windows_saved_as_unicode_is_read(
    policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, codec: str
) -> None:
    """UTF-16 behind its mark, as editors there write a list and a feed."""
    text, words, line = INPUTS[kind]
    file = tmp_path / "input"
    file.write_bytes(f"\ufeff{text}".replace("\n", "\r\n").encode(codec))
    assert check(policies, "--file", str(file), *words) == 1
    out = capsys.readouterr().out
    assert (f"[{file}{line}]" in out, "2 URLs: 1 allowed, 1 refused" in out) == (True, True)


def test_a_file_in_utf_16_that_is_cut_off_is_an_error_of_its_line(
    policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a character at the end is no URL, and no traceback."""
    file = tmp_path / "input"
    file.write_bytes(f"{ALLOWED}\n{ALLOWED}".encode("utf-16")[:-1])
    assert check(policies, "--file", str(file)) == 2
    assert f"{file}:" in capsys.readouterr().err


def test_urls_of_the_command_line_and_of_a_file_are_counted_together(
    policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is typed takes nothing off the counts of the file."""
    file = tmp_path / "input"
    file.write_text(f"{ALLOWED}\n")
    assert check(policies, REFUSED, REFUSED, ALLOWED, "--file", str(file)) == 1
    assert "4 URLs: 2 allowed, 2 refused" in capsys.readouterr().out


def test_no_url_of_a_megabyte_is_to_be_typed(policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A URL of any length is judged; the next command names one that can be typed."""
    (tmp_path / "input").write_text(f"<urlset><loc>{REFUSED}?{'a' * 300_000}</loc><loc>{ALLOWED}</loc></urlset>")
    assert check(policies, "--file", str(tmp_path / "input")) == 1
    out = capsys.readouterr().out
    assert "2 URLs: 1 allowed, 1 refused" in out
    assert out.endswith("next: desist policy explain 'URL'\n")


def test_a_file_without_a_url_is_told_of_though_one_was_typed(
    policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The warning speaks of the file."""
    (tmp_path / "input").write_text("# none\n")
    assert check(policies, ALLOWED, "--file", str(tmp_path / "input")) == 0
    assert "holds no URL" in capsys.readouterr().err


def test_standard_input_is_a_file_too(policies: str) -> None:
    """`--file -`, in a pipe."""
    start = "import sys; from desist.commands.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", start, "policy", "check", "--file", "-", "--policies", policies],
        input=f"{REFUSED}\n{ALLOWED}\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "2 URLs: 1 allowed, 1 refused" in done.stdout
    assert "[<stdin>:1]" in done.stdout


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ('{"link": "x"}\n', [], "no field `url`"),
        ('{"url": \n', [], "truncated"),
        ("https://x.test/\n", ["--field", "url"], "has no field `url`"),
    ],
)
def test_an_input_that_is_not_what_it_seems_is_an_error(
    policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: list[str], message: str
) -> None:
    """Nothing is passed over in silence: exit 2 with the place."""
    file = tmp_path / "input"
    file.write_text(text)
    assert check(policies, "--file", str(file), *words) == 2
    assert message in capsys.readouterr().err


def test_bytes_that_are_no_text_are_judged_and_shown(
    policies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list in an unknown encoding is refused line by line, not dropped."""
    file = tmp_path / "input"
    file.write_bytes(b"http://\xff\xfe.test/\n" + ALLOWED.encode() + b"\n")
    assert check(policies, "--file", str(file)) == 1
    assert "1 allowed, 1 refused" in capsys.readouterr().out


def test_nothing_to_judge_is_a_usage_error(policies: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With an example to type."""
    assert check(policies) == 2
    assert "desist policy check https://" in capsys.readouterr().err


def test_an_unknown_format_exits_2(policies: str) -> None:
    """It never becomes text in silence."""
    with pytest.raises(SystemExit) as caught:
        check(policies, REFUSED, "--format", "yaml")
    assert caught.value.code == 2


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif"])
def test_errors_of_documents_appear_in_every_format(
    policies: str, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """Broken policies exit 2, whatever is asked of them."""
    (Path(policies) / "b.yaml").write_text("platform: b\nhosts: [b.test]\nunknown: key\n")
    assert check(policies, REFUSED, "--format", form) == 2
    said = capsys.readouterr()
    assert "b.yaml" in said.out + said.err
    assert "unknown" in said.out + said.err


def test_a_folder_that_is_missing_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Never an empty set that allows everything."""
    assert check(str(tmp_path / "none"), REFUSED) == 2
    assert "help:" in capsys.readouterr().err


def test_a_progress_bar_is_shown_on_a_terminal_only(
    tmp_path: Path, policies: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, with its share of the file, cleared at the end; a pipe gets none."""
    file = tmp_path / "urls"
    file.write_text(f"{ALLOWED}\n" * 99 + f"{REFUSED}\n")
    monkeypatch.setattr("desist.commands.screen._PATIENCE", 0.0)
    for terminal in (True, False):
        monkeypatch.setattr("desist.commands.screen.moves", lambda _stream, terminal=terminal: terminal)
        assert check(policies, "--file", str(file)) == 1
        shown = capsys.readouterr().err
        assert ("100% 100 URLs, 1 refused" in shown, shown.endswith("\x1b[K")) == (terminal, terminal)
