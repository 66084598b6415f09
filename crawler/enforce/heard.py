"""What a site said of a request when it was asked, kept for the wire, which looks again but need not read again.

It is bound to the request's URL, to the very answer that robots.txt came from, and to the state of the site's other
files; whatever of these has changed, or run out, makes it worth nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..robots import AuthorityRobots, Outcome

if TYPE_CHECKING:
    from ..model import RobotsVerdict

__all__ = ["Heard"]

_DAY: Final = 86_400.0


class Heard(NamedTuple):
    """That robots.txt allowed a request and that nothing else of the site spoke of it."""

    url: str
    known: AuthorityRobots
    answer: Outcome
    """By which it was allowed."""
    edition: int
    """The state of the site's other files."""

    @classmethod
    def of(cls, url: str, known: AuthorityRobots | None, verdict: RobotsVerdict | None, edition: int) -> Heard | None:
        """What may be kept; None where a verdict does not allow, or rests on an answer that is failing."""
        if known is None or known.answer is None or known.failure is not None:
            return None
        if verdict is None or verdict.effect != "allow":
            return None
        return cls(url, known, known.answer, edition)

    def holds(self, url: str, known: AuthorityRobots | None, edition: int, now: float) -> bool:
        """Whether reading it all again would say the same; `now` in seconds since 1970."""
        return (
            self.url == url
            and self.known is known
            and self.known.answer is self.answer
            and self.known.failure is None
            and self.edition == edition
            and 0 <= now - self.answer.at <= _DAY
        )
