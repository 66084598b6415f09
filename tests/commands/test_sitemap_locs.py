"""The `<loc>` of sitemaps: each one is read to its end or refused with its line, and each character once."""

from __future__ import annotations

import io

import pytest

from desist.commands.sitemap_locs import LONGEST, locs
from desist.errors import UsageError

U = "https://a.test/"


class Counted(io.StringIO):
    """A file that is handed over a few characters at a time, as the worst of pipes would."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(min(size or 1, 7))


READ = {
    f"<urlset><url><loc>{U}</loc></url>\n<url><loc>{U}2</loc></url></urlset>": [(U, 1), (f"{U}2", 2)],
    f"<a:loc x='1'>\n {U}?a=1&amp;b=2\n</a:loc\n>": [(f"{U}?a=1&b=2", 1)],
    f"\n<loc\n>{U}</loc>": [(U, 2)],
    f"<loc> <![CDATA[ {U}?a&amp;<b]]> </loc>": [(f"{U}?a&amp;<b", 1)],
    f"<loc>{U}<![CDATA[x]]>&amp;<![CDATA[y]]></loc><lastmod>loc></lastmod>": [(f"{U}x&y", 1)],
    "<location>x</location><loc/><nloc>y</nloc><!-- loc -->": [],
    f"<LOC>{U}</LOC>": [(U, 1)],
    f"<loc>{U}{'a' * 300_000}</loc><loc>{U}</loc>": [(f"{U}{'a' * 300_000}", 1), (U, 1)],
}


@pytest.mark.parametrize("text", READ, ids=lambda text: text[:30])
def test_every_loc_is_read_to_its_end(text: str) -> None:
    """However long, however it is written, and wherever a block of the file ends."""
    assert list(locs(io.StringIO(text), "s")) == READ[text]
    assert len(text) > 1_000 or list(locs(Counted(text), "s")) == READ[text]


REFUSED = {
    "\n\n<loc>https://a.test/": "has no end",
    "\n\n<loc": "is not closed",
    "\n\n<loc <loc>https://a.test/</loc>": "is not closed",
    "\n\n" + "<loc>" * 12_000: "holds another tag",
    "\n\n" + "<loc " * 12_000: "is not closed",
    "\n\n<loc>https://a.test/<!-- x --></loc>": "holds another tag",
    "\n\n<loc><![CDATA[https://a.test/</loc>": "without an end",
    "\n\n<loc>" + "a" * (LONGEST + 1_000_000) + "</loc>": "is longer than",
    "\n\n<loc>" + "<![CDATA[" + "a<" * LONGEST + "]]></loc>": "without an end",
    "\n\n<loc>" + "<![CDATA[" + "a" * (LONGEST - 99) + "]]><![CDATA[" + "a" * 999 + "]]></loc>": "is longer than",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text.strip()[:30])
def test_a_loc_that_cannot_be_read_to_its_end_is_an_error_of_its_line(text: str) -> None:
    """None is passed over: a check that has not seen a URL must not say that all are allowed."""
    with pytest.raises(UsageError, match=REFUSED[text]) as caught:
        list(locs(io.StringIO(text), "s"))
    assert caught.value.place == "s:3"
