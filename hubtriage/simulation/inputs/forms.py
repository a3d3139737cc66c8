"""What is not a finding of Security Hub, but known: its name, and what to give instead.

A form is recognised by members that nothing else has. What is not recognised is described by its members.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_CSPM = "hubtriage findings FILE"
EXPORT = f"export findings with `{_CSPM}`, or `aws securityhub get-findings > FILE`"
_INTEGRATED = f"Security Hub has these findings too if the product is integrated: {EXPORT}"
_ASFF_OF = "have it write ASFF, as it sends it to Security Hub"
_UNPACK = "unpack it first; gzip is unpacked here"


@dataclass(frozen=True, slots=True)
class Form:
    """A known form that is not read: its name with an article, and what to give instead."""

    name: str
    instead: str = EXPORT


OCSF = Form(
    "a finding in OCSF that Security Hub V2 has not named: metadata.uid is missing or no text",
    "give findings of Security Hub V2: `aws securityhub get-findings-v2 > FILE`",
)
IDENTIFIER = Form("an Id and a ProductArn alone: they name a finding and do not show it")
_CLOUDTRAIL = Form("a record of CloudTrail: it tells of API calls, not of findings")
_GUARDDUTY = Form("a finding in GuardDuty's own format", _INTEGRATED)
_INSPECTOR = Form("a finding in Inspector's own format", _INTEGRATED)
_MACIE = Form("a finding in Macie's own format", _INTEGRATED)
_IDENTIFIERS = "it names findings and does not show them"


def _has(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda value: all(name in value for name in names)


def _is_of_inspector(value: Mapping[str, Any]) -> bool:
    arn = value.get("findingArn", value.get("arn"))
    return isinstance(arn, str) and ":inspector" in arn


def _is_of_guardduty(value: Mapping[str, Any]) -> bool:
    names = {name.lower() for name in value}
    return {"schemaversion", "service", "severity", "detectorid"} <= names or (
        {"schemaversion", "service", "type"} <= names and "ProductArn" not in value
    )


_OBJECTS: tuple[tuple[Callable[[Mapping[str, Any]], bool], Form], ...] = (
    (_has("eventVersion", "eventSource", "eventName"), _CLOUDTRAIL),
    (_is_of_guardduty, _GUARDDUTY),
    (_is_of_inspector, _INSPECTOR),
    (_has("classificationDetails"), _MACIE),
    (_has("resourcesAffected", "category"), _MACIE),
    (
        _has("SchemaVersion", "ArtifactName"),
        Form(
            "a report of Trivy",
            "have Trivy write ASFF with its template asff.tpl, or export the findings that it has sent",
        ),
    ),
    (_has("FindingUniqueId", "CheckID"), Form("a finding in Prowler's own format", _ASFF_OF)),
    (_has("runs", "version"), Form("a report in SARIF", EXPORT)),
    (_has("s3", "eventName"), Form("a notice that S3 has an object", "download the object and give that")),
    (_has("UpdateSource", "UpdateTime"), Form("the history of a finding, not the finding")),
    (
        _has("id", "productArn"),
        Form("a finding whose members begin with small letters", "give it as AWS writes it: Id, ProductArn"),
    ),
    (_has("FindingIdentifiers"), Form(f"a request of BatchUpdateFindings: {_IDENTIFIERS}")),
    (_has("ProcessedFindings"), Form(f"an answer of BatchUpdateFindings: {_IDENTIFIERS}")),
    (_has("SuccessCount", "FailedCount"), Form("an answer of BatchImportFindings: it shows no finding")),
    (_has("finding_id", "product_arn"), Form("a decision of hubtriage: it does not show the whole finding")),
    (_has("configurationItem"), Form("a record of AWS Config", _INTEGRATED)),
    (_has("SubscribeURL"), Form("a confirmation of SNS: it brings no finding")),
)
_EVENTS = {
    "Security Hub Insight Results": Form("Security Hub's event of insight results: it names resources"),
    "GuardDuty Finding": _GUARDDUTY,
    "Inspector2 Finding": _INSPECTOR,
    "Macie Finding": _MACIE,
}


def known_form(value: Mapping[str, Any]) -> Form | None:
    """Return what an object is that is not a finding, and holds none; None if it is not known."""
    for fits, form in _OBJECTS:
        if fits(value):
            return form
    return None


def known_event(detail_type: object) -> Form | None:
    """Return what an EventBridge event without findings is, by its detail-type; None if it is not known."""
    if isinstance(detail_type, str) and detail_type.endswith("via CloudTrail"):
        return _CLOUDTRAIL
    return _EVENTS.get(detail_type) if isinstance(detail_type, str) else None


_PACKED = (
    (b"PK\x03\x04", Form("a zip file", _UNPACK)),
    (b"BZh", Form("packed with bzip2", _UNPACK)),
    (b"\xfd7zXZ", Form("packed with xz", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", Form("packed with zstd", _UNPACK)),
    (b"\xff\x06\x00\x00sNaPpY", Form("packed with Snappy", "have Firehose pack with gzip")),
    (
        b"PAR1",
        Form("a Parquet file, as Security Lake keeps OCSF and Firehose what it converts", EXPORT),
    ),
    (b"Obj\x01", Form("an Avro file")),
    (b"ORC", Form("an ORC file")),
    (b"%PDF", Form("a PDF")),
    (b"\x1f\x8b", Form("packed with gzip more than twice", "unpack it first")),
)
_YAML = re.compile(r"(---|[A-Za-z_][\w-]*:)(\s|$)")
_COLUMN = re.compile(r"[^\W\d][\w./()-]*( [\w./()-]+){0,3}")
_CSV = f"CSV lacks most of what rules look at; {EXPORT}"
_OF_CLI = "have the AWS CLI write JSON: --output json"


def known_packing(data: bytes) -> Form | None:
    """Return what a file is by its first bytes, if it is surely no text; None if it may be."""
    return next((form for magic, form in _PACKED if data.startswith(magic)), None)


def seems_json(data: bytes) -> bool:
    """Say whether a text begins as JSON does."""
    return _text(data)[:1] in ("{", "[")


def known_text(data: bytes) -> Form | None:
    """Return what a text is by its beginning, if it is surely no JSON; None if it may be."""
    text = _text(data)
    lines = (line.rstrip() for line in text.split("\n"))
    line = next((line for line in lines if line and not line.startswith("#")), "")
    if text.startswith("<"):
        return Form("XML or HTML, as S3 answers with where it refuses")
    if line.startswith(("+--", "---")) and line.endswith("-") and len(line) > len("---"):
        return Form("the AWS CLI's output as a table", _OF_CLI)
    if line.startswith("FINDINGS\t"):
        return Form("the AWS CLI's output as text", _OF_CLI)
    return _known_table(line) or (Form("YAML", _OF_CLI) if _YAML.match(line) else None)


def _text(data: bytes) -> str:
    return data.decode(json.detect_encoding(data[:4]), "replace").lstrip("\ufeff \t\r\n")


def _known_table(line: str) -> Form | None:
    names = [name.strip().strip('"') for name in re.split("[,;\t]", line)]
    if "AUTH_METHOD" in names and "FINDING_UID" in names:
        return Form("a CSV table of Prowler", "give its ASFF: prowler aws --output-formats json-asff")
    if len(names) < 3 or not all(map(_COLUMN.fullmatch, names)):
        return None
    return Form("a CSV table, as Security Hub's console or another tool writes it", _CSV)
