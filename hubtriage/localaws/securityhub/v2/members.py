"""The members of OCSF findings that filters and automation rules of V2 can ask for, and their values."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

Kind = Literal["String", "Number", "Date", "Boolean", "Map", "Ip"]

_STRINGS = """
    metadata.uid activity_name class_name severity status comment impact likelihood vendor_attributes.severity
    metadata.product.name metadata.product.uid metadata.product.vendor_name
    cloud.account.uid cloud.account.name cloud.provider cloud.region
    compliance.assessments.category compliance.assessments.name compliance.control compliance.status
    compliance.standards
    finding_info.desc finding_info.src_url finding_info.title finding_info.types finding_info.uid
    finding_info.analytic.name finding_info.related_events.traits.category finding_info.related_events.uid
    finding_info.related_events.product.uid finding_info.related_events.title
    remediation.desc remediation.references
    resources.cloud_partition resources.criticality resources.name resources.owner.account.uid
    resources.owner.account.name resources.owner.org.uid resources.provider resources.region resources.type
    resources.uid resources.cloud_function.layers.uid_alt resources.cloud_function.runtime
    resources.cloud_function.user.uid resources.device.encryption_details.key_uid resources.device.image.uid
    resources.image.architecture resources.image.registry_uid resources.image.repository_name
    resources.image.uid resources.subnet_info.uid resources.vpc_uid
    vulnerabilities.fix_coverage vulnerabilities.affected_code.file.path
    vulnerabilities.affected_packages.name vulnerabilities.cve.epss.score vulnerabilities.cve.uid
    vulnerabilities.related_vulnerabilities
    databucket.encryption_details.algorithm databucket.encryption_details.key_uid
    databucket.file.data_classifications.classifier_details.type
    evidences.actor.user.account.uid evidences.api.operation evidences.api.response.error_message
    evidences.api.service.name evidences.connection_info.direction evidences.connection_info.protocol_name
    evidences.dst_endpoint.autonomous_system.name evidences.dst_endpoint.location.city
    evidences.dst_endpoint.location.country evidences.src_endpoint.autonomous_system.name
    evidences.src_endpoint.hostname evidences.src_endpoint.location.city
    evidences.src_endpoint.location.country
    malware.name malware.severity malware_scan_info.uid
"""
_NUMBERS = """
    activity_id severity_id status_id confidence_score compliance.status_id vendor_attributes.severity_id
    finding_info.related_events_count evidences.api.response.code
    evidences.dst_endpoint.autonomous_system.number evidences.dst_endpoint.port
    evidences.src_endpoint.autonomous_system.number evidences.src_endpoint.port
    resources.image.in_use_count vulnerabilities.cve.cvss.base_score
"""
_DATES = """
    finding_info.created_time_dt finding_info.first_seen_time_dt finding_info.last_seen_time_dt
    finding_info.modified_time_dt resources.image.created_time_dt resources.image.last_used_time_dt
    resources.modified_time_dt
"""
_BOOLEANS = """
    compliance.assessments.meets_criteria vulnerabilities.is_exploit_available
    vulnerabilities.is_fix_available
"""

MEMBERS: Final[Mapping[Kind, frozenset[str]]] = {
    "String": frozenset(_STRINGS.split()),
    "Number": frozenset(_NUMBERS.split()),
    "Date": frozenset(_DATES.split()),
    "Boolean": frozenset(_BOOLEANS.split()),
    "Map": frozenset(
        {"resources.tags", "compliance.control_parameters", "databucket.tags", "finding_info.tags"}
    ),
    "Ip": frozenset({"evidences.dst_endpoint.ip", "evidences.src_endpoint.ip"}),
}
"""AWS: the members of each kind of filter."""

SORTABLE: Final = MEMBERS["String"] | MEMBERS["Number"] | MEMBERS["Date"] | {"time", "time_dt"}
"""What findings can be sorted by here. AWS does not say; `time` and the last of the dates were seen."""


def values(finding: Mapping[str, Any], member: str) -> list[Any]:
    """Return all values of a member; lists on the way are opened."""
    found: list[Any] = [finding]
    for name in member.split("."):
        found = [each[name] for each in opened(found) if isinstance(each, dict) and name in each]
    return list(opened(found))


def pairs(finding: Mapping[str, Any], member: str) -> list[tuple[Any, Any]]:
    """Return the (name, value) of a member that is a list of such objects, as tags are."""
    return [
        (each.get("name"), value)
        for each in values(finding, member)
        if isinstance(each, dict)
        for value in opened([each.get("value"), each.get("values", [])])
        if value is not None
    ]


def opened(found: list[Any]) -> Iterator[Any]:
    """Yield values, those of lists one by one."""
    for value in found:
        if isinstance(value, list):
            yield from opened(value)
        else:
            yield value
