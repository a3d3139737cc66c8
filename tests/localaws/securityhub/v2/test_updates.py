"""BatchUpdateFindingsV2 of the local AWS, by a real client: names, values, limits, refusals."""

from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError

from hubtriage.localaws.securityhub.errors import FINDING_ERRORS_V2
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub
from hubtriage.localaws.securityhub.v2.other_writers import write_remediation_text
from hubtriage.localaws.securityhub.v2.writing import Customer
from tests.support.hub_v2_world import ACCOUNT, CONTROLS, HubV2World, finding_info, hub_v2_world, ocsf, uid

UPDATE = "BatchUpdateFindingsV2"
TRIPLE = {
    "CloudAccountUid": ACCOUNT,
    "FindingInfoUid": finding_info()["uid"],
    "MetadataProductUid": CONTROLS,
}
REFUSED = ("ValidationException", 400)


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"StatusId": 3}, {"status_id": 3, "status": "Suppressed"}),
        ({"StatusId": 99}, {"status_id": 99, "status": "Other"}),
        ({"SeverityId": 6}, {"severity_id": 6, "severity": "Fatal"}),
        ({"SeverityId": 0}, {"severity_id": 0, "severity": "Unknown"}),
        ({"Comment": "c" * 512}, {"comment": "c" * 512}),
    ],
)
def test_an_update_sets_its_field_and_the_word_beside_it(
    world: HubV2World, fields: dict[str, Any], changed: dict[str, Any]
) -> None:
    """No time of the finding moves, and the provider's severity stays in `vendor_attributes`."""
    world.provide()
    before = world.stored()
    answer = world.update(**fields)
    assert answer == {"ProcessedFindings": [{"MetadataUid": uid(1)}], "UnprocessedFindings": []}
    assert world.stored() == {**before, **changed}
    assert world.stored()["vendor_attributes"] == {"severity": "High", "severity_id": 4}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="nothing to set"),
        pytest.param({"StatusId": 6}, id="Deleted cannot be set"),
        pytest.param({"StatusId": 42}, id="no such status"),
        pytest.param({"StatusId": True}, id="a boolean is no status"),
        pytest.param({"SeverityId": 7}, id="no such severity"),
        pytest.param({"Comment": "c" * 513}, id="a comment that is too long"),
        pytest.param({"Comment": " "}, id="a blank comment"),
        pytest.param({"Comment": ""}, id="an empty comment: none can be taken away"),
    ],
)
def test_values_that_cannot_be_refuse_the_call_or_by_a_switch_the_findings(
    world: HubV2World, fields: dict[str, Any]
) -> None:
    world.provide()
    world.update(Comment="first")
    before = world.stored()
    assert world.refusal("batch_update_findings_v2", MetadataUids=[uid(1)], **fields) == REFUSED
    assert world.stored() == before
    with hub_v2_world(v2={"value_errors": "finding"}) as other:
        other.provide()
        [unprocessed] = other.update(**fields)["UnprocessedFindings"]
        assert (unprocessed["MetadataUid"], unprocessed["ErrorCode"]) == (uid(1), "ValidationException")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param({}, id="no finding"),
        pytest.param({"MetadataUids": []}, id="an empty list"),
        pytest.param({"MetadataUids": [uid(1)], "FindingIdentifiers": [TRIPLE]}, id="both kinds of names"),
        pytest.param({"MetadataUids": [uid(number) for number in range(101)]}, id="101 findings"),
        pytest.param({"MetadataUids": ["A" * 64]}, id="capitals in a uid"),
        pytest.param({"MetadataUids": ["a" * 63]}, id="a uid that is too short"),
        pytest.param({"MetadataUids": [uid(1) + "\n"]}, id="a uid with a line end"),
        pytest.param({"FindingIdentifiers": [{**TRIPLE, "FindingInfoUid": " "}]}, id="a blank identifier"),
    ],
)
def test_the_client_lets_pass_what_the_service_refuses(world: HubV2World, names: dict[str, Any]) -> None:
    world.provide()
    assert world.refusal("batch_update_findings_v2", **names, StatusId=3) == REFUSED
    assert world.stored()["status_id"] == 1


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"MetadataUids": [uid(1)], "StatusId": "3"}, id="a status as text"),
        pytest.param({"MetadataUids": [uid(1)], "UserDefinedFields": {"a": "b"}}, id="an unknown member"),
        pytest.param({"FindingIdentifiers": [{"FindingInfoUid": "f"}], "StatusId": 3}, id="half a triple"),
    ],
)
def test_what_the_client_itself_refuses(world: HubV2World, request_: dict[str, Any]) -> None:
    """It never reaches the service, which refuses the same of other clients."""
    with pytest.raises(ParamValidationError):
        world.client.batch_update_findings_v2(**request_)
    customer = Customer(0.0, world.hub.settings)
    with pytest.raises(Exception, match="InvalidInputException"):
        world.hub.v2.answer(UPDATE, request_, customer)


