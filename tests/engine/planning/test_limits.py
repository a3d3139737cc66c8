"""The API's limits, and what gives way: nothing stays hidden because something else does not fit."""

import json
from typing import Any

import pytest

from hubtriage.engine.planning.decision import NOTE_DOES_NOT_FIT
from hubtriage.engine.planning.payload import LARGEST_FINDING, MOST_USER_FIELDS
from hubtriage.engine.planning.plan import WITHOUT_NOTE
from tests.engine.planning.samples import LOW, NOTHING, SUPPRESS, TICKET, of_severity, other, status
from tests.support.planning import Finding, Known, Rule, after, finding, plan

NOTED = {"update": {"Note": {"Text": "n" * 400}, **status("SUPPRESSED")}}
ROOM = 150  # for a status, not for the note too


def keys(count: int, name: str = "k", **update: Any) -> Rule:
    """A rule that sets so many user keys, and other fields."""
    return {"update": {"UserDefinedFields": {f"{name}{n}": "v" for n in range(count)}, **update}}


def our_keys(known: Known) -> list[str]:
    return list(known.found.get("UserDefinedFields", {}))


def padded(found: Finding, size: int) -> Finding:
    """The finding with so many bytes, as the service counts them."""
    bare = found | {"Description": ""}
    missing = size - len(json.dumps(bare, separators=(",", ":")))
    return bare | {"Description": "d" * missing}


def large(known: Known, size: int) -> Known:
    return Known(padded(known.found, size), known.entry)


@pytest.mark.parametrize("udf", ["replace", "merge"])
@pytest.mark.parametrize("hiding", ["SUPPRESSED", "RESOLVED"])
@pytest.mark.parametrize("count", [1, 30, MOST_USER_FIELDS - 1, MOST_USER_FIELDS, MOST_USER_FIELDS + 1])
def test_what_a_rule_with_many_keys_hides_is_opened_again(count: int, hiding: str, udf: str) -> None:
    rule = keys(count, **status(hiding))
    hidden = after(finding(), rule, udf=udf)
    assert hidden.status == hiding
    assert len(our_keys(hidden)) == (count if count <= MOST_USER_FIELDS else 0)
    escalated = hidden.with_(**of_severity("CRITICAL"))
    for opened in (after(hidden, NOTHING, udf=udf), after(escalated, rule, udf=udf)):
        assert opened.status == "NEW"


@pytest.mark.parametrize("theirs", [0, 1, 20, 49])
def test_other_tools_pairs_count(theirs: int) -> None:
    found = finding(UserDefinedFields={f"theirs{n}": "v" for n in range(theirs)})
    fits, too_many = MOST_USER_FIELDS - theirs, MOST_USER_FIELDS - theirs + 1
    for udf in ("replace", "merge"):
        assert plan(found, keys(fits), udf=udf).refused is None
        refused = plan(found, keys(too_many), udf=udf)
        assert (refused.update, refused.changes, dict(refused.after.claims)) == (None, (), {})
        assert refused.refused == "UserDefinedFields would have 51 pairs, 50 fit"


def test_a_rule_for_whose_keys_there_is_no_room_does_not_keep_what_another_had_hidden() -> None:
    hidden = after(
        finding(UserDefinedFields={"theirs": "1"}), {"id": "old", **keys(30, **status("SUPPRESSED"))}
    )
    new = {"id": "new", **keys(50, "n", Confidence=5)}
    decision = plan(hidden, new)
    assert decision.update == {**status("NEW"), "Confidence": 5}
    assert {kept.field.partition(".")[0] for kept in decision.kept} == {"UserDefinedFields"}
    assert all("pairs" in kept.why for kept in decision.kept)


def test_keys_that_make_room_make_it_in_the_same_call() -> None:
    known = after(finding(), {"id": "old", **keys(30)})
    decision = plan(known, {"id": "new", **keys(30, "n")})
    assert decision.update == keys(30, "n")["update"]


def test_where_pairs_are_all_taken_a_status_of_ours_changes_all_the_same() -> None:
    theirs = {f"theirs{n}": "v" for n in range(49)}
    hidden = after(finding(UserDefinedFields=theirs), keys(1, **status("SUPPRESSED")))
    decision = plan(hidden, keys(2, **status("NOTIFIED")))
    assert decision.refused is None
    assert decision.update == status("NOTIFIED")
    assert [kept.field for kept in decision.kept] == ["UserDefinedFields.k1"]
    assert "50 fit" in decision.kept[0].why


def test_a_value_of_ours_that_is_too_long_to_be_a_pair_is_cut_by_its_template() -> None:
    found = finding(Title="t" * 3000)
    decision = plan(found, {"update": {"UserDefinedFields": {"k": "{finding.Title}"}}})
    assert decision.update == {"UserDefinedFields": {"k": "t" * 1023 + "…"}}


# The size of a finding.


@pytest.mark.parametrize("size", [LARGEST_FINDING - 5, LARGEST_FINDING, LARGEST_FINDING + 5000])
def test_what_only_takes_back_is_not_refused_for_size(size: int) -> None:
    hidden = large(after(finding(), keys(5, **status("SUPPRESSED"))), size)
    assert (plan(hidden, NOTHING).update or {})["Workflow"] == {"Status": "NEW"}


