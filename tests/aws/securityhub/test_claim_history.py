"""What log and history say of the claims of an entry, and which updates both of them tell."""

from typing import Any

import pytest

from hubtriage.aws.securityhub.authorship import Author, HistoryRecord
from hubtriage.aws.securityhub.claim_history import NOT_KNOWN, ClaimHistory, claim_histories
from hubtriage.aws.securityhub.echoes import without_echoes
from hubtriage.aws.securityhub.finding_history import HistoryEvent
from hubtriage.engine.planning.entry import Claim, Entry, stored

LONG = "Accepted by the risk owner until the migration of the sandboxes has ended."
PERSON = "arn:aws:sts::111122223333:assumed-role/Admin/ana"


def line(time: float, *changes: dict[str, Any], **members: Any) -> HistoryEvent:
    """A line of the log about an update that was sent just before."""
    record = {"outcome": "updated", "revision": "abc1234", "ruleset": "hash", "changes": list(changes)}
    return HistoryEvent(
        time, "decision", record | {"entry": {"started": time - 2, "ended": time - 1}} | members
    )


def change(field: str, old: Any, new: Any, **members: Any) -> dict[str, Any]:
    return {"field": field, "from": old, "to": new, "rule": "a", "why": "rule"} | members


def record(time: float, by: Author, **values: str | None) -> HistoryEvent:
    """A record of the history; `__` stands for the dot in a field."""
    fields = {name.replace("__", "."): value for name, value in values.items()}
    raw = {"UpdateSource": {"Identity": PERSON if by == "person" else "arn:ours"}}
    return HistoryEvent(time, "change", raw, HistoryRecord(time, by, fields))


HIDES = change("Workflow.Status", "NEW", "SUPPRESSED")
OURS = Claim("SUPPRESSED", "a")
PERSONS = Claim("SUPPRESSED", "a", overruled=1, person=True)


@pytest.mark.parametrize(
    ("claim", "events", "known"),
    [
        pytest.param(
            OURS,
            [line(100, HIDES)],
            ClaimHistory(100, "abc1234", "NEW"),
            id="when it was set, and what was there",
        ),
        pytest.param(
            OURS,
            [line(100, HIDES), line(200, change("Types", [], ["x"]))],
            ClaimHistory(100, "abc1234", "NEW"),
            id="later updates of other fields do not matter",
        ),
        pytest.param(
            OURS,
            [line(100, HIDES), line(300, change("Workflow.Status", "NOTIFIED", "SUPPRESSED"), revision=None)],
            ClaimHistory(300, "hash", "NOTIFIED"),
            id="the last time counts; without a revision the hash",
        ),
        pytest.param(
            OURS,
            [line(100, HIDES, outcome="unchanged", mode="observe"), line(100, HIDES, outcome="failed")],
            NOT_KNOWN,
            id="what was not written set nothing",
        ),
        pytest.param(
            OURS, [line(100, change("Workflow.Status", "NEW", "RESOLVED"))], NOT_KNOWN, id="another value"
        ),
        pytest.param(OURS, [], NOT_KNOWN, id="an update from before the log"),
        pytest.param(
            PERSONS,
            [
                line(100, HIDES),
                record(50, "person", Workflow__Status="NEW"),
                record(200, "person", Workflow__Status="NEW"),
            ],
            ClaimHistory(100, "abc1234", "NEW", 200, PERSON),
            id="who overruled it, and when",
        ),
        pytest.param(
            PERSONS,
            [line(100, HIDES), record(200, "person", Workflow='{"Status":"NEW"}')],
            ClaimHistory(100, "abc1234", "NEW", 200, PERSON),
            id="a record that names all of the field",
        ),
        pytest.param(
            PERSONS,
            [
                line(100, HIDES),
                record(200, "service", Workflow__Status="NEW"),
                record(210, "person", Types="[]"),
            ],
            ClaimHistory(100, "abc1234", "NEW"),
            id="the service and other fields overrule nobody",
        ),
        pytest.param(
            PERSONS,
            [line(100, HIDES), line(300, outcome="unchanged", overruled=["Workflow.Status"])],
            ClaimHistory(100, "abc1234", "NEW", 300, None),
            id="only the log says that it was overruled",
        ),
        pytest.param(
            OURS,
            [line(100, HIDES), record(200, "person", Workflow__Status="NEW")],
            ClaimHistory(100, "abc1234", "NEW"),
            id="what was never overruled says nothing of people",
        ),
    ],
)
def test_what_is_known_of_a_claim(claim: Claim, events: list[HistoryEvent], known: ClaimHistory) -> None:
    assert claim_histories(Entry(claims={"Workflow.Status": claim}), events) == {"Workflow.Status": known}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(stored(LONG), LONG, id="a digest"),
        pytest.param(stored(("b", "a")), ["a", "b"], id="a list"),
        pytest.param(5, 5, id="a number"),
    ],
)
def test_a_value_is_known_again_however_it_is_kept(value: Any, told: Any) -> None:
    found = claim_histories(Entry(claims={"F": Claim(value, "a")}), [line(100, change("F", None, told))])
    assert found["F"] == ClaimHistory(100, "abc1234", None)


