"""Sphinx settings: Markdown through MyST, the furo theme, warnings are errors (`make docs`)."""

from __future__ import annotations

project = "Desist"
author = "The Desist authors"
project_copyright = "2026, The Desist authors"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Desist"
nitpicky = True
