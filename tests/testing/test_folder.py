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
    ("text", "message"),
    [
        ("name: a.test\npagse: {}\n", "unknown field `pagse`"),
        ("aliases: [b.test]\n", "missing required field `name`"),
        ("name: a.test\npages: {/: {failure: explode}}\n", "explode"),
        ("name: a.test\npages: {/: {file: gone.png}}\n", "there is no file `gone.png`"),
        ("name: [a.test\n", r"site\.yaml:\d+:\d+: "),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, message: str) -> None:
    """A broken description is one error with its file and what is wrong in it."""
    (tmp_path / "site.yaml").write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        load_site(tmp_path)
    assert "site.yaml" in str(caught.value)


def test_a_folder_without_sites_is_an_error(tmp_path: Path) -> None:
    """Nothing to serve is no web without sites."""
    with pytest.raises(UsageError, match="no site is described here"):
        load_sites(tmp_path)
    with pytest.raises(UsageError, match="no site is described here"):
        load_site(tmp_path)
