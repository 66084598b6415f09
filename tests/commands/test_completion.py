"""`desist completion`: real shells are asked for verbs, options and choices."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desist.commands.completion import Words, words_of
from desist.commands.main import build_parser, main

from .shells import Shell

SHELLS = ("bash", "zsh", "fish")
PROGRAMS = ("desist", "scrapy desist")
Ask = Callable[[str], set[str]]


@pytest.fixture(scope="module", params=SHELLS)
def ask(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """What a shell offers at the end of a line."""
    name = request.param
    if not shutil.which(name):
        pytest.skip(f"there is no {name} here")
    folder = tmp_path_factory.mktemp(name)
    (folder / "policies").mkdir()
    (folder / "urls.txt").touch()
    script = folder / "script"
    script.write_text(_script(name))
    if name == "fish":
        yield lambda line: _fish(script, line)
    else:
        with Shell(name, script, folder) as shell:
            yield shell.ask


def _script(name: str) -> str:
    program = "import sys; from desist.commands.main import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "completion", name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _fish(script: Path, line: str) -> set[str]:
    command = ["fish", "--no-config", "-c", f"source {script}; complete -C {_fish_quoted(line)}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=script.parent)
    return {offered.partition("\t")[0] for offered in done.stdout.splitlines()}


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("'", "\\'") + "'"


@pytest.mark.parametrize("program", PROGRAMS)
def test_verbs_options_and_choices_are_offered(ask: Ask, program: str) -> None:
    """The first word, the second word of a family, options by their beginning, the choices of an option and a place."""
    assert ask(f"{program} ") >= {"policy", "ledger", "demo", "report", "completion"}
    assert ask(f"{program} pol") == {"policy"}
    assert ask(f"{program} policy ch") == {"check"}
    assert ask(f"{program} policy check --form") == {"--format"}
    assert ask(f"{program} policy check --format ") == {"text", "jsonl", "json", "sarif"}
    assert ask(f"{program} completion ") == set(SHELLS)
    assert ask(f"{program} policy check http://a.test/ --robots-m") == set()
    assert ask(f"{program} policy explain http://a.test/ --robots-m") == {"--robots-mode"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_value_behind_an_equals_sign_is_offered(ask: Ask, program: str) -> None:
    """`--format=js` is completed as `--format js` is, although bash takes it for three words."""
    assert {word.removeprefix("--format=") for word in ask(f"{program} policy check --format=js")} == {"json", "jsonl"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_files_and_folders_are_offered_where_they_are_wanted(ask: Ask, program: str) -> None:
    """A file for `--file`, a folder for `--policies`, and neither for a URL."""
    assert "urls.txt" in ask(f"{program} policy check --file u")
    assert {word.rstrip("/") for word in ask(f"{program} policy check --policies ")} == {"policies"}
    assert ask(f"{program} policy explain ur") == set()


def test_behind_scrapy_only_what_is_ours_is_completed(ask: Ask) -> None:
    """`scrapy de` may become `scrapy desist`; every other command of Scrapy's is completed as without the script."""
    assert "desist" in ask("scrapy de")
    assert {word.rstrip("/") for word in ask("scrapy crawl pol")} == {"policies"}
    assert not ask("scrapy crawl de")
    assert not ask("scrapy --form")


OWN = {
    "bash": "_own() { COMPREPLY=($(compgen -W 'crawl shell --set' -- \"$2\")); }; complete -o nospace -F _own scrapy",
    "zsh": "_own() { compadd -- crawl shell --set }; compdef _own scrapy",
    "fish": "complete -c scrapy -f; complete -c scrapy -n 'not __fish_seen_subcommand_from desist' -a 'crawl shell'; "
    "complete -c scrapy -l set",
}


@pytest.mark.parametrize("name", SHELLS)
def test_a_completion_of_scrapy_that_the_user_has_still_works(name: str, tmp_path: Path) -> None:
    """Beside it: what it offered it offers still, and `scrapy desist ...` is ours. Reading the script twice too."""
    if not shutil.which(name):
        pytest.skip(f"there is no {name} here")
    script = tmp_path / "script"
    text = _script(name)
    script.write_text(f"{OWN[name]}\n{text}\n{text}" if name == "fish" else f"{text}\n{text}")
    if name == "fish":
        _check_beside(lambda line: _fish(script, line))
    else:
        with Shell(name, script, tmp_path, own=OWN[name]) as shell:
            _check_beside(shell.ask)


def _check_beside(ask: Ask) -> None:
    assert ask("scrapy cr") == {"crawl"}
    assert ask("scrapy --s") == {"--set"}
    assert ask("scrapy desist policy ch") == {"check"}
    assert ask("scrapy desist craw") == set()
    assert ask("desist policy ch") == {"check"}


_LOADED = """
{loader}() {{ eval '_own() {{ COMPREPLY=($(compgen -W "crawl" -- "$2")); }}; complete -F _own scrapy'; }}
"""


@pytest.mark.parametrize("loader", ["_comp_load", "__load_completion"])
def test_a_completion_that_bash_would_load_at_need_is_still_loaded(loader: str, tmp_path: Path) -> None:
    """bash-completion reads its file for `scrapy` at the first Tab, by one of two functions; ours asks it."""
    script = tmp_path / "script"
    script.write_text(_script("bash"))
    with Shell("bash", script, tmp_path, own=_LOADED.format(loader=loader)) as shell:
        assert shell.ask("scrapy desist policy ch") == {"check"}
        assert shell.ask("scrapy cr") == {"crawl"}
        assert shell.ask("scrapy desist policy ch") == {"check"}
        assert shell.ask("scrapy cr") == {"crawl"}


def test_every_verb_and_option_of_the_parser_is_offered(ask: Ask) -> None:
    """Nothing that the parser takes is left out, and nothing that it does not take is offered."""
    for words in _every():
        line = " ".join(["desist", *words.typed])  # `scrapy desist` hands every line on to the same function
        options = {name for option in words.options for name in option.names if name.startswith("--")}
        assert {word for word in ask(f"{line} --") if word.startswith("--")} == options, line
        if words.verbs:
            assert ask(f"{line} ") >= {name for name, _ in words.verbs}, line


def _every() -> list[Words]:
    return list(words_of(build_parser(every=True)))


def test_the_scripts_say_nothing_at_start(ask: Ask, tmp_path: Path) -> None:
    """Reading a script prints nothing: it stands in the file that every new shell reads."""
    for name in filter(shutil.which, SHELLS):
        (tmp_path / name).write_text(_script(name))
        head = "autoload -U compinit; compinit -u -D; " if name == "zsh" else ""
        done = subprocess.run([name, "-c", f"{head}source {tmp_path / name}"], capture_output=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), name


def test_writing_a_script_imports_nothing_heavy() -> None:
    """A shell that starts waits for it: no Scrapy, no pydantic, no cryptography, no policies."""
    program = (
        "import sys; from desist.commands.main import main; main(['completion', 'bash']);"
        "print(sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "desist" in done.stderr
    for heavy in ("scrapy", "twisted", "pydantic", "cryptography", "rich", "yaml", "apsw", "jinja2", "requests"):
        assert f"'{heavy}'" not in done.stderr


def test_an_unknown_shell_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """tcsh has to do without."""
    with pytest.raises(SystemExit) as stop:
        main(["completion", "tcsh"])
    assert stop.value.code == 2
    assert "bash" in capsys.readouterr().err
