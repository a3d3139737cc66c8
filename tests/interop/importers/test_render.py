"""What is imported is written so that our loader, and any reader of YAML, reads what was meant."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.interop.importers.names import ids, labelled, slug
from hubtriage.interop.importers.render import render
from tests.support.examples import examples
from tests.support.imported_rules import decided, finding, imported, suppressed

TRAPS = (
    "no", "y", "on", "null", "~", "true", "1e3", "1.10", "010", "0o17", "0x1F", "1_000", "1:30", "2026-10-01",
    "=", "<<", "111122223333", "- a", "a: b", "a #b", "#", "!tag", "&a", "*a", "%x", "@x", "`x`", "{a: b}",
    "[a]", "'", '"', "|", ">", "a\nb", "\ta", " a ", "\x07", "\x85", "\u2028", "\ufeff", "\x7f", "é", "🙂",
    "\u202eevil é", "\\", "\\n", "rules:\n  - id: evil", "...", "---",
)  # fmt: skip
TEXT = st.sampled_from(TRAPS) | st.text(min_size=1, max_size=40)


def rule(name: str, title: str, tag: str, note: str) -> dict[str, Any]:
    criteria = {
        "Title": [{"Value": title, "Comparison": "EQUALS"}],
        "ResourceTags": [{"Key": tag, "Value": title, "Comparison": "EQUALS"}],
    }
    update = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": note, "UpdatedBy": "a"}}
    actions = [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}]
    return {"RuleName": name, "RuleOrder": 1, "Criteria": criteria, "Actions": actions, "Description": name}


@examples(150)
@given(TEXT, TEXT, TEXT, TEXT)
def test_whatever_texts_a_rule_holds_it_means_the_same(name: str, title: str, tag: str, note: str) -> None:
    found = imported("automation-rules", json.dumps([rule(name, title, tag, note)]), "rules.json")
    if found.refusals:
        assert not found.rules
        return
    marked = finding(Title=title, Resources=[{"Type": "x", "Id": "y", "Tags": {tag: title}}])
    decision = decided(found, marked)
    assert (decision.update or {}).get("Note") == {"Text": note, "UpdatedBy": "a"}
    assert not suppressed(found, finding(Title=title + "x"))


@pytest.mark.parametrize("text", TRAPS)
def test_no_text_is_taken_for_anything_else(text: str) -> None:
    values = {"id": text, "a": {"b": {"c": [text, {text: text}]}}}
    written = render([values])
    assert yaml.safe_load(written) == {"rules": [values]}
    assert all(line.isprintable() for line in written.split("\n"))


def test_a_heading_cannot_leave_its_comment() -> None:
    written = render([], ["a\nrules: [evil]", "b\r\x85c\u2028d"])
    assert written == "# a rules: [evil]\n# b  c d\nrules: []\n"


def test_rules_do_not_share_values_by_anchors() -> None:
    shared = {"Status": "SUPPRESSED"}
    assert "&" not in render([{"id": "a", "update": shared}, {"id": "b", "update": shared}])


NAMES = [
    pytest.param("Suppress S3.8 (dev)", "suppress-s3-8-dev", id="signs become hyphens"),
    pytest.param("Zürich café", "zurich-cafe", id="accents fall away"),
    pytest.param("x" * 80, "x" * 63, id="63 characters"),
    pytest.param("🙂", "", id="nothing that fits"),
    pytest.param("\x1b[2J\nevil", "2j-evil", id="control characters"),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_an_id_is_made_from_a_name(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_ids_are_distinct_and_always_the_same() -> None:
    names = ["a", "A", "a-2", "🙂", "🙂", "x" * 80, "x" * 80]
    given_out = list(ids(names))
    assert given_out == ["a", "a-2", "a-2-2", "rule-4", "rule-5", "x" * 63, "x" * 61 + "-2"]
    assert given_out == list(ids(names))


@given(st.lists(st.text(max_size=70), max_size=12))
def test_ids_of_any_names_are_distinct_rule_ids(names: list[str]) -> None:
    given_out = list(ids(names))
    assert len(set(given_out)) == len(names)
    assert all(len(one) <= 63 and one[0].isalnum() and one == slug(one) for one in given_out)


def test_messages_hold_nothing_that_acts_on_a_terminal() -> None:
    assert labelled(3, "\x1b[2Jevil\nline\u202e") == 'rule 3 "[2Jevil line"'
    assert labelled(3, "x" * 80) == f'rule 3 "{"x" * 59}…"'
    assert labelled(3, "") == labelled(3, None) == "rule 3"
