"""A site as a folder: what lies in it is what is served, and what cannot be read is named with file and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from desist.errors import UsageError
from desist.testing import Failure
from desist.testing.folder import load_site, load_sites


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One whole site."""
    root = tmp_path / "pictogram"
    (root / "pages" / "u").mkdir(parents=True)
    (root / "policies" / "platforms").mkdir(parents=True)
    (root / "site.yaml").write_text(
        "name: pictogram.test\n"
        'aliases: ["*.pictogram.test"]\n'
        "headers: {X-Robots-Tag: noai}\n"
        "delay: 0.25\n"
        "pages:\n"
        '  /: "<p>home</p>"\n'
        "  /old: {redirect: /new, status: 301, headers: {X-A: [one, two]}}\n"
        "  /bad: {failure: truncated, body: xxxxx, delay: 1}\n"
        "  /face: {file: face.png}\n"
    )
    (root / "face.png").write_bytes(b"\x89PNG\x00")
    (root / "robots.txt").write_bytes("User-agent: caf\u00e9\nDisallow: /\n".encode("latin-1"))
    (root / "terms.html").write_text("<h1>Terms</h1>")
    (root / "pages" / "u" / "index.html").write_text("everybody")
    (root / "pages" / "u" / "1.html").write_text("somebody")
    (root / "policies" / "platforms" / "pictogram.yaml").write_text("platform: pictogram\n")
    return root


def test_a_folder_is_a_site(folder: Path) -> None:
    """Names, pages, files, robots.txt byte for byte, terms and policy documents come from their places."""
    [site] = load_sites(folder.parent)
    assert site.names == ("pictogram.test", "*.pictogram.test")
    assert site.answer("/robots.txt").content == b"User-agent: caf\xe9\nDisallow: /\n"
    assert site.answer("/terms").body == "<h1>Terms</h1>"
    assert (site.answer("/u/").content, site.answer("/u/1.html").content) == (b"everybody", b"somebody")
    assert (site.answer("/face").content, site.answer("/face").media_type) == (b"\x89PNG\x00", "image/png")
    assert site.documents == {"platforms/pictogram.yaml": "platform: pictogram\n"}
    home, old, bad = site.answer("/"), site.answer("/old"), site.answer("/bad")
    assert (home.body, home.delay, home.headers) == ("<p>home</p>", 0.25, {"X-Robots-Tag": "noai"})
    assert (old.code, old.header_lines()[1:]) == (
        301,
        [("Location", "/new"), ("X-Robots-Tag", "noai"), ("X-A", "one"), ("X-A", "two")],
    )
    assert (bad.failure, bad.delay) == (Failure.TRUNCATED, 1.25)
    assert site.answer("/nowhere").code == 404


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a.test\npagse: {}\n", ":2:1: unknown field `pagse`\n  help: did you mean `pages`? its fields: name"),
        ("aliases: [b.test]\n", ":1:1: `name`: object missing required field `name`\n  help: begin with"),
        (
            "name: a.test\npages:\n  /: {failure: explode}\n",
            ":3:16: `failure`: invalid enum value 'explode'\n  help: one of",
        ),
        ("name: a.test\npages:\n  /: {staus: 404}\n", ":3:7: unknown field `staus`\n  help: did you mean `status`?"),
        ("name: a.test\npages:\n  /: [a]\n", ":3:6: no mapping of fields\n  help: its fields: body"),
        ("name: a.test\npages: {/: {file: gone.png}}\n", ":2:19: there is no file `gone.png`\n  help: paths begin"),
        ("name: a.test\naliases: [b, {c: d}]\n", ":2:14: `aliases`: expected `str`"),
        ("name: A.test\n", ":1:7: `A.test` is no host name\n  help: as in `a.test`"),
        ("name: a.test\npages: {u/1: x}\n", ":2:8: page `u/1` of a.test is no path\n  help: write `/u/1`"),
        ("name: [a.test\n", ":2:1: broken YAML"),
        ("", ":1:1: 0 documents, where one describes a site\n  help: one mapping"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, said: str) -> None:
    """A broken description is one error with file, line and column, what is wrong there, and the mend."""
    (tmp_path / "site.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        load_site(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/site.yaml{said}")


def test_a_folder_without_sites_is_an_error(tmp_path: Path) -> None:
    """Nothing to serve is no web without sites."""
    with pytest.raises(UsageError, match="no site is described here"):
        load_sites(tmp_path)
    with pytest.raises(UsageError, match="no site is described here"):
        load_site(tmp_path)
