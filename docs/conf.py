"""Sphinx settings: Markdown through MyST, the furo theme, warnings are errors (`make docs`)."""

from __future__ import annotations

import re
from typing import Any

project = "Desist"
author = "The Desist authors"
project_copyright = "2026, The Desist authors"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Desist"
html_static_path = ["_static"]
html_css_files = ["desist.css"]
html_show_sourcelink = False
nitpicky = True

_REMARK = re.compile(r"^(\$ .*?)\s+# (?:not run(?:: )?)?(.*)$", re.MULTILINE)


def _for_readers(_app: Any, _name: str, source: list[str]) -> None:
    """`# not run: WHY` is a word to the test that runs the pages; readers get the why alone, close to the command."""
    source[0] = _REMARK.sub(lambda found: f"{found[1]}  # {found[2]}" if found[2] else found[1], source[0])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _for_readers)
