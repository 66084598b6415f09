"""Every mistake at the command line is one message that names its mend, with exit 2, and never a trace."""

from __future__ import annotations

import errno
import gzip
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desist.commands.url_sources import UrlSource
from desist.ledger.ledger import Ledger

from .conftest import Run

URL = "https://shop.test/"
PACKED = gzip.compress(os.urandom(4096))
_PROGRAM = "import sys; from desist.commands.main import main; sys.exit(main())"


@pytest.fixture
def here(folder: Path) -> Path:
    """A project's folder with files that are not what somebody takes them for."""
    place = folder.parent
    (place / "some folder").mkdir()
    (place / "empty").touch()
    (place / "binary").write_bytes(bytes(range(256)) * 8)
    (place / "returns").write_bytes(b"a\rb,c\r\xfe\n")
    (place / "cut.gz").write_bytes(PACKED[:2000])
    (place / "damaged.gz").write_bytes(PACKED[:12] + os.urandom(2000))
    (place / "wide.csv").write_text("url,x\nhttp://a.test/," + "x" * 200_000 + "\n")
    (place / "feed.json").write_text('[\n{"link": "http://a.test/"},\n{"url": \n]')
    return place


CHECK = ("policy", "check")
FILE = (*CHECK, "--file")
MISTAKES: dict[tuple[str, ...], tuple[str, str]] = {
    ("polcy",): ("there is no verb `polcy`", "did you mean `desist policy`?"),
    ("new", "projct", "x"): ("there is no verb `new projct`", "did you mean `desist new project`?"),
    ("policy", "verify"): ("there is no verb `policy verify`", "desist policy --help lists them"),
    ("ledger", "verfy"): ("there is no verb `ledger verfy`", "did you mean `desist ledger verify`?"),
    ("export",): ("there is no verb `export`", "did you mean `desist ledger export`?"),
    CHECK: ("no URL is given", "desist policy check https://www.facebook.com/, or --file URLS"),
    (*FILE, "empty", "--file", "binary"): (
        "`--file` is given twice, and takes one value",
        "desist policy check --help",
    ),
    (*CHECK, URL, "--format", "json", "--format=jsonl"): ("`--format` is given twice, and takes one value", "--help"),
    (*CHECK, URL, "--agent", "Bot/1.0"): ("`Bot/1.0` is no product token", "--agent ExampleBot"),
    ("robots", "empty", "--agent", "a b"): ("`a b` is no product token", "--agent ExampleBot"),
    (*CHECK, URL, "--at", "yesterday"): ("`yesterday` is not a moment", "write 2026-01-05T09:30:00Z or 2026-01-05"),
    (*CHECK, URL, "--policies", "nowhere"): ("nowhere: D006 folder cannot be read", "desist policy new"),
    (*FILE, "some folder"): ("`some folder` cannot be read: Is a directory", "name a file, or - for input"),
    (*FILE, "nowhere"): ("`nowhere` cannot be read: No such file or directory", "name a file, or - for input"),
    (*FILE, "binary"): ("`binary` is no text in UTF-8", "a list, JSON or CSV feed, Scrapy log or sitemap"),
    (*FILE, "cut.gz"): ("`cut.gz` cannot be unpacked", "it is cut off or damaged: fetch it again"),
    (*FILE, "damaged.gz"): ("`damaged.gz` cannot be unpacked", "it is cut off or damaged: fetch it again"),
    (*FILE, "wide.csv"): ("wide.csv:2: no CSV: field larger than field limit", "mend the line, or leave it out"),
    (*FILE, "feed.json"): ("feed.json:2: no field `url`", "name the field that holds URLs: --field NAME"),
    (*FILE, "feed.json", "--field", "link"): ("feed.json:3: Input data was truncated", "one JSON object a line"),
    ("policy", "preview", "2026-01-pictogram", "--file", "binary"): ("`binary` is no text in UTF-8", "a list"),
    ("policy", "schema", "nowhere"): ("nowhere: there is no such folder", "name the folder of your documents"),
    ("policy", "letter"): ("the answers ended: nothing was written", "run desist policy letter again"),
    ("ledger", "verify", "some folder"): ("some folder: Is a directory", "name a file, not a folder"),
    ("ledger", "verify", "empty"): ("empty: is not a ledger of Desist", "name the file that DESIST_LEDGER names"),
    ("report", "empty", "-o", "nowhere/x.html"): ("nowhere: there is no such folder", "make it, or name another"),
    ("ledger", "prove", "empty", "--entry", "1", "-o", "empty/x"): ("empty/x: cannot be made", "name another folder"),
    ("new", "project", "some folder"): ("`some folder` is no name of a package", "letters, digits and underscores"),
    ("demo", "--output", "/proc/nowhere"): ("/proc/nowhere: No such file or directory", "or make the folder first"),
}


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_a_mistake_names_its_mend(words: tuple[str, ...], here: Path, desist: Run) -> None:
    """What is wrong, and what to do about it, as the last thing on the screen."""
    message, mend = MISTAKES[words]
    done = desist(*words)
    said = done.err[done.err.index(message) :]
    assert done.code == 2
    assert mend in said.partition("help: ")[2]
    assert "Traceback" not in done.err


