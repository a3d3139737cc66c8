"""The page of a backtest as text: what holds wherever it is opened."""

import base64
import hashlib
import json
import re

import pytest

from hubtriage.engine.planning.plan import Settings
from hubtriage.simulation.backtest.html import examples_each, page
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.report import ReportSource, report_of
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.inputs.documents import Document
from tests.support.html_elements import parsed

HOSTILE = "</script><script>alert(1)</script><!--<script>\u2028\u2029 &amp; \ud800 ${x} $style"
RULE = {"id": "all", "when": True, "update": {"Workflow": {"Status": "SUPPRESSED"}}}


def hostile_page() -> str:
    finding = {"Id": HOSTILE, "ProductArn": HOSTILE, "AwsAccountId": HOSTILE, "Title": HOSTILE}
    ruleset = {"format": 1, "hash": "0" * 16, "revision": None, "rules": [RULE]}
    task = Task(ruleset, 1_800_000_000.0, Settings(), examples=5, listed=10)
    tally = backtest([Document("input", "finding 1", json.dumps(finding))], task, processes=1)
    assert tally.verdicts["changed"] == 1
    return page(report_of(tally, ReportSource(HOSTILE, "rules")), tally)


def test_a_finding_cannot_end_the_block_that_holds_it() -> None:
    elements = parsed(hostile_page())
    style, data, script = elements.raw
    told = json.loads(data)
    assert told["examples"][0]["title"] == HOSTILE
    columns = told["findings"]["tables"][0]["columns"]
    assert columns["title"] == [{"values": [HOSTILE], "at": [0]}]
    assert "".join(part["values"][0] for part in columns["id"]) == HOSTILE
    assert not set("<>&\u2028\u2029") & set(data)
    assert [tag for tag, _ in elements.tags].count("script") == 2
    assert "alert(1)" not in style + script


def test_only_the_pages_own_script_and_style_may_run_and_nothing_be_fetched() -> None:
    elements = parsed(hostile_page())
    policy = next(
        a["content"] for tag, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    style, _data, script = elements.raw
    for directive, source in (("style-src", style), ("script-src", script)):
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "unsafe" not in policy


def test_the_page_names_no_other_place() -> None:
    elements = parsed(hostile_page())
    links = [value for _tag, attributes in elements.tags for name, value in attributes.items()
             if name in ("src", "href", "action", "srcset", "data")]  # fmt: skip
    assert links == ["#findings"]
    style, _data, script = elements.raw
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest|WebSocket|import\(", style + script)


def test_the_script_parses_no_markup() -> None:
    script = parsed(hostile_page()).raw[2]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|DOMParser", script)


@pytest.mark.parametrize(("rules", "each"), [(0, 25), (12, 25), (100, 15), (1_000, 2), (50_000, 2)])
def test_the_more_rules_the_fewer_examples_of_each(rules: int, each: int) -> None:
    assert examples_each(rules) == each
