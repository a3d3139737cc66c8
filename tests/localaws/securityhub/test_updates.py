"""BatchUpdateFindings of the local Security Hub: fields, limits, error codes."""

from typing import Any

import pytest

from hubtriage.localaws.securityhub.errors import FINDING_ERRORS, HubError
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.hub import Hub
from tests.support.hub_world import NOW, SCANNER, finding, hub_with, still_hub, stored, update

_RELATED = [{"Id": "other", "ProductArn": SCANNER}]


@pytest.mark.parametrize(
    ("payload", "name", "value"),
    [
        ({"Confidence": 0}, "Confidence", 0),
        ({"Criticality": 100}, "Criticality", 100),
        ({"RelatedFindings": _RELATED}, "RelatedFindings", _RELATED),
        ({"Types": ["TTPs/Discovery"]}, "Types", ["TTPs/Discovery"]),
        ({"UserDefinedFields": {"k": "v"}}, "UserDefinedFields", {"k": "v"}),
        ({"VerificationState": "BENIGN_POSITIVE"}, "VerificationState", "BENIGN_POSITIVE"),
        ({"Workflow": {"Status": "NOTIFIED"}}, "Workflow", {"Status": "NOTIFIED"}),
        pytest.param(
            {"Note": {"Text": "t", "UpdatedBy": "me"}},
            "Note",
            {"Text": "t", "UpdatedBy": "me", "UpdatedAt": "2027-01-15T08:00:05.000Z"},
            id="the service dates a note",
        ),
        pytest.param(
            {"Severity": {"Label": "LOW"}},
            "Severity",
            {"Label": "LOW", "Normalized": 1, "Original": "8.1"},
            id="Normalized follows Label, Original stays",
        ),
        pytest.param(
            {"Severity": {"Normalized": 90}},
            "Severity",
            {"Label": "CRITICAL", "Normalized": 90, "Original": "8.1"},
            id="Label follows Normalized",
        ),
        pytest.param(
            {"Severity": {"Product": 1.5}},
            "Severity",
            {"Label": "HIGH", "Normalized": 70, "Original": "8.1"},
            id="Product is taken and not shown",
        ),
    ],
)
def test_an_update_sets_its_field_and_no_other(payload: dict[str, Any], name: str, value: object) -> None:
    hub = hub_with(finding(Severity={"Label": "HIGH", "Original": "8.1"}))
    before = stored(hub)
    answer = update(hub, at=5.0, **payload)
    assert answer == {"ProcessedFindings": [{"Id": "f", "ProductArn": SCANNER}], "UnprocessedFindings": []}
    assert stored(hub) == {**before, name: value}


@pytest.mark.parametrize(
    ("normalized", "label"),
    [
        (0, "INFORMATIONAL"),
        (1, "LOW"),
        (39, "LOW"),
        (40, "MEDIUM"),
        (69, "MEDIUM"),
        (70, "HIGH"),
        (89, "HIGH"),
        (90, "CRITICAL"),
        (100, "CRITICAL"),
    ],
)
def test_the_label_of_a_normalized_severity(normalized: int, label: str) -> None:
    hub = hub_with(finding())
    update(hub, Severity={"Normalized": normalized})
    assert stored(hub)["Severity"]["Label"] == label


@pytest.mark.parametrize(
    ("udf", "left"), [("replace", {"b": "2"}), ("merge", {"a": "1", "b": "2"})], ids=["replace", "merge"]
)
def test_user_defined_fields_replace_or_merge(udf: str, left: dict[str, str]) -> None:
    hub = hub_with(finding(UserDefinedFields={"a": "1"}), udf=udf)
    update(hub, UserDefinedFields={"b": "2"})
    assert stored(hub)["UserDefinedFields"] == left


def test_an_archived_finding_can_be_updated() -> None:
    hub = hub_with(finding(RecordState="ARCHIVED"))
    assert update(hub, Workflow={"Status": "RESOLVED"})["UnprocessedFindings"] == []


