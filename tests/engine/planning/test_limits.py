"""What fits the finding and the memo, and what gives way: nothing is set that could not be taken back."""

import json
from typing import Any

import pytest

from hubtriage.engine.fields import code, digest
from hubtriage.engine.planning.payload import LARGEST_FINDING
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import rule_ref
from tests.support.planning import NOW, after, applied, finding, plan, ruleset, sent

NOTHING = {"id": "never", "when": False, "update": {"Confidence": 1}}
SUPPRESS = {"update": {"Workflow": {"Status": "SUPPRESSED"}}}
CRITICAL = {"Severity": {"Label": "CRITICAL"}, "FindingProviderFields": {"Severity": {"Label": "CRITICAL"}}}
MOST_KEYS = 40  # beside a status


def keys(count: int, name: str = "k", **update: Any) -> dict[str, Any]:
    """A rule that sets so many user keys, and other fields."""
    return {"update": {"UserDefinedFields": {f"{name}{n}": "v" for n in range(count)}, **update}}


def status(found: dict[str, Any]) -> str:
    return str(found["Workflow"]["Status"])


def our_keys(found: dict[str, Any]) -> list[str]:
    return [key for key in found.get("UserDefinedFields", {}) if not key.startswith("hubtriage/")]


@pytest.mark.parametrize("udf", ["replace", "merge"])
@pytest.mark.parametrize("hiding", ["SUPPRESSED", "RESOLVED"])
@pytest.mark.parametrize("count", range(30, 48))
def test_what_a_rule_with_many_keys_hides_is_opened_again(count: int, hiding: str, udf: str) -> None:
    rule = keys(count, Workflow={"Status": hiding})
    hidden = after(finding(), rule, udf=udf)
    assert (status(hidden) == hiding) == (count <= MOST_KEYS)
    for opened in (after(hidden, NOTHING, udf=udf), after(hidden | CRITICAL, rule, udf=udf)):
        assert status(opened) == "NEW"
        assert udf == "merge" or not our_keys(opened)


def test_a_rule_with_more_keys_than_can_be_taken_back_is_refused_with_the_reason() -> None:
    decision = plan(finding(), keys(MOST_KEYS + 1, Workflow={"Status": "SUPPRESSED"}))
    assert (decision.update, decision.changes) == (None, ())
    assert decision.refused == ("the memo may come to have 1041 characters until all is taken back, 1024 fit")


def test_people_may_overrule_every_field_of_a_memo_that_is_full() -> None:
    rule = keys(MOST_KEYS, Workflow={"Status": "NOTIFIED"})
    found = after(finding(), rule)
    theirs = {**found["UserDefinedFields"], **{f"k{n}": "theirs" for n in range(MOST_KEYS)}}
    changed = found | {"UserDefinedFields": theirs, "Workflow": {"Status": "NEW"}}
    decision = plan(changed, rule)
    assert decision.refused is None
    assert len(decision.overruled) == MOST_KEYS + 1
    assert sent(plan(applied(changed, decision), rule)) is None


def test_a_shut_door_is_remembered_in_a_memo_that_is_full() -> None:
    rule = keys(MOST_KEYS, Workflow={"Status": "NOTIFIED"})
    archived = after(after(finding(), rule) | {"RecordState": "ARCHIVED"}, rule)
    reset = archived | {"RecordState": "ACTIVE", "Workflow": {"Status": "NEW"}}
    again = plan(reset, rule)
    assert (sent(again) or {})["Workflow"] == {"Status": "NOTIFIED"}
    assert again.overruled == ()


def test_a_rule_for_whose_keys_there_is_no_room_does_not_keep_what_another_had_hidden() -> None:
    hidden = after(finding(), {"id": "old", **keys(30, Workflow={"Status": "SUPPRESSED"})})
    new = {"id": "new", **keys(30, "n", Confidence=5)}
    decision = plan(hidden, new)
    opened = applied(hidden, decision)
    assert (status(opened), our_keys(opened)) == ("NEW", [])
    assert {kept.field for kept in decision.kept} == {
        "Confidence",
        *(f"UserDefinedFields.n{n}" for n in range(30)),
    }
    assert all("1024 fit" in kept.why for kept in decision.kept)
    settled = after(opened, new)  # the old claims have made room
    assert (settled["Confidence"], len(our_keys(settled))) == (5, 30)
    assert plan(settled, new).update is None


def test_where_pairs_are_all_taken_a_status_of_ours_changes_all_the_same() -> None:
    theirs = {f"theirs{n}": "v" for n in range(46)}
    hidden = after(finding(UserDefinedFields=theirs), keys(1, Workflow={"Status": "SUPPRESSED"}))
    decision = plan(hidden, keys(2, Workflow={"Status": "NOTIFIED"}))
    assert decision.refused is None
    assert (sent(decision) or {})["Workflow"] == {"Status": "NOTIFIED"}
    assert [kept.field for kept in decision.kept] == ["UserDefinedFields.k1"]
    assert "50 fit" in decision.kept[0].why


