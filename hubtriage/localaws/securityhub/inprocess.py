"""The local Security Hub behind a client's methods, in this process: no HTTP, and time under control."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from hubtriage.localaws.securityhub.errors import HubError
from hubtriage.localaws.securityhub.hub import Hub


class ManualClock:
    """Time that passes only in `sleep`."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        """Return epoch seconds."""
        return self._now

    def monotonic(self) -> float:
        """Return the same seconds: this clock never goes back."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._now += max(0.0, seconds)


class InProcessSecurityHub:
    """A hub with the methods, answers and exceptions of boto3's client, as far as triage uses them.

    latency: seconds that each call takes. caller: the ARN by which the history names who calls; the
        account's root by default.
    """

    def __init__(
        self, hub: Hub, clock: ManualClock, *, latency: float = 0.0, caller: str | None = None
    ) -> None:
        self.hub = hub
        self.clock = clock
        self.latency = latency
        self.caller = caller
        self._requests = 0

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        """Apply one set of values to findings."""
        return self._call("BatchUpdateFindings", request)

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        """Read findings."""
        return self._call("GetFindings", request)

    def get_finding_history(self, **request: Any) -> Mapping[str, Any]:
        """Read who changed what in one finding. Times are datetimes, as boto3 gives and takes them."""
        answer = self._call("GetFindingHistory", {name: _plain(value) for name, value in request.items()})
        return {**answer, "Records": [_with_datetime(record) for record in answer["Records"]]}

    def batch_update_findings_v2(self, **request: Any) -> Mapping[str, Any]:
        """Apply one set of values to findings of V2."""
        return self._call("BatchUpdateFindingsV2", request)

    def get_findings_v2(self, **request: Any) -> Mapping[str, Any]:
        """Read findings of V2."""
        return self._call("GetFindingsV2", request)

    def describe_security_hub_v2(self, **request: Any) -> Mapping[str, Any]:
        """Say whether Security Hub V2 is on."""
        return self._call("DescribeSecurityHubV2", request)

    def batch_import_findings(self, **request: Any) -> Mapping[str, Any]:
        """Import findings, as a provider does."""
        return self._call("BatchImportFindings", request)

    def _call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._requests += 1
        request_id = f"request-{self._requests}"
        self.clock.sleep(self.latency)
        try:
            answer = self.hub.call(operation, request, self.clock.now(), caller=self.caller)
        except HubError as error:
            raise _client_error(error, operation, request_id) from error
        self.clock.sleep(answer.delay)
        if answer.lost:
            raise ReadTimeoutError(endpoint_url="in process")
        return {**answer.body, "ResponseMetadata": {"RequestId": request_id, "HTTPStatusCode": 200}}


def _plain(value: Any) -> Any:
    """Return a time as it goes over the wire."""
    return value.timestamp() if isinstance(value, datetime) else value


def _with_datetime(record: Mapping[str, Any]) -> dict[str, Any]:
    return {**record, "UpdateTime": datetime.fromisoformat(record["UpdateTime"])}


def _client_error(error: HubError, operation: str, request_id: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": error.code, "Message": error.message},
            "ResponseMetadata": {"RequestId": request_id, "HTTPStatusCode": error.status},
        },
        operation,
    )
