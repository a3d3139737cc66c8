"""The page of a backtest in a real browser: what people see, click and hear, and what must never happen."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from hubtriage.engine.planning.plan import Settings
from hubtriage.localaws.findings import NOW, generate
from hubtriage.simulation.backtest.html import page as page_of
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.report import ReportSource, report_of
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.inputs.documents import Document
from tests.browser.watched import AXE, CONTRAST, LOOKS, NAMELESS, VIOLATIONS, Watched, watching
from tests.support.two_hubs import Signal, asff, ocsf

HIDE = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted: {finding.Title}"}}
RULES: list[dict[str, Any]] = [
    {
        "id": "low-in-sandbox",
        "ends": NOW + 20.5 * 86_400,
        "expires": "2026-11-21",
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
RULES[3].update(description=HOSTILE, owner=HOSTILE, ticket=HOSTILE, reason=HOSTILE)
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


def page_with(findings: list[dict[str, Any]], listed: int = 10_000) -> str:
    documents = [Document("input", f"finding {at}", json.dumps(one)) for at, one in enumerate(findings, 1)]
    ruleset = {"format": 1, "hash": "0" * 16, "revision": None, "rules": RULES}
    task = Task(ruleset, NOW, Settings(), examples=3, sample=200, listed=listed)
    tally = backtest(documents, task, processes=1)
    return page_of(report_of(tally, ReportSource(HOSTILE, "rules")), tally)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(page_with([HOSTILE_FINDING, *generate(300, 4), {"Id": HOSTILE}]), encoding="utf-8")
    return path


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
    expect(watched.page.get_by_role("img", name="What happens to the findings")).to_be_visible()
    expect(watched.page.get_by_role("article").filter(has_text="Rules that never match")).to_contain_text(
        "nobody"
    )


def search_findings(page: Page, text: str) -> None:
    """Type into the search box, and wait: the table is drawn again a moment after the last letter."""
    page.get_by_label("Search findings").fill(text)
    expect(page).to_have_url(re.compile(f"[/&]q={re.escape(text)}"))


def test_nothing_in_a_finding_becomes_markup_or_runs(watched: Watched) -> None:
    page = watched.page
    search_findings(page, "window.broken")
    page.locator("#findings").get_by_role("link", name="</script>").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("<img src=x onerror='window.broken = 2'>")
    expect(dialog).to_contain_text("⟨U+202E⟩")
    assert page.evaluate("window.broken") is None
    assert page.locator("img").count() == 0
    assert page.locator("b", has_text="are").count() == 0
    assert page.locator("script").count() == 2
    page.keyboard.press("Escape")
    page.locator("#rules").get_by_role("link", name="nobody").click()
    expect(dialog).to_contain_text("<img src=x onerror='window.broken = 2'>")
    expect(dialog).to_contain_text("⟨U+2028⟩ ⟨U+2029⟩ ⟨U+202E⟩")
    assert page.evaluate("window.broken") is None
    assert page.locator("img").count() == 0


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
    with pytest.raises(Error, match="requires 'TrustedHTML'"):
        page.evaluate("document.body.innerHTML = '<b>markup</b>'")
    assert not [url for url in requests if url.startswith("http")] or page.evaluate(
        "performance.getEntriesByType('resource').every(entry => entry.transferSize === 0)"
    )
    context.close()


def test_a_finding_tells_its_fields_rules_and_conditions(watched: Watched) -> None:
    page = watched.page
    page.get_by_label("Rule", exact=True).select_option("low-in-sandbox")
    page.locator("#findings tbody a").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("What happens to its fields")
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


def test_a_number_leads_to_just_these_findings(watched: Watched) -> None:
    page = watched.page
    row = page.locator("#rules tbody tr").filter(has_text="told")
    matched = row.locator("a.count").first
    number = matched.inner_text()
    assert int(number) > 3
    matched.click()
    expect(page.get_by_label("Rule", exact=True)).to_have_value("told")
    expect(page.get_by_label("What happens", exact=True)).to_have_value("matched")
    expect(page.locator("#h-findings")).to_be_focused()
    expect(page.locator("#findings").get_by_role("status")).to_have_text(f"{number} findings")


def test_every_number_of_the_tables_finds_so_many_findings(watched: Watched) -> None:
    page = watched.page
    links = page.locator("#rules a.count, #where a.count, #tiles a.count")
    assert links.count() > 20
    for at in range(links.count()):
        number = links.nth(at).inner_text()
        links.nth(at).click()
        expect(page.locator("#findings").get_by_role("status")).to_have_text(
            "1 finding" if number == "1" else f"{number} findings"
        )


SHOWN = "#findings tbody tr"


def test_the_search_covers_all_findings_and_wants_every_word(watched: Watched) -> None:
    page = watched.page
    status = page.locator("#findings").get_by_role("status")
    expect(status).to_have_text("301 findings")
    examples = len(page.evaluate("kit.data.examples"))
    assert examples < 60
    wanted = [one for one in generate(300, 4) if one["AwsAccountId"] == "123456789012"]
    assert len(wanted) > examples
    page.get_by_label("Search findings").fill("123456789012 FINDING/")
    named = [one for one in wanted if "finding/" in one["Id"].lower()]
    expect(status).to_have_text(f"{len(named)} findings")
    page.get_by_label("Search findings").fill(wanted[0]["Id"].upper())
    expect(status).to_have_text("1 finding")
    page.get_by_label("Search findings").fill("no-such-word")
    expect(page.locator(SHOWN)).to_have_text("No finding has these words and choices.")


def test_a_view_has_a_link_that_another_person_can_open(watched: Watched, browser: Browser) -> None:
    page = watched.page
    page.get_by_label("Search findings").fill("eu")
    page.locator("#findings").get_by_label("Severity", exact=True).select_option("LOW")
    page.locator("#findings thead").get_by_role("button", name="Account").click()
    page.get_by_role("tab", name="Product").click()
    page.get_by_label("Search rules").fill("o")
    expect(page.locator("#rules").get_by_role("status")).to_have_text("4 rules")
    views = ("#findings", "#rules", "#where")
    page.wait_for_url("**rules-q=o*")
    here = [page.locator(view).inner_text() for view in views]
    other = browser.new_context().new_page()
    other.goto(page.url)
    assert [other.locator(view).inner_text() for view in views] == here
    expect(other.get_by_label("Search findings")).to_have_value("eu")
    expect(other.get_by_role("tab", name="Product")).to_have_attribute("aria-selected", "true")
    expect(other.locator("#h-rules")).to_be_focused()
    other.context.close()


def test_a_finding_has_a_link_of_its_own(watched: Watched, browser: Browser) -> None:
    page = watched.page
    page.get_by_label("What happens", exact=True).select_option("unchanged")
    page.get_by_role("button", name="Next").click()
    first = page.locator("#findings tbody a").first
    title, address = first.inner_text(), first.get_attribute("href")
    assert address is not None
    other = browser.new_context().new_page()
    other.goto(page.url.partition("#")[0] + address)
    dialog = other.get_by_role("dialog", name=title)
    expect(dialog).to_contain_text("Nothing.")
    expect(dialog.get_by_role("link", name="Link to this finding")).to_have_attribute("href", address)
    other.goto(page.url.partition("#")[0] + "#/finding=0000000000000000")
    expect(other.get_by_role("dialog", name="No such finding")).to_be_visible()
    other.context.close()


def test_back_and_forward_follow_what_was_chosen(watched: Watched) -> None:
    page = watched.page
    status, search = page.locator("#findings").get_by_role("status"), page.get_by_label("Search findings")
    page.locator("#findings").get_by_label("Severity", exact=True).select_option("HIGH")
    high = status.inner_text()
    search.press_sequentially("secur", delay=150)
    expect(status).not_to_have_text(high)
    found = status.inner_text()
    page.locator("#findings tbody a").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(status).to_have_text(found)
    page.go_back()
    expect(status).to_have_text(high)
    expect(search).to_have_value("")
    page.go_back()
    expect(status).to_have_text("301 findings")
    page.go_forward()
    page.go_forward()
    expect(status).to_have_text(found)
    expect(search).to_have_value("secur")


@pytest.mark.parametrize(
    "fragment",
    [
        "#%",
        "#/finding=%zz&about=<b>",
        "#findings-page=-3&findings-sort=x&by=%00",
        "#at=<img>&q=%u2028",
        "#__proto__=1",
    ],
)
def test_no_link_breaks_the_page(fragment: str, browser: Browser, file: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(file.as_uri() + fragment)
    expect(page.locator("#foot")).to_contain_text("This page is one file")
    assert trouble == []
    assert page.locator("b", has_text="are").count() == 0
    context.close()


def test_pages_of_findings_are_turned(watched: Watched) -> None:
    page = watched.page
    pager = page.locator("#findings .pager")
    expect(pager).to_contain_text("1 to 50 of 301")
    pager.get_by_role("button", name="Previous").click(force=True)
    for _ in range(8):
        pager.get_by_role("button", name="Next").click(force=True)
    expect(pager).to_contain_text("301 to 301 of 301")
    expect(page.locator(SHOWN)).to_have_count(1)
    page.locator("#findings").get_by_label("Severity", exact=True).select_option("LOW")
    expect(pager).to_contain_text("Previous1 to ")


def test_a_rule_shows_where_it_stops_and_what_it_holds_when_it_ends(watched: Watched) -> None:
    page = watched.page
    never = page.get_by_role("article").filter(has_text="Rules that never match")
    stop = 'It stops at AwsAccountId: "000000000000": 200 findings come this far, and none passes.'
    expect(never).to_contain_text(stop)
    row = page.locator("#rules tbody tr").filter(has_text="low-in-sandbox")
    expect(row).to_contain_text("2026-11-21")
    expect(row).to_contain_text("20 days left")
    row.get_by_role("link", name="low-in-sandbox").click()
    dialog = page.get_by_role("dialog", name="low-in-sandbox")
    expect(dialog).to_contain_text("Holds then")
    expect(dialog.locator(".funnel li")).to_have_count(2)
    dialog.locator(".facts a.count").first.click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Rule", exact=True)).to_have_value("low-in-sandbox")


def test_the_page_says_what_it_leaves_out(browser: Browser, tmp_path: Path) -> None:
    few = tmp_path / "few.html"
    few.write_text(page_with(list(generate(80, 4)), listed=20), encoding="utf-8")
    with watching(browser, few, "phone") as page:
        notice = page.page.locator("#left-out")
        expect(notice).to_contain_text("60 findings of 80 are not listed here")
        expect(notice).to_contain_text("at most 20 findings")
        expect(page.page.locator("#findings").get_by_role("status")).to_have_text("20 findings of 20 listed")


def both_hubs(tmp_path: Path) -> Path:
    """A page of a backtest with a signal that both hubs show, and one of V2 alone."""
    low = Signal(number=1, severity="LOW")
    path = tmp_path / "page.html"
    path.write_text(page_with([asff(low), ocsf(low), ocsf(low.changed(number=2))]), encoding="utf-8")
    return path


def test_findings_of_both_hubs_are_named_and_chosen_by_their_hub(browser: Browser, tmp_path: Path) -> None:
    with watching(browser, both_hubs(tmp_path), "light") as watched:
        page = watched.page
        expect(page.locator("#hubs")).to_contain_text("1 of 2 signals in both hubs")
        rows = page.locator("#hubs tbody tr")
        assert [row.split()[:-1] for row in rows.all_inner_texts()] == [
            ["Security", "Hub", "CSPM", "1", "1", "1", "–"],
            ["Security", "Hub", "V2", "2", "2", "2", "–"],
            ["Signals", "2", "2", "2", "–"],
        ]
        rows.nth(1).get_by_role("link").first.click()
        expect(page.locator("#findings").get_by_role("status")).to_have_text("2 findings")
        expect(page.locator("#findings tbody tr").first).to_contain_text("Security Hub V2")
        page.locator("#findings tbody a").first.click()
        expect(page.get_by_role("dialog")).to_contain_text("Security Hub V2")
        page.keyboard.press("Escape")
        page.locator("#rules").get_by_role("link", name="low-in-sandbox").click()
        expect(page.get_by_role("dialog")).to_contain_text(
            "3 about 2 signals: 1 in Security Hub CSPM, 2 in Security Hub V2"
        )


@pytest.mark.parametrize("name", list(LOOKS))
def test_a_page_of_both_hubs_is_well_made(name: str, browser: Browser, tmp_path: Path) -> None:
    with watching(browser, both_hubs(tmp_path), name) as watched:
        test_it_fits_the_screen_stands_out_and_has_names(watched)
        test_the_rules_of_accessibility_are_kept(watched)


def test_findings_of_one_hub_name_none(watched: Watched) -> None:
    expect(watched.page.locator("main")).not_to_contain_text("Security Hub CSPM")
    expect(watched.page.get_by_role("heading", name="Hubs and signals")).to_have_count(0)


def test_it_prints_in_light_colours_without_controls(browser: Browser, file: Path) -> None:
    with watching(browser, file, "dark") as page:
        page.page.emulate_media(media="print")
        expect(page.page.get_by_label("Search findings")).to_be_hidden()
        assert page.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        expect(page.page.locator("#findings tbody tr")).to_have_count(50)


def test_a_table_is_sorted_with_the_keyboard(watched: Watched) -> None:
    page = watched.page
    header = page.locator("#rules thead").get_by_role("columnheader", name="Rule")
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(header).to_have_attribute("aria-sort", "ascending")
    names = page.locator("#rules tbody th a").all_inner_texts()
    assert names == sorted(names)
    page.keyboard.press("Enter")
    assert page.locator("#rules tbody th a").all_inner_texts() == sorted(names, reverse=True)


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


def test_it_fits_the_screen_stands_out_and_has_names(look: Watched) -> None:
    page = look.page
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []


def test_the_rules_of_accessibility_are_kept(look: Watched) -> None:
    page = look.page
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(VIOLATIONS) == []
    page.locator("#findings tbody a").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate(VIOLATIONS) == []
    page.keyboard.press("Escape")
    page.locator("#rules").get_by_role("link", name="nobody").click()
    expect(page.get_by_role("dialog", name="nobody")).to_be_visible()
    assert page.evaluate(VIOLATIONS) == []


def test_a_finding_is_opened_and_left_with_the_keyboard(watched: Watched) -> None:
    page = watched.page
    first = page.locator("#findings tbody a").first
    first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(first).to_be_focused()


def test_a_finding_fits_the_screen_too(look: Watched) -> None:
    page = look.page
    search_findings(page, "window.broken")
    page.locator("#findings tbody a").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    assert page.evaluate(CONTRAST) == []
