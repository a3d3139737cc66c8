"""The page of a backtest in a real browser: what people see, click and hear, and what must never happen."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from hubtriage.engine.planning.plan import Settings
from hubtriage.localaws.findings import NOW, generate
from hubtriage.simulation.backtest.html import page as page_of
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.report import ReportSource, report_of
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.inputs.documents import Document
from tests.support.paths import ROOT

HIDE = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted: {finding.Title}"}}
RULES: list[dict[str, Any]] = [
    {
        "id": "low-in-sandbox",
        "owner": "platform",
        "description": "Low findings of sandboxes <b>are</b> accepted.",
        "match": {"Severity": {"Label": ["LOW", "INFORMATIONAL"]}},
        "update": HIDE,
    },
    {
        "id": "told",
        "order": 700,
        "when": {"in": ["a", {"var": "Title"}]},
        "update": {"Workflow": {"Status": "NOTIFIED"}},
    },
    {"id": "watched", "mode": "observe", "match": {"RecordState": ["ACTIVE"]}, "update": HIDE},
    {"id": "nobody", "match": {"AwsAccountId": ["000000000000"]}, "update": HIDE},
]
HOSTILE = (
    "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 2'>"
    "<!-- \u2028 \u2029 \u202e ]]> &lt;b&gt; {{7*7}} ${window.broken = 3} a"
)
HOSTILE_FINDING = {
    "Id": f"hostile {HOSTILE}",
    "ProductArn": f"arn:aws:securityhub:eu-west-1::product/{HOSTILE}",
    "AwsAccountId": HOSTILE,
    "Title": HOSTILE,
    "Region": HOSTILE,
    "ProductName": HOSTILE,
    "GeneratorId": HOSTILE,
    "RecordState": "ACTIVE",
    "Severity": {"Label": "LOW"},
    "Resources": [{"Id": HOSTILE, "Type": HOSTILE}],
    "UserDefinedFields": {HOSTILE[:100]: HOSTILE},
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    findings = [HOSTILE_FINDING, *generate(300, 4), {"Id": HOSTILE}]
    documents = [Document("input", f"finding {at}", json.dumps(one)) for at, one in enumerate(findings, 1)]
    ruleset = {"format": 1, "hash": "0" * 16, "revision": None, "rules": RULES}
    tally = backtest(documents, Task(ruleset, NOW, Settings(), examples=30), processes=1)
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(page_of(report_of(tally, ReportSource(HOSTILE, "rules")), tally), encoding="utf-8")
    return path


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


@pytest.fixture
def watched(browser: Browser, file: Path) -> Iterator[Watched]:
    with watching(browser, file, "light") as page:
        yield page


@pytest.fixture(params=list(LOOKS))
def look(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Watched]:
    with watching(browser, file, request.param) as page:
        yield page


def test_the_page_says_what_would_change(watched: Watched) -> None:
    heading = watched.page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("of 301 findings would change")
    for name in ("What changes", "Rules", "Where", "Worth a look", "Findings"):
        expect(watched.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(watched.page.get_by_role("img", name="What becomes of the findings")).to_be_visible()
    expect(watched.page.get_by_role("article").filter(has_text="Rules that never match")).to_contain_text(
        "nobody"
    )


def test_nothing_in_a_finding_becomes_markup_or_runs(watched: Watched) -> None:
    page = watched.page
    page.get_by_label("Search findings").fill("window.broken")
    page.get_by_role("button", name="</script>").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("<img src=x onerror='window.broken = 2'>")
    expect(dialog).to_contain_text("⟨U+202E⟩")
    assert page.evaluate("window.broken") is None
    assert page.locator("img").count() == 0
    assert page.locator("b", has_text="are").count() == 0
    assert page.locator("script").count() == 2


def test_the_policy_stops_what_would_get_in_all_the_same(
    browser: Browser, file: Path, tmp_path: Path
) -> None:
    """As if something had been let through: the browser itself refuses to run or to fetch it."""
    let_in = "<script>window.broken = 1</script><img src='http://127.0.0.1:9/x' onerror='window.broken = 2'>"
    broken = tmp_path / "broken.html"
    broken.write_text(file.read_text(encoding="utf-8").replace("<main>", f"<main>{let_in}"), encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(broken.as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text("would change")
    assert page.evaluate("window.broken") is None
    assert not [url for url in requests if url.startswith("http")] or page.evaluate(
        "performance.getEntriesByType('resource').every(entry => entry.transferSize === 0)"
    )
    context.close()


def test_a_finding_tells_its_fields_rules_and_conditions(watched: Watched) -> None:
    page = watched.page
    page.get_by_label("Rule", exact=True).select_option("low-in-sandbox")
    page.locator("#findings tbody button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("What becomes of its fields")
    expect(dialog).to_contain_text("low-in-sandbox")
    expect(dialog).to_contain_text("Severity.Label")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_rules_are_searched(watched: Watched) -> None:
    rules = watched.page.locator("#rules")
    watched.page.get_by_label("Search rules").fill("PLATFORM")
    expect(rules.get_by_role("status")).to_have_text("1 rule")
    expect(rules.locator("tbody tr")).to_have_count(1)
    expect(rules).to_contain_text("Low findings of sandboxes <b>are</b> accepted.")


def test_a_rule_leads_to_its_findings(watched: Watched) -> None:
    page = watched.page
    page.locator("#rules").get_by_role("button", name="told", exact=True).click()
    expect(page.get_by_label("Rule", exact=True)).to_have_value("told")
    expect(page.locator("#h-findings")).to_be_focused()
    shown = page.locator("#findings tbody tr").count()
    assert shown > 0
    expect(page.locator("#findings").get_by_role("status")).to_contain_text("example")


def test_a_table_is_sorted_with_the_keyboard(watched: Watched) -> None:
    page = watched.page
    header = page.locator("#rules thead").get_by_role("columnheader", name="Rule")
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    names = page.locator("#rules tbody th button").all_inner_texts()
    assert names == sorted(names)
    page.keyboard.press("Enter")
    assert page.locator("#rules tbody th button").all_inner_texts() == sorted(names, reverse=True)


def test_groups_are_chosen_with_arrow_keys(watched: Watched) -> None:
    page = watched.page
    page.get_by_role("tab", name="Severity").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Account")).to_be_focused()
    expect(page.get_by_role("tabpanel")).to_contain_text("</script>")


def test_the_theme_can_be_chosen(watched: Watched) -> None:
    page = watched.page
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    button = page.locator("#theme")
    button.click()
    assert page.evaluate(background) == light
    button.click()
    expect(button).to_have_text("Theme: dark")
    assert page.evaluate(background) != light


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


def test_it_fits_the_screen_stands_out_and_has_names(look: Watched) -> None:
    page = look.page
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []


AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = """
async () => (await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  })).violations.map((one) => `${one.id}: ${one.nodes[0].html}`)
"""


def test_the_rules_of_accessibility_are_kept(look: Watched) -> None:
    page = look.page
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(VIOLATIONS) == []
    page.locator("#findings tbody button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate(VIOLATIONS) == []


def test_a_finding_is_opened_and_left_with_the_keyboard(watched: Watched) -> None:
    page = watched.page
    first = page.locator("#findings tbody button").first
    first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(first).to_be_focused()


def test_a_finding_fits_the_screen_too(look: Watched) -> None:
    page = look.page
    page.get_by_label("Search findings").fill("window.broken")
    page.locator("#findings tbody button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    assert page.evaluate(CONTRAST) == []
