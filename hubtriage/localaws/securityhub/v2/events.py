"""The event of an OCSF finding."""

from typing import Any

from hubtriage.localaws.securityhub.events import event_about
from hubtriage.localaws.securityhub.v2.words import Finding, uid_of

DETAIL_TYPE = "Findings Imported V2"


def envelope_v2(finding: Finding, **where: Any) -> dict[str, Any]:
    """Return the event of one finding, as it reaches the default bus. AWS: it is named by `metadata.uid`."""
    return event_about(finding, uid_of(finding) or "", DETAIL_TYPE, **where)
