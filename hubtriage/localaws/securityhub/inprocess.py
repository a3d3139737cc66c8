"""The local Security Hub behind a client's methods, in this process: no HTTP, and time under control."""

from collections.abc import Mapping
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
    """A hub with the methods, answers and exceptions of boto3's client, as far as triage uses them."""

    def __init__(self, hub: Hub, clock: ManualClock, *, latency: float = 0.0) -> None:
        self.hub = hub
        self.clock = clock
        self.latency = latency
        self._requests = 0

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        """Apply one set of values to findings."""
        return self._call("BatchUpdateFindings", request)

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        """Read findings."""
        return self._call("GetFindings", request)

    def batch_import_findings(self, **request: Any) -> Mapping[str, Any]:
        """Import findings, as a provider does."""
        return self._call("BatchImportFindings", request)

    def _call(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._requests += 1
        request_id = f"request-{self._requests}"
        self.clock.sleep(self.latency)
        try:
            answer = self.hub.call(operation, request, self.clock.now())
        except HubError as error:
            raise _client_error(error, operation, request_id) from error
        self.clock.sleep(answer.delay)
        if answer.lost:
            raise ReadTimeoutError(endpoint_url="in process")
        return {**answer.body, "ResponseMetadata": {"RequestId": request_id, "HTTPStatusCode": 200}}


def _client_error(error: HubError, operation: str, request_id: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": error.code, "Message": error.message},
            "ResponseMetadata": {"RequestId": request_id, "HTTPStatusCode": error.status},
        },
        operation,
    )
