"""Why a field is set, taken back or left, in one sentence each."""

from typing import Any

import pytest

from hubtriage.engine.fields import code, digest
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import load_ruleset, rule_ref
from hubtriage.simulation.explain import explain

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
HIDE = {"id": "accepted", "when": True, "ceiling": "HIGH", "update": {"Workflow": {"Status": "SUPPRESSED"}}}
NOTIFY = {"id": "later", "when": True, "update": {"Workflow": {"Status": "NOTIFIED"}}}
FAILS = {"==": [{"reduce": [[0] * 40, {"cat": [{"var": "accumulator"}] * 2}, "grows and grows"]}, "x"]}
HIDDEN = {"Workflow": {"Status": "SUPPRESSED"}}
BY = {name: rule_ref(name) for name in ("accepted", "lower", "gone")}


def finding(claims: str = "", rules: str = "accepted", **members: Any) -> dict[str, Any]:
    memo = {"hubtriage/managed": "hubtriage", "hubtriage/rules": rules, "hubtriage/memo": f"1 {claims}"}
    return {
        "Id": "f",
        "ProductArn": "p",
        "Severity": {"Label": "HIGH"},
        "FindingProviderFields": {"Severity": {"Label": "HIGH"}, "Types": ["TTPs"]},
        "UserDefinedFields": {**(memo if claims else {}), **members.pop("fields", {})},
        **members,
    }


def hidden(**members: Any) -> dict[str, Any]:
    return finding(f"WS.{BY['accepted']}", **HIDDEN, **members)


