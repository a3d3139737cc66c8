"""Findings that no one expects: planning never raises, sends what the API takes, and settles in one call."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from hubtriage.aws.ledger.entry_format import read_entry, write_entry
from hubtriage.engine.fields import FIELDS
from hubtriage.engine.planning.entry import stored
from tests.engine.planning.samples import LOW, NOTHING, SUPPRESS, other, status
from tests.support.planning import Known, Rule, after, finding, plan

DIGEST = str(stored("x" * 41))
DEEP: Any = json.loads("[" * 400 + "]" * 400)

HOSTILE: dict[str, dict[str, Any]] = {
    "no Id": {"Id": None, "ProductArn": None},
    "an Id that is no text": {"Id": 5, "ProductArn": ["arn"]},
    "a status that is no object": {"Workflow": "SUPPRESSED"},
    "a status that is no text": status([]),  # type: ignore[arg-type]
    "a status that no one knows": status("CLOSED"),
    "a status in other letters": status("suppressed"),
    "no status": {"Workflow": None, "VerificationState": None},
    "a severity that is no object": {"Severity": "HIGH"},
    "a severity that no one knows": {"Severity": {"Label": "SEVERE"}},
    "a severity that is an object": {"Severity": {"Label": {"x": 1}, "Normalized": {"x": 1}}},
    "a severity beyond all numbers": {"Severity": {"Normalized": float("inf")}},
    "a severity that is no number": {"Severity": {"Normalized": float("nan")}},
    "a severity of many digits": {"Severity": {"Normalized": 10**400}},
    "a severity below zero": {"Severity": {"Normalized": -1}},
    "a severity without a provider's": {"FindingProviderFields": None},
    "no severity at all": {"Severity": None, "FindingProviderFields": None},
    "a severity that only the provider has": {"Severity": None},
    "a provider that says it in words": {"FindingProviderFields": {"Severity": "CRITICAL", "Types": "X"}},
    "a provider that says nothing": {"FindingProviderFields": {}},
    "a provider that is no object": {"FindingProviderFields": ["Severity"]},
    "a verification state that no one knows": {"VerificationState": "MAYBE"},
    "a verification state that is no text": {"VerificationState": {"x": 1}},
    "types that are a text": {"Types": "TTPs"},
    "types that are no texts": {"Types": [5, None, {"x": []}, "", " ", "TTPs"]},
    "types that are an object": {"Types": {"a": 1}},
    "half characters in types": {"Types": ["TTPs/\ud800", "\udfff"]},
    "types like digests": {"Types": [DIGEST]},
    "very many types": {"Types": [f"TTPs/{n}" for n in range(2_000)]},
    "the same type again and again": {"Types": ["TTPs"] * 2_000},
    "scores that are texts": {"Confidence": "5", "Criticality": True},
    "scores out of bounds": {"Confidence": -1, "Criticality": 10**400},
    "scores between numbers": {"Confidence": 0.5, "Criticality": float("nan")},
    "relations that are no pairs": {
        "RelatedFindings": [5, {}, {"ProductArn": "a"}, {"ProductArn": 1, "Id": 2}]
    },
    "half characters in relations": {"RelatedFindings": [{"ProductArn": "\ud800", "Id": "\udfff"}]},
    "a note that is a text": {"Note": "Mine."},
    "a note without text": {"Note": {"UpdatedBy": "ann"}},
    "a note that is no text": {"Note": {"Text": ["Mine."]}},
    "a note of half a character": {"Note": {"Text": "\ud800", "UpdatedBy": "\ud800"}},
    "a note like a digest": {"Note": {"Text": DIGEST, "UpdatedBy": "hubtriage/rule"}},
    "user-defined fields that are a list": {"UserDefinedFields": ["ticket"]},
    "user-defined fields that are a text": {"UserDefinedFields": "ticket"},
    "user-defined fields that are no texts": {"UserDefinedFields": {"ticket": 5, "k": None, "l": {}}},
    "half characters in keys and values": {"UserDefinedFields": {"\ud800": "\udfff", "ticket": "\ud800"}},
    "user-defined fields like digests": {"UserDefinedFields": {DIGEST: DIGEST, "ticket": DIGEST}},
    "very many user-defined fields": {"UserDefinedFields": {f"k{n}": "v" for n in range(500)}},
    "user-defined fields named as fields": {"UserDefinedFields": dict.fromkeys(FIELDS, "v")},
    "compliance that is no object": {"Compliance": "PASSED"},
    "compliance that is a list": {"Compliance": {"Status": ["PASSED"]}},
    "passed": {"Compliance": {"Status": "PASSED"}},
    "very deep": {"Resources": DEEP, "ProductFields": {"x": DEEP}},
    "half characters everywhere": {"Title": "\ud800", "\udfff": "\ud800", "Description": "\udfff" * 1000},
}

ALL: Rule = {
    "update": {
        **status("SUPPRESSED"),
        "Severity": {"Label": "LOW"},
        "VerificationState": "BENIGN_POSITIVE",
        "Confidence": 5,
        "Criticality": 5,
        "Types": ["Effects"],
        "RelatedFindings": [{"ProductArn": "arn:x", "Id": "y"}],
        "Note": {"Text": "{finding.Title} {finding.Severity.Label}"},
        "UserDefinedFields": {"ticket": "{finding.Title}", "team": "net"},
    }
}
BOUNDED: Rule = {
    "update": {
        "Severity": {"AtMost": "MEDIUM", "AtLeast": "LOW"},
        "Types": {"Add": ["X"], "Remove": ["TTPs"]},
    }
}
RULES = {
    "everything": ALL,
    "everything, over people": other(ALL, override=True),
    "within bounds": BOUNDED,
    "on NEW alone": other(ALL, match={"Workflow": {"Status": ["NEW"]}}),
    "on its severity alone": other(ALL, override=True, match={"Severity": {"Label": ["HIGH", "CRITICAL"]}}),
}


def steps(known: Known, rule: Rule, udf: str) -> Iterator[Known]:
    """Apply the rule, then nothing, then the rule again; each has to settle in one call."""
    for rules in ([rule], [], [rule], [NOTHING]):
        known = after(known, *rules, udf=udf)
        yield known
        assert plan(known, *rules, udf=udf).update is None
        known = after(known, *rules, udf=udf)
        assert plan(known, *rules, udf=udf).after == known.entry


@pytest.mark.parametrize("udf", ["replace", "merge"])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_planning_settles_in_one_call_whatever_is_in_a_finding(
    members: dict[str, Any], rule: Rule, udf: str
) -> None:
    for known in steps(Known(finding(**members)), rule, udf):
        assert read_entry(write_entry(known.entry), known.entry.version) == known.entry


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_what_hides_is_taken_back_whatever_is_in_a_finding(members: dict[str, Any]) -> None:
    found = finding(**members)
    for rule in (SUPPRESS, LOW, ALL):
        hidden = after(found, rule)
        opened = after(hidden)
        for name in ("Workflow", "Severity"):
            if hidden.found.get(name) != found.get(name) and found.get(name) is not None:
                assert opened.found[name] != hidden.found[name]
        assert plan(opened).update is None


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_what_is_sent_can_be_written_as_json_that_has_no_half_characters(members: dict[str, Any]) -> None:
    for rule in RULES.values():
        update = plan(finding(**members), rule).update
        json.dumps(update, ensure_ascii=False, allow_nan=False).encode("utf-8")
