"""Why a field is set, taken back or left, in one sentence each."""

from typing import Any

import pytest

from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry, LastChange
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.explain import explain

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
HIDE = {"id": "accepted", "when": True, "ceiling": "HIGH", "update": {"Workflow": {"Status": "SUPPRESSED"}}}
NOTIFY = {"id": "later", "when": True, "update": {"Workflow": {"Status": "NOTIFIED"}}}
FAILS = {"==": [{"reduce": [[0] * 40, {"cat": [{"var": "accumulator"}] * 2}, "grows and grows"]}, "x"]}
HIDDEN = {"Workflow": {"Status": "SUPPRESSED"}}
Known = tuple[dict[str, Any], Entry]


def finding(fields: dict[str, str] | None = None, **members: Any) -> Known:
    """A finding that triage has not changed, with its entry."""
    return {
        "Id": "f",
        "ProductArn": "p",
        "Severity": {"Label": "HIGH"},
        "FindingProviderFields": {"Severity": {"Label": "HIGH"}, "Types": ["TTPs"]},
        "UserDefinedFields": fields or {},
        **members,
    }, NO_ENTRY


def held(claims: dict[str, Claim], **members: Any) -> Known:
    """A finding of which triage holds some fields."""
    return finding(**members)[0], Entry(claims=claims, version=1)


def hidden(**members: Any) -> Known:
    return held({"Workflow.Status": Claim("SUPPRESSED", "accepted")}, **HIDDEN, **members)


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
        "taken back: accepted is not evaluated, as a is terminal",
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
        held({"Workflow.Status": Claim("SUPPRESSED", "accepted", before="NOTIFIED")}, **HIDDEN),
        [rule(HIDE, when=False)],
        "taken back: accepted does not match any more; what it had replaced is given back",
        id="what an override had replaced",
    ),
    pytest.param(hidden(), [HIDE], "unchanged: already what accepted wants", id="as wanted"),
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
        finding(Workflow={"Status": "RESOLVED"}),
        [rule(NOTIFY, override=True)],
        "set: later overrides RESOLVED, set by a person or another tool; "
        "the deployed stack asks the finding's history who set it",
        id="an override of what hides, which is not given back",
    ),
    pytest.param(
        finding(Workflow={"Status": "NOTIFIED"}),
        [HIDE],
        "kept: set by a person or another tool",
        id="a person's field",
    ),
    pytest.param(
        finding(Workflow={"Status": "RESOLVED"}),
        [HIDE],
        "kept: set by a person or another tool; the deployed stack asks the finding's history who set it",
        id="a value that hides and has no claim",
    ),
    pytest.param(
        held({"Workflow.Status": Claim("NOTIFIED", "accepted", person=True, overruled=1)}),
        [HIDE],
        "kept: changed after triage had set it",
        id="a field of which triage was overruled",
    ),
    pytest.param(
        held({"Workflow.Status": Claim("NOTIFIED", "accepted", person=True, overruled=1)}),
        [],
        "unchanged: no rule wants it any more",
        id="a field of which triage was overruled, when its rule is gone",
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
        "unchanged: no rule in force wants it; accepted would have to leave it unchanged, too",
        id="what a rule in observe could not set",
    ),
]


def told(found: Known, rules: list[dict[str, Any]], name: str, **settings: Any) -> str:
    ruleset = load_ruleset({"format": 1, "hash": "h", "rules": rules})
    (field,) = [f for f in explain(*found, ruleset, NOW, Settings(**settings)).fields if f.field == name]
    return f"{field.outcome}: {field.why}"


@pytest.mark.parametrize(("found", "rules", "why"), WHY)
def test_why_of_a_status(found: Known, rules: list[dict[str, Any]], why: str) -> None:
    assert told(found, rules, "Workflow.Status") == why


STAYS = [
    pytest.param(
        held({"Severity.Label": Claim("HIGH", "lower")}),
        "Severity.Label",
        "no rule wants it any more, and its provider has it so already",
        id="a severity to which its provider came",
    ),
    pytest.param(
        held({"Severity.Label": Claim("HIGH", None)}),
        "Severity.Label",
        "follows its provider, and has its value already",
        id="a severity that was taken back",
    ),
    pytest.param(
        held({"Confidence": Claim(70, "gone")}, Confidence=70),
        "Confidence",
        "no rule wants it any more, but the API cannot empty it",
        id="a score that its provider never gave",
    ),
    pytest.param(
        held({"Note.Text": Claim("gone", None)}, Note={"Text": "gone", "UpdatedBy": "hubtriage"}),
        "Note.Text",
        "no rule wants it any more, and the note says so",
        id="a note that was taken back",
    ),
    pytest.param(
        held(
            {"Workflow.Status": Claim("RESOLVED", "gone")},
            Workflow={"Status": "RESOLVED"},
            Compliance={"Status": "PASSED"},
        ),
        "Workflow.Status",
        "no rule wants it any more, and Security Hub has it so already",
        id="a status that the service would have set",
    ),
    pytest.param(
        held(
            {"Workflow.Status": Claim("NOTIFIED", "gone")},
            Workflow={"Status": "NOTIFIED"},
            Compliance={"Status": "PASSED"},
        ),
        "Workflow.Status",
        "no rule wants it any more, but taking it back would hide the finding",
        id="an open status on a control that passed",
    ),
]


