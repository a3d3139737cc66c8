"""Lint says everything of a rule at once: an error in one part keeps nothing back about the others.

And it says nothing that only follows from the error: a misspelt `owner` is no missing owner.
"""

import json
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.loader import load_rules
from tests.support.examples import examples

RULE: dict[str, Any] = {
    "id": "a",
    "owner": "me",
    "ticket": "T-1",
    "expires": "2027-03-31",
    "match": {"Compliance": {"SecurityControlId": ["S3.9"]}, "AwsAccountId": ["111122223333"]},
    "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}},
    "tests": [
        {"name": "one", "finding": {"AwsAccountId": "111122223333"}, "expect": "no change"},
        {"name": "two", "finding": {}, "expect": {"Workflow": {"Status": "SUPPRESSED"}}},
    ],
}


def said(rule: str) -> list[str]:
    """The codes that lint has for a rule, in the order of their places."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.yaml").write_text(f"rules:\n{rule}", encoding="utf-8")
        (folder / "accounts.yaml").write_text(
            'accounts: {"111122223333": {environment: prod}}\n', encoding="utf-8"
        )
        loaded = load_rules(folder)
        problems = (*loaded.problems, *warnings(loaded, SAMPLE_NOW))
        return [one.code for one in sorted(problems, key=lambda one: one.order)]


def written(rule: dict[str, Any]) -> str:
    """A rule as a rule file has it."""
    return yaml.safe_dump([rule], sort_keys=False)


TABLE = [
    pytest.param({"expire": "2027-03-31", "expires": None}, ["E101"], id="a misspelt end is no missing end"),
    pytest.param({"ownr": "me", "owner": None}, ["E101"], id="a misspelt owner is no missing owner"),
    pytest.param({"ownr": 5, "owner": None}, ["E101", "E004"], id="what is under a misspelt key is checked"),
    pytest.param({"owner": 5}, ["E004"], id="an owner of the wrong type is no missing owner"),
    pytest.param({"zzz": 1, "owner": None}, ["E101"], id="a key that nobody knows may be what is missing"),
    pytest.param({"order": 0, "owner": None}, ["W306", "E105"], id="another key of the rule is not"),
    pytest.param(
        {"mach": {"Id": ["x"]}, "match": None}, ["E101"], id="a misspelt match is no missing condition"
    ),
    pytest.param(
        {"match": {"Severity": {"Label": [5]}}, "owner": None},
        ["W306", "E213", "E211"],
        id="a match without its only field is not everything",
    ),
    pytest.param(
        {"match": {**RULE["match"], "Id": [{"prefx": 1}], "Region": ["EU-WEST-1"]}},
        ["E201", "E201", "E211"],
        id="a bad operator beside a bad value",
    ),
    pytest.param(
        {"match": {**RULE["match"], "Id": [{"sounds-like": "x"}, "a*"]}},
        ["E201", "E210"],
        id="a bad alternative beside another one",
    ),
    pytest.param(
        {"match": {**RULE["match"], "Severty": {"Label": [{"sounds-like": "x"}]}}},
        ["E207", "E201"],
        id="a misspelt field with a bad alternative",
    ),
    pytest.param(
        {"when": {"and": [{"bogus-operator": [1]}, {"!=": [{"var": "Confidence"}, 5]}]}},
        ["E202", "W204"],
        id="a bad operand beside one that holds for what is missing",
    ),
    pytest.param(
        {"when": {"and": [{"bogus-operator": [{"var": "Confidence"}]}, {"!=": [{"var": "Confidence"}, 5]}]}},
        ["E202"],
        id="unless the bad operand may have asked for it",
    ),
    pytest.param(
        {
            "when": {"in": [{"sounds-like": 1}, ["x"]]},
            "update": {**RULE["update"], "Note": {"Text": "{finding.Compliance.Status}"}},
        },
        ["E202"],
        id="a condition of which nothing is left may have asked for anything",
    ),
    pytest.param(
        {"when": {"or": [{"bogus-operator": [1]}, {"==": [1, 1]}]}},
        ["W201", "E202"],
        id="an operand that is constant by itself",
    ),
    pytest.param(
        {"when": [{"!=": [{"var": "Confidence"}, 5]}]}, ["E209", "W204"], id="what a list of conditions says"
    ),
    pytest.param(
        {"update": {"Workflow": {"Status": "SUPPRESED"}}},
        ["E306", "E104"],
        id="no note beside a misspelt state",
    ),
    pytest.param(
        {"update": {"Workflow": {"Status": "SUPPRESSED"}, "Nte": {"Text": "x"}}},
        ["E101"],
        id="a misspelt note is no missing note",
    ),
    pytest.param(
        {"update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": 5}}},
        ["E004"],
        id="a note of the wrong type is no missing note",
    ),
    pytest.param(
        {"update": {**RULE["update"], "Confidence": 500, "UserDefinedFields": {"t": "{finding.Title}"}}},
        ["E105", "W310"],
        id="a placeholder beside a score beyond its scale",
    ),
    pytest.param({"tests": [{"name": "x"}]}, ["E102"], id="a broken test is no missing test"),
    pytest.param({"tests": [], "confidence": 1}, ["W312", "E101"], id="missing tests beside an unknown key"),
    pytest.param({"expires": "2027-13-31"}, ["E106"], id="an end that is no date is no missing end"),
    pytest.param(
        {"expires": "2026-11-10", "owner": 5}, ["E004", "W309"], id="an end that is near beside a bad owner"
    ),
    pytest.param(
        {"starts": "2027-05-01", "order": "x"}, ["E107", "E103"], id="dates that contradict each other"
    ),
    pytest.param(
        {"lint": {"ignore": {"W204": "why"}}, "order": 0},
        ["E105"],
        id="a needless ignore may be needed later",
    ),
    pytest.param({"id": "A b", "ownr": "me", "owner": None}, ["E106", "E101"], id="an id that is none"),
]


@pytest.mark.parametrize(("parts", "codes"), TABLE)
def test_a_rule_with_an_error_is_checked_to_its_end(parts: dict[str, Any], codes: list[str]) -> None:
    rule = {key: value for key, value in {**RULE, **parts}.items() if value is not None}
    assert sorted(said(written(rule))) == sorted(codes)


def test_the_rule_itself_is_right() -> None:
    assert said(written(RULE)) == []


def test_only_what_is_right_is_compiled(folder: Any) -> None:
    loaded = load_rules(folder({"a.yaml": f"rules:\n{written({**RULE, 'owner': 5})}"}))
    assert (loaded.rules, [rule.id for rule in loaded.flawed]) == ((), ["a"])


# Errors and warnings of different parts of a rule: what one part is has nothing to do with the other.
ERRORS: dict[str, tuple[str, Any]] = {
    "E101 at the top": ("colour", "red"),
    "E104 mode": ("mode", "never"),
    "E105 order": ("order", 5000),
    "E103 terminal": ("terminal", "perhaps"),
    "E106 starts": ("starts", "tomorrow"),
    "E104 zone": ("during", {"days": ["sat"], "zone": "Nowhere"}),
    "E105 score": ("update.Confidence", 500),
    "E304 unsettable": ("update.RecordState", "ARCHIVED"),
    "E106 type": ("update.Types", ["Nothing/at/all"]),
    "E103 user field": ("update.UserDefinedFields", ["a"]),
    "E104 reason": ("reason", "because"),
    "E207 placeholder": ("update.Note", {"Text": "{finding.Regoin}"}),
    "E302 placeholder": ("update.Note", {"Text": "{rule.nothing}"}),
    "E103 description": ("description", ["x"]),
    "E104 ignore": ("lint", {"ignore": {"W999": "x"}}),
}
WARNINGS: dict[str, tuple[str, Any]] = {
    "W101": ("match.Process", {"Colour": ["x"]}),
    "W103": ("match.Region", ["xx-nowhere-1"]),
    "W105": ("match.Types", [{"anything-but": "TTPs"}]),
    "W108": ("match.WorkflowState", ["NEW"]),
    "W109": ("match.Title", ["a*"]),
    "W204": ("when", {"!=": [{"var": "Confidence"}, 5]}),
    "W205": ("when", {"==": [{"var": "Confidence"}, 0]}),
    "W201": ("when", {"and": [{"==": [{"var": "Region"}, "eu-west-1"]}, {"==": [1, 1]}]}),
    "W306": ("owner", None),
    "W308": ("expires", "2026-01-01"),
    "W316": ("expires", "2040-01-01"),
    "W312": ("tests", []),
    "W318": ("match.Severity", {"Label": ["LOW", "CRITICAL"]}),
    "W314": ("match.Resources", {"Type": ["AwsEc2Instance"]}),
}


def _put(rule: dict[str, Any], place: str, value: Any) -> None:
    *outer, last = place.split(".")
    for name in outer:
        rule = rule.setdefault(name, {})
    if value is None:
        rule.pop(last, None)
    else:
        rule[last] = value


def _with(*parts: tuple[str, Any]) -> dict[str, Any]:
    rule = json.loads(json.dumps(RULE))
    for place, value in parts:
        if place.startswith("match.Resources") or place == "match.Types":
            rule["match"] = {"Title": [{"exists": True}]}
        _put(rule, place, value)
    return rule  # type: ignore[no-any-return]


@cache
def _alone(kind: str) -> frozenset[str]:
    return frozenset(said(written(_with((ERRORS | WARNINGS)[kind]))))


def _independent() -> Iterator[tuple[str, str]]:
    for error, (at, _value) in ERRORS.items():
        for warning, (place, _other) in WARNINGS.items():
            if at.partition(".")[0] != place.partition(".")[0]:
                yield error, warning


@pytest.mark.parametrize("kind", [*ERRORS, *WARNINGS])
def test_each_is_said_of_a_rule_that_has_it_alone(kind: str) -> None:
    assert kind.partition(" ")[0] in _alone(kind)


_UNKNOWN_KEY_MAY_BE = {"W306", "W314", "W318"}  # these look at keys that are not there


@examples(150)
@given(st.sampled_from(list(_independent())), st.booleans())
def test_an_error_and_a_warning_of_other_parts_are_both_named(pair: tuple[str, str], is_last: bool) -> None:
    error, warning = pair
    if error.startswith("E101") and warning in _UNKNOWN_KEY_MAY_BE:
        return
    rule = _with(WARNINGS[warning], ERRORS[error])
    if is_last:
        place = ERRORS[error][0].partition(".")[0]
        rule[place] = rule.pop(place)
    codes = set(said(written(rule)))
    assert {error.partition(" ")[0], warning} <= codes
    assert codes <= _alone(error) | _alone(warning)
