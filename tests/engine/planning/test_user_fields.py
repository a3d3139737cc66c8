"""User-defined fields: sent only if a rule's key changes, and other tools' keys are theirs."""

from typing import Any

import pytest

from hubtriage.engine.planning.entry import Claim
from tests.engine.planning.samples import (
    LOW,
    NOTE,
    NOTHING,
    SUPPRESS,
    TICKET,
    of_severity,
    other,
    status,
    suppressed,
)
from tests.support.planning import Known, Rule, after, by, finding, plan

THEIRS = {"UserDefinedFields": {"theirs": "1"}}
TWO_KEYS = {"update": {"UserDefinedFields": {"ticket": "SEC-1", "team": "net"}}}
FIELD = "UserDefinedFields.ticket"


def fields(known: Known) -> dict[str, Any]:
    return dict(known.found.get("UserDefinedFields", {}))


@pytest.mark.parametrize("udf", ["replace", "merge"])
@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(SUPPRESS, id="a status"),
        pytest.param({"update": {**LOW["update"], **NOTE["update"]}}, id="several fields"),
    ],
)
def test_no_user_defined_field_is_sent_where_no_rule_sets_one(rule: Rule, udf: str) -> None:
    for about in (finding(), finding(**THEIRS)):
        set_by_us = after(about, rule, udf=udf)
        taken_back = plan(set_by_us, udf=udf)
        assert "UserDefinedFields" not in (plan(about, rule, udf=udf).update or {})
        assert "UserDefinedFields" not in (taken_back.update or {})


@pytest.mark.parametrize("udf", ["replace", "merge"])
def test_no_user_defined_field_is_sent_where_none_changes(udf: str) -> None:
    known = after(finding(**THEIRS), TICKET, udf=udf)
    decision = plan(known, TICKET, other(SUPPRESS, id="z"), udf=udf)
    assert decision.update == status("SUPPRESSED")


SENT = [
    pytest.param("replace", {"theirs": "1", "ticket": "SEC-1"}, id="the whole map, so that none is lost"),
    pytest.param("merge", {"ticket": "SEC-1"}, id="under merge the changed key alone"),
]


@pytest.mark.parametrize(("udf", "sent"), SENT)
def test_other_keys_stay(udf: str, sent: dict[str, str]) -> None:
    decision = plan(finding(**THEIRS), TICKET, udf=udf)
    assert decision.update == {"UserDefinedFields": sent}
    assert fields(after(finding(**THEIRS), TICKET, udf=udf)) == {"theirs": "1", "ticket": "SEC-1"}


def test_a_key_is_left_out_once_and_other_keys_stay() -> None:
    taken_back = after(after(finding(**THEIRS), TICKET))
    assert fields(taken_back) == {"theirs": "1"}
    assert taken_back.claim(FIELD) == Claim("SEC-1", None, left_out=True)
    assert plan(taken_back).update is None
    assert after(taken_back).entry.claims == {}, "the claim ends when the key is seen to be gone"


def test_a_key_that_stays_although_left_out_is_not_left_out_again() -> None:
    """The service may merge after all."""
    stays = after(after(finding(**THEIRS), TICKET)).with_(
        UserDefinedFields={"theirs": "1", "ticket": "SEC-1"}
    )
    assert plan(stays).update is None
    assert after(stays).claim(FIELD).left_out
    decision = plan(stays, TICKET)
    assert (decision.update, decision.after.claims[FIELD]) == (None, Claim("SEC-1", "rule"))


def test_under_merge_a_key_that_cannot_go_stays_claimed() -> None:
    set_by_us = after(finding(**THEIRS), TICKET, udf="merge")
    decision = plan(set_by_us, udf="merge")
    assert decision.update is None
    assert decision.after.claims == {FIELD: Claim("SEC-1", None)}
    changed = plan(
        after(set_by_us, udf="merge"), other(TICKET, update={"UserDefinedFields": {"ticket": "X"}})
    )
    assert changed.update == {"UserDefinedFields": {"theirs": "1", "ticket": "X"}}, "and can be set again"


def test_the_last_key_stays_and_stays_claimed_because_an_empty_map_is_not_documented() -> None:
    set_by_us = after(finding(), TWO_KEYS)
    decision = plan(set_by_us)
    assert (decision.update, decision.changes, decision.kept, decision.refused) == (None, (), (), None)
    assert set(decision.after.claims.values()) == {Claim("SEC-1", None), Claim("net", None)}
    unwanted = after(set_by_us)
    assert plan(unwanted).after == unwanted.entry
    matches = {"id": "z", "when": {"!": [{"var": "UserDefinedFields.ticket"}]}, "update": status("NOTIFIED")}
    assert plan(unwanted, matches).update == status("NOTIFIED"), "rules go on not seeing it"


