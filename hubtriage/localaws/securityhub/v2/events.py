"""The event of an OCSF finding."""

from typing import Any

from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.v2.words import Finding, uid_of

DETAIL_TYPE = "Findings Imported V2"
SOURCE = "aws.securityhub"


def envelope_v2(finding: Finding, *, account: str, region: str, event_id: str, time: float) -> dict[str, Any]:
    """Return the event of one finding, as it reaches the default bus. AWS: it is named by `metadata.uid`."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": DETAIL_TYPE,
        "source": SOURCE,
        "account": account,
        "time": write_timestamp(time, milliseconds=False),
        "region": region,
        "resources": [uid_of(finding) or ""],
        "detail": {"findings": [finding]},
    }
