"""Run conformance vectors: `python -m desist.testing.conformance FILE.jsonl [--mode rfc|strict]`.

A vector is one JSON object a line: what a site sends, a URL, a purpose, and the answer that a clause demands. Each is
played through the parsers and the state machine that the gates use; the runner adds nothing of its own but the wiring.
One id a line for each failure, then `N passed, M failed`; exit 1 where one failed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ..errors import DesistError, UsageError
from ..model import Signal, Usage
from ..optout import (
    licence_unread,
    read_ai_txt,
    read_headers,
    read_html,
    read_robots,
    read_rsl,
    read_status,
    read_tdmrep_file,
    rsl_links,
    rsl_of_headers,
    rsl_of_robots,
    stance,
)
from ..patterns import normalise_path, path_of
from ..robots import MAX_SECONDS, AuthorityRobots, Mode, Outcome, Robots, RobotsFetch, judge_ai_txt, statements_of
from ..urls import read

__all__ = ["Vector", "expected", "judge", "main", "read_vectors"]

Vector = dict[str, Any]
"""One line of a vectors file, as JSON has it."""
NOW: Final = 1_767_225_600.0
"""The instant of a run where a vector names none: 2026-01-01T00:00:00Z."""
_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_MAX_PAGES: Final = 20
"""Page redirects that are followed, as Scrapy does."""


def read_vectors(path: Path) -> Iterator[Vector]:
    """The vectors of a file; `UsageError` with the line where one cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"`{path}` cannot be read: {error}", help="name a file with one JSON object a line") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            vector = json.loads(line)
            missing = {"id", "kind", "url", "expected"} - vector.keys()
        except (ValueError, AttributeError) as error:
            raise UsageError(
                f"not a vector: {error}", place=f"{path}:{number}", help="one JSON object a line"
            ) from error
        if missing:
            raise UsageError(f"a vector lacks {', '.join(sorted(missing))}", place=f"{path}:{number}", help="add it")
        yield vector


def expected(vector: Vector, mode: Mode) -> str:
    """The answer that a vector demands in a mode."""
    return str(vector["strict"] if mode == "strict" and "strict" in vector else vector["expected"])


def judge(vector: Vector, mode: Mode) -> str:
    """What we say: `allow`, `disallow` or `unset`."""
    kind = vector["kind"]
    if kind not in _KINDS:
        raise UsageError(f"`{kind}` is no kind of vector", help=f"one of {', '.join(_KINDS)}")
    return _KINDS[kind](vector, mode)


def _text(vector: Vector, name: str) -> bytes | None:
    """A body in the encoding that its field's name says; None where there is no such field."""
    if f"{name}_latin1" in vector:
        return str(vector[f"{name}_latin1"]).encode("latin-1", "replace")
    if f"{name}_utf16" in vector:
        return str(vector[f"{name}_utf16"]).encode("utf-16")
    if f"{name}_gen" in vector:
        generated = vector[f"{name}_gen"]
        if isinstance(generated, dict):
            generated = [generated.get(key, "") for key in ("prefix", "repeat", "times", "suffix")]
        head, repeat, times, *tail = generated
        text = head + repeat * int(times or 0) + "".join(tail) + vector.get(f"{name}_tail", "")
        return str(text).encode("utf-8", "surrogatepass")
    value = vector.get(name)
    if value is None:
        return None
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")


def _pairs(headers: Any) -> list[tuple[str, str]]:
    """Header lines of either notation."""
    items = headers.items() if isinstance(headers, dict) else headers or ()
    return [(str(name), str(value)) for name, value in items]


def _now(vector: Vector) -> float:
    return datetime.fromisoformat(vector["now"]).timestamp() if "now" in vector else NOW


def _judge_robots(vector: Vector, mode: Mode) -> str:
    return _effect(Robots(_text(vector, "robots") or b"").verdict(vector["url"], vector["agent"], mode).effect)


def _effect(effect: str) -> str:
    return "allow" if effect == "allow" else "disallow"


