"""Read a cloud assembly, which CDK writes: its stacks, their templates, and the files that these load."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ANY = ("unknown-account", "unknown-region")
_STACK = "aws:cloudformation:stack"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file or folder that a template loads from `bucket` by `key`, both as the template has them."""

    label: str
    source: Path
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class AssembledStack:
    """One stack; `account` and `region` are None where the credentials of the deployment count.

    `bootstrap` is the parameter in which `cdk bootstrap` keeps its version, None if the stack asks for none.
    """

    artifact: str
    name: str
    template: Mapping[str, Any]
    assets: tuple[Asset, ...]
    tags: Mapping[str, str]
    account: str | None
    region: str | None
    bootstrap: str | None


def read_stacks(folder: Path) -> tuple[AssembledStack, ...]:
    """Return the stacks of an assembly, sorted by their names in CDK."""
    artifacts = _read(folder / "manifest.json")["artifacts"]
    names = sorted(name for name, artifact in artifacts.items() if artifact["type"] == _STACK)
    return tuple(_stack(folder, name, artifacts[name]) for name in names)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _stack(folder: Path, name: str, artifact: Mapping[str, Any]) -> AssembledStack:
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    return AssembledStack(
        name,
        properties.get("stackName", name),
        _read(folder / properties["templateFile"]),
        tuple(_assets(folder, name, properties["templateFile"])),
        properties.get("tags", {}),
        None if account in _ANY else account,
        None if region in _ANY else region,
        properties.get("bootstrapStackVersionSsmParameter"),
    )


def _assets(folder: Path, name: str, template: str) -> Iterator[Asset]:
    """Yield all assets of a stack except its own template, which CDK uploads as well."""
    for file in _read(folder / f"{name}.assets.json")["files"].values():
        if file["source"]["path"] == template:
            continue
        (place,) = file["destinations"].values()
        source = folder / file["source"]["path"]
        yield Asset(file["displayName"], source, place["bucketName"], place["objectKey"])
