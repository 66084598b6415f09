"""An entry's bytes: one form, strictly read."""

from __future__ import annotations

import base64
import contextlib
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desist.errors import EvidenceError
from desist.ledger.entry import MAX_LEAF, Entry, check_facts, decode, encode, is_public, uuid7

ENTRY = Entry(
    v=1, w=uuid7(), n=1, p=bytes(32), k="refuse", t=1, m=1, platforms={"b": (0, 1), "a": (2, 3)}, rule="robots.txt:4"
)


def test_a_leaf_is_sorted_json_without_spaces() -> None:
    """RFC 8785 for integers and ASCII: sorted names, nothing between."""
    leaf = encode(ENTRY)
    assert leaf == json.dumps(json.loads(leaf), sort_keys=True, separators=(",", ":")).encode()
    assert decode(leaf) == ENTRY


def test_any_flipped_bit_is_another_entry_or_none() -> None:
    """Pad bits of base64, spaces, key order: nothing but the very same bytes reads as this entry."""
    leaf = encode(ENTRY)
    for bit in range(len(leaf) * 8):
        flipped = bytearray(leaf)
        flipped[bit // 8] ^= 1 << bit % 8
        with contextlib.suppress(EvidenceError):
            assert decode(bytes(flipped)) != ENTRY


def test_pad_bits_are_read_strictly() -> None:
    """RFC 4648 section 3.5: 32 octets have one encoding."""
    good = base64.b64encode(bytes(32))
    assert good in encode(ENTRY)
    with pytest.raises(EvidenceError, match="not the ones that its fields encode to"):
        decode(encode(ENTRY).replace(good, good[:-2] + b"B="))


def test_a_leaf_too_long_for_a_bundle_is_not_made() -> None:
    """C2SP tlog-tiles: an entry's length has 16 bits."""
    with pytest.raises(ValueError, match="longer than 65535"):
        encode(Entry(v=1, w=uuid7(), n=1, p=bytes(32), k="refuse", t=1, m=1, rule="a" * MAX_LEAF))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-pictogram",
        "robots.txt:4",
        "pictogram-tos-2025-11#4.2",
        "house:scheme",
        "x-robots-tag",
        "0.1.0",
        "~Ab_-",
        "ab" * 32,
    ],
)
def test_an_id_may_stand_in_the_clear(text: str) -> None:
    """Ids of documents, lines of robots.txt, versions, hashes."""
    assert is_public(text)


@pytest.mark.parametrize(
    "text",
    [
        "shop.test",
        "robots:https://shop.test:443",
        "a/b",
        "me@mail",
        "10.0.0.1",
        "[::1]",
        "::1",
        "",
        "a b",
        "x" * 200,
        "é",
        "shop.test/robots.txt:4",
        "robots.txt.shop.test",
        "signal:x-robots-tag:wiki",
        "signal:tdmrep:localhost",
        "signal:x-robots-tag:ai.txt",
        "signal:x:intranet_box",
        "signal:tdmrep:2001:db8:1:2:3:4:5:6",
        "2001:db8:1:2:3:4:5:6",
        "robots.txt:fd00:0:0:0:0:0:0:66",
    ],
)
def test_what_names_a_host_or_person_may_not(text: str) -> None:
    """Hosts, addresses, paths, addresses of people, anything long or odd."""
    assert not is_public(text)


@given(st.text(max_size=40))
def test_facts_hold_only_what_may_stand_in_the_clear(text: str) -> None:
    """Any text that is not a public id is turned away."""
    if is_public(text):
        check_facts({"fact": text})
    else:
        with pytest.raises(ValueError, match="hand it over as a detail"):
            check_facts({"fact": text})


@pytest.mark.parametrize("facts", [{"n": -1}, {"n": True}, {"Bad Name": 1}, {"n": 1.5}])
def test_facts_are_natural_numbers(facts: dict[str, int]) -> None:
    """Integers only, and none below zero."""
    with pytest.raises(ValueError, match="no fact"):
        check_facts(facts)


def test_a_session_id_is_a_uuidv7_in_order_of_time() -> None:
    """RFC 9562 section 5.7."""
    one = uuid.UUID(uuid7())
    assert (one.version, one.variant) == (7, uuid.RFC_4122)
    assert uuid7()[:8] >= str(one)[:8]
