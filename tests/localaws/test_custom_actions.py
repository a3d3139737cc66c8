"""Custom Actions of the local Security Hub: made, described, chosen."""

import pytest

from hubtriage.localaws.securityhub.errors import HubError
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.triage_world import NOW, finding, key

ARN = "arn:aws:securityhub:us-east-1:000000000000:action/custom/mine"
MINE = {"Id": "mine", "Name": "Mine", "Description": "d"}


def hub() -> Hub:
    made = Hub(settings=HubSettings.still())
    made.call("CreateActionTarget", MINE, NOW)
    return made


def test_an_action_is_made_changed_and_deleted() -> None:
    made = hub()
    made.call("UpdateActionTarget", {"ActionTargetArn": ARN, "Name": "Other"}, NOW)
    described = made.call("DescribeActionTargets", {}, NOW).body["ActionTargets"]
    assert described == [{"ActionTargetArn": ARN, "Name": "Other", "Description": "d"}]
    assert made.call("DeleteActionTarget", {"ActionTargetArn": ARN}, NOW).body == {"ActionTargetArn": ARN}
    with pytest.raises(HubError, match="ResourceNotFoundException"):
        made.call("DeleteActionTarget", {"ActionTargetArn": ARN}, NOW)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param(MINE, "ResourceConflictException", id="there already"),
        pytest.param({**MINE, "Id": "not-mine"}, "InvalidInputException", id="an id with a hyphen"),
        pytest.param({**MINE, "Id": "o", "Name": "x" * 21}, "InvalidInputException", id="a long name"),
    ],
)
def test_what_is_not_an_action_is_refused(request_: dict[str, str], code: str) -> None:
    with pytest.raises(HubError, match=code):
        hub().call("CreateActionTarget", request_, NOW)


def test_choosing_one_makes_an_event_for_each_finding() -> None:
    made = hub()
    made.plant(finding(1), NOW)
    made.take_events(NOW + 9)
    made.choose(ARN, [key(1)], NOW)
    (event,) = made.take_events(NOW + 9)
    assert (event["detail-type"], event["resources"]) == ("Security Hub Findings - Custom Action", [ARN])
    assert (event["detail"]["actionName"], event["detail"]["findings"]) == ("Mine", made.findings())
    with pytest.raises(LookupError):
        made.choose(ARN, [key(2)], NOW)
