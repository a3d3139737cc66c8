"""Automation rules of V2 as a Terraform configuration in JSON, for the provider `aws`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from hubtriage.interop.automation_rules import TERRAFORM_V2_RESOURCE

_NAMES = {"StatusId": "status_id", "SeverityId": "severity_id", "Comment": "comment"}


def configuration(requests: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the configuration of the rules, to be written to a file `….tf.json`."""
    resources: dict[str, Any] = {}
    for number, request in enumerate(requests, 1):
        name = f"rule_{number:03}_" + re.sub(r"[^a-z0-9]+", "_", request["RuleName"].lower()).strip("_")
        resources[name] = _resource(request)
    return {"resource": {TERRAFORM_V2_RESOURCE: resources}} if resources else {}


def _resource(request: Mapping[str, Any]) -> dict[str, Any]:
    [action] = request["Actions"]
    update = action["FindingFieldsUpdate"]
    criteria = json.dumps(request["Criteria"]["OcsfFindingCriteria"], ensure_ascii=False)
    return {
        "rule_name": _text(request["RuleName"]),
        "description": _text(request["Description"]),
        "rule_order": request["RuleOrder"],
        "rule_status": request["RuleStatus"],
        "criteria": {"ocsf_finding_criteria_json": _text(criteria)},
        "action": {
            "type": action["Type"],
            "finding_fields_update": {_NAMES[name]: _text(value) for name, value in update.items()},
        },
    }


def _text(value: Any) -> Any:
    """Return a text that Terraform takes as it is written, without expressions."""
    return value.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else value