@pytest.mark.parametrize(("found", "name", "why"), STAYS)
def test_why_a_field_of_ours_stays(found: Known, name: str, why: str) -> None:
    assert told(found, [], name) == f"unchanged: {why}"


KEY = "UserDefinedFields.k"


def test_why_a_key_stays_under_merge() -> None:
    found = held({KEY: Claim("v", "gone")}, fields={"k": "v"})
    why = "unchanged: no rule wants it any more, but under `merge` a key cannot be taken away"
    assert told(found, [], KEY, udf="merge") == why


def test_why_the_last_key_stays() -> None:
    why = "unchanged: no rule wants it any more, but it is the last key, and a map cannot be emptied"
    assert told(held({KEY: Claim("v", "gone")}, fields={"k": "v"}), [], KEY) == why


def test_why_a_key_is_not_taken_back_twice() -> None:
    claim = {KEY: Claim("v", "gone", left_out=True)}
    assert told(held(claim), [], KEY) == "unchanged: no rule wants it any more"
    left = told(held(claim, fields={"k": "v"}), [], KEY)
    assert left == "unchanged: taken back once already; triage does not try it twice"


OVERRULED = "overruled: a person or another tool has changed it since"
STANDING = [
    pytest.param(
        Claim("SUPPRESSED", "r"), HIDDEN, {}, "held by triage: the field still has this value", id="ours"
    ),
    pytest.param(
        Claim("SUPPRESSED", "r", person=True, overruled=1),
        {},
        {},
        "held by a person since triage was overruled",
        id="a person's already",
    ),
    pytest.param(
        Claim("SUPPRESSED", "r"),
        {},
        {},
        f"{OVERRULED} (the deployed stack asks the finding's history who set it)",
        id="not known who",
    ),
    pytest.param(Claim("SUPPRESSED", "r"), {}, {"by": "person"}, OVERRULED, id="a person, as history says"),
    pytest.param(
        Claim("NOTIFIED", "r"),
        {},
        {"by": "service"},
        "ended: Security Hub itself has set the field since",
        id="reset by the service",
    ),
]


@pytest.mark.parametrize(("claim", "members", "author", "standing"), STANDING)
def test_what_has_become_of_a_claim(
    claim: Claim, members: dict[str, Any], author: dict[str, Any], standing: str
) -> None:
    authors = {"Workflow.Status": LastChange(**author, value="NEW", time=NOW)} if author else {}
    ruleset = load_ruleset({"format": 1, "hash": "h", "rules": []})
    known = held({"Workflow.Status": claim}, **members)
    (explained,) = explain(*known, ruleset, NOW, Settings(), authors=authors).claims
    assert (explained.standing, explained.set, explained.rule) == (standing, claim.value, "r")
    assert explained.in_rules is False


def test_a_field_that_is_never_written_says_so() -> None:
    never = frozenset({"Workflow.Status"})
    medium = {"Severity": {"Label": "MEDIUM"}}
    found = hidden(**medium, FindingProviderFields={**medium, "Types": ["TTPs"]})
    assert told(found, [], "Workflow.Status", never=never) == "kept: the stack never writes this field"
    as_wanted = told(hidden(), [HIDE], "Workflow.Status", never=never)
    assert as_wanted == "unchanged: already what accepted wants"


def test_a_wish_that_is_dropped_has_its_reason() -> None:
    lower = {"id": "lower", "when": True, "update": {"Types": {"Remove": ["TTPs"]}}}
    ruleset = load_ruleset({"format": 1, "hash": "h", "rules": [lower]})
    (rule_told,) = explain(*finding(Types=["TTPs"]), ruleset, NOW, Settings()).rules
    assert (rule_told.wants, rule_told.dropped) == (
        {},
        {"Types": "no type would be left, and AWS takes no empty list"},
    )
