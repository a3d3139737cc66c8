"""The page of a backtest in Chromium: its size, the time until it shows something, the time of a search."""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.measure import Figure, Scale
from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.engine.planning.plan import Settings
from hubtriage.localaws.findings import NOW, generate
from hubtriage.simulation.backtest.html import examples_each, page
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.listing import MOST_LISTED
from hubtriage.simulation.backtest.report import ReportSource, report_of
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.backtest.sample import sample_size
from hubtriage.simulation.inputs.documents import Document

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
RULES = Path(__file__).parent.parent / "rules"
WORDS = ("s3 public", "123456789012", "i-0", "high eu-west-1", "no such word")
ROUNDS = 3
# From a key that is pressed until the table is drawn, the wait for further keys included.
SEARCH = """
async (word) => {
  const status = document.querySelector("#findings [role=status]");
  const begun = performance.now();
  const drawn = new Promise((done) => new MutationObserver((_, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => done((performance.now() - begun) / 1000));
  }).observe(status, { childList: true, characterData: true, subtree: true }));
  const box = document.getElementById("q-search");
  box.value = word;
  box.dispatchEvent(new Event("input"));
  return await drawn;
}
"""


def figures(scale: Scale) -> Iterator[Figure]:
    """Measure the page of the sample rules over generated findings."""
    name = f"page, {scale.page:,} findings"
    text = _page(scale.page)
    yield Figure(f"{name}: size", len(text) / 1e6, "MB", limit=25.0)
    if CHROMIUM is None:
        for what in ("first view", "search"):
            yield Figure(f"{name}: {what}", None, "s", note="needs Chromium")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(text, encoding="utf-8")
        first, searches = _in_chromium(path, min(ROUNDS, scale.rounds))
    yield Figure(f"{name}: first view", statistics.median(first), "s", limit=3.0, note="in Chromium")
    note = f"in Chromium, longest {max(searches):.2f}; 0.12 of it waits for more keys"
    yield Figure(f"{name}: search", statistics.median(searches), "s", limit=0.5, note=note)


def _page(count: int) -> str:
    ruleset = compile_ruleset(RULES, revision=None)
    rules = len(ruleset["rules"])
    task = Task(
        ruleset, NOW, Settings(), examples=examples_each(rules), sample=sample_size(rules), listed=MOST_LISTED
    )
    findings = (
        Document("generated", f"finding {at}", json.dumps(one)) for at, one in enumerate(generate(count, 1))
    )
    tally = backtest(findings, task)
    return page(report_of(tally, ReportSource("generated findings", "rules")), tally)


def _in_chromium(path: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Return seconds until the page has drawn itself, and seconds of searches."""
    first, searches = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(rounds):
            view = browser.new_page()
            begun = time.perf_counter()
            view.goto(path.as_uri(), wait_until="load")
            view.evaluate("() => new Promise(requestAnimationFrame)")
            first.append(time.perf_counter() - begun)
            searches += [_search(view, word) for word in WORDS]
            view.close()
        browser.close()
    return first, searches


def _search(view: Page, word: str) -> float:
    seconds: float = view.evaluate(SEARCH, word)
    return seconds
