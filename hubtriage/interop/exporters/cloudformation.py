"""Automation rules as a CloudFormation template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hubtriage.interop.automation_rules import RESOURCE
from hubtriage.interop.criteria.input import Refused

# AWS: criteria of the API that the resource does not have.
_MISSING = """
    AwsAccountName ResourceApplicationArn ResourceApplicationName ResourceProvider ResourceOwnerAccountId
    ResourceOwnerOrgId
"""


def check(request: Mapping[str, Any]) -> None:
    """Refuse what the API can ask for and the resource cannot."""
    for name, filters in request["Criteria"].items():
        if name in _MISSING.split():
            raise Refused(("match",), f"CloudFormation has no criterion {name}")
        if any("Comparison" in each.get("DateRange", {}) for each in filters):
            raise Refused(("when",), "CloudFormation has no criterion for what is older than some days")


def template(requests: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a template that makes the rules one after another: among equals the later decides."""
    resources: dict[str, Any] = {}
    for number, request in enumerate(requests, 1):
        words = re.split(r"[^A-Za-z0-9]+", request["RuleName"])
        name = f"Rule{number:03}" + "".join(word[:1].upper() + word[1:] for word in words)
        after = {"DependsOn": next(reversed(resources))} if resources else {}
        resources[name] = {"Type": RESOURCE, **after, "Properties": dict(request)}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
