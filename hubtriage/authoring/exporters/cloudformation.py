"""Automation rules as a CloudFormation template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

RESOURCE = "AWS::SecurityHub::AutomationRule"


def template(requests: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A template that makes the rules one after another, since among equals the later decides."""
    resources: dict[str, Any] = {}
    previous: str | None = None
    for number, request in enumerate(requests, 1):
        words = re.split(r"[^A-Za-z0-9]+", request["RuleName"])
        name = f"Rule{number:03}" + "".join(word[:1].upper() + word[1:] for word in words)
        resources[name[:255]] = {
            "Type": RESOURCE,
            "Properties": dict(request),
            **({"DependsOn": previous} if previous else {}),
        }
        previous = name[:255]
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
