"""Terraform's automation rules of both hubs, from a configuration or from `terraform show -json`.

A configuration's values are taken only where they are written out: what an expression gives is known to
Terraform alone, and in the JSON of its plan or state. Even a plan does not know all: what it names as unknown
until it is applied is no value that was left out. Terraform spells the API's names with underscores, and
writes objects as blocks, which come as lists of one.

A configuration may be in JSON as well (`.tf.json`, or what CDK for Terraform writes). The resources of the
provider `awscc` have the same arguments, except that for V2 `aws` has the criteria as a text in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.interop.automation_rules import TERRAFORM_V2_RESOURCE
from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.importers.outcome import UnreadableError
from hubtriage.interop.importers.sources import DeployTimeValue, plain, read_json

RESOURCE = "aws_securityhub_automation_rule"
V2_RESOURCES = (TERRAFORM_V2_RESOURCE, "awscc_securityhub_automation_rule_v2")
RESOURCES = (RESOURCE, "awscc_securityhub_automation_rule", *V2_RESOURCES)
SHOW = "run `terraform show -json` and import what it prints"
_OTHERS = {
    "aws_cloudformation_stack": "a stack, whose template may hold rules",
    "awscc_cloudformation_stack": "a stack, whose template may hold rules",
    "aws_cloudformation_stack_set": "a stack set, whose template may hold rules",
    "awscc_cloudformation_stack_set": "a stack set, whose template may hold rules",
}
_TEMPLATE = "import the template by itself"
_ARGUMENTS = ("rule_name", "rule_order", "description", "is_terminal", "rule_status", "criteria", "actions")
_OF_V2 = ("action",)
_TEXTS_OF_V2 = ("criteria_json", "actions_json")
_OBJECTS = (
    "criteria", "finding_fields_update", "note", "severity", "workflow", "date_range",
    "ocsf_finding_criteria", "external_integration_configuration", "resource_fields_update", "filter",
)  # fmt: skip
_ABOUT = ("rule_name", "description")
_APPLIED = "apply it, and import what `terraform show -json` prints of the state"
_MAPS = ("user_defined_fields",)
_HEREDOC = re.compile(r'"<<(-?)([\w.-]+)\r?')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TerraformResource:
    """A rule as Terraform has it, or what may hold rules and cannot be read: then `refused` says why.

    `region` is the Region in which it acts; None if that is not known. `unknown` is what a plan does not know
    of its arguments: true, or the same for the members of an argument.
    """

    name: str
    path: Path
    arguments: dict[str, Any]
    region: Any = None
    unknown: Any = None
    refused: Refused | None = None
    is_v2: bool = False


# -- configuration ------------------------------------------------------------------------------


def read_configuration(text: str) -> list[TerraformResource]:
    """Return each rule of a configuration, and what may hold rules. Raises UnreadableError."""
    document = plain(_parsed(text), _scalar)
    blocks = [
        (_unquoted(kind), _unquoted(name), body)
        for block in document.get("resource", ())
        for kind, named in block.items()
        if isinstance(named, dict)
        for name, body in named.items()
    ]
    modules = [_unquoted(name) for block in document.get("module", ()) for name in block]
    providers = [
        (_unquoted(name), body) for block in document.get("provider", ()) for name, body in block.items()
    ]
    return list(_configured(blocks, modules, providers))


def is_configuration(value: Any) -> bool:
    """Say whether a JSON document is a configuration."""
    if not isinstance(value, dict) or "Resources" in value or "terraform_version" in value:
        return False
    return bool({"resource", "module"} & value.keys())


def read_json_configuration(value: dict[str, Any]) -> list[TerraformResource]:
    """Return each rule of a configuration in JSON, and what may hold rules."""
    value = plain(value, _json_scalar)
    blocks = [
        (kind, name, body)
        for resources in _several(value.get("resource"))
        for kind, named in resources.items()
        for several in _several(named)
        for name, bodies in several.items()
        for body in _several(bodies)
    ]
    modules = [name for several in _several(value.get("module")) for name in several]
    providers = [
        (name, body)
        for several in _several(value.get("provider"))
        for name, bodies in several.items()
        for body in _several(bodies)
    ]
    return list(_configured(blocks, modules, providers))


def _several(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a place that may hold one of them or a list."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _configured(
    blocks: list[tuple[str, str, Any]], modules: list[str], providers: list[tuple[str, Any]]
) -> Iterator[TerraformResource]:
    regions = {
        (name, body.get("alias")): body.get("region")
        for name, body in providers
        if isinstance(body, dict) and isinstance(body.get("alias"), str | None)
    }
    for kind, name, body in blocks:
        path: Path = (kind, name)
        arguments = body if isinstance(body, dict) else {}
        if _is_other(kind):
            yield _other(kind, name, path)
        elif kind in RESOURCES:
            region = _configured_region(kind, arguments, regions)
            yield TerraformResource(name, path, arguments, region, is_v2=kind in V2_RESOURCES)
    for name in modules:
        path = ("module", name)
        reason = "a module, which may make rules; they are not in this file"
        yield TerraformResource(name, path, {}, refused=Refused(path, reason, SHOW))


def _configured_region(kind: str, arguments: Mapping[str, Any], regions: Mapping[Any, Any]) -> Any:
    """Return the Region of a rule, or of its provider where the file has that: by (name, alias)."""
    if "region" in arguments:
        return arguments["region"]
    provider = arguments.get("provider")
    named = provider.text if isinstance(provider, DeployTimeValue) else provider
    name, _dot, alias = str(named or kind.partition("_")[0]).partition(".")
    return regions.get((name, alias or None))


def _is_other(kind: str) -> bool:
    """Say whether a resource may hold rules, and cannot be read."""
    return kind in _OTHERS or ("securityhub_automation_rule" in kind and kind not in RESOURCES)


def _other(kind: str, name: str, path: Path) -> TerraformResource:
    hint = _TEMPLATE if "cloudformation" in kind else ""
    reason = f"{kind} is {_OTHERS.get(kind, 'not a resource that is known here')}"
    return TerraformResource(name, path, {}, refused=Refused(path, reason, hint))


def _parsed(text: str) -> dict[str, Any]:
    try:
        import hcl2
        from lark.exceptions import LarkError
    except ImportError:
        hint = "install python-hcl2, or import the JSON of `terraform show -json`"
        raise UnreadableError("reading Terraform needs the package python-hcl2", hint) from None
    options = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False)
    try:
        document: dict[str, Any] = hcl2.loads(text, serialization_options=options)
    except LarkError as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableError(f"not JSON, CloudFormation or Terraform: {reason:.200}") from None
    except RuntimeError as error:  # the parser's own, and of too deep nesting
        raise UnreadableError(f"this Terraform cannot be read: {error!s:.200}") from None
    return document


def _unquoted(label: str) -> str:
    return label[1:-1] if label.startswith('"') else label


def _scalar(value: Any) -> Any:
    """Convert a scalar of the parser: quoted text is text, other text is known only on deployment."""
    if not isinstance(value, str):
        return value
    text = _heredoc(value)
    if text is None:
        if len(value) < 2 or not value[0] == value[-1] == '"':
            return DeployTimeValue(value.removeprefix("${").removesuffix("}"))
        text = _ESCAPE.sub(_unescaped, value[1:-1])
    return _template(text)


def _heredoc(value: str) -> str | None:
    """Return the text of a heredoc: the lines between its marker and the line that repeats that."""
    first, _newline, rest = value.partition("\n")
    start = _HEREDOC.fullmatch(first)
    body, newline, last = rest.rpartition("\n")
    if start is None or last.strip(" \t") != f'{start[2]}"':
        return None
    return _dedented(body + newline) if start[1] else body + newline


def _template(text: str) -> Any:
    """Return a text, or an expression if something is put into it."""
    if re.search(r"(?<!\$)\$\{|(?<!%)%\{", text):
        return DeployTimeValue(text)
    return text.replace("$${", "${").replace("%%{", "%{")


def _json_scalar(value: Any) -> Any:
    """Convert a scalar of a configuration in JSON, in which every text is a template."""
    return _template(value) if isinstance(value, str) else value


def _dedented(text: str) -> str:
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    least = min(indents, default=0)
    return "\n".join(line[least:] for line in lines)


def _unescaped(found: re.Match[str]) -> str:
    if found[3] is not None:
        return _ESCAPES.get(found[3], found[0])
    number = int(found[1] or found[2], 16)
    return chr(number) if number < 0x110000 else found[0]


# -- terraform show -json -----------------------------------------------------------------------


def is_state_file(value: Any) -> bool:
    """Say whether a JSON document is a state as Terraform stores it, which is not a stable format."""
    return isinstance(value, dict) and {"lineage", "serial", "resources"} <= value.keys()


def is_shown(value: Any) -> bool:
    """Say whether a JSON document is what `terraform show -json` prints of a state or a plan."""
    return isinstance(value, dict) and "terraform_version" in value and not is_state_file(value)


def read_shown(value: dict[str, Any]) -> list[TerraformResource]:
    """Return each rule of a plan, or else of a state, and what may hold rules."""
    is_plan = "planned_values" in value
    key = "planned_values" if is_plan else "values"
    root = value.get(key)
    module = root.get("root_module") if isinstance(root, dict) else None
    unknown = _unknown_by_address(value) if is_plan else None
    return list(_resources(module, (key, "root_module"), unknown))


def _unknown_by_address(plan: dict[str, Any]) -> dict[str, Any]:
    """Return, by address, which values of the resources a plan does not know until it is applied."""
    return {
        str(one.get("address")): one["change"].get("after_unknown", {})
        for one in _listed(plan, "resource_changes")
        if isinstance(one, dict) and isinstance(one.get("change"), dict)
    }


def _resources(module: Any, path: Path, unknown: Mapping[str, Any] | None) -> Iterator[TerraformResource]:
    for index, raw in enumerate(_listed(module, "resources")):
        if not isinstance(raw, dict):
            continue
        kind, address = str(raw.get("type")), str(raw.get("address", raw.get("name")))
        place = (*path, "resources", index, "values")
        if _is_other(kind):
            yield _other(kind, address, place)
        elif kind in RESOURCES and isinstance(raw.get("values"), dict):
            values = _without_unset(raw["values"])
            doubt = {} if unknown is None else unknown.get(address, True)
            region = values.get("region") or region_of(values.get("arn"))
            yield TerraformResource(address, place, values, region, doubt, is_v2=kind in V2_RESOURCES)
    for index, child in enumerate(_listed(module, "child_modules")):
        yield from _resources(child, (*path, "child_modules", index), unknown)


def region_of(arn: Any) -> str | None:
    """Return the Region that an ARN names."""
    parts = arn.split(":") if isinstance(arn, str) else []
    return parts[3] if len(parts) > 5 and parts[3] else None


def _listed(module: Any, member: str) -> list[Any]:
    found = module.get(member) if isinstance(module, dict) else None
    return found if isinstance(found, list) else []


def _without_unset(value: Any) -> Any:
    """Drop the arguments that were not given: a state holds them as null or empty lists."""
    if isinstance(value, dict):
        kept = {key: _without_unset(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None and item != []}
    if isinstance(value, list):
        return [_without_unset(item) for item in value]
    return value


# -- to the API's form --------------------------------------------------------------------------


def api_rule(resource: TerraformResource) -> dict[str, Any]:
    """Return the rule as the API takes it. Raises Refused for what only Terraform can evaluate."""
    arguments, path = resource.arguments, resource.path
    if resource.refused is not None:
        raise resource.refused
    if "for_each" in arguments:
        raise Refused(
            (*path, "for_each"),
            "the rule is made once for each value, and the values are known only on deployment",
            SHOW,
        )
    if arguments.get("count") == 0:
        raise Refused((*path, "count"), "the count is 0: the rule does not exist")
    if arguments.get("count", 1) != 1:
        raise Refused((*path, "count"), "the count decides on deployment whether the rule exists", SHOW)
    names = (*_ARGUMENTS, *_OF_V2, *_TEXTS_OF_V2) if resource.is_v2 else _ARGUMENTS
    for name in names:
        if name not in _ABOUT and has_unknown(resource.unknown, name):
            raise Refused((*path, name), "the plan does not know its value before it is applied", _APPLIED)
    rule = {_pascal(name): _api(arguments[name], name, (*path, name)) for name in names if name in arguments}
    return _as_v2(rule, path) if resource.is_v2 else rule


def _as_v2(rule: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a rule of V2 with its texts in JSON read, and the block `action` as the API's list."""
    if "Action" in rule:
        action = rule.pop("Action")
        rule.setdefault("Actions", action if isinstance(action, list) else [action])
    if "ActionsJson" in rule:
        rule["Actions"] = _from_text(rule.pop("ActionsJson"), (*path, "actions_json"))
    criteria = rule.get("Criteria")
    if isinstance(criteria, dict) and "OcsfFindingCriteriaJson" in criteria:
        place = (*path, "criteria", "ocsf_finding_criteria_json")
        rule["Criteria"] = {"OcsfFindingCriteria": _from_text(criteria["OcsfFindingCriteriaJson"], place)}
    if "CriteriaJson" in rule:
        place = (*path, "criteria_json")
        rule["Criteria"] = {"OcsfFindingCriteria": _from_text(rule.pop("CriteriaJson"), place)}
    return rule