def test_the_last_key_is_left_out_once_another_stands_beside_it() -> None:
    beside = after(after(finding(), TICKET)).with_(UserDefinedFields={"ticket": "SEC-1", "theirs": "1"})
    assert plan(beside).update == THEIRS
    assert plan(beside).takes_back
    assert plan(after(beside)).update is None


@pytest.mark.parametrize("udf", ["replace", "merge"])
def test_a_key_that_no_rule_wants_may_go_without_overruling_any(udf: str) -> None:
    unwanted = after(after(finding(), TICKET, udf=udf), udf=udf)
    assert fields(unwanted) == {"ticket": "SEC-1"}
    gone = unwanted.with_(**THEIRS)
    decision = plan(gone, udf=udf)
    assert (decision.update, decision.overruled, dict(decision.after.claims)) == (None, (), {})
    assert plan(gone, TICKET).update == {"UserDefinedFields": {"theirs": "1", "ticket": "SEC-1"}}


def test_a_key_that_no_rule_wants_and_that_is_another_now_is_a_persons() -> None:
    unwanted = after(after(finding(), TICKET))
    decision = plan(unwanted.with_(UserDefinedFields={"ticket": "T-1"}), TICKET)
    assert (decision.update, decision.overruled) == (None, (FIELD,))


def test_the_last_key_does_not_keep_what_else_is_taken_back() -> None:
    set_by_us = after(finding(), {"update": {**TICKET["update"], **status("SUPPRESSED")}})
    assert plan(set_by_us).update == status("NEW")


def test_one_of_two_keys_is_left_out() -> None:
    assert plan(after(finding(), TWO_KEYS), TICKET).update == {"UserDefinedFields": {"ticket": "SEC-1"}}


def test_a_key_gives_way_to_another() -> None:
    renamed = {"update": {"UserDefinedFields": {"issue": "SEC-1"}}}
    assert plan(after(finding(), TICKET), renamed).update == {"UserDefinedFields": {"issue": "SEC-1"}}


def test_a_map_that_another_tool_wiped_is_theirs_now() -> None:
    wiped = after(finding(**THEIRS), TICKET).with_(UserDefinedFields={"theirs": "2"})
    decision = plan(wiped, other(TICKET, override=False), other(SUPPRESS, id="z"))
    assert (decision.update, decision.overruled) == (status("SUPPRESSED"), (FIELD,))
    assert plan(after(wiped, TICKET)).update is None


def test_a_map_that_another_tool_wipes_leaves_all_else_ours() -> None:
    """A tool that writes its own fields and a note, once per finding, makes nothing stay hidden."""
    enriched = suppressed().with_(UserDefinedFields={"account": "x"}, Note={"Text": "seen", "UpdatedBy": "t"})
    assert plan(enriched.with_(**of_severity("CRITICAL")), SUPPRESS).update == status("NEW")
    assert plan(enriched).update == status("NEW")


def test_a_tool_that_sends_its_own_map_again_and_again_is_not_fought() -> None:
    known, sent = after(finding(), other(TICKET, override=True)), 0
    for _ in range(20):
        wiped = known.with_(UserDefinedFields={"theirs": "1"})
        sent += plan(wiped, other(TICKET, override=True)).update is not None
        known = after(wiped, other(TICKET, override=True))
    assert sent == 2


# Pairs of other tools that the API would not take back.

MALFORMED = [
    pytest.param({"k": 5}, "not text", id="a value that is no text"),
    pytest.param({"k": None}, "not text", id="a value that is null"),
    pytest.param({"k": {"x": []}}, "not text", id="a value that is an object"),
    pytest.param({"k": ""}, "not text", id="an empty value"),
    pytest.param({" ": "v"}, "not text", id="a blank key"),
    pytest.param({"k": "v" * 1025}, "1025 characters", id="a value that is too long"),
    pytest.param({"k" * 129: "v"}, "129 characters", id="a key that is too long"),
    pytest.param({"k\ud800": "v"}, "surrogate", id="half a surrogate pair in a key"),
    pytest.param({"k": "\udfff"}, "surrogate", id="half a surrogate pair in a value"),
    pytest.param({f"k{n}": "v" for n in range(51)}, "52 pairs", id="too many pairs"),
    pytest.param({f"k{n}": "v" for n in range(50)}, "51 pairs", id="as many as there can be"),
]


