"""Track update calls whose outcome is unknown because the response was lost."""

from collections.abc import Mapping
from typing import Any

from hubtriage.aws.securityhub.api import Finding, Key, SecurityHubApi, key_of
from hubtriage.aws.securityhub.faults import API_ERRORS, call_fault

_MEMBERS = ("ProcessedFindings", "UnprocessedFindings")


class UnknownOutcomes:
    """A client of Security Hub that notes the findings of updates whose outcome is unknown.

    Their answer was lost, or was a fault of the service. Such an update may have worked. Then its findings
    need nothing when their events come again, and nothing would count the change. The caller that counts
    empties `findings` before the next batch.
    """

    def __init__(self, api: SecurityHubApi) -> None:
        self._api = api
        self.findings: set[Key] = set()

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        """Apply one set of values to up to 100 findings."""
        try:
            answer = self._api.batch_update_findings(**request)
        except API_ERRORS as error:
            if call_fault(error).may_have_worked:
                self._note(request["FindingIdentifiers"])
            raise
        if not any(member in answer for member in _MEMBERS):  # a cut-off body arrives so
            self._note(request["FindingIdentifiers"])
        return answer

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        """Read findings by filters; there is nothing to note."""
        return self._api.get_findings(**request)

    def get_finding_history(self, **request: Any) -> Mapping[str, Any]:
        """Read who changed a finding; there is nothing to note."""
        return self._api.get_finding_history(**request)

    def _note(self, identifiers: list[Finding]) -> None:
        self.findings.update(map(key_of, identifiers))
