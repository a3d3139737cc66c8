"""How each Security Hub shows and changes a finding: CSPM in ASFF, V2 in OCSF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeAlias

from hubtriage.localaws.securityhub.v2 import words

Finding: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[str, str]

V2_PRODUCT: Final = "securityhub-v2"
"""Stands for the ProductArn in what hubtriage says of a finding of V2: the decision log and the ledger."""
NOT_SETTABLE: Final = "Security Hub V2 cannot set it"
"""Why the decision log says that triage left a field alone which V2 has not."""
_OTHER_FIELDS: Final = (
    "Note", "Types", "Confidence", "Criticality", "RelatedFindings", "UserDefinedFields", "VerificationState",
)  # fmt: skip
_NOT_RANKED: Final = (0, 99)


class DemoHub(Protocol):
    """What the verdict has to know of a hub.

    `title` is the hub's name, `workflow` and `severity` what it calls these two fields, `operation` the call
    that updates findings.
    """

    title: str
    workflow: str
    severity: str
    operation: str

    def key_of(self, finding: Finding) -> Key:
        """Return what identifies a finding in the decision log and the ledger."""

    def signal_of(self, finding: Finding) -> Key:
        """Return (ProductArn, provider's id): the same for both hubs' findings of one signal."""

    def workflow_of(self, finding: Finding) -> str:
        """Return the status that people see."""

    def severity_of(self, finding: Finding) -> str:
        """Return the severity that people see."""

    def is_hidden(self, finding: Finding) -> bool:
        """Say whether the status hides it: it is suppressed, or resolved although it does not pass."""

    def shown(self, finding: Finding) -> tuple[Any, ...]:
        """Return what an update can set, and nothing else."""

    def stands_open(self, before: Finding, after: Finding) -> bool:
        """Say whether triage left alone what it never touches: a severity that is not known."""

    def keeps_words(self, before: Finding, after: Finding) -> bool:
        """Say whether a text that a person had written is still there."""


class ShownCspm:
    """Security Hub CSPM."""

    title = "Security Hub CSPM"
    workflow = "Workflow.Status"
    severity = "Severity.Label"
    operation = "BatchUpdateFindings"

    def key_of(self, finding: Finding) -> Key:
        """AWS: an Id is unique within its product only."""
        return finding["ProductArn"], finding["Id"]

    def signal_of(self, finding: Finding) -> Key:
        """The key is that of the signal."""
        return self.key_of(finding)

    def workflow_of(self, finding: Finding) -> str:
        """NEW where nothing is said."""
        status: str = finding.get("Workflow", {}).get("Status", "NEW")
        return status

    def severity_of(self, finding: Finding) -> str:
        """The label."""
        label: str = finding.get("Severity", {}).get("Label", "none")
        return label

    def is_hidden(self, finding: Finding) -> bool:
        """AWS: the service itself resolves what passes."""
        status, passes = self.workflow_of(finding), finding.get("Compliance", {}).get("Status") == "PASSED"
        return status == "SUPPRESSED" or (status == "RESOLVED" and not passes)

    def shown(self, finding: Finding) -> tuple[Any, ...]:
        """Nine fields."""
        others = (finding.get(name) for name in _OTHER_FIELDS)
        return (self.workflow_of(finding), self.severity_of(finding), *others)

    def stands_open(self, before: Finding, after: Finding) -> bool:  # noqa: ARG002
        """ASFF has no such severity."""
        return True

    def keeps_words(self, before: Finding, after: Finding) -> bool:  # noqa: ARG002
        """Notes are replaced in this hub; the ledger says whose was last."""
        return True


class ShownV2:
    """Security Hub V2."""

    title = "Security Hub V2"
    workflow = "status"
    severity = "severity"
    operation = "BatchUpdateFindingsV2"

    def key_of(self, finding: Finding) -> Key:
        """`metadata.uid`, under a product of its own."""
        return V2_PRODUCT, str(words.uid_of(finding))

    def signal_of(self, finding: Finding) -> Key:
        """AWS: the ARN of the product has `productv2`."""
        _account, uid, product = words.signal_of(finding)
        return product.replace("::productv2/", "::product/"), str(uid)

    def workflow_of(self, finding: Finding) -> str:
        """AWS's word for the number."""
        return words.STATUSES.get(finding.get("status_id", -1), "none")

    def severity_of(self, finding: Finding) -> str:
        """AWS's word for the number."""
        return words.SEVERITIES.get(finding.get("severity_id", -1), "none")

    def is_hidden(self, finding: Finding) -> bool:
        """As in CSPM."""
        status = finding.get("status_id")
        passes = words.part(finding, "compliance").get("status_id") == words.PASS
        return status == words.SUPPRESSED or (status == words.RESOLVED and not passes)

    def shown(self, finding: Finding) -> tuple[Any, ...]:
        """Three fields."""
        return finding.get("status_id"), finding.get("severity_id"), finding.get("comment")

    def stands_open(self, before: Finding, after: Finding) -> bool:
        """Neither hidden nor ranked by triage, if its provider did not rank it."""
        if words.part(before, "vendor_attributes").get("severity_id") not in _NOT_RANKED:
            return True
        return before.get("status_id") == after.get("status_id") and (
            before.get("severity_id") == after.get("severity_id")
        )

    def keeps_words(self, before: Finding, after: Finding) -> bool:
        """A comment has no author: one that was there before triage is a person's."""
        return before.get("comment") in (None, after.get("comment"))


CSPM: Final = "cspm"
V2: Final = "v2"
HUBS: Final[Mapping[str, DemoHub]] = {CSPM: ShownCspm(), V2: ShownV2()}
"""The hubs, by the names that the setting `hubs` has for them."""
