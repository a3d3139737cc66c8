"""Make findings larger the way real ones are: more resources, each with details, then more configuration."""

from __future__ import annotations

import json
from typing import Final

from hubtriage.localaws.producers.draw import FindingScene
from hubtriage.localaws.producers.resources.resource import resource_json
from hubtriage.localaws.producers.shape import Finding

_MAX_RESOURCES: Final = 32
_RELATED: Final = ("AwsEc2SecurityGroup", "AwsIamRole", "AwsEc2Instance", "AwsLambdaFunction", "AwsS3Bucket")
_BUSIEST: Final = 7  # related resources are few, and named again and again
_SETTING_BYTES: Final = 90


def size_of(finding: Finding) -> int:
    """Return the bytes of the finding as compact JSON."""
    return len(json.dumps(finding, separators=(",", ":"), ensure_ascii=False).encode())


def grow(scene: FindingScene, finding: Finding, target: int) -> None:
    """Add related resources, then settings of the first one, until the finding has about `target` bytes.

    A finding that is larger already stays as it is.
    """
    missing = target - size_of(finding)
    resources = finding["Resources"]
    while missing > 1_000 and len(resources) < _MAX_RESOURCES:
        kind, number = scene.draw.pick(_RELATED), scene.draw.between(0, _BUSIEST)
        related = resource_json(scene.account, scene.region, kind, number)
        resources.append(json.loads(related))
        missing -= len(related) + 1
    if missing > _SETTING_BYTES:
        _add_settings(scene, finding, missing // _SETTING_BYTES)


def _add_settings(scene: FindingScene, finding: Finding, count: int) -> None:
    settings = finding["Resources"][0].setdefault("Details", {}).setdefault("Other", {})
    for number in range(count):
        settings[f"configuration.item{number:03d}.{scene.draw.hex(8)}"] = scene.draw.hex(48)