def test_a_preview_that_cannot_be_whole_is_none(here: Path, desist: Run) -> None:
    """The list is opened before anything is printed."""
    assert desist("policy", "preview", "2026-01-pictogram", "--file", "nowhere").out == ""


def test_a_list_without_a_url_is_no_silent_success(here: Path, desist: Run) -> None:
    """Nothing is refused, so it exits 0; that nothing was judged is said."""
    for form in ("text", "jsonl"):
        done = desist(*FILE, "empty", "--format", form)
        assert (done.code, done.err) == (0, "warning: `empty` holds no URL: nothing of it was judged\n")


def test_a_variable_that_nobody_hears_is_said(here: Path, desist: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets DESIST_POLICIES in the environment believes that those documents were asked."""
    monkeypatch.setenv("DESIST_POLICIES", "nowhere")
    assert desist(*CHECK, URL).err.startswith("warning: variable `DESIST_POLICIES` is heard by nobody\n  help: ")
    monkeypatch.setenv("DESIST_POLICIES", "")
    assert desist(*CHECK, URL).err == ""


def test_what_is_no_url_is_explained_as_that(here: Path, desist: Run) -> None:
    """No permission mends a word that is no URL."""
    done = desist("policy", "explain", "pictogram")
    assert done.out.splitlines()[-1] == "next: desist policy explain https://HOST/PATH, the whole URL"


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.EROFS, "the file system is read-only: name a place elsewhere"),
        (errno.ENOSPC, "the disk is full: make room, or name a place elsewhere"),
        (errno.EACCES, "`ls -ld` says whose it is and who may read and write it"),
        (errno.ELOOP, "desist doctor"),
    ],
)
def test_what_the_system_refuses_is_an_error_like_any_other(
    number: int, mend: str, desist: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verb that forgot to expect it still names the file and the mend."""

    def fail(_args: object) -> int:
        raise OSError(number, os.strerror(number), "some/file")

    monkeypatch.setattr("desist.commands.rule.run", fail)
    done = desist("rule", "D001")
    assert (done.code, done.err) == (2, f"error: some/file: {os.strerror(number)}\n  help: {mend}\n")


def test_a_report_that_cannot_be_written_is_an_error_of_its_own(
    desist: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a read-only file system the draft can neither be made nor taken away: what is said is about the report."""
    path, out = tmp_path / "ledger" / "ledger.db", tmp_path / "x.html"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    Ledger.open(path, role="crawl", counsel_key=None).close()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "a draft")

    monkeypatch.setattr("desist.commands.report.os.replace", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    done = desist("report", str(path), "-o", str(out))
    assert done.code == 2
    assert done.err.endswith(f"error: {out}: cannot be written: Read-only file system\n  help: name another with -o\n")


def test_a_project_that_scrapy_cannot_make_is_told_in_one_line(
    desist: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Scrapy raises is not shown as its trace."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scrapy.py").write_text("raise OSError(30, 'Read-only file system', 'shop')\n")
    done = desist("new", "project", "shop")
    assert done.code == 2
    assert done.err == (
        "error: shop: scrapy startproject: OSError: [Errno 30] Read-only file system: 'shop'\n"
        "  help: choose another name, or a folder that you may write to\n"
    )


def test_an_interrupted_verb_says_so_and_takes_its_bar_away(here: Path) -> None:
    """Ctrl-C in the middle of a list: exit 130, one word, no trace."""
    command = [sys.executable, "-c", _PROGRAM, *FILE, "-"]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - jobs in the background are deaf
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("http://pictogram.test/1\n")
    child.stdin.flush()
    assert child.stdout.readline().startswith("refused http://pictogram.test/1")  # it is at work
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (130, "", "interrupted\n")


def test_a_list_typed_at_a_terminal_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`--file -` without a pipe waits for lines, and says so."""
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)
    with (tmp_path / "typed").open("w+") as typed:
        monkeypatch.setattr("sys.stdin", typed)
        UrlSource("-")
        assert said.getvalue() == ""
        monkeypatch.setattr(typed, "isatty", lambda: True)
        UrlSource("-")
    assert said.getvalue() == "reading from the terminal: a URL a line, Ctrl-D after the last\n"