_WHOLE_CALL: list[tuple[str, dict[str, Any]]] = [
    ("no identifiers", {"FindingIdentifiers": []}),
    ("101 identifiers", {"FindingIdentifiers": [{"Id": str(n), "ProductArn": SCANNER} for n in range(101)]}),
    ("an identifier without product", {"FindingIdentifiers": [{"Id": "f"}]}),
    ("a blank Id", {"FindingIdentifiers": [{"Id": " ", "ProductArn": SCANNER}]}),
    ("an unknown member", {"RecordState": "ARCHIVED"}),
    ("an unknown member inside", {"Severity": {"Original": "1"}}),
    ("a note without an author", {"Note": {"Text": "t"}}),
    ("a blank note", {"Note": {"Text": "  ", "UpdatedBy": "me"}}),
    ("an empty author", {"Note": {"Text": "t", "UpdatedBy": ""}}),
    ("an unknown severity", {"Severity": {"Label": "SEVERE"}}),
    ("a severity above 100", {"Severity": {"Normalized": 101}}),
    ("an unknown verification state", {"VerificationState": "MAYBE"}),
    ("an unknown workflow", {"Workflow": {"Status": "SUPRESSED"}}),
    ("a confidence above 100", {"Confidence": 101}),
    ("a negative criticality", {"Criticality": -1}),
    ("a fraction as confidence", {"Confidence": 1.5}),
    ("true as confidence", {"Confidence": True}),
    ("types as text", {"Types": "TTPs"}),
    ("a blank type", {"Types": [" "]}),
    ("a blank key", {"UserDefinedFields": {"": "v"}}),
    ("an empty value", {"UserDefinedFields": {"k": ""}}),
    ("a number as value", {"UserDefinedFields": {"k": 1}}),
    ("a related finding without product", {"RelatedFindings": [{"Id": "x"}]}),
]


@pytest.mark.parametrize("payload", [each for _, each in _WHOLE_CALL], ids=[name for name, _ in _WHOLE_CALL])
def test_what_the_model_forbids_fails_the_whole_call(payload: dict[str, Any]) -> None:
    hub = hub_with(finding())
    before = stored(hub)
    request = {"FindingIdentifiers": [{"Id": "f", "ProductArn": SCANNER}], "Confidence": 1, **payload}
    with pytest.raises(HubError) as refused:
        hub.batch_update_findings(request, NOW)
    assert (refused.value.code, refused.value.status) == ("InvalidInputException", 400)
    assert stored(hub) == before
    assert hub.take_events(NOW + 9) == []


_LIMITS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "a note of 512 characters",
        {"Note": {"Text": "n" * 512, "UpdatedBy": "me"}},
        {"Note": {"Text": "n" * 513, "UpdatedBy": "me"}},
    ),
    ("50 types", {"Types": ["TTPs"] * 50}, {"Types": ["TTPs"] * 51}),
    (
        "50 user-defined fields",
        {"UserDefinedFields": {str(n): "v" for n in range(50)}},
        {"UserDefinedFields": {str(n): "v" for n in range(51)}},
    ),
    (
        "a key of 128 characters",
        {"UserDefinedFields": {"k" * 128: "v"}},
        {"UserDefinedFields": {"k" * 129: "v"}},
    ),
    (
        "a value of 1,024 characters",
        {"UserDefinedFields": {"k": "v" * 1024}},
        {"UserDefinedFields": {"k": "v" * 1025}},
    ),
    ("10 related findings", {"RelatedFindings": _RELATED * 10}, {"RelatedFindings": _RELATED * 11}),
    ("1 related finding", {"RelatedFindings": _RELATED}, {"RelatedFindings": []}),
]


_NAMES = [name for name, _, _ in _LIMITS]


@pytest.mark.parametrize("payload", [within for _, within, _ in _LIMITS], ids=_NAMES)
def test_a_limit_itself_is_allowed(payload: dict[str, Any]) -> None:
    assert update(hub_with(finding()), **payload)["UnprocessedFindings"] == []


@pytest.mark.parametrize("payload", [beyond for _, _, beyond in _LIMITS], ids=_NAMES)
def test_beyond_a_limit_every_finding_is_invalid(payload: dict[str, Any]) -> None:
    answer = update(hub_with(finding("f"), finding("g")), "f", "g", **payload)
    assert answer["ProcessedFindings"] == []
    assert [each["ErrorCode"] for each in answer["UnprocessedFindings"]] == ["InvalidInput", "InvalidInput"]


@pytest.mark.parametrize("payload", [beyond for _, _, beyond in _LIMITS], ids=_NAMES)
def test_beyond_a_limit_the_call_fails_where_the_service_says_it_so(payload: dict[str, Any]) -> None:
    with pytest.raises(HubError, match="InvalidInputException"):
        update(hub_with(finding(), value_errors="call"), **payload)