def _from_text(value: Any, path: Path) -> Any:
    """Return what a text in JSON holds; what only Terraform can calculate, such as jsonencode, stays."""
    if not isinstance(value, str):
        return value
    try:
        return plain(read_json(value))
    except (ValueError, UnreadableError) as error:
        raise Refused(path, f"this is not JSON that can be read: {error!s:.100}") from None


def has_unknown(unknown: Any, name: str) -> bool:
    """Say whether a plan does not know an argument, or something in it."""
    return unknown is True or (isinstance(unknown, dict) and _any_true(unknown.get(name)))


def _any_true(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_any_true, value.values()))
    return any(map(_any_true, value)) if isinstance(value, list) else value is True


def _api(value: Any, name: str, path: Path) -> Any:
    if isinstance(value, list) and name in _OBJECTS:
        if len(value) != 1:
            raise Refused(path, f"{len(value)} blocks {name!r}; there can be only one")
        return _api(value[0], name, path)
    if isinstance(value, list):
        return [_api(item, "", (*path, index)) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if "dynamic" in value and name not in _MAPS:
        raise Refused((*path, "dynamic"), "a dynamic block is known only on deployment", SHOW)
    keys = {key: _key(key, path) for key in value}
    if name in _MAPS:
        return {keys[key]: item for key, item in value.items()}
    return {_pascal(keys[key]): _api(item, keys[key], (*path, key)) for key, item in value.items()}


def _key(written: str, path: Path) -> str:
    """Return the key of an object. Raises Refused for one that is known only on deployment."""
    key = _scalar(written) if written.startswith('"') else written
    if isinstance(key, DeployTimeValue) or re.search(r"[$%]\{", key):
        raise Refused((*path, written), "the key is known only on deployment", SHOW)
    return str(key)


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