def rule(base: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {**base, **keys}


WHY = [
    pytest.param(finding(), [HIDE], "set: accepted wants it", id="wanted"),
    pytest.param(
        finding(),
        [HIDE, NOTIFY],
        "set: later wants it, over accepted, which wanted SUPPRESSED",
        id="the fold",
    ),
    pytest.param(
        finding(Workflow={"Status": "NOTIFIED"}),
        [rule(HIDE, override=True)],
        "set: accepted overrides NOTIFIED, set by a person or another tool; given back when the rule ends",
        id="an override",
    ),
    pytest.param(
        hidden(), [], "taken back: set by accepted, which is no longer in the rules", id="a rule that is gone"
    ),
    pytest.param(
        hidden(rules="none"),
        [],
        "taken back: set by a rule that is no longer in the rules",
        id="a rule of which nobody knows the name",
    ),
    pytest.param(
        hidden(),
        [rule(HIDE, ends=NOW, expires="2026-09-20")],
        "taken back: accepted is no longer in force: expires 2026-09-20",
        id="a rule that expired",
    ),
    pytest.param(
        hidden(),
        [rule(HIDE, starts=1_790_035_200.0)],
        "taken back: accepted is not in force before 2026-09-22",
        id="a rule that has not started",
    ),
    pytest.param(
        hidden(),
        [rule(HIDE, mode="observe")],
        "taken back: accepted only observes now",
        id="a rule in observe",
    ),
    pytest.param(
        hidden(),
        [rule(HIDE, ceiling="LOW")],
        "taken back: accepted matches, but hides findings up to LOW only; this one is HIGH",
        id="a rule with a lower ceiling",
    ),
    pytest.param(
        hidden(Severity={"Label": "LOW"}),
        [rule(HIDE, ceiling="MEDIUM")],
        "taken back: accepted matches, but hides findings up to MEDIUM only; its provider says HIGH",
        id="a rule below what the provider says of a finding that a person lowered",
    ),
    pytest.param(
        hidden(),
        [rule(HIDE, ceiling="LOW"), rule(NOTIFY, when={"missing_some": [1, {"var": "nowhere"}]})],
        "taken back: it hides, and no rule that could hide it may hide a finding that is HIGH",
        id="a finding above every ceiling, though a rule fails",
    ),
    pytest.param(
        hidden(),
        [rule(NOTIFY, id="a", order=1, terminal=True, update={"Confidence": 1}), HIDE],
        "taken back: accepted is not looked at, as a is terminal",
        id="a rule behind a terminal one",
    ),
    pytest.param(
        hidden(),
        [rule(HIDE, when=False)],
        "taken back: accepted does not match any more",
        id="a narrowed rule",
    ),
    pytest.param(
        hidden(),
        [rule(HIDE, update={"Confidence": 1})],
        "taken back: accepted does not set it any more",
        id="a rule that sets something else",
    ),
    pytest.param(
        finding(f"WS.{BY['accepted']}<%22NOTIFIED%22", **HIDDEN),
        [rule(HIDE, when=False)],
        "taken back: accepted does not match any more; what it had replaced is given back",
        id="what an override had replaced",
    ),
    pytest.param(hidden(), [HIDE], "unchanged: already as accepted wants it", id="as wanted"),
    pytest.param(
        hidden(), [rule(HIDE, mode="hold")], "kept: accepted is on hold, and keeps it", id="a rule on hold"
    ),
    pytest.param(
        hidden(),
        [rule(HIDE, when=FAILS)],
        "kept: a rule that could set it has failed",
        id="a rule that failed",
    ),
    pytest.param(
        finding(Workflow={"Status": "NOTIFIED"}),
        [HIDE],
        "kept: set by a person or another tool",
        id="a person's field",
    ),
    pytest.param(
        finding(),
        [rule(HIDE, mode="observe")],
        "unchanged: no rule in force wants it; accepted would set SUPPRESSED",
        id="what a rule in observe would set",
    ),
    pytest.param(
        finding(**HIDDEN),
        [rule(HIDE, mode="observe")],
        "unchanged: no rule in force wants it; accepted would leave it so",
        id="what a rule in observe would leave",
    ),
    pytest.param(
        finding(Workflow={"Status": "NOTIFIED"}),
        [rule(HIDE, mode="observe")],
        "unchanged: no rule in force wants it; accepted would have to leave it, too",
        id="what a rule in observe could not set",
    ),
]


def told(found: dict[str, Any], rules: list[dict[str, Any]], name: str, **settings: Any) -> str:
    ruleset = load_ruleset({"format": 1, "hash": "h", "rules": rules})
    (field,) = [f for f in explain(found, ruleset, NOW, Settings(**settings)).fields if f.field == name]
    return f"{field.outcome}: {field.why}"


@pytest.mark.parametrize(("found", "rules", "why"), WHY)
def test_why_of_a_status(found: dict[str, Any], rules: list[dict[str, Any]], why: str) -> None:
    assert told(found, rules, "Workflow.Status") == why


STAYS = [
    pytest.param(
        finding(f"SH.{BY['lower']}"),
        "Severity.Label",
        "no rule wants it any more, and its provider has it so already",
        id="a severity to which its provider came",
    ),
    pytest.param(
        finding("SH.follow"),
        "Severity.Label",
        "as its provider has it, which triage follows",
        id="a severity that was taken back",
    ),
    pytest.param(
        finding(f"C70.{BY['gone']}", Confidence=70),
        "Confidence",
        "no rule wants it any more, but the API cannot empty it",
        id="a score that its provider never gave",
    ),
]


@pytest.mark.parametrize(("found", "name", "why"), STAYS)
def test_why_a_field_of_ours_stays(found: dict[str, Any], name: str, why: str) -> None:
    assert told(found, [], name) == f"unchanged: {why}"


def test_why_a_key_stays_under_merge() -> None:
    name = "UserDefinedFields.k"
    found = finding(f"U{digest('k')}={code(name, 'v')}.{BY['gone']}", fields={"k": "v"})
    why = "unchanged: no rule wants it any more, but under `merge` a key cannot be taken away"
    assert told(found, [], name, udf="merge") == why


def test_why_a_key_is_not_taken_back_twice() -> None:
    name = "UserDefinedFields.k"
    claim = f"U{digest('k')}={code(name, 'v')}.{BY['gone']}-"
    wants_it = {"id": "ticket", "when": False, "update": {"UserDefinedFields": {"k": "v"}}}
    assert told(finding(claim), [wants_it], name) == "unchanged: no rule wants it any more, and it is gone"
    left = told(finding(claim, fields={"k": "v"}), [wants_it], name)
    assert left == "unchanged: was left out of the map before; it is not asked for twice"


def test_a_field_that_is_never_written_says_so() -> None:
    never = frozenset({"Workflow.Status"})
    medium = {"Severity": {"Label": "MEDIUM"}}
    found = hidden(**medium, FindingProviderFields={**medium, "Types": ["TTPs"]})
    assert told(found, [], "Workflow.Status", never=never) == "kept: the stack never writes this field"
    as_wanted = told(hidden(), [HIDE], "Workflow.Status", never=never)
    assert as_wanted == "unchanged: already as accepted wants it"


def test_a_wish_that_is_dropped_has_its_reason() -> None:
    lower = {"id": "lower", "when": True, "update": {"Types": {"Remove": ["TTPs"]}}}
    ruleset = load_ruleset({"format": 1, "hash": "h", "rules": [lower]})
    (rule_told,) = explain(finding(Types=["TTPs"]), ruleset, NOW, Settings()).rules
    assert (rule_told.wants, rule_told.dropped) == (
        {},
        {"Types": "no type would be left, and AWS takes no empty list"},
    )
