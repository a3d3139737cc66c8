"""Make the files of a package out of a cloud assembly: a template for each stack, and the zips it loads."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hubtriage.packaging.assembly import AssembledStack, Asset, read_stacks
from hubtriage.packaging.template import BUCKET, PREFIX, plain_template, rendered
from hubtriage.packaging.zips import packed

_DIGITS = 32
_NO_NAME = re.compile(r"[^a-z0-9]+")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
CAPABILITY: Final = "CAPABILITY_IAM"


@dataclass(frozen=True, slots=True)
class PackagedStack:
    """A stack and the name of its template's file; `account` and `region` are None where any will do."""

    name: str
    template: str
    account: str | None
    region: str | None
    tags: Mapping[str, str]

    def as_record(self) -> dict[str, Any]:
        """Return it for the manifest."""
        return {
            "name": self.name,
            "template": self.template,
            "account": self.account,
            "region": self.region,
            "tags": dict(self.tags),
            "parameters": [BUCKET, PREFIX],
            "capabilities": [CAPABILITY],
        }


@dataclass(frozen=True, slots=True)
class Package:
    """All files by name, and the stacks that they make."""

    stacks: tuple[PackagedStack, ...]
    files: Mapping[str, bytes]


def make_package(assembly: Path) -> Package:
    """Return the package of a cloud assembly. Raises PackagingError if a template cannot do without CDK."""
    stacks = read_stacks(assembly)
    zips: dict[str, bytes] = {}
    names: dict[str, str] = {}
    for asset in (asset for stack in stacks for asset in stack.assets):
        if asset.key not in names:
            content = packed(asset.source) if asset.source.is_dir() else asset.source.read_bytes()
            names[asset.key] = _file_name(asset, content)
            zips[names[asset.key]] = content
    templates = {_template_name(stack): rendered(plain_template(stack, names)) for stack in stacks}
    return Package(tuple(map(_packaged, stacks)), {**templates, **zips})


def _file_name(asset: Asset, content: bytes) -> str:
    """Return a name that says what is in a file, and that another content does not have.

    CloudFormation takes code for changed if its key is another one.
    """
    words = _CAPITAL.sub("-", asset.label.partition("/")[0]).lower()
    label = _NO_NAME.sub("-", words).strip("-") or "asset"
    return f"{label}-{sha256(content).hexdigest()[:_DIGITS]}{Path(asset.key).suffix}"


def _template_name(stack: AssembledStack) -> str:
    return f"{stack.artifact}.template.json"


def _packaged(stack: AssembledStack) -> PackagedStack:
    tags = dict(sorted(stack.tags.items()))
    return PackagedStack(stack.name, _template_name(stack), stack.account, stack.region, tags)


def manifest_of(package: Package, version: str, ruleset: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a package is made of: the version, the rules, the stacks, and the digest of each file."""
    return {
        "format": 1,
        "hubtriage": version,
        "rules": {"hash": ruleset["hash"], "revision": ruleset["revision"]},
        "stacks": [stack.as_record() for stack in package.stacks],
        "files": dict(_digests(package.files)),
    }


def _digests(files: Mapping[str, bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, content in sorted(files.items()):
        yield name, {"bytes": len(content), "sha256": sha256(content).hexdigest()}


def as_json(document: Mapping[str, Any]) -> bytes:
    """Return a document as it is written."""
    return (json.dumps(document, indent=2) + "\n").encode("ascii")
