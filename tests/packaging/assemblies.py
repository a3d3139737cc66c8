"""Cloud assemblies small enough to read, as CDK writes them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
HASH = "ab" * 32
CODE = {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": f"{HASH}.zip"}
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {"Code": CODE, "Handler": "main.handler"},
    "Metadata": {"aws:cdk:path": "mine/Triage/Function", "aws:asset:path": f"asset.{HASH}"},
}
TEMPLATE: Mapping[str, Any] = {
    "Description": "A stack",
    "Resources": {
        "Function": FUNCTION,
        "Table": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "Retain", "Metadata": {"ours": "kept"}},
        "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Condition": "CDKMetadataAvailable"},
    },
    "Conditions": {"CDKMetadataAvailable": {"Fn::Equals": ["a", "a"]}},
    "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": BOOTSTRAP}},
    "Rules": {
        "CheckBootstrapVersion": {
            "Assertions": [{"Assert": {"Fn::Not": [{"Fn::Contains": [["5"], {"Ref": "BootstrapVersion"}]}]}}]
        }
    },
}


def write_assembly(
    folder: Path,
    template: Mapping[str, Any] = TEMPLATE,
    *,
    environment: str = "aws://unknown-account/unknown-region",
    tags: Mapping[str, str] | None = None,
    label: str = "HandBack/Function/Code",
) -> Path:
    """Write an assembly with the stack `mine`, which has the name `triage` in CloudFormation."""
    code = folder / f"asset.{HASH}"
    (code / "below").mkdir(parents=True)
    (code / "main.py").write_text("def handler(event, context): pass\n")
    (code / "below" / "more.py").write_text("")
    files = {
        HASH: _file(label, code.name, f"{HASH}.zip"),
        "itself": _file("mine Template", "mine.template.json", "itself.json"),
    }
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {
            "stackName": "triage",
            "templateFile": "mine.template.json",
            "tags": dict(tags or {}),
            "bootstrapStackVersionSsmParameter": BOOTSTRAP,
        },
    }
    for name, document in {
        "manifest.json": {"artifacts": {"mine": stack, "Tree": {"type": "cdk:tree"}}},
        "mine.assets.json": {"files": files},
        "mine.template.json": template,
    }.items():
        (folder / name).write_text(json.dumps(document))
    return folder


def _file(label: str, path: str, key: str) -> dict[str, Any]:
    return {
        "displayName": label,
        "source": {"path": path},
        "destinations": {"somewhere": {"bucketName": BUCKET, "objectKey": key}},
    }
