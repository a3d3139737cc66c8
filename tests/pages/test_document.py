"""The page kit: what any page of it holds, and what no data can do to it."""

import json
import re
from typing import Any

import pytest

from hubtriage.pages.document import Design, document, embedded

DESIGN = Design("a register", "<h1 id='h-top'></h1>", "h1 { color: red; }", "kit.byId('h-top');")
HOSTILE = "</script><script>alert(1)</script><!-- $style \u2028\u2029\u202e \ud800 &lt;"


@pytest.mark.parametrize("value", [None, 1.5, ["<"], {"</script>": "\u2028&"}, "\ud800"])
def test_what_is_embedded_comes_back_the_same(value: Any) -> None:
    text = embedded(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set("<>&") & set(text)


def test_a_page_has_its_own_parts_and_its_data_once() -> None:
    text = document(DESIGN, {"title": HOSTILE})
    assert text.count("alert(1)") == 1
    assert [text.count(part) for part in (DESIGN.body, DESIGN.style, DESIGN.script)] == [1, 1, 1]
    assert "<title>a register</title>" in text
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert found is not None
    assert json.loads(found[1]) == {"title": HOSTILE}


def test_each_page_allows_only_its_own_script_and_style() -> None:
    def policy(design: Design) -> str:
        found = re.search('Content-Security-Policy" content="([^"]+)"', document(design, None))
        assert found is not None
        return found[1]

    other = Design("a register", DESIGN.body, DESIGN.style, "kit.byId('h-other');")
    assert policy(other) != policy(DESIGN)
    assert policy(Design("another", "<p>", DESIGN.style, DESIGN.script)) == policy(DESIGN)
