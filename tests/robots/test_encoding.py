"""Which bytes are a robots.txt in UTF-8, which can be made one, which are none."""

from __future__ import annotations

import pytest

from desist.robots.encoding import charset_of, trouble_of, utf8_of

TEXT = "User-agent: *\nDisallow: /\u00e9\n"
UTF8 = TEXT.encode()
ASCII = b"User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    ("body", "charset", "expected"),
    [
        (UTF8, "", UTF8),
        (TEXT.encode("latin-1"), "iso8859-1", TEXT.encode("latin-1")),
        (TEXT.encode("utf-16"), "", UTF8),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "", UTF8),
        (TEXT.encode("utf-32"), "", UTF8),
        (TEXT.encode("utf-16-le"), "utf-16-le", UTF8),
        (TEXT.encode("utf-16-le"), "", None),
        (b"\xff\xfe" + b"\xd8" * 9, "", None),
        (b"\xff\xfe" + ASCII, "", ASCII),
        (ASCII, "utf-16", ASCII),
        (b"", "utf-16", b""),
    ],
)
def test_wide_encodings_are_made_utf8_rfc9309_2_2_2(body: bytes, charset: str, expected: bytes | None) -> None:
    """By byte order mark, by charset; ASCII stays ASCII whatever it claims; None is unreadable."""
    assert utf8_of(body, charset) == expected


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/plain; charset=UTF-8", "utf-8"),
        ('text/plain;charset="latin1"', "iso8859-1"),
        ("text/plain", ""),
        ("text/plain; charset=klingon", ""),
        ("text/plain; charset=", ""),
    ],
)
def test_charset_of_a_content_type(content_type: str, charset: str) -> None:
    """In Python's spelling; empty where there is none."""
    assert charset_of(content_type) == charset


@pytest.mark.parametrize(
    ("body", "content_type", "trouble"),
    [
        (ASCII, "text/plain; charset=utf-8", ""),
        (ASCII, "", ""),
        (ASCII, "text/html", "served as `text/html`"),
        (b"  <!-- a --> <HTML>", "text/plain", "markup"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "", "markup"),
        (b"# <html>\n" + ASCII, "Text/Plain", ""),
        (b"<important>\n" + ASCII, "", ""),
    ],
)
def test_what_is_no_plain_text(body: bytes, content_type: str, trouble: str) -> None:
    """By its first octets and by what it is served as."""
    assert trouble in trouble_of(body, content_type)
    assert bool(trouble) == bool(trouble_of(body, content_type))
