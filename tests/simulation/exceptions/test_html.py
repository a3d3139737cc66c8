"""The page of the register as text: what holds wherever it is opened."""

import json
import re

import pytest

from hubtriage.simulation.exceptions.html import page
from tests.support.html_elements import parsed
from tests.support.registers import HOSTILE, record

PAGE = page(record())


def test_the_page_holds_the_register_as_it_is_and_nothing_can_end_its_block() -> None:
    elements = parsed(PAGE)
    style, data, script = elements.raw
    assert json.loads(data) == json.loads(json.dumps(record()))
    assert HOSTILE in [row["owner"] for row in json.loads(data)["exceptions"]]
    assert not set("<>&\u2028\u2029\u202e\x1b") & set(data)
    assert [tag for tag, _ in elements.tags].count("script") == 2
    assert "window.broken" not in style + script


def test_the_page_names_no_other_place_and_parses_no_markup() -> None:
    elements = parsed(PAGE)
    links = [value for _tag, attributes in elements.tags for name, value in attributes.items()
             if name in ("src", "href", "action", "srcset", "data")]  # fmt: skip
    assert links == ["#exceptions"]
    style, _data, script = elements.raw
    places = r"https?://|url\(|@import|fetch\(|XMLHttpRequest|WebSocket|import\("
    assert not re.search(places, style + script)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|DOMParser", script)
    assert "default-src 'none'" in PAGE


@pytest.mark.parametrize("identity", ["exceptions", "balance", "unaccounted", "gone", "endings", "each"])
def test_each_part_that_the_script_fills_is_there(identity: str) -> None:
    named = [attributes.get("id") for _tag, attributes in parsed(PAGE).tags]
    assert (named.count(identity), named.count("detail")) == (1, 1)
