"""What an event says about its finding: names, severity, resources, and a link to the console. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from hubtriage.aws.decision_events.digest import digest
from hubtriage.aws.decision_events.texts import event_text
from hubtriage.aws.securityhub.api import Finding, Key, is_of_v2
from hubtriage.engine.fields import SEVERITY, ParsedFinding, member

LONGEST_TITLE, LONGEST_ID, LONGEST_WORD = 256, 512, 128
MOST_RESOURCES = 3
LONGEST_URL = 2048
"""Characters. The Id of a finding is encoded twice in it."""
_HOSTS = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}
# AWS: the console has a host of its own in these partitions; elsewhere it is that of the Region.


def finding_object(
    finding: Finding, key: Key, changes: Sequence[Mapping[str, Any]], region: str
) -> dict[str, Any]:
    """Return what an event says about a finding whose changes have been made.

    `key` in it names the finding even if its Id had to be cut. `region` is the Region of the hub.
    """
    product_arn, own = key
    control = member(finding.get("Compliance"), "SecurityControlId")
    return {
        "key": digest(*key),
        "id": event_text(own, LONGEST_ID),
        "product_arn": event_text(product_arn, LONGEST_ID),
        "account": _text(finding.get("AwsAccountId"), LONGEST_WORD),
        "region": _text(finding.get("Region"), LONGEST_WORD),
        "title": _text(finding.get("Title"), LONGEST_TITLE),
        "severity": _severity(finding, changes),
        "control": _text(control, LONGEST_WORD),
        "type": None if control else _first_type(finding),
        "product": _text(finding.get("ProductName"), LONGEST_WORD),
        "resources": [_resource(each) for each in _resources(finding)],
        "url": None if is_of_v2(key) else console_url(own, region),
    }


def console_url(finding_id: str, region: str) -> str | None:
    """Return the link to a finding in the console of Security Hub CSPM; None if its Id is too long for one.

    AWS: the console filters by the fragment, whose values are encoded twice.
    """
    host = next((host for begin, host in _HOSTS.items() if region.startswith(begin)), None)
    search = quote(rf"\operator\:EQUALS\:{finding_id}", safe="", errors="replace")
    home = f"https://{host or f'{region}.console.aws.amazon.com'}/securityhub/home?region={region}"
    url = f"{home}#/findings?search=Id%3D{quote(search, safe='')}"
    return url if len(url) <= LONGEST_URL else None


def _severity(finding: Finding, changes: Sequence[Mapping[str, Any]]) -> str | None:
    new = next((change["to"] for change in changes if change.get("field") == SEVERITY), None)
    return _text(new or ParsedFinding.of(finding).value(SEVERITY), LONGEST_WORD)


def _first_type(finding: Finding) -> str | None:
    types = finding.get("Types")
    first = types[0] if isinstance(types, list | tuple) and types else types
    return _text(first, LONGEST_ID)


def _resources(finding: Finding) -> Iterable[Mapping[str, Any]]:
    listed = finding.get("Resources")
    if not isinstance(listed, list | tuple):
        return ()
    return [each for each in listed if isinstance(each, Mapping)][:MOST_RESOURCES]


def _resource(resource: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        "type": _text(resource.get("Type"), LONGEST_WORD),
        "id": _text(resource.get("Id"), LONGEST_ID),
    }


def _text(text: object, longest: int) -> str | None:
    return event_text(text, longest) if isinstance(text, str) else None
