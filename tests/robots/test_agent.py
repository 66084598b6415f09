"""The product token comes from DESIST_AGENT or the head of USER_AGENT, and a site must be able to address it."""

from __future__ import annotations

import pytest

from desist.errors import UsageError
from desist.robots import product_token


@pytest.mark.parametrize(
    ("configured", "user_agent", "token"),
    [
        ("", "GalleryBot/2.1 (+https://gallery.test)", "GalleryBot"),
        ("", "Gallery_Bot-x", "Gallery_Bot-x"),
        ("GalleryBot", "Mozilla/5.0 (compatible; gallerybot/2.1)", "GalleryBot"),
        ("GalleryBot", "Mozilla/5.0 (compatible; GalleryBot; +https://gallery.test)", "GalleryBot"),
        (" GalleryBot ", "GalleryBot", "GalleryBot"),
    ],
)
def test_token(configured: str, user_agent: str, token: str) -> None:
    """The configured token, else the first product."""
    agent = product_token(configured, user_agent)
    assert (agent.token, agent.warning) == (token, "")


@pytest.mark.parametrize("user_agent", ["Mozilla/5.0 (X11; Linux)", "mozilla"])
def test_mozilla_is_nobody_and_warned_of(user_agent: str) -> None:
    """No site means us by `Mozilla`: the warning says what holds and what to set."""
    agent = product_token("", user_agent)
    assert agent.token.lower() == "mozilla"
    assert "strictest" in agent.warning
    assert "DESIST_AGENT" in agent.warning


@pytest.mark.parametrize(
    ("configured", "user_agent"),
    [
        ("Gallery2Bot", "Gallery2Bot/1.0"),
        ("Gallery Bot", "Gallery Bot"),
        ("GalleryBot/1", "GalleryBot/1"),
        ("OtherBot", "GalleryBot/1.0"),
        ("Bot", "GalleryBot/1.0"),
        ("gallery", "GalleryBot/1.0"),
        ("gallery", "GalleryBot/1.0 (+https://gallery.test)"),
        ("Bot", "Gallery2Bot/1.0 (X-Bot/1.0)"),
        ("Gallery", "Gallery-Bot/1.0"),
        ("*", "*"),
        ("", "Gallery2Bot/1.0"),
        ("", ""),
        ("", "(compatible)"),
    ],
)
def test_a_token_that_no_site_can_address_refuses_to_start(configured: str, user_agent: str) -> None:
    """Other characters than RFC 9309 allows, or no product of the header sent."""
    with pytest.raises(UsageError) as caught:
        product_token(configured, user_agent)
    assert "DESIST_AGENT" in caught.value.help
