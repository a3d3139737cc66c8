"""The page of the register in a real browser: what people see and print, and what must never happen."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from hubtriage.engine.ocsf.view import asff_view, is_ocsf
from hubtriage.engine.planning.entry import Entry
from hubtriage.simulation.exceptions.html import page as page_of
from hubtriage.simulation.exported import ExportedFinding
from hubtriage.simulation.inputs.problems import Problems, Rejected
from tests.browser.watched import AXE, CONTRAST, LOOKS, NAMELESS, VIOLATIONS, Watched, watching
from tests.support.registers import HOSTILE, ITEMS, by, finding, record, rule
from tests.support.two_hubs import Signal, asff, ocsf

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(page_of(record()), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    with watching(browser, file, "light") as watched:
        yield watched.page


@pytest.fixture(params=list(LOOKS))
def look(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Watched]:
    with watching(browser, file, request.param) as watched:
        yield watched


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """A function that opens the page of a register."""
    contexts = []

    def open_page(made: dict[str, Any], fragment: str = "") -> Page:
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(page_of(made), encoding="utf-8")
        contexts.append(browser.new_context())
        shown = contexts[-1].new_page()
        shown.goto(path.as_uri() + fragment)
        return shown

    yield open_page
    for context in contexts:
        context.close()


def names(page: Page) -> list[str]:
    return page.locator("#exceptions tbody th a").all_inner_texts()


def tile(page: Page, name: str) -> str:
    return page.locator("#tiles > div").filter(has=page.get_by_text(name, exact=True)).inner_text()


def test_the_first_row_has_the_numbers(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("6 exceptions, 1 ends within 30 days")
    assert tile(page, "End within 90 days").splitlines()[1] == "2"
    assert tile(page, "Hidden now").splitlines()[1:] == ["12", "of 13 findings read"]
    assert tile(page, "No rule accounts for").splitlines()[1] == "2"
    assert tile(page, "People overruled").splitlines()[1:] == ["1", "on 1 rule"]
    page.locator("#tiles").get_by_role("link", name="2", exact=True).click()
    assert names(page) == ["vpn", "bucket"]


def test_each_exception_has_a_mark_that_needs_no_colour(page: Page) -> None:
    marks = page.locator("#endings .mark")
    expect(marks).to_have_count(6)
    signs = [(mark.inner_text(), mark.get_attribute("aria-label") or "") for mark in marks.all()]
    assert signs[:3] == [
        ("×", "pentest, until 2026-11-27, ended, security"),
        ("▲", "vpn, until 2026-12-12, 12 days left, network"),
        ("◆", "bucket, until 2027-01-31, 62 days left, web"),
    ]
    assert [sign for sign, _ in signs[3:]] == ["●", "●", "○"]
    column = page.locator("#endings").get_by_role("list", name="Jan 2027: 1 exception")
    expect(column.locator(".mark")).to_have_count(1)
    page.locator("#endings").get_by_role("link", name="Jan 2027: show 1 exception").click()
    assert names(page) == ["bucket"]
    expect(page.get_by_label("Ends", exact=True)).to_have_value("2027-01")


def test_marks_are_reached_by_arrow_keys_and_open_their_exception(page: Page) -> None:
    marks = page.locator("#endings .mark")
    assert [mark.get_attribute("tabindex") for mark in marks.all()].count("0") == 1
    marks.first.focus()
    page.keyboard.press("ArrowRight")
    expect(marks.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="vpn")).to_be_visible()
    page.keyboard.press("Escape")
    expect(marks.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(marks.last).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(marks.last).to_be_focused()


def test_the_table_is_sorted_searched_and_keeps_its_address(page: Page, browser: Browser) -> None:
    assert names(page) == ["pentest", "vpn", "bucket", "hostile", "sandbox", "forever"]
    heads = page.locator("#exceptions thead")
    heads.get_by_role("button", name="Holds").focus()
    page.keyboard.press("Enter")
    assert names(page)[:2] == ["sandbox", "hostile"]
    heads.get_by_role("button", name="Rule").first.click()
    assert names(page) == sorted(names(page))
    page.get_by_label("Search exceptions").fill("PLATFORM sec-1042")
    expect(page.locator("#exceptions").get_by_role("status")).to_have_text("1 exception")
    assert names(page) == ["sandbox"]
    expect(page).to_have_url(re.compile("q=PLATFORM"))
    page.locator("#exceptions tbody th a").click()
    other = browser.new_context().new_page()
    other.goto(page.url)
    expect(other.get_by_role("dialog", name="sandbox")).to_be_visible()
    assert names(other) == ["sandbox"]
    other.context.close()


def test_a_rule_shows_its_history_and_what_it_holds(page: Page) -> None:
    page.locator("#exceptions").get_by_role("link", name="sandbox").click()
    dialog = page.get_by_role("dialog", name="sandbox")
    for text in (
        "Accounts <b>without</b> data.", "Hides up to", "Written by\nAna", "Approved by\nCleo <c@x>",
        "Renewed\n2026-11-28 by Ben (commit bbbbbbbbbbbb)", "Hidden by it now\n7 findings", "In accounts\n1",
        "By severity", "By account", "By product", "Overruled by people\n1 finding\n", "395 days left",
    ):  # fmt: skip
        assert text in dialog.inner_text()
    page.keyboard.press("Escape")
    page.locator("#exceptions").get_by_role("link", name="vpn").click()
    dialog = page.get_by_role("dialog", name="vpn")
    assert "Written by\nnot known" in dialog.inner_text()
    assert "Renewed\nnot known" in dialog.inner_text()


def test_only_a_safe_address_is_a_link(page: Page) -> None:
    links = page.locator("#exceptions tbody td a")
    assert [link.get_attribute("href") for link in links.all()] == ["https://tickets.example.com/SEC-7"]
    assert links.first.get_attribute("rel") == "noopener noreferrer"
    expect(page.locator("#exceptions")).to_contain_text("javascript:window.broken=4")


@pytest.mark.parametrize(
    "ticket",
    [
        "http://tickets.example.com/1", "https://user@example.com/", "https://example.com/ and more",
        "https://example.com/\u202egpj", "data:text/html,x", "//example.com", "HTTPS:", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_no_other_address_is(ticket: str, opened: Opened) -> None:
    page = opened(record([rule("one", 12, ticket=ticket)]))
    expect(page.locator("#exceptions tbody tr")).to_have_count(1)
    expect(page.locator("#exceptions tbody td a")).to_have_count(0)


def test_nothing_of_findings_rules_or_git_becomes_markup_or_runs(page: Page) -> None:
    page.locator("#exceptions").get_by_role("link", name="hostile").click()
    dialog = page.get_by_role("dialog", name="hostile")
    for text in ("<img src=x onerror='window.broken = 2'>", "⟨U+202E⟩", "⟨U+001B⟩[2J", "⟨U+2028⟩"):
        assert dialog.inner_text().count(text) >= 5
    assert page.evaluate("window.broken") is None
    assert page.locator("img").count() == 0
    assert page.locator("b", has_text="without").count() == 0
    assert page.locator("script").count() == 2
    expect(page.locator("#unaccounted")).to_contain_text("</script><script>")


def test_what_no_rule_accounts_for_is_listed_and_the_register_balances(page: Page) -> None:
    expect(page.locator("#balance")).to_contain_text("It balances: 9 + 1 + 2 = 12.")
    rows = page.locator("#unaccounted tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.last).to_contain_text("another")
    expect(rows.last).to_contain_text("Workflow.Status SUPPRESSED")
    expect(page.locator("#unaccounted thead")).not_to_contain_text("By ")
    expect(page.locator("#gone tbody")).to_contain_text("lifted")


@pytest.mark.parametrize(
    ("by", "shown"),
    [
        pytest.param("arn:aws:iam::1:user/ana", "arn:aws:iam::1:user/ana", id="a name"),
        pytest.param({"type": "person", "name": "<b>ana</b>"}, "type: person; name: <b>ana</b>", id="more"),
        pytest.param(None, "not known", id="not known"),
    ],
)
def test_who_hid_a_finding_is_shown_if_it_is_known(by: object, shown: str, opened: Opened) -> None:
    made = record()
    for one in made["hidden"]["others"]:
        one["by"] = by
    page = opened(made)
    expect(page.locator("#unaccounted tbody tr td").nth(3)).to_have_text(shown)


def test_what_is_not_known_is_not_zero(opened: Opened) -> None:
    page = opened(record(without_findings=True, history=False))
    assert [tile(page, name).splitlines()[1] for name in ("Hidden now", "No rule accounts for")] == [
        "not known",
        "not known",
    ]
    expect(page.locator("#notices")).to_contain_text("in no git repository")
    expect(page.locator("#balance")).to_contain_text("not known")
    page.locator("#exceptions").get_by_role("link", name="vpn").click()
    assert "What it holds is not known." in page.get_by_role("dialog").inner_text()


def test_without_entries_what_rules_hold_is_not_known_or_at_least_so_much(opened: Opened) -> None:
    page = opened(record(items=[*ITEMS, ExportedFinding(finding(50))]))
    cells = {name: page.locator("#exceptions tr", has_text=name).inner_text() for name in ("sandbox", "vpn")}
    assert "at least 7" in cells["sandbox"]
    assert "not known" in cells["vpn"]
    page.locator("#exceptions").get_by_role("link", name="vpn").click()
    assert "Hidden by it now\nnot known\nIn accounts\nnot known\n" in page.get_by_role("dialog").inner_text()
    page.keyboard.press("Escape")
    verdict = page.locator("#balance")
    expect(verdict).to_contain_text("Whether it balances is not known.")
    expect(verdict).to_contain_text("1 hidden finding came without entries of the ledger.")
    assert tile(page, "No rule accounts for").splitlines()[1:] == ["at least 2", "and 1 not known"]


def test_what_could_not_be_read_is_said(opened: Opened) -> None:
    problems = Problems()
    problems.add(Rejected("export.jsonl: line 7", "is not JSON", is_rest=True))
    verdict = opened(record(problems=problems)).locator("#balance")
    expect(verdict).to_contain_text("Whether it balances is not known.")
    expect(verdict).to_contain_text("export.jsonl: line 7: is not JSON")
    expect(verdict).to_contain_text("The input could not be read to its end.")


def test_a_register_that_does_not_add_up_says_so(opened: Opened) -> None:
    made = record()
    made["hidden"]["hidden"] += 1
    expect(opened(made).locator("#balance")).to_contain_text("It does not balance: the groups add up to 12")


def test_a_part_of_the_register_says_that_it_is_one(opened: Opened) -> None:
    filters = {"SeverityLabel": [{"Value": "HIGH", "Comparison": "EQUALS"}]}
    source = {**record()["source"], "exports": [{"filters": filters, "account": "1", "region": "x"}]}
    page = opened(record(chosen={"owner": "web", "ends_within": 90}, source=source))
    expect(page.locator("#notices")).to_contain_text("only the exceptions of web that end within 90 days.")
    expect(page.locator("#balance")).to_contain_text("covers a part of the hub only")


def test_owners_of_accounts_are_shown_and_searched(opened: Opened) -> None:
    accounts = {"111122223333": {"team": "payments"}, "444455556666": {"team": "web"}}
    page = opened(
        record([rule("sandbox", 395, owner={"account": "team"})], accounts=accounts), "#/owner=payments"
    )
    assert names(page) == ["sandbox"]
    cell = page.locator("#exceptions tbody td").first
    assert cell.inner_text().splitlines() == ["by account attribute team", "payments, web"]
    page.locator("#exceptions tbody th a").click()
    assert "By owner\npayments\n7" in re.sub("\n+", "\n", page.get_by_role("dialog").inner_text())


def in_both_hubs(*more: ExportedFinding) -> dict[str, Any]:
    """A register with a signal that both hubs hide, and one that V2 alone hides, with hostile words."""
    held, split = Signal(number=1, status="SUPPRESSED"), Signal(number=2, region=HOSTILE)
    pairs = [(asff(held), by("sandbox")), (ocsf(held), by("sandbox")), (asff(split), Entry())]
    pairs.append((ocsf(split.changed(status="SUPPRESSED")), Entry()))
    items = [ExportedFinding(asff_view(one) if is_ocsf(one) else one, entry) for one, entry in pairs]
    return record(items=[*items, *more])


def test_findings_of_both_hubs_balance_and_signals_count_once(opened: Opened) -> None:
    page = opened(in_both_hubs())
    balance = page.locator("#balance")
    expect(balance).to_contain_text("It balances: 2 + 1 = 3.")
    rows = balance.get_by_role("table", name="Hidden findings of each hub").locator("tbody tr")
    assert [row.split() for row in rows.all_inner_texts()] == [
        ["Security", "Hub", "CSPM", "2", "1", "1", "0", "0", "0"],
        ["Security", "Hub", "V2", "2", "2", "1", "0", "1", "0"],
        ["Both", "4", "3", "2", "0", "1", "0"],
    ]
    expect(balance).to_contain_text("2 signals are hidden: 1 hidden in both hubs, 1 hidden in one hub, and")
    split = balance.get_by_role("table", name="Signals that one hub hides").locator("tbody tr")
    expect(split).to_have_count(1)
    for said in ("Security Hub V2", "Security Hub CSPM", "SUPPRESSED by people or other tools"):
        expect(split).to_contain_text(said)
    expect(page.locator("#unaccounted tbody tr")).to_contain_text("Security Hub V2")
    page.get_by_role("link", name="sandbox", exact=True).first.click()
    expect(page.get_by_role("dialog")).to_contain_text(
        "1: 1 finding in Security Hub CSPM, 1 finding in Security Hub V2"
    )
    assert page.evaluate("window.broken") is None


def test_findings_of_one_hub_show_no_signals(page: Page) -> None:
    expect(page.locator("#balance")).not_to_contain_text("signal")
    expect(page.locator("#unaccounted")).not_to_contain_text("Hub CSPM")


@pytest.mark.parametrize("name", list(LOOKS))
def test_a_register_of_both_hubs_is_well_made(name: str, browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page_of(in_both_hubs()), encoding="utf-8")
    with watching(browser, path, name) as watched:
        watched.page.evaluate(AXE.read_text(encoding="utf-8"))
        _is_well_made(watched.page)


def test_no_exception_is_no_error(opened: Opened) -> None:
    made = record(items=[])
    page = opened({**made, "exceptions": []})
    expect(page.get_by_role("heading", level=1)).to_have_text("No exceptions")
    expect(page.locator("#endings")).to_have_text("There is no exception.")
    expect(page.locator("#foot")).to_contain_text("This page is one file")


@pytest.mark.parametrize(
    "fragment",
    ["#%", "#/about=%zz", "#/ends=constructor&owner=<b>", "#/exceptions-page=-3&exceptions-sort=x"],
)
def test_no_link_breaks_the_page(fragment: str, browser: Browser, file: Path) -> None:
    context = browser.new_context()
    page, trouble = context.new_page(), list[str]()
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.goto(file.as_uri() + fragment)
    expect(page.locator("#foot")).to_contain_text("This page is one file")
    assert trouble == []
    context.close()


def _is_well_made(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(VIOLATIONS) == []


def test_it_fits_the_screen_stands_out_and_keeps_the_rules_of_accessibility(look: Watched) -> None:
    page = look.page
    page.evaluate(AXE.read_text(encoding="utf-8"))
    _is_well_made(page)
    page.locator("#exceptions").get_by_role("link", name="hostile").click()
    dialog = page.get_by_role("dialog", name="hostile")
    expect(dialog).to_be_visible()
    assert dialog.evaluate("node => node.scrollWidth - node.clientWidth") <= 0
    _is_well_made(page)


def test_on_paper_all_details_are_open_in_light_colours(browser: Browser, file: Path) -> None:
    with watching(browser, file, "dark") as watched:
        page = watched.page
        expect(page.locator("#each article")).to_have_count(0)
        page.get_by_label("Ends", exact=True).select_option("90")
        page.emulate_media(media="print")
        expect(page.locator("#each article h3")).to_have_text(
            ["vpn", "What it holds", "bucket", "What it holds"]
        )
        expect(page.locator("#each")).to_contain_text("Replaced soon.")
        expect(page.get_by_label("Search exceptions")).to_be_hidden()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        page.emulate_media(media="screen")
        expect(page.locator("#each article")).to_have_count(0)


def test_thousands_of_rules_and_examples_keep_it_quick(opened: Opened) -> None:
    made = record([rule(f"rule-{number}", number % 900 + 1, owner="web") for number in range(4_000)])
    made["hidden"]["others"] = [
        {
            "id": f"finding-{number}",
            "account": "1",
            "severity": None,
            "hidden_by": {"Workflow.Status": "SUPPRESSED"},
        }
        for number in range(5_000)
    ]
    begun = time.monotonic()
    page = opened(made)
    expect(page.locator("#exceptions .pager")).to_contain_text("1 to 50 of 4,000")
    expect(page.locator("#unaccounted .pager")).to_contain_text("1 to 50 of 5,000")
    assert page.locator("#endings .mark").count() <= 10 * 27
    assert page.locator("*").count() < 5_000
    page.get_by_label("Search exceptions").fill("rule-3999")
    expect(page.locator("#exceptions tbody tr")).to_have_count(1)
    assert time.monotonic() - begun < 15
    page.get_by_label("Search exceptions").fill("")
    expect(page.locator("#exceptions tbody tr")).to_have_count(50)
    page.emulate_media(media="print")
    expect(page.locator("#each article")).to_have_count(1_000)
    expect(page.locator("#each")).to_contain_text("These are the first 1,000 of 4,000")