def test_a_hundred_findings_at_once(world: HubV2World) -> None:
    world.provide(*(ocsf(number) for number in range(100)))
    answer = world.update(*range(100), StatusId=2)
    assert len(answer["ProcessedFindings"]) == 100
    assert {each["status"] for each in world.hub.v2.findings()} == {"In Progress"}


def test_a_triple_names_a_finding_too(world: HubV2World) -> None:
    world.provide()
    answer = world.client.batch_update_findings_v2(FindingIdentifiers=[TRIPLE], StatusId=3)
    assert answer["ProcessedFindings"] == [{"FindingIdentifier": TRIPLE}]
    assert world.stored()["status_id"] == 3
    asff = {**TRIPLE, "MetadataProductUid": CONTROLS.replace("productv2", "product")}
    answer = world.client.batch_update_findings_v2(FindingIdentifiers=[asff], StatusId=1)
    assert answer["UnprocessedFindings"][0]["ErrorCode"] == "ResourceNotFoundException"


def test_an_answer_may_have_both_names() -> None:
    with hub_v2_world(v2={"answers": "both"}) as world:
        world.provide()
        answer = world.update(1, 2, StatusId=3)
        assert answer["ProcessedFindings"] == [{"MetadataUid": uid(1), "FindingIdentifier": TRIPLE}]
        [unprocessed] = answer["UnprocessedFindings"]
        assert set(unprocessed) == {"MetadataUid", "ErrorCode", "ErrorMessage"}


def test_one_unknown_finding_does_not_stop_the_others(world: HubV2World) -> None:
    world.provide(ocsf(1), ocsf(3))
    answer = world.update(1, 2, 3, StatusId=3)
    assert answer["ProcessedFindings"] == [{"MetadataUid": uid(1)}, {"MetadataUid": uid(3)}]
    [unprocessed] = answer["UnprocessedFindings"]
    assert (unprocessed["MetadataUid"], unprocessed["ErrorCode"]) == (uid(2), "ResourceNotFoundException")


@pytest.mark.parametrize(
    ("duplicates", "processed", "status"),
    [("unprocessed", [2], 1), ("processed", [1, 2], 3)],
    ids=["a finding named twice stays as it is", "a finding named twice is updated once"],
)
def test_duplicates_by_a_switch(duplicates: str, processed: list[int], status: int) -> None:
    with hub_v2_world(v2={"duplicates": duplicates}) as world:
        world.provide(ocsf(1), ocsf(2))
        answer = world.update(1, 2, 1, StatusId=3)
        assert answer["ProcessedFindings"] == [{"MetadataUid": uid(number)} for number in processed]
        assert world.stored(1)["status_id"] == status


def test_duplicates_may_refuse_the_call() -> None:
    with hub_v2_world(v2={"duplicates": "call"}) as world:
        world.provide()
        assert world.refusal("batch_update_findings_v2", MetadataUids=[uid(1)] * 2, StatusId=3) == REFUSED


@pytest.mark.parametrize(
    ("comment_in", "where"),
    [("comment", {"comment"}), ("notes", {"notes"}), ("both", {"comment", "notes"})],
)
def test_a_comment_replaces_the_one_that_there_was(comment_in: str, where: set[str]) -> None:
    with hub_v2_world(v2={"comment_in": comment_in}) as world:
        world.provide()
        world.update(Comment="first")
        world.update(Comment="second")
        stored = world.stored()
        assert {"comment", "notes"} & set(stored) == where
        assert stored.get("comment", "second") == "second"
        assert [note["comment"] for note in stored.get("notes", ())] == ["first", "second"][
            : 2 * ("notes" in where)
        ]


def test_another_solution_that_writes_a_text_reopens(world: HubV2World) -> None:
    world.provide()
    world.update(StatusId=3, Comment="ours")
    write_remediation_text(world.client, [uid(1)], "Remediation started")
    assert (world.stored()["status"], world.stored()["comment"]) == ("New", "Remediation started")


