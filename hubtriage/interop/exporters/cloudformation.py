"""Automation rules as a CloudFormation template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hubtriage.interop.automation_rules import RESOURCE, V2_RESOURCE
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


def check_v2(request: Mapping[str, Any]) -> None:
    """Refuse what the API of V2 can ask for and the resource cannot."""
    for composite in request["Criteria"]["OcsfFindingCriteria"]["CompositeFilters"]:
        for name, filters in composite.items():
            for one in filters if name != "Operator" else ():
                _check_filter(one["FieldName"], one["Filter"])


def _check_filter(field: str, wanted: Mapping[str, Any]) -> None:
    if field.startswith("vulnerabilities.") and not isinstance(wanted.get("Value"), bool):
        raise Refused(("match",), f"CloudFormation has no criterion {field}")
    if "Comparison" in wanted.get("DateRange", {}):
        raise Refused(("when",), "CloudFormation has no criterion for what is older than some days")


def template(requests: Iterable[Mapping[str, Any]], *, of_v2: bool = False) -> dict[str, Any]:
    """Return a template that makes the rules one after another: among equals the later decides."""
    kind = V2_RESOURCE if of_v2 else RESOURCE
    resources: dict[str, Any] = {}
    for number, request in enumerate(requests, 1):
        words = re.split(r"[^A-Za-z0-9]+", request["RuleName"])
        name = f"Rule{number:03}" + "".join(word[:1].upper() + word[1:] for word in words)
        after = {"DependsOn": next(reversed(resources))} if resources else {}
        resources[name] = {"Type": kind, **after, "Properties": dict(request)}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
