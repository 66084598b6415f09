"""What an eye, a keyboard and a screen reader find on a page, asked of the browser itself."""

from __future__ import annotations

import re
from typing import Any

from .chromium import Tab

MARKS = "svg.line .at, ul.bars .at"
_CONTRAST = """(() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const [r, g, b, a = 1] = numbers(getComputedStyle(one).backgroundColor);
      if (a === 1) return [r, g, b];
      if (a !== 0) throw new Error("half transparent");
    }
    return getComputedStyle(document.documentElement).colorScheme === "dark" ? [0, 0, 0] : [255, 255, 255];
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const pairs = new Map();
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !node.getClientRects().length) continue;
    if (node.closest("script, style, title, desc")) continue;
    const style = getComputedStyle(node);
    const front = numbers(node.closest("svg") ? style.fill : style.color).slice(0, 3);
    const [a, b] = [light(front), light(behind(node))];
    pairs.set(`${front} on ${behind(node)}`, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return Object.fromEntries(pairs);
})()"""
_WORDS = """[...document.querySelectorAll("figure")].flatMap((figure) => {
  const size = (text) => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize);
  const boxes = [...figure.querySelectorAll("svg text")].filter((text) => text.getClientRects().length)
    .map((text) => [text.textContent, text.getBoundingClientRect(), size(text)]);
  const field = figure.getBoundingClientRect();
  const touch = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 2 && b.top < a.bottom - 2;
  return boxes.map(([word, at, size], n) => ({
    word, size,
    outside: at.left < field.left - 1 || at.right > field.right + 1,
    hit: boxes.slice(n + 1).filter(([, other]) => touch(at, other)).map(([other]) => other),
  }));
})"""


def contrasts(tab: Tab, scheme: str, media: str = "screen") -> dict[str, float]:
    """For each pair of a text's colour and what lies behind it: their contrast (WCAG 2.2, 1.4.3)."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    tab.call("Emulation.setEmulatedMedia", media=media, features=features)
    pairs: dict[str, float] = tab.ask(_CONTRAST)
    assert pairs, "no text on the page"
    return pairs


def words(tab: Tab, width: int) -> list[dict[str, Any]]:
    """The words in charts: their size in pixels as shown, which others they touch, whether they leave their figure."""
    tab.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    found: list[dict[str, Any]] = tab.ask(_WORDS)
    return found


def named(tab: Tab, pattern: str) -> list[str]:
    """The names in the accessibility tree, other than plain text's, that hold `pattern`."""
    tab.call("Accessibility.enable")
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    text = {"StaticText", "InlineTextBox"}
    names = [
        str(node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and node.get("role", {}).get("value") not in text
    ]
    return [name for name in names if re.search(pattern, name)]


def reached(tab: Tab, pattern: str, most: int = 400) -> set[str]:
    """Names of what the Tab key and the arrows reach, as far as they hold `pattern`; from the top of the page."""
    tab.ask("document.body.tabIndex = -1, document.body.focus(), document.body.removeAttribute('tabindex')")
    found: set[str] = set()
    for _ in range(most):
        tab.press("Tab", 9)
        name = _focused(tab)
        if not name:
            break
        while re.search(pattern, name) and name not in found:
            found.add(name)
            tab.press("ArrowRight", 39)
            name = _focused(tab)
    return found


def _focused(tab: Tab) -> str:
    """What has the focus, by its name, or by its text; empty where nothing has it."""
    return str(
        tab.ask("""(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return "";
      const where = at.closest("figure")?.querySelector("h4, title")?.textContent ?? "";
      const name = at.getAttribute("aria-label") ?? at.querySelector("title")?.textContent;
      return `${where} ${name ?? at.tagName + at.textContent.slice(0, 60)}`;
    })()""")
    )
