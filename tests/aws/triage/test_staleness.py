"""The table of staleness, row by row, with the times at which one row ends and the next begins."""

from dataclasses import replace
from typing import Any, Literal

import pytest

from hubtriage.aws.ledger.lease import LAG, SETTLE, SKEW
from hubtriage.aws.triage.settling import is_shown, recorded_since, settled
from hubtriage.aws.triage.staleness import Dating, Snapshot, date
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry, Intent, stored
from tests.support.triage_world import finding

STARTED, ENDED = 1_800_000_000.0, 1_800_000_002.0
LEASE = 600.0
LONG = "A note that is longer than what an entry keeps of a text as it is."
OURS = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": LONG, "UpdatedBy": "hubtriage/buckets"}}
WROTE = Entry(
    claims={"Workflow.Status": Claim("SUPPRESSED", "buckets"), "Note.Text": Claim(stored(LONG), "buckets")},
    started=STARTED,
    ended=ENDED,
    written={"Workflow.Status": "SUPPRESSED", "Note.Text": stored(LONG)},
)
INTENT = Intent(
    claims={}, written={"Workflow.Status": "NEW"}, was={"Workflow.Status": "SUPPRESSED"}, time=ENDED + 50
)
INTENDS = replace(WROTE, intent=INTENT)
CURRENT, SUPERSEDED, UNSETTLED = (Dating(kind) for kind in ("current", "superseded", "unsettled"))
LATER = Dating("undecidable", ENDED + LAG)

Kind = Literal["event", "reading"]


def dated(entry: Entry, kind: Kind, time: float | None, now: float = ENDED + 10, **members: Any) -> Dating:
    return date(Snapshot(ParsedFinding(finding(**members)), kind, time), entry, now, LEASE)


@pytest.mark.parametrize("kind", ["event", "reading"])
@pytest.mark.parametrize("time", [None, 0.0, STARTED])
@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(NO_ENTRY, id="the finding has no entry"),
        pytest.param(Entry(asked={"Workflow.Status": "SUPPRESSED"}), id="nothing was ever written"),
    ],
)
def test_without_a_write_every_snapshot_is_current_as(entry: Entry, kind: Kind, time: float | None) -> None:
    assert dated(entry, kind, time) == CURRENT


@pytest.mark.parametrize("kind", ["event", "reading"])
@pytest.mark.parametrize("members", [{}, OURS], ids=["it holds less", "it holds everything"])
@pytest.mark.parametrize("time", [None, 0.0, INTENT.time + 10_000])
@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (0.0, Dating("undecidable", INTENT.time + LEASE)),
        (LEASE - 0.001, Dating("undecidable", INTENT.time + LEASE)),
        (LEASE, UNSETTLED),
        (LEASE + 1e6, UNSETTLED),
    ],
)
def test_an_open_intent_decides_before_all_else(
    age: float, verdict: Dating, time: float | None, members: dict[str, Any], kind: Kind
) -> None:
    assert dated(INTENDS, kind, time, INTENT.time + age, **members) == verdict
    first = Entry(intent=INTENT)
    assert dated(first, kind, time, INTENT.time + age, **members) == verdict, "also if there was no write yet"


@pytest.mark.parametrize(
    ("kind", "time", "members", "verdict"),
    [
        pytest.param("event", 0.0, {}, SUPERSEDED, id="an event from long before"),
        pytest.param("event", STARTED - 1 - SKEW - 1, {}, SUPERSEDED, id="the last that is surely before"),
        pytest.param("event", STARTED - 1 - SKEW, {}, LATER, id="the first that may not be before"),
        pytest.param("event", STARTED - 1 - SKEW - 1, OURS, SUPERSEDED, id="before, whatever it holds"),
        pytest.param("reading", 0.0, {}, LATER, id="a reading that old is not superseded"),
        pytest.param("reading", STARTED - 1 - SKEW - 1, {}, LATER, id="nor a page of a sweep"),
        pytest.param("event", ENDED + SETTLE - 1, {}, LATER, id="an event that may be late"),
        pytest.param("event", ENDED + SETTLE, {}, CURRENT, id="the first that cannot be"),
        pytest.param("event", ENDED + 1e6, {}, CURRENT, id="an event from long after"),
        pytest.param("reading", ENDED + LAG - 0.001, {}, LATER, id="a reading that may lag"),
        pytest.param("reading", ENDED + LAG, {}, CURRENT, id="the first that cannot"),
        pytest.param("event", ENDED, OURS, CURRENT, id="an event that holds everything: our echo"),
        pytest.param("reading", ENDED, OURS, CURRENT, id="a reading that holds everything"),
        pytest.param(
            "event", ENDED, OURS | {"Workflow": {"Status": "NEW"}}, LATER, id="it lacks one value of many"
        ),
        pytest.param("event", None, {}, LATER, id="an event of no known time"),
        pytest.param("event", None, OURS, CURRENT, id="the same, if it holds everything"),
        pytest.param("reading", None, {}, LATER, id="a reading of no known time"),
    ],
)
def test_beside_a_write(kind: Kind, time: float | None, members: dict[str, Any], verdict: Dating) -> None:
    assert dated(WROTE, kind, time, **members) == verdict