@pytest.mark.parametrize("rule", [SUPPRESS, LOW, {"update": {"VerificationState": "BENIGN_POSITIVE"}}])
def test_one_word_for_another_is_not_refused_for_size(rule: Rule) -> None:
    found = padded(finding(), LARGEST_FINDING + 5000)
    assert plan(found, rule).update == rule["update"]


def test_what_is_too_large_to_set_is_refused_with_the_reason() -> None:
    decision = plan(padded(finding(), LARGEST_FINDING - 300), keys(50))
    assert (decision.update, decision.changes, dict(decision.after.claims)) == (None, (), {})
    assert "bytes, 245760 are allowed" in str(decision.refused)


def test_what_is_too_large_to_set_does_not_keep_what_another_rule_had_hidden() -> None:
    hidden = large(after(finding(), {"id": "old", **SUPPRESS}), LARGEST_FINDING - 300)
    decision = plan(hidden, {"id": "new", "update": {"UserDefinedFields": {"k": "v" * 1000}}})
    assert decision.update == status("NEW")
    assert [(kept.field, "bytes" in kept.why) for kept in decision.kept] == [("UserDefinedFields.k", True)]


def test_a_finding_is_measured_as_the_service_measures_it() -> None:
    members = {f"p{n}": "v" for n in range(2000)}  # spaces after colons and commas would be 4 KB
    found = padded(finding(ProductFields=members), LARGEST_FINDING - 300)
    assert plan(found, TICKET).refused is None


def test_other_alphabets_are_measured_in_bytes() -> None:
    found = finding(Description="語" * (LARGEST_FINDING // 3 - 200))
    assert plan(found, {"update": {"Note": {"Text": "n"}}}).refused is None
    assert plan(found, keys(50)).refused is not None


# A note gives way before the rest does.


@pytest.mark.parametrize("udf", ["replace", "merge"])
def test_a_finding_too_large_for_a_note_is_triaged_without_it(udf: str) -> None:
    decision = plan(padded(finding(), LARGEST_FINDING - ROOM), NOTED, udf=udf)
    assert decision.update == status("SUPPRESSED")
    assert decision.note_left_out
    assert [(kept.field, kept.why) for kept in decision.kept] == [("Note.Text", NOTE_DOES_NOT_FIT)]
    assert list(decision.after.claims) == ["Workflow.Status"]
    assert not plan(padded(finding(), LARGEST_FINDING - 4 * ROOM), NOTED, udf=udf).note_left_out


def test_a_note_alone_for_which_a_finding_is_too_large_is_refused() -> None:
    decision = plan(padded(finding(), LARGEST_FINDING - ROOM), {"update": {"Note": {"Text": "n" * 400}}})
    assert decision.update is None
    assert "bytes" in str(decision.refused)


def test_once_triaged_without_its_note_a_finding_is_left_at_that() -> None:
    known = after(padded(finding(), LARGEST_FINDING - ROOM), NOTED)
    again = plan(known, NOTED)
    assert (again.update, again.changes, dict(again.after.claims)) == (None, (), dict(known.entry.claims))


def test_a_note_that_would_be_taken_back_gives_way_and_the_status_does_not() -> None:
    noted = {"update": {"Note": {"Text": "n"}, **status("SUPPRESSED")}}
    decision = plan(large(after(finding(), noted), LARGEST_FINDING + 100), other(noted, when=False))
    assert decision.update == status("NEW")
    assert decision.note_left_out


def test_a_note_and_pairs_may_give_way_together() -> None:
    everything = keys(51, **status("SUPPRESSED"), Note={"Text": "n" * 400})
    decision = plan(padded(finding(), LARGEST_FINDING - ROOM), everything)
    assert decision.update == status("SUPPRESSED")
    assert decision.note_left_out
    assert len(decision.kept) == 52


def test_a_persons_note_is_theirs_also_where_there_is_no_room_for_another() -> None:
    mine = {"Text": "Mine.", "UpdatedBy": "ann", "UpdatedAt": "2026-10-01T00:00:00Z"}
    decision = plan(padded(finding(Note=mine), LARGEST_FINDING - ROOM), NOTED)
    assert [kept.why for kept in decision.kept] == ["a person's note is never replaced"]


# The service has answered that a note does not fit.


def test_the_note_can_be_left_out_of_an_update() -> None:
    decision = plan(finding(), NOTED, left_out=WITHOUT_NOTE)
    assert decision.update == status("SUPPRESSED")
    assert decision.note_left_out


def test_where_there_is_no_room_to_take_a_note_back_the_rest_is_taken_back() -> None:
    known = after(finding(), NOTED)
    decision = plan(known, other(NOTED, when=False), left_out=WITHOUT_NOTE)
    assert decision.update == status("NEW")
    assert decision.note_left_out
    assert decision.after.claims == {"Note.Text": known.claim("Note.Text")}, "it is taken back another time"