def _judge_signals(vector: Vector, mode: Mode) -> str:
    """Every kind of vector in which signals speak: all fields that it has are read."""
    usage = Usage(vector.get("purpose", "fetch"))
    file = _text(vector, "robots")
    robots = Robots(file) if file is not None else None
    crawlable = robots is None or robots.verdict(vector["url"], vector["agent"], mode).effect == "allow"
    if usage is Usage.FETCH and not crawlable:
        return "disallow"
    signals = [*_of_response(vector, mode), *_of_files(vector, mode), *_of_licences(vector, robots)]
    if robots is not None and crawlable:
        signals += read_robots(statements_of(robots, vector["agent"], mode), vector["url"], mode)
    said = stance(signals, usage, mode)
    return "allow" if said == "unset" and usage is Usage.FETCH and robots is not None else said


def _of_response(vector: Vector, mode: Mode) -> Iterator[Signal]:
    headers = _pairs(vector.get("headers"))
    yield from read_headers(headers, vector.get("content_type", ""), _now(vector), vector["agent"], mode)
    yield from read_status(int(vector.get("status", 200)), headers, _now(vector))
    yield from read_html(_text(vector, "html") or b"", _now(vector), vector["agent"], mode)


def _of_files(vector: Vector, mode: Mode) -> Iterator[Signal]:
    """tdmrep.json and ai.txt; llms.txt is no signal."""
    path = normalise_path(path_of(vector["url"]))
    tdmrep, ai_txt = _text(vector, "tdmrep"), _text(vector, "ai_txt")
    if tdmrep is not None or "tdmrep_status" in vector:
        hops = vector.get("tdmrep_redirects", 0)
        redirects = int(hops) if isinstance(hops, int | str) else len(hops)
        status = int(vector.get("tdmrep_status", 200))
        yield from read_tdmrep_file(status, tdmrep or b"", path, strict=mode == "strict", redirects=redirects)
    if ai_txt is not None or "ai_txt_status" in vector:
        verdict = judge_ai_txt(ai_txt or b"", vector["url"], vector["agent"], mode)
        yield from read_ai_txt(int(vector.get("ai_txt_status", 200)), verdict)


def _of_licences(vector: Vector, robots: Robots | None) -> Iterator[Signal]:
    """The licence of the vector, where robots.txt, a Link header or the page names one."""
    url = vector["url"]
    named = [*rsl_of_headers(_pairs(vector.get("headers")), url), *rsl_links(_text(vector, "html") or b"")]
    if robots is not None:
        named += rsl_of_robots(statements_of(robots, vector["agent"]).licences, url)
    xml = _text(vector, "rsl")
    for licence_url in named:
        if xml is None and "rsl_status" not in vector:
            yield licence_unread(licence_url, "the licence was not retrieved")
        else:
            yield from read_rsl(int(vector.get("rsl_status", 200)), xml or b"", url, licence_url)


class _Web:
    """The origins of a fetch vector, and one `AuthorityRobots` for each authority that is asked about."""

    def __init__(self, vector: Vector) -> None:
        self.vector = vector
        self.responses: list[Vector] = list(vector.get("responses") or [])
        self.sites = {_authority(origin): text for origin, text in (vector.get("sites") or {}).items()}
        self.states: dict[str, AuthorityRobots] = {}
        self.now = _now(vector)
        self.fetches = 0

    def state(self, authority: str) -> AuthorityRobots:
        if authority not in self.states:
            self.states[authority] = AuthorityRobots(authority)
            self._remember(self.states[authority])
        return self.states[authority]

    def _remember(self, state: AuthorityRobots) -> None:
        """What was on hand before: a copy, and since when the file has been unreachable."""
        past: list[tuple[float, Vector]] = []
        if copy := self.vector.get("cache"):
            headers = [*_pairs(copy.get("headers")), *([("ETag", copy["etag"])] if "etag" in copy else [])]
            past.append((self.now - float(copy["age_h"]) * _HOUR, {"status": 200, **copy, "headers": headers}))
        if days := self.vector.get("unreachable_days"):
            past.append((self.now - float(days) * _DAY, {"error": "unreachable"}))
        for at, response in sorted(past, key=lambda pair: pair[0]):
            fetch = state.begin()
            outcome = _told(fetch, response, at) if fetch else None
            if outcome:
                state.settle(outcome)

    def answer(self, fetch: RobotsFetch) -> Outcome:
        """Play one fetch to its end."""
        self.fetches += 1
        spent, outcome = 0.0, None
        while outcome is None:
            response = self._next(fetch.url)
            spent += float(response.get("delay_s", 0))
            outcome = _told(fetch, {"error": "timeout"} if spent > MAX_SECONDS else response, self.now)
        return outcome

    def _next(self, url: str) -> Vector:
        if not self.sites:
            if not self.responses:
                return {"error": "no answer"}
            return self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        text = self.sites.get(_authority(url), {"error": "no such origin"})
        if isinstance(text, dict):
            return text
        if not isinstance(text, str):
            return {"status": int(text or 404)}
        return {"status": 302, "location": text[2:]} if text.startswith("->") else {"status": 200, "body": text}


