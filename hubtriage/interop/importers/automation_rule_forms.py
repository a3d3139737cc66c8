"""The forms in which automation rules come.

Requests and answers of the API, CloudFormation, Terraform, and the Landing Zone Accelerator's configuration.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hubtriage.interop.automation_rules import V2_RESOURCE
from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.importers import cloudformation, terraform
from hubtriage.interop.importers.landing_zone_accelerator import (
    AcceleratorRule,
    is_security_config,
    read_security_config,
)
from hubtriage.interop.importers.outcome import Line, UnreadableError
from hubtriage.interop.importers.sources import MAX_TEXT, plain, read_json

_GET = "give the output of `aws securityhub batch-get-automation-rules`"
_GET_V2 = "give the output of `aws securityhub get-automation-rule-v2` for each rule, one or a list of them"


@dataclass(frozen=True, slots=True)
class SourceRule:
    """A rule in the API's form, as yet unchecked: what its source calls it and where it stands there.

    `refused` says why there is none, if the form itself shows it. `region` is the one in which the rule acts,
    or an expression for it; None if the file does not say. `excluded` is set for a rule that is made in each
    Region of an organization but these. `of_v2` says whether it is one of V2, None if only
    its criteria do. `place` turns a path in the API's form into one in the file.
    """

    name: str
    path: Path
    value: Any
    refused: Refused | None = None
    region: Any = None
    excluded: tuple[str, ...] | None = None
    of_v2: bool | None = None
    place: Callable[[Path], Path] = lambda path: path


def read_source_rules(name: str, content: str) -> tuple[list[SourceRule], Line]:
    """Return the rules of a file in any of the forms, and what knows their lines. Raises UnreadableError."""
    if is_security_config(content):
        rules, line = read_security_config(name, content)
        return [_from_accelerator(rule) for rule in rules], line
    return _read_others(name, content), lambda _path: None


def _from_accelerator(rule: AcceleratorRule) -> SourceRule:
    return SourceRule(
        rule.name, rule.path, rule.value, rule.refused, excluded=rule.excluded, place=rule.place
    )


def _read_others(name: str, content: str) -> list[SourceRule]:
    try:
        value = read_json(content)
    except ValueError:
        if len(content) > MAX_TEXT:
            reason = f"the file is not JSON, and has more than {MAX_TEXT:,} characters"
            raise UnreadableError(reason, "leave only the part with the rules in it") from None
        value = None if name.endswith((".tf", ".hcl")) else cloudformation.read_template(content)
    if not isinstance(value, dict | list):
        return [_from_resource(resource) for resource in terraform.read_configuration(content)]
    if terraform.is_state_file(value):
        raise UnreadableError("this is a state file of Terraform", terraform.SHOW)
    if terraform.is_shown(value):
        return [_from_resource(resource) for resource in terraform.read_shown(plain(value))]
    if isinstance(value, dict) and terraform.is_configuration(value):
        return [_from_resource(resource) for resource in terraform.read_json_configuration(value)]
    if cloudformation.is_template(value):
        return [_from_template(*resource) for resource in cloudformation.read_resources(plain(value))]
    return _from_api(plain(value))


def _from_resource(resource: terraform.TerraformResource) -> SourceRule:
    try:
        rule = terraform.api_rule(resource)
    except Refused as error:
        return SourceRule(resource.name, resource.path, None, error)
    region = None if terraform.has_unknown(resource.unknown, "region") else resource.region
    return SourceRule(resource.name, resource.path, rule, region=region, of_v2=resource.is_v2)


def _from_template(name: str, path: Path, resource: dict[str, Any]) -> SourceRule:
    if resource["Type"] in cloudformation.CONTAINERS:
        return SourceRule(name, path, None, Refused(path, *cloudformation.CONTAINERS[resource["Type"]]))
    if "Condition" in resource:
        reason = "the rule exists only under a condition that is known on deployment"
        return SourceRule(name, path, None, Refused((*path, "Condition"), reason))
    of_v2 = resource["Type"] == V2_RESOURCE
    return SourceRule(name, (*path, "Properties"), resource.get("Properties"), of_v2=of_v2)


# -- the API ------------------------------------------------------------------------------------


def _from_api(value: Any) -> list[SourceRule]:
    if isinstance(value, list):
        return _listed(value, ())
    written, value = value, _spelled_by_api(value)
    if len(value) != len(written) and not _is_rule(value):
        raise UnreadableError("a key appears twice, in two spellings")
    if "AutomationRulesArns" in value:
        raise UnreadableError("this is a request for rules; it holds none", _GET)
    if "AutomationRulesMetadata" in value:
        raise UnreadableError("this lists rules without their criteria and actions", _GET)
    if "UpdateAutomationRulesRequestItems" in value:
        return _refused(
            value,
            "UpdateAutomationRulesRequestItems",
            "this changes a part of a rule; the other parts are not in it",
        )
    if "Identifier" in value:
        raise UnreadableError("this changes a rule; its other parts are not in it", _GET_V2)
    if isinstance(value.get("Rules"), list) and any(map(_is_metadata, value["Rules"])):
        raise UnreadableError("this lists rules without their criteria and actions", _GET_V2)
    if isinstance(value.get("Rules"), list):
        unprocessed = _refused(value, "UnprocessedAutomationRules", "AWS did not return this rule")
        return [*_listed(value["Rules"], ("Rules",)), *unprocessed]
    if not _is_rule(value):
        raise UnreadableError("there are no automation rules in it", _GET)
    return [_rule_at(written, ())]


def _is_rule(value: Any) -> bool:
    return isinstance(value, dict) and bool({"Criteria", "Actions"} & set(value))


def _is_metadata(value: Any) -> bool:
    """Say whether a value is what ListAutomationRulesV2 says of a rule."""
    if not isinstance(value, dict) or "Criteria" in value:
        return False
    return "RuleId" in value or "automation-rulev2" in str(value.get("RuleArn"))


def _listed(values: list[Any], path: Path) -> list[SourceRule]:
    rules = _numbered(values, path)
    if rules and not any(_is_rule(rule.value) for rule in rules):
        raise UnreadableError("there are no automation rules in it", _GET)
    return rules


def _numbered(values: list[Any], path: Path) -> list[SourceRule]:
    return [_rule_at(value, (*path, index)) for index, value in enumerate(values)]


def _rule_at(value: Any, path: Path) -> SourceRule:
    if not isinstance(value, dict):
        return SourceRule("", path, value)
    rule = _spelled_by_api(value)
    twice = None
    if len(rule) != len(value):
        twice = Refused(path, "a key appears twice, in two spellings", "leave one of them out")
    return SourceRule(_name(rule), path, rule, twice, region=_region(rule))


def _refused(value: dict[str, Any], member: str, reason: str) -> list[SourceRule]:
    """Return the items of a member that hold no whole rules."""
    items = value.get(member)
    listed = _numbered(items if isinstance(items, list) else [], (member,))
    return [replace(rule, refused=Refused(rule.path, reason, _GET)) for rule in listed]


def _spelled_by_api(value: dict[str, Any]) -> dict[str, Any]:
    """Spell the keys as the API does, also if they came from the AWS CLI's options."""
    return {
        "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]", str(key))): item
        for key, item in value.items()
    }


def _region(rule: Any) -> str | None:
    """Return the Region that the rule's ARN names."""
    return terraform.region_of(rule.get("RuleArn")) if isinstance(rule, dict) else None


def _name(rule: Any) -> str:
    name = rule.get("RuleName") if isinstance(rule, dict) else None
    return name if isinstance(name, str) else ""
