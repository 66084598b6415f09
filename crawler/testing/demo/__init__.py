"""The demo: six simulated platforms and ordinary sites, a spider, and a letter that arrives while it crawls."""

from __future__ import annotations

__all__: list[str] = []