def test_a_memo_too_full_from_the_start_has_what_hides_taken_back_first() -> None:
    names = [f"k{n}" for n in range(45)]
    rule = rule_ref("other")
    claims = [f"U{digest(name)}={code('UserDefinedFields.k', 'v')}.{rule}" for name in names]
    memo = " ".join(["1", f"WS.{rule}", f"SL.{rule}", *claims])
    assert len(memo) + len(names) > 1024 > len(memo)
    ours = {"hubtriage/managed": "hubtriage", "hubtriage/rules": "other", "hubtriage/memo": memo}
    found = finding(
        Workflow={"Status": "SUPPRESSED"},
        Severity={"Label": "LOW"},
        UserDefinedFields={**dict.fromkeys(names, "v"), **ours},
    )
    decision = plan(found, NOTHING)
    opened = applied(found, decision)
    assert (status(opened), opened["Severity"]["Label"]) == ("NEW", "HIGH")
    left = our_keys(opened)
    assert 0 < len(left) < len(names)
    assert {kept.field for kept in decision.kept} == {f"UserDefinedFields.{key}" for key in left}
    assert not our_keys(after(opened, NOTHING))


def test_a_key_that_was_left_out_and_is_gone_has_no_claim_after_the_next_update() -> None:
    gone = after(after(finding(), keys(2)), NOTHING)
    assert gone["UserDefinedFields"]["hubtriage/memo"].count("-") == 2
    assert plan(gone, NOTHING).update is None  # ending them is not worth a call
    again = after(gone, SUPPRESS)
    assert again["UserDefinedFields"]["hubtriage/memo"] == f"1 WS.{rule_ref('rule')}"


def test_a_rule_of_which_nothing_stands_is_not_named() -> None:
    found = after(finding(), {"id": "owner-tag", **keys(1)})
    assert found["UserDefinedFields"]["hubtriage/rules"] == "owner-tag"
    assert after(found, NOTHING)["UserDefinedFields"]["hubtriage/rules"] == "none"


def test_an_override_without_room_for_what_it_replaces_leaves_no_trace_of_it() -> None:
    rule = {"update": {"Types": ["TTPs"]}, "override": True}
    theirs = [f"Effects/{'x' * 200}/{n}" for n in range(6)]
    found = after(finding(), rule) | {"Types": theirs}
    decision = plan(found, rule)
    assert decision.refused is None
    assert [kept.field for kept in decision.kept] == ["Types"]
    assert applied(found, decision)["UserDefinedFields"]["hubtriage/memo"].split("!")[1] == "1"


def padded(found: dict[str, Any], size: int) -> dict[str, Any]:
    """The finding with so many bytes, as the service counts them."""
    bare = found | {"Description": ""}
    missing = size - len(json.dumps(bare, separators=(",", ":")))
    return bare | {"Description": "d" * missing}


@pytest.mark.parametrize("size", [LARGEST_FINDING - 5, LARGEST_FINDING, LARGEST_FINDING + 5000])
def test_what_only_takes_back_is_not_refused_for_size(size: int) -> None:
    hidden = padded(after(finding(), keys(5, Workflow={"Status": "SUPPRESSED"})), size)
    decision = plan(hidden, NOTHING)
    assert (sent(decision) or {})["Workflow"] == {"Status": "NEW"}


def test_what_is_too_large_to_set_does_not_keep_what_another_rule_had_hidden() -> None:
    hidden = padded(after(finding(), {"id": "old", **SUPPRESS}), LARGEST_FINDING - 300)
    decision = plan(hidden, {"id": "new", "update": {"UserDefinedFields": {"k": "v" * 1000}}})
    assert sent(decision) == {"Workflow": {"Status": "NEW"}}
    assert [(kept.field, "bytes" in kept.why) for kept in decision.kept] == [("UserDefinedFields.k", True)]


def test_a_finding_is_measured_as_the_service_measures_it() -> None:
    rule = {"update": {"Severity": {"Label": "LOW"}}}
    members = {f"p{n}": "v" for n in range(2000)}  # spaces after colons and commas would be 4 KB
    found = padded(finding(ProductFields=members), LARGEST_FINDING - 300)
    assert plan(found, rule).refused is None


def test_a_note_that_would_be_taken_back_gives_way_and_the_status_does_not() -> None:
    noted = {"update": {"Note": {"Text": "n"}, "Workflow": {"Status": "SUPPRESSED"}}}
    hidden = padded(after(finding(), noted), LARGEST_FINDING + 100)
    decision = decide(hidden, ruleset({**noted, "when": False}), NOW, Settings())
    assert sent(decision) == {"Workflow": {"Status": "NEW"}}
    assert decision.note_left_out
