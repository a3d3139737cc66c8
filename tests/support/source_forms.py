"""The same automation rules, written in each form that people keep them in.

A rule is a dict with the API's RuleName, RuleOrder, RuleStatus, IsTerminal and Criteria; `Update` is what it
sets, and `Region` the one in which it is made.
"""

import json
import re
from typing import Any

import yaml

Rule = dict[str, Any]


def api_answer(rules: list[Rule]) -> str:
    """What `batch-get-automation-rules` answers."""
    return json.dumps({"Rules": [{**_request(rule), "RuleArn": _arn(rule)} for rule in rules]})


def _arn(rule: Rule) -> str:
    return f"arn:aws:securityhub:{rule['Region']}:111122223333:automation-rule/{rule['RuleName']}"


def _request(rule: Rule) -> Rule:
    action = {"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": rule["Update"]}
    kept = ("RuleName", "RuleOrder", "RuleStatus", "IsTerminal", "Criteria")
    return {**{name: rule[name] for name in kept}, "Description": "d", "Actions": [action]}


def cloudformation(rules: list[Rule]) -> str:
    """A template in YAML; its rules are made in one Region."""
    kind = "AWS::SecurityHub::AutomationRule"
    resources = {f"R{n}": {"Type": kind, "Properties": _request(rule)} for n, rule in enumerate(rules)}
    return yaml.safe_dump({"Resources": resources}, allow_unicode=True)


# -- Terraform ----------------------------------------------------------------------------------

_KIND = "aws_securityhub_automation_rule"
_MAP = "user_defined_fields"


def _arguments(rule: Rule) -> Rule:
    return {**_snake(_request(rule)), "region": rule["Region"]}


def _snake(value: Any, name: str = "") -> Any:
    if isinstance(value, list):
        return [_snake(item) for item in value]
    if not isinstance(value, dict) or name == _MAP:
        return value
    named = {re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower(): item for key, item in value.items()}
    return {key: _snake(item, key) for key, item in named.items()}


def terraform(rules: list[Rule]) -> str:
    """A configuration in Terraform's language."""
    return "".join(
        f'resource "{_KIND}" "r{number}" {{\n{_blocks(_arguments(rule))}}}\n'
        for number, rule in enumerate(rules)
    )


def _blocks(arguments: Rule) -> str:
    lines = ""
    for name, value in arguments.items():
        if name == _MAP and isinstance(value, dict):
            members = "".join(f"{_hcl(key)} = {_hcl(text)}\n" for key, text in value.items())
            lines += f"{name} = {{\n{members}}}\n"
        elif isinstance(value, dict | list):
            several = value if isinstance(value, list) else [value]
            lines += "".join(f"{name} {{\n{_blocks(one)}}}\n" for one in several)
        else:
            lines += f"{name} = {_hcl(value)}\n"
    return lines


def _hcl(value: Any) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return written.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else written


def cdktf(rules: list[Rule]) -> str:
    """What CDK for Terraform writes: JSON in which each text is a template; a provider has the Region."""
    regions = sorted({rule["Region"] for rule in rules})
    providers = [{"region": region, "alias": f"a{number}"} for number, region in enumerate(regions)]
    resources = {}
    for number, rule in enumerate(rules):
        arguments = _templates(_objects_in_lists(_snake(_request(rule))))
        resources[f"r{number}"] = {**arguments, "provider": f"aws.a{regions.index(rule['Region'])}"}
    return json.dumps({"provider": {"aws": providers}, "resource": {_KIND: resources}})


def _objects_in_lists(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        inner = {key: _objects_in_lists(item, key) for key, item in value.items()}
        return inner if name in ("", _MAP) else [inner]
    return [_objects_in_lists(item) for item in value] if isinstance(value, list) else value


def _templates(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _templates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_templates(item) for item in value]
    return value.replace("${", "$${").replace("%{", "%%{") if isinstance(value, str) else value


# -- the Landing Zone Accelerator ---------------------------------------------------------------

_FLAT = {"Severity": ("severityLabel", "Label"), "Workflow": ("workflowStatus", "Status")}


def security_config(rules: list[Rule], managed: list[str], excluded: list[str]) -> str:
    """The accelerator's configuration; each rule is made in its Region alone, of those that are managed."""
    hub = {
        "enable": True,
        "excludeRegions": excluded,
        "automationRules": [_accelerated(rule, managed) for rule in rules],
    }
    return yaml.safe_dump({"centralSecurityServices": {"securityHub": hub}}, allow_unicode=True)


def _accelerated(rule: Rule, managed: list[str]) -> Rule:
    update = {}
    for name, value in rule["Update"].items():
        flat, member = _FLAT.get(name, (_camel(name), None))
        update[flat] = value[member] if member else value
    return {
        "name": rule["RuleName"],
        "description": "d",
        "enabled": rule["RuleStatus"] == "ENABLED",
        "ruleOrder": rule["RuleOrder"],
        "isTerminal": rule["IsTerminal"],
        "excludeRegions": [region for region in managed if region != rule["Region"]],
        "criteria": [
            {"key": name, "filter": [{_camel(key): item for key, item in one.items()} for one in filters]}
            for name, filters in rule["Criteria"].items()
        ],
        "actions": [{"type": "FINDING_FIELDS_UPDATE", "findingFieldsUpdate": update}],
    }


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