def test_a_map_that_merging_makes_too_long_is_invalid_for_that_finding_alone() -> None:
    full = {str(n): "v" for n in range(50)}
    hub = hub_with(finding("full", UserDefinedFields=full), finding("room"), udf="merge")
    answer = update(hub, "full", "room", UserDefinedFields={"new": "v"})
    assert [each["Id"] for each in answer["ProcessedFindings"]] == ["room"]
    assert answer["UnprocessedFindings"][0]["ErrorCode"] == "InvalidInput"


def test_an_identifier_longer_than_any_id_is_invalid() -> None:
    assert _code(update(hub_with(finding()), "x" * 513, Confidence=1)) == "InvalidInput"


def test_a_finding_that_is_not_there_is_not_found() -> None:
    answer = update(hub_with(finding()), "f", "g", Confidence=1)
    assert len(answer["ProcessedFindings"]) == 1
    assert answer["UnprocessedFindings"] == [
        {
            "FindingIdentifier": {"Id": "g", "ProductArn": SCANNER},
            "ErrorCode": "FindingNotFound",
            "ErrorMessage": "Finding Not Found",
        }
    ]


def test_the_same_id_of_another_product_is_another_finding() -> None:
    other = SCANNER.replace("123456789012", "210987654321")
    assert _code(update(hub_with(finding()), product=other, Confidence=1)) == "FindingNotFound"


def test_an_identifier_that_comes_twice_is_not_processed_at_all() -> None:
    hub = hub_with(finding("f"), finding("g"))
    answer = update(hub, "f", "g", "f", Confidence=1)
    assert [each["Id"] for each in answer["ProcessedFindings"]] == ["g"]
    assert [each["ErrorCode"] for each in answer["UnprocessedFindings"]] == [
        "DuplicatedFindingIdentifier"
    ] * 2
    assert "Confidence" not in stored(hub)


def test_an_update_that_makes_a_finding_larger_than_240_kb_is_refused() -> None:
    room = 240 * 1024 - 1800
    hub = hub_with(finding(Remediation={"Text": "x" * (room - 400)}))
    assert _code(update(hub, Note={"Text": "é" * 512, "UpdatedBy": "me"})) is None
    assert _code(update(hub, UserDefinedFields={"k": "v" * 1024})) == "FindingSizeExceeded"
    assert "UserDefinedFields" not in stored(hub)


def test_an_update_too_soon_after_another_write_is_concurrent() -> None:
    hub = hub_with(finding(), conflict_window=2.0)
    assert _code(update(hub, at=1.0, Confidence=1)) == "ConcurrentUpdateError"
    assert _code(update(hub, at=3.0, Confidence=1)) is None


@pytest.mark.parametrize("code", sorted(FINDING_ERRORS))
def test_every_error_code_of_a_finding_can_be_scripted(code: str) -> None:
    hub = hub_with(finding("f"), finding("g"))
    hub.faults.add(ScriptedFault(finding_error=code, finding="f", times=2))
    for _ in range(2):
        answer = update(hub, "f", "g", Confidence=1)
        [failed] = answer["UnprocessedFindings"]
        assert (failed["FindingIdentifier"]["Id"], failed["ErrorCode"]) == ("f", code)
        assert failed["ErrorMessage"] == FINDING_ERRORS[code]
    assert update(hub, "f", "g", Confidence=1)["UnprocessedFindings"] == []


def test_a_hub_that_is_not_enabled_lets_nobody_in() -> None:
    hub = Hub(enabled=False)
    with pytest.raises(HubError) as refused:
        update(hub, Confidence=1)
    assert (refused.value.code, refused.value.status) == ("InvalidAccessException", 401)
    hub.call("EnableSecurityHub", {}, NOW)
    assert _code(update(hub, Confidence=1)) == "FindingNotFound"


def test_enabling_twice_is_a_conflict_and_disabling_shuts_the_hub() -> None:
    hub = still_hub()
    with pytest.raises(HubError, match="ResourceConflictException"):
        hub.call("EnableSecurityHub", {}, NOW)
    assert hub.call("DescribeHub", {}, NOW).body["HubArn"].endswith(":hub/default")
    hub.call("DisableSecurityHub", {}, NOW)
    for operation in ("DescribeHub", "DisableSecurityHub", "GetFindings"):
        with pytest.raises(HubError, match="InvalidAccessException"):
            hub.call(operation, {}, NOW)


def _code(answer: dict[str, Any]) -> str | None:
    failed = answer["UnprocessedFindings"]
    return failed[0]["ErrorCode"] if failed else None
