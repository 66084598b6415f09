"""What differs between a platform document and its lists, and the document brought up to date."""

from __future__ import annotations

import pytest

from desist.errors import UsageError
from desist.model import Role
from desist.policy.familydiff import Change, Origin, compare, updated
from desist.policy.hostlists import HostLists
from desist.policy.load import read_documents

DOCUMENT = """\
# counsel's own remark
platform: pictogram
sources:
  - {name: v2fly, commit: 0000000, date: 2026-01-01, licence: MIT}
v2fly_lists: [pictogram]
host_patterns:
  - regexp: ^known$
hosts:
  # sites
  - pictogram.test
  - {host: static.pictogram.test, match: exact, role: cdn}   # a picture host
  - host: old.test
    role: mail
  - gone.test
  - {host: lost.test, role: project, note: kept}
  - {host: own.test, confidence: memory}
  - {host: ours.test, source: a letter}
  - {host: cloudfront.net, role: tenant, source: v2fly/aws}
  - rent.test
notes: [the end]
"""
ORIGIN = Origin("1234567890abcdef", "2026-08-19")


@pytest.fixture
def entry():
    return read_documents({"pictogram.yaml": DOCUMENT.encode()}).platforms[0]


@pytest.fixture
def lists(tmp_path):
    def make(text, name="pictogram"):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / name).write_text(text)
        return HostLists.read(tmp_path)

    return make


SAME = "pictogram.test\nfull:static.pictogram.test\nold.test\ngone.test\nlost.test\nrent.test\nregexp:^known$\n"


def test_nothing_differs(entry, lists):
    """Hosts, matches and known patterns as here: no change, and own entries are none."""
    assert compare(entry, lists(SAME)) == []


def test_new_hosts_get_the_role_that_is_certain(entry, lists):
    """Public suffix: tenant; `@ads`: ads; below a known name: its role, a tenant's is a host for media; else site."""
    found = compare(
        entry,
        lists(SAME + "full:d1.cloudfront.net\nnew.test\ntrack.test @ads\nfull:m.static.pictogram.test\ngithub.io\n"),
    )
    assert found == [
        Change("added", "d1.cloudfront.net", "exact", Role.CDN),
        Change("added", "github.io", "suffix", Role.TENANT),
        Change("added", "m.static.pictogram.test", "exact", Role.CDN),
        Change("added", "new.test", "suffix", Role.SITE),
        Change("added", "track.test", "suffix", Role.ADS),
    ]


def test_own_entries_are_no_business_of_the_lists(entry, lists):
    """Neither missing there nor of another match there are they changed."""
    assert compare(entry, lists(SAME + "full:own.test\nfull:ours.test\n")) == []


def test_wider_narrower_removed(entry, lists):
    """Each is told apart, with the match that the lists give."""
    text = SAME.replace("full:static", "static").replace("old.test", "full:old.test").replace("gone.test\n", "")
    found = {(change.kind, change.value, change.match, change.written) for change in compare(entry, lists(text))}
    assert found == {
        ("wider", "static.pictogram.test", "suffix", True),
        ("narrower", "old.test", "exact", False),
        ("removed", "gone.test", "suffix", True),
    }


def test_a_host_that_is_listed_twice_is_as_wide_as_the_wider(entry, lists):
    """`full:` beside `domain:` narrows nothing, in either order."""
    assert compare(entry, lists("full:old.test\n" + SAME)) == []
    assert compare(entry, lists(SAME + "full:old.test\n")) == []


def test_patterns_and_keywords_are_named_not_guessed(entry, lists):
    """What no host rule says is shown and left out."""
    found = compare(entry, lists(SAME + "regexp:^new$\nkeyword:pict\nnot/a/host\n"))
    assert [(change.kind, change.value) for change in found] == [
        ("untold", "regexp:^new$"),
        ("untold", "keyword:pict"),
        ("untold", "domain:not/a/host"),
    ]


def test_a_missing_list_removes_nothing(entry, lists):
    """Nobody can tell what is gone where a list is not there."""
    assert compare(entry, lists(SAME, name="other")) == [Change("no list", "pictogram")]


def test_the_document_is_updated_and_all_else_stays(entry, lists):
    """New lines after the last host, marks at the removed ones, the origin at the source; comments and roles stay."""
    text = "pictogram.test\nstatic.pictogram.test\nrent.test\nnew.test\nfull:ads.test @ads\nregexp:^known$\n"
    changes = compare(entry, lists(text))
    assert updated(entry, DOCUMENT, changes, ORIGIN) == (
        DOCUMENT.replace("0000000", ORIGIN.commit)
        .replace("2026-01-01", ORIGIN.date)
        .replace("match: exact", "match: suffix")
        .replace("- host: old.test\n", "- host: old.test\n    source: v2fly/removed\n")
        .replace("- gone.test", "- {host: gone.test, source: v2fly/removed}")
        .replace("{host: lost.test,", "{host: lost.test, source: v2fly/removed,")
        .replace(
            "  - rent.test\n",
            "  - rent.test\n"
            "  # new in 1234567890ab: check the roles\n"
            "  - {host: ads.test, match: exact, role: ads}\n"
            "  - new.test\n",
        )
    )


def test_an_updated_document_loads_and_differs_no_more(entry, lists):
    """A second refresh finds nothing, and what the lists dropped is still a host."""
    made = lists("pictogram.test\nstatic.pictogram.test\nrent.test\nnew.test\n")
    text = updated(entry, DOCUMENT, compare(entry, made), ORIGIN)
    loaded = read_documents({"pictogram.yaml": text.encode()})
    assert loaded.diagnostics == []
    assert compare(loaded.platforms[0], made) == []
    roles = {rule.host: rule.role for rule in loaded.platforms[0].doc.hosts}
    assert roles == {rule.host: rule.role for rule in entry.doc.hosts} | {"new.test": Role.SITE}


def test_hosts_in_one_line_are_not_edited(lists):
    """Better no edit than a wrong one: it says how to write them."""
    content = b"platform: p\nv2fly_lists: [p]\nhosts: [a.test]\n"
    entry = read_documents({"p.yaml": content}).platforms[0]
    changes = compare(entry, lists("a.test\nb.test\n", name="p"))
    with pytest.raises(UsageError) as caught:
        updated(entry, content.decode(), changes, ORIGIN)
    assert caught.value.place == "p.yaml:3:8"
