"""The pages of the checks: each bad example gives exactly what its page shows, its good one does not."""

import re
import tempfile
from pathlib import Path

import pytest

from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.pages import text
from hubtriage.authoring.checks.registry import CSPM, V2, V2_CODES, warnings
from hubtriage.authoring.compiler import policy_problems
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import CODES, Severity, in_order
from tests.support.paths import ROOT

FOLDER = ROOT / "docs" / "checks"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("[EW]*.md"))}
WITHOUT_EXAMPLE = {
    "E001",
    "E305",
    "E308",
    "E309",
    "E403",
    "E404",
    "E405",
    "W319",
    "W322",
    "W323",
}  # no rule file alone shows them; their pages say so
BLOCK = re.compile(r"^```(?:yaml|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples():
    for code, page in PAGES.items():
        if code not in WITHOUT_EXAMPLE:
            yield pytest.param(code, *BLOCK.findall(page), id=f"{code} {CODES[code]}")


def problems_of(example, code):
    """Lint's problems with an example on a page; `-- NAME` begins another file of it.

    The pages about Security Hub V2 are about rules for both hubs.
    """
    hubs = (CSPM, V2) if code in V2_CODES else (CSPM,)
    name, *others = f"-- a.yaml\n{example}".split("\n-- ")
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        for part in (name.removeprefix("-- "), *others):
            file, _newline, content = part.partition("\n")
            (folder / file).write_text(content, encoding="utf-8")
        loaded = load_rules(folder)
        policy = policy_problems(loaded, SAMPLE_NOW)
        found = in_order((*loaded.problems, *policy, *warnings(loaded, SAMPLE_NOW, hubs=hubs)))
    return tuple(problem.moved(directory, "rules") for problem in found)


def said(example, code):
    return "".join(f"{problem.render()}\n" for problem in problems_of(example, code) if problem.code == code)


def test_every_code_has_its_page_and_stands_in_the_index():
    assert set(PAGES) == set(CODES)
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    for code, page in PAGES.items():
        assert page.startswith(f"# {code} {CODES[code]}\n")
        assert f"| [{code}]({code}.md) | {CODES[code]} |" in index
        assert text(code) == page


@pytest.mark.parametrize(("code", "bad", "shown", "good"), list(examples()))
def test_a_page_shows_what_is_said_of_its_bad_example_and_nothing_of_its_good_one(code, bad, shown, good):
    assert said(bad, code) == shown != ""
    assert said(good, code) == ""
    assert [problem for problem in problems_of(good, code) if problem.severity is Severity.ERROR] == []


@pytest.mark.parametrize("code", sorted(WITHOUT_EXAMPLE))
def test_a_page_without_an_example_says_why(code):
    assert "```" not in PAGES[code]
    assert code == "E001" or "There is no example to show here" in PAGES[code]


def test_a_code_without_a_page_is_told():
    with pytest.raises(FileNotFoundError, match="no page for W999"):
        text("W999")
