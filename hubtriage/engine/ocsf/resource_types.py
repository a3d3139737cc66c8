"""Names of resource types: OCSF findings have CloudFormation's, ASFF has its own."""

import re

_PREFIX = "AWS::"
_WORDS = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z][a-z0-9]+|[a-z0-9]+")

_PARTS = {
    "ElasticLoadBalancing": "Elb",
    "ElasticLoadBalancingV2": "Elbv2",
    "EventBus": "Eventbus",
    "StepFunctions": "StepFunction",
    "WAFv2": "Wafv2",
    "XRay": "Xray",
}
"""Parts that ASFF spells in another way than the rule of `asff_type` has it."""
_TYPES = {"AWS::Container::Container": "Container"}


def asff_type(name: str) -> str:
    """Return a resource type as ASFF spells it: `AWS::RDS::DBInstance` is AwsRdsDbInstance.

    Each word begins with a capital, abbreviations too. Types of other clouds, and those that are spelled as
    in ASFF already, stay as they are.
    """
    if not name.startswith(_PREFIX):
        return name
    return _TYPES.get(name) or "".join(_PARTS.get(part) or _spelled(part) for part in name.split("::"))


def _spelled(part: str) -> str:
    return "".join(word.capitalize() for word in _WORDS.findall(part))