@pytest.mark.parametrize("odd", [7, "x", {}, [7], [{}], [{"field": "F", "to": {"a": 1}}]])
def test_a_line_of_any_other_form_says_nothing(odd: Any) -> None:
    events = [line(100, changes=odd, overruled=odd, revision=7), HistoryEvent(200, "change", {})]
    claims = {"F": Claim("x", "a", overruled=1, person=True)}
    assert claim_histories(Entry(claims=claims), events) == {"F": NOT_KNOWN}
    assert len(without_echoes(events, own_only=True)) == 2


# Echoes


@pytest.mark.parametrize(
    ("events", "kinds"),
    [
        pytest.param(
            [line(100, HIDES), record(98, "triage", Workflow__Status="SUPPRESSED", Severity__Normalized="1")],
            ["decision, recorded"],
            id="an update that both know",
        ),
        pytest.param(
            [line(100, change("Types", [], ["x"])), record(98, "triage", Types='[ "x" ]')],
            ["decision, recorded"],
            id="a list",
        ),
        pytest.param(
            [line(100, HIDES), record(98, "triage", Workflow__Status=None)],
            ["decision, recorded"],
            id="a value that is too long to be shown",
        ),
        pytest.param(
            [line(100, HIDES), record(98, "person", Workflow__Status="SUPPRESSED")],
            ["change", "decision"],
            id="a person's, of the same value",
        ),
        pytest.param(
            [line(100, HIDES), record(98, "triage", Workflow__Status="NEW")],
            ["change", "decision"],
            id="another value",
        ),
        pytest.param(
            [line(100, HIDES), record(98, "triage", Types="[]")], ["change", "decision"], id="other fields"
        ),
        pytest.param(
            [line(100, HIDES), record(300, "triage", Workflow__Status="SUPPRESSED")],
            ["decision", "change"],
            id="another time",
        ),
        pytest.param(
            [line(100, HIDES, outcome="failed"), record(98, "triage", Workflow__Status="SUPPRESSED")],
            ["change", "decision"],
            id="an update of which triage does not know that it happened",
        ),
        pytest.param(
            [
                line(100, HIDES),
                line(110, HIDES),
                record(98, "triage", Workflow__Status="SUPPRESSED"),
            ],
            ["decision, recorded", "decision"],
            id="one record is of one update",
        ),
        pytest.param(
            [line(800, HIDES, entry=None), record(100, "triage", Workflow__Status="SUPPRESSED")],
            ["decision, recorded"],
            id="a line of an older version comes up to a batch later",
        ),
    ],
)
def test_an_update_is_told_once(events: list[HistoryEvent], kinds: list[str]) -> None:
    merged = without_echoes(events, own_only=True)
    assert [event.kind + ", recorded" * event.is_recorded for event in merged] == kinds


def test_where_the_own_role_is_not_known_value_and_time_decide() -> None:
    events = [line(100, HIDES), record(98, "person", Workflow__Status="SUPPRESSED")]
    assert [event.is_recorded for event in without_echoes(events, own_only=False)] == [True]
    events = [line(100, HIDES), record(98, "service", Workflow__Status="SUPPRESSED")]
    assert len(without_echoes(events, own_only=False)) == 2