@pytest.mark.parametrize("code", sorted(FINDING_ERRORS_V2))
def test_a_scripted_fault_of_one_finding(world: HubV2World, code: str) -> None:
    world.provide(ocsf(1), ocsf(2))
    world.hub.faults.add(ScriptedFault(UPDATE, finding_error=code, finding=uid(2)))
    answer = world.update(1, 2, StatusId=3)
    assert answer["UnprocessedFindings"] == [
        {"MetadataUid": uid(2), "ErrorCode": code, "ErrorMessage": FINDING_ERRORS_V2[code]}
    ]
    assert (world.stored(1)["status_id"], world.stored(2)["status_id"]) == (3, 1)
    assert world.update(2, StatusId=3)["UnprocessedFindings"] == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDeniedException", 403),
        ("ConflictException", 409),
        ("InternalServerException", 500),
        ("ThrottlingException", 429),
        ("ValidationException", 400),
    ],
)
def test_a_scripted_fault_of_a_call(world: HubV2World, code: str, status: int) -> None:
    world.provide()
    world.hub.faults.add(ScriptedFault(UPDATE, error=code))
    assert world.refusal("batch_update_findings_v2", MetadataUids=[uid(1)], StatusId=3) == (code, status)
    assert world.stored()["status_id"] == 1


def test_names_of_errors_of_cspm_are_no_faults_of_v2() -> None:
    with pytest.raises(ValueError, match="error of BatchUpdateFindingsV2 is one of"):
        ScriptedFault(UPDATE, error="TooManyRequestsException")
    with pytest.raises(ValueError, match="error of BatchUpdateFindings is one of"):
        ScriptedFault(error="ThrottlingException")


def test_an_answer_that_is_lost_took_effect(world: HubV2World) -> None:
    world.provide()
    world.hub.faults.add(ScriptedFault(UPDATE, lose_answer=True))
    client = InProcessSecurityHub(world.hub, world.clock)
    with pytest.raises(ReadTimeoutError):
        client.batch_update_findings_v2(MetadataUids=[uid(1)], StatusId=3)
    assert world.stored()["status_id"] == 3


def test_updates_one_after_the_other_may_conflict() -> None:
    with hub_v2_world(conflict_window=30.0) as world:
        world.provide()
        [unprocessed] = world.update(StatusId=3)["UnprocessedFindings"]
        assert unprocessed["ErrorCode"] == "ConflictException"
        world.clock.sleep(30.0)
        assert world.update(StatusId=3)["UnprocessedFindings"] == []


def _allowed(world: HubV2World, operation: str, request: dict[str, Any]) -> int:
    """How many of 50 calls at once get in; the others are throttled."""
    outcomes = Counter(_attempt(world, operation, request) for _ in range(50))
    assert set(outcomes) <= {"ok", "ThrottlingException", "TooManyRequestsException"}
    return outcomes["ok"]


def _attempt(world: HubV2World, operation: str, request: dict[str, Any]) -> str:
    try:
        getattr(InProcessSecurityHub(world.hub, world.clock), operation)(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


@pytest.mark.parametrize(
    ("quotas", "updates", "reads"),
    [("shared", (30, 0), (6, 0)), ("own", (30, 30), (6, 6)), ("other", (30, 30), (30, 6))],
)
def test_quotas_by_a_switch(quotas: str, updates: tuple[int, int], reads: tuple[int, int]) -> None:
    """Calls that pass at once: first of V2, then of CSPM."""
    of_cspm = {"FindingIdentifiers": [{"Id": "f", "ProductArn": "arn"}], "Workflow": {"Status": "NEW"}}
    with hub_v2_world(still=False, v2={"quotas": quotas}) as world:
        of_v2 = {"MetadataUids": [uid(1)], "StatusId": 3}
        assert _allowed(world, "batch_update_findings_v2", of_v2) == updates[0]
        assert _allowed(world, "batch_update_findings", of_cspm) == updates[1]
        assert (_allowed(world, "get_findings_v2", {}), _allowed(world, "get_findings", {})) == reads
        assert world.refusal("batch_update_findings_v2", **of_v2) == ("ThrottlingException", 429)


def test_calls_are_counted_and_kept(world: HubV2World) -> None:
    world.provide()
    world.update(1, 2, StatusId=3)
    world.refusal("batch_update_findings_v2", MetadataUids=[uid(1)], StatusId=42)
    status = world.hub.status()
    assert status["calls"][UPDATE] == {"ValidationException": 1, "ok": 1}
    assert status["findings"][UPDATE] == 3
    call, refused = status["updates"]
    assert (call["operation"], call["fields"], call["identifiers"]) == (UPDATE, ("StatusId",), 2)
    assert (call["processed"], call["unprocessed"]) == (1, {"ResourceNotFoundException": 1})
    assert refused["outcome"] == "ValidationException"
    assert status["v2"] == {"stored": 1, "by_status": {"Suppressed": 1}, "hidden": 1}


def test_updates_of_functions_are_counted_by_finding(world: HubV2World) -> None:
    world.provide()
    request = {"MetadataUids": [uid(1)], "StatusId": 3}
    world.hub.call(UPDATE, request, world.clock.now(), trace="Root=1")
    world.hub.call(UPDATE, request, world.clock.now())
    assert world.hub.v2.updates_by_functions() == {uid(1): 1}
