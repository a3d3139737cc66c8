"""The register says where its findings come from, and what could not be read."""

import json
from typing import Any

import pytest

from hubtriage.simulation.exceptions.source import MOST_EXPORTS, FindingsSource
from hubtriage.simulation.exported import header_line
from hubtriage.simulation.inputs.documents import Document
from hubtriage.simulation.inputs.problems import Problems, Rejected

ABOUT = {"begun": "2026-12-01T00:00:00Z", "account": "111122223333", "region": "eu-west-1", "filters": {}}


def seen(*texts: str) -> list[dict[str, Any]]:
    source = FindingsSource("a", Problems())
    for text in texts:
        source.see(Document("a", "line 1", text))
    return list(source.as_record()["exports"])


def test_the_first_line_of_an_export_says_where_it_is_from() -> None:
    assert seen(header_line({**ABOUT, "stack": "hubtriage"})) == [ABOUT]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps({"Id": "f", "ProductArn": "p", "hubtriage-export": 1}), id="a finding"),
        pytest.param('{"hubtriage-export": 1', id="no JSON"),
        pytest.param('["hubtriage-export"]', id="a list"),
        pytest.param("[" * 90_000 + '"hubtriage-export"', id="deep"),
        pytest.param('{"hubtriage-export": 1, "x": "' + "a" * 100_000 + '"}', id="long"),
        pytest.param("{}", id="anything else"),
    ],
)
def test_nothing_else_does(text: str) -> None:
    assert seen(text) == []


def test_equal_lines_count_once_and_ten_are_kept() -> None:
    lines = [header_line({**ABOUT, "account": f"{number}"}) for number in range(MOST_EXPORTS + 5)]
    assert len(seen(*lines, *lines)) == MOST_EXPORTS


def test_what_could_not_be_read_is_said() -> None:
    problems = Problems()
    problems.add(Rejected("a: line 2", "is not JSON"))
    problems.add(Rejected("a: line 9", "damaged", is_rest=True))
    said = FindingsSource("a", problems).as_record()
    assert (said["unusable"], said["cut_off"]) == (2, ["a: line 9"])
    assert said["first_unusable"] == ["a: line 2: is not JSON", "a: line 9: damaged"]
