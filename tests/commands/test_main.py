"""The one parser behind `desist` and `scrapy desist`."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shlex
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from desist.commands.main import VERBS, Verb, build_parser, main
from desist.errors import UsageError


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_every_verb_has_a_module_with_configure_and_run(verb: Verb) -> None:
    """A verb in the table that cannot be run would be a promise that the tool does not keep."""
    module = importlib.import_module(f"desist.commands.{verb.module}")
    assert callable(module.configure)
    assert callable(module.run)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_every_verb_prints_help(verb: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` of each verb shows its own options and exits 0."""
    with pytest.raises(SystemExit) as stop:
        main([*verb.words.split(), "--help"])
    assert stop.value.code == 0
    assert "usage: desist " + verb.words in capsys.readouterr().out


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_the_help_of_every_verb_shows_examples_that_it_reads(verb: Verb) -> None:
    """Each verb shows how it is typed, and each line that it shows is one that it would take."""
    parser = build_parser(words=verb.words.split())
    epilog = _parser_of(parser, verb.words).epilog or ""
    lines = [line.strip() for line in epilog.splitlines() if "desist " in line]
    assert lines, f"desist {verb.words} --help has no example"
    for line in lines:
        command = re.search(rf"desist {verb.words}\b[^>|)]*", line)
        assert command, line
        assert parser.parse_args(shlex.split(command[0])[1:]).run


def _parser_of(parser: argparse.ArgumentParser, words: str) -> argparse.ArgumentParser:
    for word in words.split():
        [choices] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        parser = choices.choices[word]
    return parser


