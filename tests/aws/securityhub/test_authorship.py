"""Who changed a finding, as its history tells."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from hubtriage.aws.securityhub.authorship import Authorship, History, role_of
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.engine.planning.entry import LastChange
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from tests.support.hub_world import CONTROLS, NOW, finding, reimport, still_hub, update
from tests.support.triage_world import ROLE, TRIAGE, backoff

KEY = (CONTROLS, "f")
WORKFLOW = "Workflow.Status"
PERSON = "arn:aws:sts::123456789012:assumed-role/analyst/ann"


class ScriptedHistory:
    """A hub whose histories are given, page by page; an exception is raised."""

    def __init__(self, *pages: Any) -> None:
        self.pages = list(pages)
        self.requests: list[Mapping[str, Any]] = []

    def batch_update_findings(self, **_request: Any) -> Mapping[str, Any]:
        raise NotImplementedError

    get_findings = batch_update_findings

    def get_finding_history(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(dict(request))
        page = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
        if isinstance(page, Exception):
            raise page
        answer: Mapping[str, Any] = page
        return answer


def authorship(
    api: Any, clock: ManualClock | None = None, rate: float = 1000.0, own: str = ROLE
) -> Authorship:
    clock = clock or ManualClock(NOW)
    return Authorship(api, lambda: own, TokenBucket(rate, max(1, rate), clock), backoff(), clock.monotonic)


def changed(field: str, new: str | None, *, at: float = NOW, by: str = TRIAGE, kind: str = "UPDATE") -> Any:
    named = {"UpdatedField": field} | ({} if new is None else {"NewValue": new})
    return {
        "UpdateTime": datetime.fromtimestamp(at, tz=UTC),
        "UpdateSource": {"Type": f"BATCH_{kind}_FINDINGS", "Identity": by},
        "Updates": [named],
    }


def history(*records: Any, **more: Any) -> History:
    found = authorship(ScriptedHistory({"Records": list(records), **more})).history(KEY, None, NOW + 60)
    assert isinstance(found, History)
    return found


def test_a_history_of_the_local_hub_names_triage_people_and_the_service() -> None:
    hub = still_hub()
    passed = {"ProductArn": CONTROLS, "Compliance": {"Status": "PASSED"}}
    hub.batch_import_findings([finding(**passed)], NOW)
    clock = ManualClock(NOW + 100)
    asked = authorship(InProcessSecurityHub(hub, clock, caller=TRIAGE), clock)

    def last() -> tuple[str, Any]:
        found = asked.history(KEY, None, NOW + 200)
        assert isinstance(found, History)
        change = found.last(WORKFLOW)
        assert change is not None
        return change.by, change.value

    named = {"FindingIdentifiers": [{"Id": "f", "ProductArn": CONTROLS}]}
    hub.call("BatchUpdateFindings", {**named, "Workflow": {"Status": "NOTIFIED"}}, NOW + 1, caller=TRIAGE)
    assert last() == ("triage", "NOTIFIED")
    reimport(hub, **{**passed, "Compliance": {"Status": "FAILED"}})
    assert last() == ("service", "NEW")
    update(hub, product=CONTROLS, at=9, Workflow={"Status": "RESOLVED"})
    assert last() == ("person", "RESOLVED")


@pytest.mark.parametrize(
    ("identity", "by"),
    [
        pytest.param(TRIAGE, "triage", id="our role's session"),
        pytest.param(
            TRIAGE.replace("/hubtriage-triage/hubtriage-triage", "/hubtriage-triage/x"),
            "triage",
            id="another session",
        ),
        pytest.param(ROLE, "triage", id="the role itself"),
        pytest.param(PERSON, "person", id="another role"),
        pytest.param(
            TRIAGE.replace("000000000000", "123456789012"), "person", id="a role of another account"
        ),
        pytest.param("arn:aws:iam::000000000000:root", "person", id="the account"),
        pytest.param(
            "arn:aws:securityhub:eu-west-1:000000000000:automation-rule/a", "person", id="a rule of AWS"
        ),
        pytest.param("hubtriage-triage", "person", id="what is no ARN"),
        pytest.param(None, "person", id="no one"),
    ],
)
def test_an_update_is_by(identity: Any, by: str) -> None:
    record = changed(WORKFLOW, "NEW", by=identity)
    found = history(record).last(WORKFLOW)
    assert found == LastChange(by, "NEW", NOW)  # type: ignore[arg-type] # a literal
    assert history(record).has_update({}, NOW) == (by == "triage")


def test_an_import_is_the_services_whoever_made_it() -> None:
    found = history(changed(WORKFLOW, "NEW", kind="IMPORT")).last(WORKFLOW)
    assert found is not None
    assert found.by == "service"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TRIAGE, ROLE),
        (ROLE.replace(":role/", ":role/a/b/"), ROLE),
        (TRIAGE, TRIAGE + "-2"),
    ],
    ids=["a session", "a path", "another session"],
)
def test_two_names_are_of_one_role(one: str, other: str) -> None:
    assert role_of(one) == role_of(other)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(ROLE.replace(":role/", ":user/"), id="a user of its name"),
        pytest.param(TRIAGE.replace("/hubtriage-triage/", "/hubtriage-triage-2/"), id="a longer name"),
    ],
)
def test_two_names_are_not_of_one_role(other: str) -> None:
    assert role_of(other) != role_of(ROLE)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([], None, id="no record"),
        pytest.param([changed("Severity.Label", "LOW")], None, id="a record of another field"),
        pytest.param([changed(WORKFLOW, None)], None, id="no value, where it is too large"),
        pytest.param(
            [changed("Workflow", '{"Status":"RESOLVED"}')], "RESOLVED", id="the whole member as JSON"
        ),
        pytest.param([changed("Workflow", "RESOLVED")], None, id="a member that is no JSON"),
        pytest.param([changed("Workflow", "[1]")], None, id="a member of another kind"),
        pytest.param(
            [changed(WORKFLOW, "b", at=NOW + 1), changed(WORKFLOW, "a")],
            "b",
            id="the newest, which comes first",
        ),
        pytest.param([changed(WORKFLOW, "a"), changed(WORKFLOW, "b", at=NOW + 1)], "b", id="in any order"),
        pytest.param([changed(WORKFLOW, "b"), changed(WORKFLOW, "a")], "b", id="of one second the first"),
        pytest.param(["odd", {"Updates": "odd"}, {"Updates": [7]}, {}], None, id="records of no known shape"),
    ],
)
def test_the_last_value_of_a_field_is(records: list[Any], expected: str | None) -> None:
    found = history(*records).last(WORKFLOW)
    assert (found and found.value) == expected


def test_records_are_ours_only_from_a_time_on() -> None:
    found = history(changed("Types", "x", at=NOW + 5))
    assert found.has_update({}, NOW + 5)
    assert not found.has_update({}, NOW + 6)


@pytest.mark.parametrize(
    ("field", "new", "could_be"),
    [
        pytest.param(WORKFLOW, "NEW", True, id="what it wrote"),
        pytest.param(WORKFLOW, "SUPPRESSED", False, id="another value"),
        pytest.param("Workflow", '{"Status":"SUPPRESSED"}', False, id="another value, the member whole"),
        pytest.param(WORKFLOW, None, True, id="a value that is left out"),
        pytest.param("Severity.Label", "LOW", True, id="a field that it did not write"),
        pytest.param("Note.Text", "x", True, id="a field that is kept as a digest"),
    ],
)
def test_a_record_of_other_values_is_of_another_update(field: str, new: str | None, could_be: bool) -> None:
    written = {WORKFLOW: "NEW", "Note.Text": "sha256:AAAAAAAAAAAAAAAAAAAAAA"}
    assert history(changed(field, new)).has_update(written, NOW) == could_be


def test_pages_are_read_until_there_is_none() -> None:
    api = ScriptedHistory(
        {"Records": [changed("Types", "x")], "NextToken": "2"}, {"Records": [changed(WORKFLOW, "NEW")]}
    )
    found = authorship(api).history(KEY, NOW - 30, NOW + 60)
    assert isinstance(found, History)
    assert len(found.records) == 2
    first, second = api.requests
    assert first["FindingIdentifier"] == {"Id": "f", "ProductArn": CONTROLS}
    assert (first["StartTime"], second["NextToken"]) == (NOW - 30, "2")


def test_an_endless_history_ends() -> None:
    api = ScriptedHistory({"Records": [], "NextToken": "again"})
    assert isinstance(authorship(api).history(KEY, None, NOW + 60), History)
    assert len(api.requests) == 5


DENIED = ClientError(
    {"Error": {"Code": "AccessDeniedException"}, "ResponseMetadata": {"HTTPStatusCode": 403}},  # type: ignore[typeddict-item]
    "GetFindingHistory",
)


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        pytest.param([DENIED], (Fault.DENIED, "AccessDeniedException", 1), id="denied"),
        pytest.param([{}], (Fault.TRANSIENT, "Unmentioned", 4), id="cut off"),
        pytest.param(
            [ReadTimeoutError(endpoint_url="x")], (Fault.TRANSIENT, "ReadTimeoutError", 4), id="unanswered"
        ),
        pytest.param(
            [{"Records": [], "NextToken": "2"}, DENIED],
            (Fault.DENIED, "AccessDeniedException", 2),
            id="on its second page",
        ),
    ],
)
def test_a_history_that_is_not_known(pages: list[Any], expected: tuple[Fault, str, int]) -> None:
    api = ScriptedHistory(*pages)
    fault = authorship(api).history(KEY, None, NOW + 60)
    assert isinstance(fault, CallFault)
    assert (fault.kind, fault.code, len(api.requests)) == expected


def test_a_failure_is_tried_again() -> None:
    api = ScriptedHistory(ReadTimeoutError(endpoint_url="x"), {"Records": []})
    assert isinstance(authorship(api).history(KEY, None, NOW + 60), History)


def test_histories_keep_to_their_rate_and_their_deadline() -> None:
    api, clock = ScriptedHistory({"Records": []}), ManualClock(NOW)
    asked = authorship(api, clock, rate=2.0)
    answers = [asked.history(KEY, None, NOW + 3) for _ in range(20)]
    assert sum(isinstance(answer, History) for answer in answers) == len(api.requests) == 2 + 2 * 3
    assert answers[-1] == CallFault(
        Fault.TRANSIENT, "Deadline", "no time left to ask who changed the finding"
    )


def test_who_we_are_is_asked_once_and_may_fail() -> None:
    asked: list[int] = []

    def own() -> str:
        asked.append(1)
        if len(asked) == 1:
            raise DENIED
        return ROLE

    clock = ManualClock(NOW)
    api = ScriptedHistory({"Records": [changed(WORKFLOW, "NEW")]})
    known = Authorship(api, own, TokenBucket(9.0, 9.0, clock), backoff(), clock.monotonic)
    assert isinstance(known.history(KEY, None, NOW + 60), CallFault)
    assert not api.requests
    for _ in range(3):
        assert isinstance(known.history(KEY, None, NOW + 60), History)
    assert len(asked) == 2


def test_who_writes_for_the_same_ledger_is_no_person() -> None:
    """A sweep from a person's machine goes on with what the stack's role has done."""
    clock = ManualClock(NOW)
    api = ScriptedHistory({"Records": [changed(WORKFLOW, "SUPPRESSED")]})
    budget = TokenBucket(9.0, 9.0, clock)
    known = Authorship(api, lambda: PERSON, budget, backoff(), clock.monotonic, deputies=(ROLE,))
    found = known.history(KEY, None, NOW + 60)
    assert isinstance(found, History)
    assert found.last(WORKFLOW) == LastChange("triage", "SUPPRESSED", NOW)


BEFORE_THE_MOVE = "arn:aws:sts::222233334444:assumed-role/old-triage/session"
FORMER = {"arn:aws:iam::222233334444:role/path/old-triage": NOW}


@pytest.mark.parametrize(
    ("by", "at", "author"),
    [
        pytest.param(BEFORE_THE_MOVE, NOW, "triage", id="the former role before the move is triage"),
        pytest.param(BEFORE_THE_MOVE, NOW + 1, "person", id="after it the role is a stranger"),
        pytest.param(PERSON, NOW, "person", id="a person of that time is none of ours"),
        pytest.param(
            BEFORE_THE_MOVE.replace("222233334444", "555555555555"), NOW, "person", id="of another account"
        ),
        pytest.param(TRIAGE, NOW + 1, "triage", id="the present role stays triage"),
    ],
)
def test_updates_of_a_former_role_are_ours_until_the_move(by: str, at: float, author: str) -> None:
    clock = ManualClock(NOW)
    api = ScriptedHistory({"Records": [changed(WORKFLOW, "SUPPRESSED", by=by, at=at)]})
    budget = TokenBucket(9.0, 9.0, clock)
    known = Authorship(api, lambda: ROLE, budget, backoff(), clock.monotonic, former=lambda _deadline: FORMER)
    found = known.history(KEY, None, NOW + 60)
    assert isinstance(found, History)
    assert found.last(WORKFLOW) == LastChange(author, "SUPPRESSED", at)  # type: ignore[arg-type]


def test_an_update_without_a_time_is_not_of_a_former_role() -> None:
    clock = ManualClock(NOW)
    record = changed(WORKFLOW, "SUPPRESSED", by=BEFORE_THE_MOVE) | {"UpdateTime": "once"}
    budget = TokenBucket(9.0, 9.0, clock)
    known = Authorship(
        ScriptedHistory({"Records": [record]}),
        lambda: ROLE,
        budget,
        backoff(),
        clock.monotonic,
        former=lambda _deadline: FORMER,
    )
    found = known.history(KEY, None, NOW + 60)
    assert isinstance(found, History)
    assert found.last(WORKFLOW) == LastChange("person", "SUPPRESSED", 0.0)


def test_while_former_roles_cannot_be_read_no_history_is_believed() -> None:
    clock = ManualClock(NOW)
    fault = CallFault(Fault.TRANSIENT, "ReadTimeoutError", "no answer")
    api = ScriptedHistory({"Records": [changed(WORKFLOW, "SUPPRESSED")]})
    known = Authorship(
        api, lambda: ROLE, TokenBucket(9.0, 9.0, clock), backoff(), clock.monotonic, former=lambda _: fault
    )
    assert known.history(KEY, None, NOW + 60) == fault
    assert not api.requests
