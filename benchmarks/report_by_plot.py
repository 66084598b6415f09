"""The same report with its charts drawn by Observable Plot and d3: same page, same figures, same names of marks.

Nothing of either library is kept here: they come from the user's own package registry (`npm pack`), or from files.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

PLOT, D3 = "@observablehq/plot@0.6.17", "d3@7.9.2"
_FILES = {PLOT: "package/dist/plot.umd.min.js", D3: "package/dist/d3.min.js"}
_CHART = re.compile(r'<svg class="line".*?</svg>|<ul class="bars".*?</ul>', re.DOTALL)
_OWN = "[data-plot] figure { border: 0; padding: 0; background: none; container-type: normal; }\n"
"""Plot's legend makes a figure in the figure."""
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_POLICY = re.compile(r'(http-equiv="Content-Security-Policy" content=").*?(">)')
_SAID = re.compile(r"<title[^>]*>([^<]*)</title><desc[^>]*>([^<]*)</desc>")
_SPAN = re.compile(r"from (\S+ \S+Z) to (\S+ \S+Z)")
_MARK = re.compile(r"; ([^;]*?) (\d{4}-\S+ \S+Z)")
_BIN = re.compile(r"<title>(\d{4}-\d\d-\d\d) ([\d:.]+) to ([\d:. -]+): ([\d,]+) permitted, ([\d,]+) refused</title>")
_ROW = re.compile(r'aria-label="([^"]*): ([\d,]+) of ([\d,]+) refused')
_LABEL = re.compile(r'<ul class="bars" aria-label="([^"]*)"')


class Library(NamedTuple):
    """Two scripts, minified."""

    plot: str
    d3: str


def library(folder: Path, plot: Path | None, d3: Path | None) -> Library | None:
    """From the files, else from npm into `folder`; None where neither is to be had."""
    if plot and d3:
        return Library(plot.read_text(encoding="utf-8"), d3.read_text(encoding="utf-8"))
    if not shutil.which("npm"):
        return None
    words = ["npm", "pack", "--silent", "--pack-destination", str(folder), PLOT, D3]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        return None
    scripts = {}
    for name in done.stdout.split():
        with tarfile.open(folder / name) as archive:
            package = PLOT if "plot" in name else D3
            member = archive.extractfile(_FILES[package])
            assert member is not None
            scripts[package] = member.read().decode()
    return Library(scripts[PLOT], scripts[D3])


def page_by_plot(page: str, scripts: Library) -> str:
    """Our page with each chart taken out, and drawn again by a script; its policy allows what Plot needs."""
    charts = [_line(one) if one.startswith("<svg") else _bars(one) for one in _CHART.findall(page)]
    data = f"const CHARTS = {json.dumps(charts)};".replace("<", "\\u003c")
    draw = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    added = "".join(f"<script>{one}</script>\n" for one in (scripts.d3, scripts.plot, data + draw))
    page = _CHART.sub('<div data-plot=""></div>', page).replace("</body>", added + "</body>")
    page = page.replace("</style>", _OWN + "</style>")
    return with_policy(page, styles="'unsafe-inline'")


def with_policy(page: str, *, styles: str = "", scripts: bool = True) -> str:
    """The page under a policy: its own styles and scripts by hash, unless `styles` says what else; or no script."""
    style = styles or " ".join(map(_hash, _STYLE.findall(page)))
    script = " ".join(map(_hash, _SCRIPT.findall(page))) if scripts else "'none'"
    policy = f"default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"
    return _POLICY.sub(lambda found: found[1] + policy + found[2], page)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _line(chart: str) -> dict[str, Any]:
    """What our own time line says of itself, in the words of its title, description and marks."""
    title, words = _SAID.search(chart).groups()  # type: ignore[union-attr]
    first, last = map(_millis, _SPAN.search(words).groups())  # type: ignore[union-attr]
    marks = [{"word": word, "at": _millis(at)} for word, at in _MARK.findall(words)]
    bins = []
    for day, start, end, permitted, refused in _BIN.findall(chart):
        to = end if " " in end else f"{day} {end}"
        bins.append([_millis(f"{day} {start}"), _millis(to), _figure(permitted), _figure(refused)])
    bounds = [min(first, *(one[0] for one in bins)), max(last, *(one[1] for one in bins))]
    return {"title": html.unescape(title), "bins": bins, "first": bounds[0], "last": bounds[1], "marks": marks}


def _bars(chart: str) -> dict[str, Any]:
    rows = [(html.unescape(name), _figure(value), _figure(whole)) for name, value, whole in _ROW.findall(chart)]
    return {"title": html.unescape(_LABEL.search(chart)[1]), "bars": [row[:2] for row in rows], "whole": rows[0][2]}  # type: ignore[index]


def _figure(text: str) -> int:
    return int(text.replace(",", ""))


def _millis(text: str) -> float:
    return datetime.fromisoformat(text.rstrip("Z") + "+00:00").timestamp() * 1e3
