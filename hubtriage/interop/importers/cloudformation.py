"""CloudFormation's `AWS::SecurityHub::AutomationRule`, from a template in JSON or YAML.

Its properties are the API's. What is known only on deployment (`!Ref`, `Fn::Sub` …) stays an expression.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from hubtriage.interop.automation_rules import RESOURCE, V2_RESOURCE
from hubtriage.interop.criteria.input import Path
from hubtriage.interop.importers.outcome import UnreadableError
from hubtriage.interop.importers.sources import MAX_DEPTH, DeployTimeValue, plain

Resource = tuple[str, Path, dict[str, Any]]
CONTAINERS = {
    "AWS::CloudFormation::Stack": ("a nested stack, which may hold rules", "import its template by itself"),
    "AWS::CloudFormation::StackSet": ("a stack set, which may hold rules", "import its template by itself"),
    "Fn::ForEach": (
        "rules that are made in a loop on deployment",
        "import the processed template of the stack",
    ),
    "Fn::Transform": ("what a macro adds on deployment", "import the processed template of the stack"),
    "::MODULE": ("a module, which may hold rules", "import the processed template of the stack"),
}
"""What may hold rules that are not in the template: why it is refused, and what to do."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, and with timestamps left as the text that they are to it."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's way to say it
        first: [(tag, expression) for tag, expression in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _expression(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> DeployTimeValue:  # noqa: ARG001
    shown = f" {node.value}" if isinstance(node, yaml.ScalarNode) else ""
    return DeployTimeValue(f"!{suffix}{shown}")


_Loader.add_multi_constructor("!", _expression)


def read_template(text: str) -> Any:
    """Return the value of a template in YAML; None if it is not YAML. Raises UnreadableError."""
    try:
        value = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError):
        return None
    except RecursionError:
        raise UnreadableError("the file is nested too deep") from None
    return value


def is_template(value: Any) -> bool:
    """Say whether a document is a template: it has resources with types."""
    resources = value.get("Resources") if isinstance(value, dict) else None
    return isinstance(resources, dict) and any(
        (isinstance(resource, dict) and "Type" in resource) or str(name).startswith("Fn::")
        for name, resource in resources.items()
    )


def read_resources(value: dict[str, Any]) -> list[Resource]:
    """Return (logical id, path, resource) of each rule, with deploy-time values marked.

    What may hold rules elsewhere comes as a resource of one of the types in CONTAINERS.
    """
    return list(_resources(value["Resources"]))


def _resources(resources: dict[str, Any]) -> Iterator[Resource]:
    for name, resource in resources.items():
        path: Path = ("Resources", str(name))
        kind = str(resource.get("Type", "")) if isinstance(resource, dict) else ""
        if kind in (RESOURCE, V2_RESOURCE):
            yield str(name), path, _marked(resource)
        elif kind in CONTAINERS:
            yield str(name), path, {"Type": kind}
        elif kind.endswith("::MODULE"):
            yield str(name), path, {"Type": "::MODULE"}
        elif str(name).startswith("Fn::ForEach") and RESOURCE in json.dumps(plain(resource, str)):
            yield str(name), path, {"Type": "Fn::ForEach"}
        elif name == "Fn::Transform":
            yield str(name), path, {"Type": "Fn::Transform"}


def _marked(value: Any, depth: int = 0) -> Any:
    """Return the value with each intrinsic function, in its long form, as an expression."""
    if depth > MAX_DEPTH:
        raise UnreadableError("the template is nested too deep")
    if isinstance(value, list):
        return [_marked(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    names = list(value)
    if len(names) == 1 and isinstance(names[0], str) and (names[0] == "Ref" or names[0].startswith("Fn::")):
        return DeployTimeValue(json.dumps(plain(value, str))[:80])
    return {key: _marked(item, depth + 1) for key, item in value.items()}