@pytest.mark.parametrize(
    ("words", "help_line"),
    [
        (["polcy", "check"], "did you mean `desist policy check`?"),
        (["check", "http://a.test/"], "did you mean `desist policy check`?"),
        (["policy", "chek"], "did you mean `desist policy check`?"),
        (["docket"], "did you mean `desist ledger docket`?"),
        (["statsu"], "did you mean `desist status`?"),
        (["frobnicate"], "desist --help lists them"),
    ],
)
def test_a_verb_that_is_none_names_the_one_that_was_meant(
    words: list[str], help_line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip of the pen, or a family left out, is one message and its mend, and exit 2."""
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: there is no verb `")
    assert said.endswith(f"  help: {help_line}\n")


def test_an_option_that_is_none_names_the_one_that_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    """The mend of a wrong option is the right one; of anything else, the help of that very verb."""
    for words, mend in (
        (["policy", "check", "http://a.test/", "--fromat=json"], "did you mean `--format`?"),
        (["policy", "check", "--format", "yaml"], "desist policy check --help"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ")
        assert said.endswith(f"  help: {mend}\n")


@pytest.mark.parametrize("words", [[], ["policy"], ["ledger"]])
def test_no_verb_at_all_shows_which_there_are(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """`desist` alone is a question: the overview goes to stderr, with exit 2."""
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith(" ".join(["usage: desist", *words]))) == ("", True)


def test_the_commonest_verbs_come_first_and_no_verb_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The overview begins with the five of the README, and lists every verb once, however narrow the terminal."""
    monkeypatch.setenv("COLUMNS", "60")
    text = build_parser().format_help()
    first = text.partition("to begin:")[0]
    five = re.findall(r"^  desist (.*?)  ", first, re.MULTILINE)
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    typed = [re.sub(r" (?:URL|LEDGER)\b.*", "", words) for words in five]
    assert re.findall(r"^\| `desist ([a-z ]+[a-z])", readme, re.MULTILINE) == typed
    listed = re.findall(r"^  ((?:[a-z-]+ )?[a-z-]+) ", text.partition("to begin:")[2], re.MULTILINE)
    assert sorted(listed) == sorted(verb.words for verb in VERBS)
    assert max(map(len, first.splitlines())) <= 60


def test_the_overview_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On 40 columns what a verb does stands below it, and no line is longer than the terminal is wide."""
    monkeypatch.setenv("COLUMNS", "40")
    text = build_parser().format_help()
    assert max(map(len, text.splitlines())) <= 40
    assert "  desist policy check URL ...\n      may these be fetched?" in text


def test_an_error_is_one_message_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every error of the tree prints place, message and help, and exits with its own code."""

    def fail(_args: object) -> int:
        raise UsageError("no such thing `x`", place="a.yaml:3:5", help="write `y`")

    monkeypatch.setattr("desist.commands.rule.run", fail)
    assert main(["rule", "D001"]) == 2
    assert capsys.readouterr().err == "error: a.yaml:3:5: no such thing `x`\n  help: write `y`\n"


@pytest.mark.parametrize("words", [["policy", "stop", "{}.test"], ["{}"], ["policy", "check", "--{}"]])
def test_what_was_typed_does_nothing_to_the_terminal(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A message quotes it with its escapes shown: colours, titles, C1 controls, marks that turn the line round."""
    typed = [word.format("a\x1b[31m\x1b]0;x\x07\x9b2J\u202eb") for word in words]
    with suppress(SystemExit):
        assert main(typed) == 2
    said = capsys.readouterr().err
    assert (r"\x1b[31m" in said, said.replace("\n", "").isprintable()) == (True, True)


def test_an_unforeseen_exception_is_one_line_and_no_refusal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's own exit code would be 1, which says that a URL is refused; the traceback is for whoever asks for it."""

    def broken(_: argparse.Namespace) -> int:
        raise ZeroDivisionError("first\nsecond")

    monkeypatch.setattr("desist.commands.rule.run", broken)
    assert main(["rule", "D001"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert (first, second[:8]) == ("error: ZeroDivisionError: first", "  help: ")
    monkeypatch.setattr("desist.commands.main.sys.flags", SimpleNamespace(dev_mode=True))
    with pytest.raises(ZeroDivisionError):
        main(["rule", "D001"])


def test_help_imports_no_verb() -> None:
    """`desist --help` names all verbs and imports none of them, so that it stays quick."""
    code = (
        "import sys; from desist.commands.main import build_parser; build_parser().format_help();"
        "print(sorted(m for m in sys.modules if m.startswith('desist.commands.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['desist.commands.examples', 'desist.commands.main', 'desist.commands.overview']\n"


def test_a_check_starts_without_what_only_others_need() -> None:
    """`policy check` brings no compressor, no mail, no network and no heavy library into its process."""
    code = (
        "import sys; from desist.commands.main import main; main(['policy', 'check', 'https://www.facebook.com/']);"
        "print(' '.join(sys.modules))"
    )
    for _ in range(2):  # the first may have to compile the documents
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = "shutil bz2 lzma difflib email socket ssl subprocess asyncio scrapy pydantic yaml cryptography apsw rich"
    before = subprocess.run(
        [sys.executable, "-c", "import sys; print(' '.join(sys.modules))"], capture_output=True, text=True, check=True
    )
    brought = set(done.stdout.splitlines()[-1].split()) - set(before.stdout.split())
    assert "desist.decide" in brought
    assert brought.isdisjoint(heavy.split())


@pytest.mark.parametrize("prog", ["desist", "scrapy desist"])
def test_the_usage_of_a_verb_is_the_same_whichever_others_are_built(prog: str) -> None:
    """Only the typed verb gets a parser; its usage begins as among all the others."""
    for verb in VERBS:
        words = verb.words.split()
        alone = _parser_of(build_parser(prog, words=words), verb.words)
        assert alone.prog == _parser_of(build_parser(prog), verb.words).prog == f"{prog} {verb.words}"


@pytest.mark.parametrize(
    ("words", "code", "begins"),
    [
        (["rule", "--help"], 0, "usage: scrapy desist rule"),
        (["--help"], 0, "usage: scrapy desist [-h] [--version] VERB"),
        (["rule", "D001"], 0, "D001"),
        (["rule", "D999"], 2, ""),
    ],
)
def test_scrapy_desist_is_the_same_parser(words: list[str], code: int, begins: str) -> None:
    """Scrapy's command line hands everything behind `desist` to the same verbs, and their exit codes back."""
    command = [sys.executable, "-m", "scrapy", "desist", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert done.stdout.startswith(begins)


def test_a_terminal_without_a_letter_shows_its_number(tmp_path: Path) -> None:
    """Under a locale that has no `ü` everything else is printed all the same, with the exit code that it has."""
    (tmp_path / "urls.txt").write_text("https://www.facebook.com/z\u00fcck\n", encoding="utf-8")
    program = "import sys; from desist.commands.main import main; sys.exit(main(sys.argv[1:]))"
    words = ["policy", "preview", "2020-facebook-clearview", "--file", "urls.txt"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"https://www.facebook.com/z\xfcck" in done.stdout


def test_a_closed_pipe_is_no_clean_end() -> None:
    """`desist ... | head`: what nobody read to its end must not look as if nothing was refused."""
    program = "import sys; from desist.commands.main import main; sys.exit(main(sys.argv[1:]))"
    child = subprocess.Popen([sys.executable, "-c", program, "rule", "D001"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()
    assert child.wait(60) == 141
