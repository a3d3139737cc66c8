"""Every link of the documents leads to a file that exists, and to a section that it has."""

from pathlib import Path

import pytest

from tests.docs.links import anchor_of, documents, leads_somewhere, links
from tests.support.paths import ROOT


@pytest.mark.parametrize("page", documents(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert [target for target in links(page) if not leads_somewhere(page, target)] == []


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        pytest.param("there.md", True, id="a file"),
        pytest.param("there.md#a-heading", True, id="a heading"),
        pytest.param("there.md#by-hand", True, id="an anchor set by hand"),
        pytest.param("#here", True, id="the page itself"),
        pytest.param("gone.md", False, id="no such file"),
        pytest.param("there.md#gone", False, id="no such heading"),
        pytest.param("there.md#in-code", False, id="what looks like a heading in code"),
    ],
)
def test_a_link(target: str, leads: bool, tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text('# A heading\n\n<a id="by-hand"></a>x\n\n```sh\n# In code\n```\n')
    page = tmp_path / "page.md"
    page.write_text(f"# Here\n\n| a |\n|---|\n| [x]({target}) |\n\n[y](https://example.com/none)\n")
    assert list(links(page)) == [target]
    assert leads_somewhere(page, target) is leads


def test_the_anchor_of_a_heading_is_as_github_makes_it() -> None:
    assert anchor_of("`match`: EventBridge event patterns") == "match-eventbridge-event-patterns"
