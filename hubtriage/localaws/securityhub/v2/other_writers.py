"""What other tools write to findings of V2."""

from collections.abc import Mapping
from typing import Any, Protocol


class FindingsClient(Protocol):
    """The part of boto3's client that they use."""

    def batch_update_findings_v2(self, **request: Any) -> Mapping[str, Any]:
        """Update findings."""


def write_remediation_text(client: FindingsClient, uids: list[str], text: str) -> Mapping[str, Any]:
    """Write a text to findings as a remediation solution of AWS does: it resets the status to New.

    Its update of a text has to give a status, and takes New where it means none.
    """
    return client.batch_update_findings_v2(MetadataUids=uids, StatusId=1, Comment=text)
