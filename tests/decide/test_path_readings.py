"""A rule for a path is met by every spelling that a server may serve as that path."""

from __future__ import annotations

import pytest

from desist.decide import decide
from desist.policy import PolicySet

POLICIES = PolicySet.of(
    {
        "p.yaml": b"platform: pictogram\nhosts: [pictogram.test]\n",
        "n.yaml": b"notice: n1\ninstrument: cease_and_desist\nsender: P\nrecipient: us\nplatforms: [pictogram]\n"
        b"received_at: 2026-01-05T09:30:00Z\nscope: {paths: [/faces]}\n",
    }
)


@pytest.mark.parametrize(
    "path",
    [
        "/faces/1",
        "//faces/1",
        "/%2Ffaces/1",
        "/x%2F..%2Ffaces/1",
        "/x/..%2Ffaces/1",
        "/.%2Ffaces",
        "/%66aces",
        "/%5Cfaces",
        "/\\faces",
        "/./faces",
        "/x/%2e%2e/faces",
        "/x//../faces",
        "/;a/../faces/1",
        "/x%5C..%5Cfaces",
    ],
)
def test_decoded_merged_and_resolved_paths_are_refused(path: str) -> None:
    """Servers decode escapes, merge slashes and take out dot segments, in one order or another."""
    assert decide(POLICIES, f"https://pictogram.test{path}").effect == "refuse"


@pytest.mark.parametrize("path", ["/", "/face", "/x/faces", "/x%2Ffaces", "/faces%2F..%2Fx/..%2F..%2Fy", "/?p=/faces"])
def test_other_paths_stay_open(path: str) -> None:
    """A rule for a path is no rule for its neighbours; where some reading meets it, it refuses."""
    expected = "refuse" if path.startswith("/faces") else "allow"
    assert decide(POLICIES, f"https://pictogram.test{path}").effect == expected