def _told(fetch: RobotsFetch, response: Vector, now: float) -> Outcome | None:
    """Tell a fetch what came of its URL."""
    if response.get("error"):
        return fetch.fail(str(response["error"]), now)
    headers = _pairs(response.get("headers"))
    if "location" in response:
        headers.append(("Location", response["location"]))
    return fetch.respond(int(response.get("status", 200)), headers, _text(response, "body") or b"", now)


def _authority(url: str) -> str:
    """`scheme://host:port` of a URL, the scheme's own port left out."""
    target = read(url)
    host = f"[{target.host}]" if ":" in target.host else target.host
    port = "" if (target.scheme, target.port) in {("http", 80), ("https", 443)} else f":{target.port}"
    return f"{target.scheme}://{host}{port}"


def _judge_fetch(vector: Vector, mode: Mode) -> str:
    """A page and every page that it redirects to, each judged by its own authority's file."""
    web = _Web(vector)
    redirects = vector.get("page_redirects") or {}
    url: str | None = vector["url"]
    for _ in range(_MAX_PAGES):
        if url is None:
            return "allow"
        if not _may_fetch(web, url, mode):
            return "disallow"
        url = redirects.get(url)
    return "disallow"


def _may_fetch(web: _Web, url: str, mode: Mode) -> bool:
    """All that wait for one authority ask at once: one fetch of its file serves them all."""
    if read(url).trouble:
        return False
    state = web.state(_authority(url))
    waiting = range(max(1, int(web.vector.get("concurrent", 1))))
    if state.due(web.now):
        before = web.fetches
        started = [fetch for fetch in (state.begin() for _ in waiting) if fetch]
        for fetch in started:
            state.settle(web.answer(fetch))
        if web.fetches != before + 1:
            return False
    agent = web.vector["agent"]
    return all(state.verdict(url, agent, web.now, mode).effect == "allow" for _ in waiting)


_KINDS: Final[dict[str, Callable[[Vector, Mode], str]]] = {
    "robots": _judge_robots,
    "fetch": _judge_fetch,
    **dict.fromkeys(
        ("header", "meta", "tdmrep", "aipref", "content-signal", "rsl", "status", "llms", "ai.txt"), _judge_signals
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Judge every vector of a file; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m desist.testing.conformance", description=__doc__)
    parser.add_argument("file", metavar="FILE.jsonl", type=Path)
    parser.add_argument("--mode", choices=("rfc", "strict"), default="strict")
    parser.add_argument("--why", action="store_true", help="say on stderr what was expected, what was said, and why")
    args = parser.parse_args(argv)
    passed = failed = 0
    try:
        for vector in read_vectors(args.file):
            try:
                said = judge(vector, args.mode)
            except (DesistError, KeyError, TypeError, ValueError) as error:
                said = f"error: {error!r}"
            if said == expected(vector, args.mode):
                passed += 1
                continue
            failed += 1
            print(vector["id"])
            if args.why:
                why = vector.get("why", "")
                print(f"{vector['id']}: {why}: {expected(vector, args.mode)} expected, {said}", file=sys.stderr)
    except DesistError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
