"""A page in a browser that is watched: what it looks like, and what must never happen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.support.paths import ROOT


class Watched:
    """A page whose errors, requests and dialogs are counted."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page = page
        self.trouble: list[str] = []
        self.requests: list[str] = []
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", lambda message: self.trouble.append(message.text))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())


LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "dark phone": {"color_scheme": "dark", "viewport": {"width": 360, "height": 780}},
}


@contextmanager
def watching(browser: Browser, file: Path, look: str) -> Iterator[Watched]:
    """The page, with nothing said on its console and nothing asked of a network when it is over."""
    context = browser.new_context(**LOOKS[look])
    page = Watched(context.new_page(), file)
    yield page
    assert page.trouble == []
    assert page.requests == [file.as_uri()]
    context.close()


CONTRAST = """
() => {
  const numbers = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = (c) => c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  function behind(node) {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  }
  const poor = new Set();
  for (const node of document.querySelectorAll("h1,h2,h3,p,li,th,td,dt,dd,button,span,small,code,b")) {
    if (!node.innerText || !node.offsetParent || node.closest(".sr,.zero")) continue;
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
  }
  return [...poor];
}
"""

NAMELESS = """
() => [...document.querySelectorAll("button,input,select,table,[role=region],[role=tabpanel]")]
  .filter((node) => !node.innerText && !node.ariaLabel && !node.labels?.length)
  .map((node) => node.outerHTML.slice(0, 80))
"""

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = """
async () => (await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  })).violations.map((one) => `${one.id}: ${one.nodes[0].html}`)
"""
