"""The findings that are explained beside this file: each odd in the way its name says."""

from typing import Any

CONTROL = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
GUARDDUTY = "arn:aws:securityhub:eu-west-1::product/aws/guardduty"


def _control(**members: Any) -> dict[str, Any]:
    return {
        "Id": "arn:aws:securityhub:eu-west-1:111122223333:security-control/S3.2/finding/1",
        "ProductArn": CONTROL,
        "AwsAccountId": "111122223333",
        "Title": "S3 general purpose buckets should block public read access",
        "CreatedAt": "2026-01-05T10:00:00.000Z",
        "Severity": {"Label": "HIGH", "Normalized": 70, "Original": "HIGH"},
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.2"},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "Types": ["Software and Configuration Checks/AWS Security Best Practices"],
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::logs", "Tags": {"team:env": "dev-1"}}],
        "FindingProviderFields": {
            "Severity": {"Label": "HIGH", "Original": "HIGH"},
            "Types": ["Software and Configuration Checks/AWS Security Best Practices"],
        },
        **members,
    }


def _scanner(**members: Any) -> dict[str, Any]:
    return {
        "Id": "arn:aws:guardduty:eu-west-1:444455556666:detector/d/finding/1",
        "ProductArn": GUARDDUTY,
        "AwsAccountId": "444455556666",
        "Title": "192.0.2.7 is performing SSH brute force attacks.",
        "CreatedAt": "2026-11-01T10:00:00Z",
        "Severity": {"Label": "MEDIUM", "Normalized": 40},
        "Workflow": {"Status": "NEW"},
        "Action": {"NetworkConnectionAction": {"RemoteIpDetails": {"IpAddressV4": "192.0.2.7"}}},
        "FindingProviderFields": {"Severity": {"Label": "MEDIUM"}, "Types": ["TTPs/Initial Access"]},
        "Types": ["TTPs/Initial Access"],
        **members,
    }


def _known(finding: dict[str, Any], **claims: dict[str, Any]) -> dict[str, Any]:
    """The finding with its entry, as an export has them; claims by the field's first word."""
    return {"finding": finding, "entry": {"format": 1, "claims": {_NAMES[k]: v for k, v in claims.items()}}}


_NAMES = {
    "workflow": "Workflow.Status",
    "severity": "Severity.Label",
    "verification": "VerificationState",
    "confidence": "Confidence",
    "note": "Note.Text",
    "ticket": "UserDefinedFields.ticket",
}
_SCANNED = {
    "workflow": {"value": "SUPPRESSED", "rule": "own-scanner"},
    "severity": {"value": "LOW", "rule": "own-scanner"},
    "verification": {"value": "BENIGN_POSITIVE", "rule": "own-scanner"},
}


FINDINGS: dict[str, dict[str, Any]] = {
    "an-ordinary-match": _control(),
    "no-workflow-only-the-retired-state": {
        name: value for name, value in _control(WorkflowState="NEW").items() if name != "Workflow"
    },
    "resources-one-object-types-a-string": _control(
        Resources={"Type": "AwsS3Bucket", "Id": "logs", "Tags": {"team:env": "dev"}}, Types="Software"
    ),
    "no-severity-and-no-compliance": {
        "Id": "x/1",
        "ProductArn": "arn:aws:securityhub:eu-west-1:12345:product/12345/default",
        "AwsAccountId": "12345",
    },
    "severity-only-normalized": _control(
        Severity={"Normalized": 30, "Original": 3}, FindingProviderFields={"Severity": {"Normalized": 30}}
    ),
    "label-and-normalized-disagree": _control(
        Severity={"Label": "LOW", "Normalized": 90}, FindingProviderFields=None
    ),
    "a-strange-compliance-status-and-timestamp": _control(
        Compliance={"Status": "INFOED"}, CreatedAt="2024-05-24 22:53:24.000000000", Severity={"Label": "LOW"}
    ),
    "objects-where-texts-belong": _control(
        ProductFields={"a": {"b": 1}}, Title={"not": "a text"}, AwsAccountId=12345
    ),
    "control-characters-in-the-title": _control(Title="public\x1b[2J\r\nbucket \u202e", Id="f\x00-1"),
    "escalated-above-the-ceiling": _known(
        _scanner(
            Severity={"Label": "LOW", "Normalized": 1},
            Workflow={"Status": "SUPPRESSED"},
            VerificationState="BENIGN_POSITIVE",
            FindingProviderFields={"Severity": {"Label": "CRITICAL"}, "Types": ["TTPs/Initial Access"]},
        ),
        **_SCANNED,
    ),
    "an-analyst-reopened-it": _known(
        _scanner(
            Severity={"Label": "LOW", "Normalized": 1},
            VerificationState="BENIGN_POSITIVE",
            Note={"Text": "This one is real.", "UpdatedBy": "ana", "UpdatedAt": "2026-11-02T10:00:00Z"},
        ),
        **_SCANNED,
    ),
    "an-analyst-had-reopened-it-twice": _known(
        _scanner(),
        workflow={"value": "SUPPRESSED", "rule": "own-scanner", "person": True, "overruled": 2},
    ),
    "an-override-that-ends": _known(
        _control(
            Compliance={"Status": "FAILED", "SecurityControlId": "EC2.19"}, Workflow={"Status": "RESOLVED"}
        ),
        workflow={"value": "RESOLVED", "rule": "last-year", "before": "NOTIFIED", "overruled": 1},
    ),
    "a-deleted-rule": _known(
        _control(
            Compliance={"Status": "FAILED", "SecurityControlId": "EC2.19"},
            Workflow={"Status": "SUPPRESSED"},
            Note={"Text": "Gone.", "UpdatedBy": "hubtriage/last-year"},
        ),
        workflow={"value": "SUPPRESSED", "rule": "last-year"},
        note={"value": "Gone.", "rule": "last-year"},
    ),
    "a-note-of-triage-without-an-entry": _control(
        Workflow={"Status": "SUPPRESSED"},
        Note={"Text": "Accepted.", "UpdatedBy": "hubtriage/sandbox-buckets"},
    ),
    "keys-that-look-like-ours": {
        "finding": _control(
            Note={"Text": "On call has it.", "UpdatedBy": "hubtriage-oncall"},
            UserDefinedFields={"hubtriage/memo": "1 WS.k3Jd9x"},
        ),
        "entry": None,
    },
    "a-control-that-passed": _known(
        _control(
            Compliance={"Status": "PASSED", "SecurityControlId": "S3.2"}, Workflow={"Status": "RESOLVED"}
        ),
        workflow={"value": "NOTIFIED", "rule": "sandbox-buckets"},
    ),
    "a-rule-gone-on-a-control-that-passed": _known(
        _control(
            Compliance={"Status": "PASSED", "SecurityControlId": "EC2.19"}, Workflow={"Status": "SUPPRESSED"}
        ),
        workflow={"value": "SUPPRESSED", "rule": "last-year"},
    ),
    "keys-and-scores-taken-back-before": _known(
        _scanner(
            Severity={"Label": "MEDIUM", "Normalized": 40},
            Confidence=70,
            Types=["Sensitive Data"],
            FindingProviderFields={"Severity": {"Label": "MEDIUM"}, "Types": ["TTPs"]},
            UserDefinedFields={"ticket": "SEC-1"},
        ),
        severity={"value": "MEDIUM"},
        confidence={"value": 70},
        ticket={"value": "SEC-1", "left_out": True},
    ),
    "a-person-lowered-a-crown-jewel": _control(AwsAccountId="999988887777", Severity={"Label": "LOW"}),
}
