"""Updates that may have worked although nobody heard so."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from hubtriage.aws.securityhub.unknown_outcomes import UnknownOutcomes

KEY = ("arn", "finding")
ADDRESS = {"ProductArn": "arn", "Id": "finding"}
URL = "https://securityhub.test"


class AnsweringHub:
    """Security Hub that answers, or raises, the same each time."""

    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self._answer = answer

    def batch_update_findings(self, **_request: Any) -> Mapping[str, Any]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    get_findings = batch_update_findings


def refusal(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "BatchUpdateFindings")


@pytest.mark.parametrize(
    ("answer", "noted"),
    [
        pytest.param(ReadTimeoutError(endpoint_url=URL), True, id="an answer that never came"),
        pytest.param(refusal("InternalException", 500), True, id="a fault of the service"),
        pytest.param(refusal("502", 502), True, id="a fault of what stands before it"),
        pytest.param({"ResponseMetadata": {}}, True, id="an answer that was cut off"),
        pytest.param({"ProcessedFindings": [ADDRESS]}, False, id="an answer"),
        pytest.param(
            {"UnprocessedFindings": [{"FindingIdentifier": ADDRESS}]}, False, id="an answer that says no"
        ),
        pytest.param(refusal("TooManyRequestsException", 429), False, id="throttling"),
        pytest.param(refusal("AccessDeniedException", 403), False, id="a denial"),
        pytest.param(refusal("InvalidInputException", 400), False, id="a refusal"),
        pytest.param(ConnectTimeoutError(endpoint_url=URL), False, id="a connection that was not made"),
        pytest.param(EndpointConnectionError(endpoint_url=URL), False, id="a connection that was refused"),
    ],
)
def test_findings_are_noted_after(answer: Mapping[str, Any] | Exception, noted: bool) -> None:
    hub = UnknownOutcomes(AnsweringHub(answer))
    told: list[object] = []
    for call in (hub.get_findings, hub.batch_update_findings):
        assert not hub.findings, "reading changes nothing"
        try:
            told.append(call(FindingIdentifiers=[ADDRESS]))
        except (ClientError, BotoCoreError) as error:
            told.append(error)
    assert told == [answer, answer]
    assert hub.findings == ({KEY} if noted else set())
