"""The completion script for fish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .completion import Option, Words

__all__ = ["script"]

_HEAD = """\
# Completion of desist in fish; written by `desist completion fish`.
function __desist_at --description 'these verbs are typed, and the next word is being typed'
    set -l typed (commandline -opc)
    test (count $typed) -eq (math 1 + (count $argv)); and test "$typed[2..]" = "$argv"
end
function __desist_in --description 'these verbs are typed, and maybe more'
    set -l typed (commandline -opc)
    set -l last (math 1 + (count $argv))
    test (count $typed) -ge $last; and test "$typed[2..$last]" = "$argv"
end
complete -c desist -f
function __desist_scrapy --description 'what `desist` offers for what follows `scrapy`'
    complete -C (string replace -r '^.*?\\bscrapy\\s+' '' -- (commandline -cp))
end
complete -c scrapy -n '__desist_in desist' -f -a '(__desist_scrapy)'
complete -c scrapy -n __desist_at -a desist -d 'Policies, refusals and the record of them'
"""


def script(verbs: Sequence[Words]) -> str:
    """The script for these verbs."""
    lines = [line for words in verbs for line in _verb(words)]
    return _HEAD + "\n".join(lines) + "\n"


def _verb(words: Words) -> Iterator[str]:
    """What may follow a verb, or the beginning of one."""
    at, within = (f"-n {_quoted(' '.join([test, *words.typed]))}" for test in ("__desist_at", "__desist_in"))
    for name, about in words.verbs:
        yield f"complete -c desist {at} -a {name} -d {_quoted(about)}"
    for option in words.options:
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
        value = _value(option)
        if names or value:
            parts = ("complete -c desist", at if words.verbs else within, names, value, "-d", _quoted(option.about))
            yield " ".join(filter(None, parts))


def _value(option: Option) -> str:
    """What is offered for the value of an argument."""
    if option.kind == "choice":
        return ("-x " if option.names else "") + f"-a {_quoted(' '.join(option.choices))}"
    if option.kind == "folder":
        return ("-x " if option.names else "") + "-a '(__fish_complete_directories)'"
    if option.kind == "file":
        return "-r -F" if option.names else "-F"
    return "-x" if option.names and option.kind == "text" else ""


def _quoted(text: str) -> str:
    """In fish's single quotes, where only backslash and quote are special."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
