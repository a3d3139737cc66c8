"""Terraform's `aws_securityhub_automation_rule`, from a configuration or from `terraform show -json`.

A configuration's values are taken only where they are written out: what an expression gives is known to
Terraform alone, and in the JSON of its plan or state. Terraform spells the API's names with underscores, and
writes objects as blocks, which come as lists of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.importers.outcome import UnreadableError
from hubtriage.interop.importers.sources import DeployTimeValue, plain

RESOURCE = "aws_securityhub_automation_rule"
SHOW = "run `terraform show -json` and import what it prints"
COUNTED = "`count` decides on deployment whether the rule exists; here it does"
_ARGUMENTS = ("rule_name", "rule_order", "description", "is_terminal", "rule_status", "criteria", "actions")
_OBJECTS = ("criteria", "finding_fields_update", "note", "severity", "workflow", "date_range")
_MAPS = ("user_defined_fields",)
_HEREDOC = re.compile(r'"<<(-?)([\w.-]+)\r?\n(.*?)[ \t]*\2"', re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)

Resource = tuple[str, Path, dict[str, Any]]


# -- configuration ------------------------------------------------------------------------------


def read_configuration(text: str) -> list[Resource]:
    """Return (name, path, arguments) of each rule of a configuration. Raises UnreadableError."""
    document = _parsed(text)
    found = []
    for block in document.get("resource", ()):
        for kind, named in block.items():
            if _unquoted(kind) == RESOURCE and isinstance(named, dict):
                found += [_resource(_unquoted(name), body) for name, body in named.items()]
    return found


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
        raise UnreadableError(f"Terraform that cannot be read: {error!s:.200}") from None
    return document


def _unquoted(label: str) -> str:
    return label[1:-1] if label.startswith('"') else label


def _resource(name: str, body: Any) -> Resource:
    path: Path = (RESOURCE, name)
    values = plain(body, _scalar)
    return name, path, values if isinstance(values, dict) else {}


def _scalar(value: Any) -> Any:
    """Convert a scalar of the parser: quoted text is text, other text is known only on deployment."""
    if not isinstance(value, str):
        return value
    heredoc = _HEREDOC.fullmatch(value)
    if heredoc:
        text = _dedented(heredoc[3]) if heredoc[1] else heredoc[3]
    elif len(value) > 1 and value[0] == value[-1] == '"':
        text = _ESCAPE.sub(_unescaped, value[1:-1])
    else:
        return DeployTimeValue(value.removeprefix("${").removesuffix("}"))
    if re.search(r"(?<!\$)\$\{|(?<!%)%\{", text):
        return DeployTimeValue(text)
    return text.replace("$${", "${").replace("%%{", "%{")


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


def is_shown(value: Any) -> bool:
    """Say whether a JSON document is what `terraform show -json` prints of a state or a plan."""
    return isinstance(value, dict) and "terraform_version" in value


def read_shown(value: dict[str, Any]) -> list[Resource]:
    """Return (name, path, arguments) of each rule of a plan, or else of a state."""
    key = "planned_values" if "planned_values" in value else "values"
    root = value.get(key)
    module = root.get("root_module") if isinstance(root, dict) else None
    return list(_resources(module, (key, "root_module")))


def _resources(module: Any, path: Path) -> Iterator[Resource]:
    for index, raw in enumerate(_listed(module, "resources")):
        if isinstance(raw, dict) and raw.get("type") == RESOURCE and isinstance(raw.get("values"), dict):
            place = (*path, "resources", index, "values")
            yield str(raw.get("address", raw.get("name"))), place, _without_unset(raw["values"])
    for index, child in enumerate(_listed(module, "child_modules")):
        yield from _resources(child, (*path, "child_modules", index))


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


def api_rule(arguments: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the rule as the API takes it. Raises Refused for what only Terraform can evaluate."""
    if "for_each" in arguments:
        raise Refused((*path, "for_each"), "the rule is made once for each of some values", SHOW)
    if arguments.get("count") == 0:
        raise Refused((*path, "count"), "the count is 0: the rule does not exist")
    return {
        _pascal(name): _api(arguments[name], name, (*path, name)) for name in _ARGUMENTS if name in arguments
    }


def _api(value: Any, name: str, path: Path) -> Any:
    if isinstance(value, list) and name in _OBJECTS:
        if len(value) != 1:
            raise Refused(path, f"{len(value)} blocks {name!r}; there can be only one")
        return _api(value[0], name, path)
    if isinstance(value, list):
        return [_api(item, "", (*path, index)) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if name in _MAPS:
        return {key.strip('"'): item for key, item in value.items()}
    if "dynamic" in value:
        raise Refused((*path, "dynamic"), "a dynamic block is known only on deployment", SHOW)
    return {_pascal(key): _api(item, key, (*path, key)) for key, item in value.items()}


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
