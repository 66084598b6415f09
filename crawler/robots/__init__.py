"""RFC 9309: bytes to groups and rules with line numbers, to an answer; and what becomes of fetching the file."""

from .agent import Agent, product_token, stands_in
from .authority import AuthorityRobots, parse_ahead
from .fetch import MAX_OCTETS, MAX_SECONDS, RobotsFetch
from .file import EVERY_GROUP, Mode, Robots
from .outcome import Came, Outcome
from .statements import Statements, judge_ai_txt, statements_of

__all__ = [
    "EVERY_GROUP",
    "MAX_OCTETS",
    "MAX_SECONDS",
    "Agent",
    "AuthorityRobots",
    "Came",
    "Mode",
    "Outcome",
    "Robots",
    "RobotsFetch",
    "Statements",
    "judge_ai_txt",
    "parse_ahead",
    "product_token",
    "stands_in",
    "statements_of",
]
