"""Turn a template of CDK into a plain one: without a bootstrap, with parameters that say where the zips are.

Only where code comes from changes. Logical ids and all other properties stay. So a stack that CDK made can be
updated with the plain template, and the other way round.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hubtriage.packaging.assembly import AssembledStack, Asset

BUCKET: Final = "CodeBucket"
PREFIX: Final = "CodePrefix"
DEFAULT_PREFIX: Final = "hubtriage/"
# AWS: the most that CloudFormation takes, in the request itself and from S3.
MOST_INLINE: Final = 51_200
MOST_BYTES: Final = 1_000_000

_PARAMETERS: Final[Mapping[str, Any]] = {
    BUCKET: {
        "Type": "String",
        "Description": "S3 bucket in the Region of the stack that holds the zips of the functions",
        "AllowedPattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        "ConstraintDescription": "the name of a bucket, without s3://",
    },
    PREFIX: {
        "Type": "String",
        "Description": "What the keys of the zips begin with: empty, or a folder that ends with a slash",
        "Default": DEFAULT_PREFIX,
        "AllowedPattern": "^([A-Za-z0-9!_.*'()-]+/)*$",
        "ConstraintDescription": "empty, or such as hubtriage/, with a slash at its end",
    },
}
_FIRST = ("Description", "Parameters", "Rules", "Conditions", "Resources")
_CDK_METADATA = ("aws:cdk:", "aws:asset:")
_BOOTSTRAP_WORDS = ("cdk-bootstrap", "cdk-hnb659fds")


@dataclass(eq=False)
class PackagingError(Exception):
    """There is no plain template of a stack; the message says why."""

    message: str

    def __str__(self) -> str:
        return self.message


def plain_template(stack: AssembledStack, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the plain template of a stack; `names` has the file name of each asset by its key.

    Raises PackagingError if anything in it would still refer to what `cdk bootstrap` makes.
    """
    template = _without_bootstrap(stack)
    for asset in stack.assets:
        template = _placed(template, asset, names[asset.key])
    template["Parameters"] = {**_PARAMETERS, **template.get("Parameters", {})}
    template["Rules"] = {**_right_place(stack), **template.get("Rules", {})}
    _demand_plain(template, stack, names)
    return {part: template[part] for part in (*_FIRST, *template) if template.get(part)}


def rendered(template: Mapping[str, Any]) -> bytes:
    """Return a template as it is written: in ASCII, so that no tool has to guess its encoding.

    Raises PackagingError if CloudFormation would not take it.
    """
    content = (json.dumps(template, indent=1) + "\n").encode("ascii")
    if len(content) > MOST_BYTES:
        raise PackagingError(
            f"the template has {len(content):,} bytes, and CloudFormation takes {MOST_BYTES:,} at most"
        )
    return content


def _without_bootstrap(stack: AssembledStack) -> dict[str, Any]:
    """Return the template without the check that CDK's bootstrap is new enough, and without its metadata."""
    template = stack.template
    parameters = template.get("Parameters", {})
    asked = {
        name
        for name, each in parameters.items()
        if stack.bootstrap and each.get("Default") == stack.bootstrap
    }
    rules = template.get("Rules", {})
    checks = {name for name, each in rules.items() if asked.intersection(_strings(each))}
    resources = template["Resources"]
    metadata = {name for name, each in resources.items() if each["Type"] == "AWS::CDK::Metadata"}
    left_out = {
        "Parameters": asked,
        "Rules": checks,
        "Conditions": {"CDKMetadataAvailable"},
        "Resources": metadata,
    }
    parts = {part: _without(template.get(part, {}), names) for part, names in left_out.items()}
    parts["Resources"] = {name: _without_metadata(each) for name, each in parts["Resources"].items()}
    return {**template, **parts}


def _without(part: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: each for name, each in part.items() if name not in names}


def _without_metadata(resource: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {k: v for k, v in resource.get("Metadata", {}).items() if not k.startswith(_CDK_METADATA)}
    rest = _without(resource, ("Metadata",))
    return {**rest, "Metadata": metadata} if metadata else rest


def _placed(node: Any, asset: Asset, name: str) -> Any:
    """Return a part of a template that loads an asset from the bucket and the prefix of the parameters."""
    if node in (asset.bucket, {"Fn::Sub": asset.bucket}):
        return {"Ref": BUCKET}
    if node == asset.key:
        return {"Fn::Sub": f"${{{PREFIX}}}{name}"}
    if isinstance(node, dict):
        return {key: _placed(value, asset, name) for key, value in node.items()}
    return [_placed(value, asset, name) for value in node] if isinstance(node, list) else node


def _right_place(stack: AssembledStack) -> dict[str, Any]:
    """Return rules that refuse another account or Region than that of the settings, as `npx cdk` does."""
    wanted = (
        ("RightAccount", "AWS::AccountId", "account", stack.account),
        ("RightRegion", "AWS::Region", "Region", stack.region),
    )
    return {
        name: {
            "Assertions": [
                {
                    "Assert": {"Fn::Equals": [{"Ref": pseudo}, value]},
                    "AssertDescription": f"This template is for the {what} {value}",
                }
            ]
        }
        for name, pseudo, what, value in wanted
        if value is not None
    }


def _demand_plain(template: Mapping[str, Any], stack: AssembledStack, names: Mapping[str, str]) -> None:
    texts = tuple(_strings(template))
    for asset in stack.assets:
        if not any(text == f"${{{PREFIX}}}{names[asset.key]}" for text in texts):
            raise PackagingError(f"stack {stack.name}: nothing loads the asset {asset.label}")
    hashes = (asset.key.partition(".")[0] for asset in stack.assets)
    buckets = (asset.bucket for asset in stack.assets)
    refused = {*_BOOTSTRAP_WORDS, *hashes, *buckets, *([stack.bootstrap] if stack.bootstrap else [])}
    for text in texts:
        if any(word in text for word in refused):
            raise PackagingError(f"stack {stack.name}: {text!r} refers to what `cdk bootstrap` makes")


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value)
