"""Desist: a crawler that can prove it said no.

The folder is called `crawler`, the package `desist` (pyproject.toml maps it): many Scrapy projects call their own
package `crawler`, and a gate that such a package hides is an open gate.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
"""Of the distribution, as pyproject.toml has it."""
