"""What readers ask is answered: one link from docs/README.md leads to the sentence that says so."""

import re

import pytest
import yaml

from tests.docs.links import anchor_of
from tests.support.paths import ROOT

DOCS = ROOT / "docs"
QUESTIONS = yaml.safe_load((ROOT / "tests" / "docs" / "questions.yaml").read_text(encoding="utf-8"))
ASKED = [
    pytest.param(reader, item, id=item["question"]) for reader, items in QUESTIONS.items() for item in items
]


def sections(page: str) -> dict[str, str]:
    """Return the text under each heading of docs/PAGE by its anchor; "" is the whole page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = {"": text}
    anchor, fenced = "", False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            anchor = anchor_of(line.lstrip("# "))
            found[anchor] = ""
        elif anchor:
            found[anchor] += f"{line}\n"
    return found


@pytest.mark.parametrize(("reader", "item"), ASKED)
def test_a_question_is_listed_for_its_reader(reader: str, item: dict[str, str]) -> None:
    assert f"- [{item['question']}]({item['answer']})\n" in sections("README.md")[anchor_of(reader)]


@pytest.mark.parametrize(("reader", "item"), ASKED)
def test_its_link_leads_to_the_answer(reader: str, item: dict[str, str]) -> None:
    page, _, anchor = item["answer"].partition("#")
    assert item["says"] in " ".join(sections(page)[anchor].split())


def test_at_least_ten_questions_of_each_reader_are_listed_and_no_others() -> None:
    counts = [len(items) for items in QUESTIONS.values()]
    assert len(counts) == 3
    assert min(counts) >= 10
    listed = re.findall(r"^- \[(.*\?)\]", (DOCS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) == sum(counts)
