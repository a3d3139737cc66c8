"""What BatchUpdateFindings takes: the rule loader, the function and the service agree on every limit."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.problems import RuleErrors
from hubtriage.localaws.securityhub.errors import HubError
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.function_world import function

ARN = "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default"
CONTEXT = SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 120_000)
FINDING: Mapping[str, Any] = {
    "Id": "f1",
    "ProductArn": ARN,
    "Types": ["TTPs"],
    "Severity": {"Label": "HIGH"},
    "Workflow": {"Status": "NEW"},
}


def note(text: str, author: str = "hubtriage/r") -> dict[str, Any]:
    return {"Note": {"Text": text, "UpdatedBy": author}}


def user(**fields: Any) -> dict[str, Any]:
    return {"UserDefinedFields": fields}


def types(count: int) -> dict[str, Any]:
    return {"Types": [f"TTPs/{number}" for number in range(count)]}


def related(count: int) -> dict[str, Any]:
    return {"RelatedFindings": [{"ProductArn": ARN, "Id": f"f{number}"} for number in range(count)]}


def compile_rule(folder: Path, update: Mapping[str, Any]) -> dict[str, Any]:
    """The rule set of one rule with this update; JSON is YAML."""
    hides = bool({"Workflow", "Severity"} & update.keys())  # and then a rule has to say why
    update = {**({"Note": {"Text": "why"}} if hides else {}), **update}
    document = {"rules": [{"id": "r", "when": True, "ceiling": "CRITICAL", "update": update}]}
    (folder / "rule.yaml").write_text(json.dumps(document))
    return compile_ruleset(folder, revision=None)


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(note("x" * 512), id="Note.Text of 512 characters"),
        pytest.param(note("x"), id="Note.Text of one character"),
        pytest.param({"Note": {"Text": "x"}}, id="Note.UpdatedBy left out is ours"),
        *(
            pytest.param({"Severity": {"Label": label}}, id=f"Severity.Label {label}")
            for label in ("INFORMATIONAL", "LOW", "MEDIUM", "CRITICAL")
        ),
        pytest.param({"Severity": {"Normalized": 0}}, id="Severity.Normalized 0"),
        pytest.param({"Severity": {"Normalized": 100}}, id="Severity.Normalized 100"),
        pytest.param({"Severity": {"Label": "LOW", "Product": 0.5}}, id="Severity.Product"),
        *(
            pytest.param({"VerificationState": state}, id=f"VerificationState {state}")
            for state in ("TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE")
        ),
        *(
            pytest.param({"Workflow": {"Status": status}}, id=f"Workflow.Status {status}")
            for status in ("NOTIFIED", "RESOLVED", "SUPPRESSED")
        ),
        *(
            pytest.param({score: value}, id=f"{score} {value}")
            for score in ("Confidence", "Criticality")
            for value in (0, 100)
        ),
        pytest.param(types(50), id="50 Types"),
        pytest.param(user(**{"k" * 128: "v" * 1024}), id="UserDefinedFields of 128 and 1,024 characters"),
        pytest.param(user(**{f"k{n}": "v" for n in range(50)}), id="50 UserDefinedFields"),
        pytest.param(related(1), id="one of RelatedFindings"),
        pytest.param(related(10), id="10 RelatedFindings"),
    ],
)
def test_what_is_within_the_limits_is_sent_and_taken(update: Mapping[str, Any], tmp_path: Path) -> None:
    clock = ManualClock()
    hub = Hub(settings=HubSettings.still())
    hub.plant(dict(FINDING), clock.now())
    handler = function(hub, clock, compile_rule(tmp_path, update))
    (event,) = hub.take_events(clock.now())
    handler(event, CONTEXT)
    (call,) = hub.call_log.updates
    assert (call.outcome, call.processed) == ("ok", 1)
    (echo,) = hub.take_events(clock.now())
    handler(echo, CONTEXT)
    assert len(hub.call_log.updates) == 1


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(note("x" * 513), id="Note.Text of 513 characters"),
        pytest.param(note(" "), id="a blank Note.Text"),
        pytest.param(note("x", " "), id="a blank Note.UpdatedBy"),
        pytest.param({"Severity": {"Label": "SEVERE"}}, id="an unknown Severity.Label"),
        pytest.param({"Severity": {"Normalized": 101}}, id="Severity.Normalized above 100"),
        pytest.param({"Severity": {"Normalized": -1}}, id="Severity.Normalized below 0"),
        pytest.param({"Severity": {"Label": "LOW", "Product": "x"}}, id="Severity.Product that is no number"),
        pytest.param({"Severity": {"Original": "7"}}, id="Severity.Original is the provider's"),
        pytest.param({"VerificationState": "MAYBE"}, id="an unknown VerificationState"),
        pytest.param({"Workflow": {"Status": "CLOSED"}}, id="an unknown Workflow.Status"),
        *(
            pytest.param({score: value}, id=f"{score} {value}")
            for score in ("Confidence", "Criticality")
            for value in (-1, 101, 0.5, "5")
        ),
        pytest.param(types(51), id="51 Types"),
        pytest.param({"Types": [" "]}, id="a blank in Types"),
        pytest.param(user(**{"k" * 129: "v"}), id="a UserDefinedFields key of 129 characters"),
        pytest.param(user(k="v" * 1025), id="a UserDefinedFields value of 1,025 characters"),
        pytest.param(user(k=""), id="an empty value in UserDefinedFields"),
        pytest.param(user(k=5), id="a number in UserDefinedFields"),
        pytest.param(user(**{f"k{n}": "v" for n in range(51)}), id="51 UserDefinedFields"),
        pytest.param(related(0), id="no RelatedFindings"),
        pytest.param(related(11), id="11 RelatedFindings"),
        pytest.param({"RelatedFindings": [{"Id": "f1"}]}, id="RelatedFindings without ProductArn"),
        pytest.param({"RecordState": "ARCHIVED"}, id="RecordState is the provider's"),
        pytest.param({"Compliance": {"Status": "PASSED"}}, id="Compliance is the provider's"),
    ],
)
def test_what_is_beyond_the_limits_is_refused_before_it_is_deployed(
    update: Mapping[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(RuleErrors) as caught:
        compile_rule(tmp_path, update)
    assert {problem.position.line for problem in caught.value.problems} == {1}
    assert not _service_takes(update)


def _service_takes(update: Mapping[str, Any]) -> bool:
    """Whether the service would have taken the update, as the local one reads its limits."""
    hub = Hub(settings=HubSettings.still())
    hub.plant(dict(FINDING), 0.0)
    request = {"FindingIdentifiers": [{"Id": "f1", "ProductArn": ARN}], **update}
    try:
        return bool(hub.batch_update_findings(request, 0.0)["ProcessedFindings"])
    except HubError:
        return False


def test_an_update_of_nothing_is_refused_before_it_is_deployed(tmp_path: Path) -> None:
    with pytest.raises(RuleErrors):
        compile_rule(tmp_path, {})