@pytest.mark.parametrize(
    ("entry", "members", "holds"),
    [
        pytest.param(WROTE, OURS, True, id="every value written and claimed"),
        pytest.param(
            replace(WROTE, claims={**WROTE.claims, "Criticality": Claim(70, "other")}),
            OURS,
            False,
            id="all that was written, but not all that is claimed",
        ),
        pytest.param(
            replace(WROTE, claims={"Note.Text": WROTE.claims["Note.Text"]}),
            OURS | {"Workflow": {"Status": "NEW"}},
            False,
            id="all that is claimed, but not all that was written",
        ),
        pytest.param(
            replace(WROTE, claims={**WROTE.claims, "Types": Claim("a", "other", person=True)}),
            OURS,
            True,
            id="less what a person holds",
        ),
        pytest.param(
            replace(WROTE, claims={**WROTE.claims, "UserDefinedFields.k": Claim("v", None, left_out=True)}),
            OURS,
            True,
            id="less a key that was left out",
        ),
        pytest.param(
            replace(WROTE, written={"UserDefinedFields.k": None}),
            OURS,
            True,
            id="a key that was left out is gone",
        ),
        pytest.param(
            replace(WROTE, written={"UserDefinedFields.k": None}),
            OURS | {"UserDefinedFields": {"k": "v"}},
            False,
            id="a key that was left out is there",
        ),
        pytest.param(
            replace(WROTE, claims={}, written={"Types": stored(("b", "a"))}),
            {"Types": ["a", "b", "a"]},
            True,
            id="a list in another order, with repetitions",
        ),
        pytest.param(
            replace(WROTE, claims={}, written={"Note.Text": stored(LONG)}),
            {"Note": {"Text": stored(LONG), "UpdatedBy": "somebody"}},
            False,
            id="the digest of a value is not the value",
        ),
    ],
)
def test_a_finding_holds_everything_if_it_has(entry: Entry, members: dict[str, Any], holds: bool) -> None:
    assert dated(entry, "event", ENDED, **members) == (CURRENT if holds else LATER)


@pytest.mark.parametrize(
    ("members", "shown"),
    [
        pytest.param({"Workflow": {"Status": "NEW"}}, True, id="shows what was written"),
        pytest.param({"Workflow": {"Status": "SUPPRESSED"}}, False, id="shows what was there before"),
        pytest.param({"Workflow": {"Status": "NOTIFIED"}}, False, id="shows a third value"),
    ],
)
def test_an_update_has_happened_if_a_reading(members: dict[str, Any], shown: bool) -> None:
    assert is_shown(INTENT, ParsedFinding(finding(**members))) is shown


@pytest.mark.parametrize(
    ("status", "severity", "shown"),
    [
        pytest.param("SUPPRESSED", "LOW", True, id="both values are there"),
        pytest.param("NEW", "MEDIUM", False, id="neither is there"),
        pytest.param("NEW", "LOW", False, id="a provider may have lowered the severity"),
        pytest.param("SUPPRESSED", "MEDIUM", False, id="a person may have suppressed it"),
        pytest.param("SUPPRESSED", "HIGH", True, id="one is there and the other changed again"),
        pytest.param("NOTIFIED", "HIGH", False, id="both changed otherwise"),
    ],
)
def test_an_update_of_two_values_has_happened_if_a_reading_shows_one_and_not_what_was(
    status: str, severity: str, *, shown: bool
) -> None:
    both = replace(
        INTENT,
        written={"Workflow.Status": "SUPPRESSED", "Severity.Label": "LOW"},
        was={"Workflow.Status": "NEW", "Severity.Label": "MEDIUM"},
    )
    found = finding(Workflow={"Status": status}, Severity={"Label": severity})
    assert is_shown(both, ParsedFinding(found)) is shown


def test_a_value_that_was_there_before_does_not_tell_that_an_update_happened() -> None:
    same = replace(
        INTENT, written={"Criticality": 1, "Confidence": 2}, was={"Criticality": 1, "Confidence": 3}
    )
    assert not is_shown(same, ParsedFinding(finding(Criticality=1, Confidence=3)))
    assert is_shown(same, ParsedFinding(finding(Criticality=9, Confidence=2)))


def test_a_settled_update_that_happened_ends_with_its_lease() -> None:
    claims = {"Workflow.Status": Claim("NEW", None)}
    entry = replace(
        INTENDS, intent=replace(INTENT, claims=claims, sets={"Workflow.Status": (1.0,)}), version=7
    )
    assert settled(entry, happened=True, lease=LEASE) == replace(
        WROTE,
        version=7,
        claims=claims,
        sets={"Workflow.Status": (1.0,)},
        written=INTENT.written,
        started=INTENT.time,
        ended=INTENT.time + LEASE,
    )


def test_of_an_update_that_did_not_happen_nothing_stays() -> None:
    assert settled(INTENDS, happened=False, lease=LEASE) == WROTE


@pytest.mark.parametrize(
    ("ended", "since"),
    [
        pytest.param(0.0, INTENT.time - SKEW, id="as far as clocks may differ"),
        pytest.param(INTENT.time - SKEW - 5, INTENT.time - SKEW, id="after a write that ended long before"),
        pytest.param(INTENT.time - 5, INTENT.time - 5, id="not from before the last confirmed write"),
    ],
)
def test_records_tell_of_an_intent_from_its_time_on(ended: float, since: float) -> None:
    assert recorded_since(replace(INTENDS, ended=ended), INTENT) == since
