"""What the OCSF findings of every producer have in common."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hubtriage.localaws.producers.draw import timestamp
from hubtriage.localaws.securityhub.v2 import words
from hubtriage.localaws.securityhub.v2.lifecycle import named

OcsfFinding = dict[str, Any]

VERSIONS: Final = ("1.5.0", "1.6.0", "1.8.0", "1.9.0")
"""AWS: what `metadata.version` was seen to be since 2025. One account has several of them at once."""
SEVERITY_IDS: Final = {"INFORMATIONAL": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4, "CRITICAL": 5}


@dataclass(frozen=True, slots=True)
class OcsfProduct:
    """A producer: the end of its ARN, its name, and what it is a feature of."""

    path: str
    name: str
    feature: dict[str, str] | None = None

    def as_member(self, region: str) -> dict[str, Any]:
        """Return `metadata.product`."""
        feature = {"feature": self.feature} if self.feature else {}
        arn = f"arn:aws:securityhub:{region}::productv2/{self.path}"
        return {"name": self.name, "uid": arn, "vendor_name": "AWS", **feature}


@dataclass(frozen=True, slots=True)
class OcsfSaid:
    """What a producer says: `types` with the group word, `severity` the number, times in epoch seconds."""

    class_uid: int
    uid: str
    types: tuple[str, ...]
    severity: int
    title: str
    description: str
    account: str
    region: str
    created: float
    updated: float
    is_closed: bool = False
    advice: str | None = None
    advice_url: str | None = None


def version_of(uid: str) -> str:
    """Return the version of the schema that a finding has: by its id, always the same."""
    return VERSIONS[hashlib.sha256(uid.encode()).digest()[0] % len(VERSIONS)]


def has_cloud_resources(version: str) -> bool:
    """Say whether findings of a version have AWS's own members of resources. AWS: since 1.8."""
    return version in ("1.8.0", "1.9.0")


def moments(name: str, moment: float) -> dict[str, Any]:
    """Return a time as AWS writes it: milliseconds, and a text next to it."""
    text = timestamp(moment)
    return {name: round(read_moment(text) * 1000), f"{name}_dt": text}


def read_moment(text: str) -> float:
    """Return epoch seconds of a timestamp."""
    return datetime.fromisoformat(text).timestamp()


def ocsf_finding(
    said: OcsfSaid, product: OcsfProduct, resources: list[dict[str, Any]], **extra: Any
) -> OcsfFinding:
    """Assemble a finding as Security Hub V2 shows it; `extra` are further members, merged one level deep."""
    version = version_of(said.uid)
    finding: OcsfFinding = {
        "activity_id": _activity(said),
        "category_name": "Findings",
        "category_uid": 2,
        "class_uid": said.class_uid,
        "cloud": {"account": {"uid": said.account}, "provider": "AWS", "region": said.region},
        "finding_info": {
            **moments("created_time", said.created),
            "desc": said.description,
            **moments("first_seen_time", said.created),
            **moments("last_seen_time", said.updated),
            **moments("modified_time", said.updated),
            "title": said.title,
            "types": list(said.types),
            "uid": said.uid,
        },
        "metadata": {
            "product": product.as_member(said.region),
            "profiles": ["cloud", "datetime"],
            "version": version,
        },
        "resources": resources,
        "severity_id": said.severity,
        "status_id": words.NEW,
        **moments("time", said.updated),
    }
    if has_cloud_resources(version):
        finding["metadata"]["profiles"].append("aws/cloud_resources")
        finding["metadata"]["extensions"] = [{"name": "aws", "uid": "998", "version": "1.0.0"}]
    if said.advice is not None:
        references = [said.advice_url] if said.advice_url else []
        finding["remediation"] = {"desc": said.advice, "references": references}
    for name, value in extra.items():
        both = isinstance(value, dict) and isinstance(finding.get(name), dict)
        finding[name] = {**finding[name], **value} if both else value
    finding = named(words.with_siblings(finding))
    finding["vendor_attributes"] = {"severity": finding["severity"], "severity_id": finding["severity_id"]}
    return finding


def _activity(said: OcsfSaid) -> int:
    if said.is_closed:
        return words.CLOSE
    return words.CREATE if said.created == said.updated else words.UPDATE