@pytest.mark.parametrize(("theirs", "reason"), MALFORMED)
def test_pairs_that_cannot_be_sent_again_stop_user_defined_fields_alone(
    theirs: dict[str, Any], reason: str
) -> None:
    everything = {"update": {**status("SUPPRESSED"), **TICKET["update"], **NOTE["update"]}}
    decision = plan(finding(UserDefinedFields=theirs), everything)
    assert decision.update == {**status("SUPPRESSED"), "Note": noted_by("rule")}
    assert [(kept.field, reason in kept.why) for kept in decision.kept] == [(FIELD, True)]
    assert plan(finding(UserDefinedFields=theirs), SUPPRESS).update == status("SUPPRESSED")


@pytest.mark.parametrize(("theirs", "reason"), MALFORMED)
def test_alone_they_are_refused_with_the_reason(theirs: dict[str, Any], reason: str) -> None:
    decision = plan(finding(UserDefinedFields=theirs), TICKET)
    assert (decision.update, decision.changes, dict(decision.after.claims)) == (None, (), {})
    assert reason in str(decision.refused)


@pytest.mark.parametrize(("theirs", "reason"), MALFORMED[:9])
def test_under_merge_they_stop_nothing(theirs: dict[str, Any], reason: str) -> None:
    decision = plan(finding(UserDefinedFields=theirs), TICKET, udf="merge")
    assert decision.update == TICKET["update"]


def noted_by(rule: str) -> dict[str, str]:
    return {"Text": "Accepted.", "UpdatedBy": f"hubtriage/{rule}"}


# Names mean nothing.

FORGED = {
    "hubtriage/managed": "hubtriage",
    "hubtriage/rules": "rule",
    "hubtriage/memo": "1 WS.abcdef<%22NEW%22 SL.abcdef",
}
ANY_RULE = [
    pytest.param([], id="no rule"),
    pytest.param([SUPPRESS], id="a rule that hides"),
    pytest.param([LOW, other(NOTE, id="z")], id="a severity and a note"),
    pytest.param([other(SUPPRESS, override=True)], id="an override"),
]


@pytest.mark.parametrize("rules", ANY_RULE)
@pytest.mark.parametrize("label", ["LOW", "CRITICAL"])
@pytest.mark.parametrize("word", ["NEW", "SUPPRESSED"])
def test_no_user_defined_field_and_no_note_speaks_for_triage(
    rules: list[Rule], label: str, word: str
) -> None:
    members = {**of_severity(label), **status(word), "Note": {"Text": "Accepted.", "UpdatedBy": "x"}}
    note = {"Text": "Accepted.", "UpdatedBy": "hubtriage/rule"}
    plain = plan(finding(**members), *rules)
    assert plan(finding(**{**members, "Note": note}, UserDefinedFields=FORGED), *rules) == plain


def test_such_keys_are_other_tools_keys_and_stay() -> None:
    known = after(finding(UserDefinedFields=FORGED), TICKET)
    assert fields(known) == {**FORGED, "ticket": "SEC-1"}
    assert fields(after(known)) == FORGED
    begins = {"hubtriagex": "1", "hubtriage": "2", "hubtriage/": "3"}
    assert fields(after(finding(UserDefinedFields=begins), TICKET)) == {**begins, "ticket": "SEC-1"}


def test_a_key_may_look_like_anything() -> None:
    keys = {"#tag": "1", "U=x": "2", "a b/c.d": "3", "UserDefinedFields.x": "4", "hubtriage/memo": "5"}
    known = after(finding(**THEIRS), {"update": {"UserDefinedFields": keys}})
    assert fields(known) == {"theirs": "1", **keys}
    assert plan(known, {"update": {"UserDefinedFields": keys}}).update is None
    assert fields(after(known)) == {"theirs": "1"}


def test_a_persons_key_is_given_back_by_an_override() -> None:
    known = after(finding(UserDefinedFields={"ticket": "T-1"}), other(TICKET, override=True))
    assert fields(known) == {"ticket": "SEC-1"}
    assert fields(after(known)) == {"ticket": "T-1"}
    assert plan(known, other(NOTHING, id="z"), authors={FIELD: by("person", "x")}).takes_back
