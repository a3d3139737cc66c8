"""The probe of user-defined fields, against the local Security Hub in this process."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.doctor.account import Account, Identity
from hubtriage.doctor.checks.rules.udf import Probe, look
from hubtriage.doctor.verdict import Status
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings

ACCOUNT, REGION = "123456789012", "eu-central-1"


class ProbedScene:
    """An account without a stack, whose time passes only in waiting."""

    def __init__(self, **settings: Any) -> None:
        self.hub = Hub(ACCOUNT, REGION, HubSettings.still(**settings))
        self.clock = ManualClock()
        self.api = InProcessSecurityHub(self.hub, self.clock)
        self.account = Account(
            lambda _service, _region=None: self.api,
            self.api,
            self.clock,
            stack="hubtriage",
            rules=Path("rules"),
            most_findings=0,
        )
        self.account.__dict__["identity"] = Identity(ACCOUNT, REGION, "aws", f"arn:aws:iam::{ACCOUNT}:root")
        self.account.__dict__["deployed"] = None

    def states(self) -> list[str]:
        return [finding["RecordState"] for finding in self.hub.findings()]


@pytest.mark.parametrize("udf", ["replace", "merge"])
@pytest.mark.parametrize("delay", [0.0, 90.0], ids=["seen at once", "seen after a while"])
def test_the_reading_that_is_true_is_found(udf: str, delay: float) -> None:
    scene = ProbedScene(udf=udf, visible_after=delay)
    verdict = look(scene.account, patience=200)
    assert (verdict.status, verdict.data) == ("ok", {"udf": udf, "setting": None})
    assert scene.states() == ["ARCHIVED"]
    assert "is archived" in verdict.details[0]
    assert scene.clock.now() - ManualClock().now() >= 2 * delay


def test_what_does_not_show_in_time_is_told_and_cleaned_up() -> None:
    scene = ProbedScene(visible_after=1000.0)
    verdict = look(scene.account, patience=30)
    assert verdict.status == "unchecked"
    assert "within 30 seconds" in verdict.seen
    assert "--patience" in verdict.advice
    assert scene.states() == ["ARCHIVED"]


FAULTS: list[Any] = [
    pytest.param(
        ScriptedFault("BatchUpdateFindings", finding_error="FindingNotFound", times=3),
        "ok",
        id="not found yet",
    ),
    pytest.param(
        ScriptedFault("BatchUpdateFindings", finding_error="ConcurrentUpdateError"),
        "ok",
        id="a concurrent update",
    ),
    pytest.param(
        ScriptedFault("BatchUpdateFindings", finding_error="InvalidInput"), "unchecked", id="refused for good"
    ),
    pytest.param(
        ScriptedFault("BatchUpdateFindings", finding_error="FindingNotFound", times=100),
        "unchecked",
        id="never found",
    ),
    pytest.param(
        ScriptedFault("BatchUpdateFindings", error="AccessDeniedException"),
        "unchecked",
        id="updating is denied",
    ),
    pytest.param(
        ScriptedFault("GetFindings", error="AccessDeniedException"), "unchecked", id="reading is denied"
    ),
]


@pytest.mark.parametrize(("fault", "status"), FAULTS)
def test_what_aws_refuses_is_tried_again_or_told_and_cleaned_up(fault: ScriptedFault, status: Status) -> None:
    scene = ProbedScene()
    scene.hub.faults.add(fault)
    verdict = look(scene.account, patience=20)
    assert verdict.status == status, verdict
    assert scene.states() == ["ARCHIVED"]


def test_an_import_that_is_denied_leaves_nothing() -> None:
    scene = ProbedScene()
    scene.hub.faults.add(ScriptedFault("BatchImportFindings", error="AccessDeniedException"))
    verdict = look(scene.account, patience=20)
    assert (verdict.status, verdict.details) == ("unchecked", ("no test finding was made",))
    assert scene.states() == []


def test_a_finding_that_cannot_be_archived_is_named() -> None:
    scene = ProbedScene()
    scene.hub.faults.add(ScriptedFault("BatchImportFindings", error="InternalException", skip=1))
    [left] = look(scene.account, patience=20).details
    [finding] = scene.hub.findings()
    assert left.startswith(f"the test finding {finding['Id']} is left active: ")


def test_a_finding_that_triage_took_part_in_proves_nothing() -> None:
    scene = ProbedScene()
    probe = Probe(scene.account, 20)

    def triage_too(method: Any) -> Any:
        def update(**request: Any) -> Any:
            fields = {**request["UserDefinedFields"], "team": "blue"}
            return method(**{**request, "UserDefinedFields": fields})

        return update

    scene.api.batch_update_findings = triage_too(scene.api.batch_update_findings)  # type: ignore[method-assign]
    verdict = look(scene.account, patience=20)
    assert verdict.status == "unchecked"
    assert "hubtriage mode observe" in verdict.advice
    assert probe.clean_up() == "no test finding was made"


def test_each_probe_has_a_finding_of_its_own() -> None:
    scene = ProbedScene()
    for _ in range(2):
        look(scene.account, patience=20)
    assert len({finding["Id"] for finding in scene.hub.findings()}) == 2


def test_a_settings_question_that_is_denied_is_not_swallowed() -> None:
    scene = ProbedScene()
    del scene.account.__dict__["deployed"]

    def denied(**_request: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeStacks")

    scene.api.describe_stacks = denied  # type: ignore[attr-defined]
    with pytest.raises(ClientError):
        look(scene.account, patience=20)
    assert scene.states() == []
