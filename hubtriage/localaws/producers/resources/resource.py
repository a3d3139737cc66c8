"""The organisation's resources: the same account, Region, type and number always give the same resource.

Findings about one resource thus agree about its name, tags and details, as they do in AWS.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

from hubtriage.localaws.organization import MemberAccount
from hubtriage.localaws.producers.draw import Draw, FindingScene
from hubtriage.localaws.producers.resources.builders import BUILDERS
from hubtriage.localaws.producers.resources.site import ResourceSite
from hubtriage.localaws.producers.shape import Resource

_NUMBERS: Final = range(60)
_WORKLOADS: Final = (
    "checkout", "catalog", "orders", "search", "identity", "ingest", "reporting", "media", "notifications",
    "pricing", "ledger", "support", "telemetry", "loyalty", "exports",
)  # fmt: skip
_PURPOSES: Final = ("api", "worker", "web", "batch", "cache", "assets", "events", "backup")
_UNTAGGED: Final = frozenset({"AwsAccount", "AwsIamAccessKey"})


def _tags(site: ResourceSite, workload: str) -> dict[str, str]:
    """Tag as people do: most resources, not all, and not always under the same key."""
    draw, account = site.draw, site.account
    if draw.chance(0.15):
        return {}
    tags = {draw.rank(("env", "Environment")): account.environment, "team": account.owner, "Name": site.name}
    if draw.chance(0.4):
        tags["aws:cloudformation:stack-name"] = f"{workload}-{account.environment}"
    if draw.chance(0.3):
        tags["cost-center"] = f"CC-{1000 + len(workload) * 37}"
    if draw.chance(0.1):
        tags["data-classification"] = draw.pick(("public", "internal", "confidential"))
    return tags


@lru_cache(maxsize=8_192)
def resource_json(account: MemberAccount, region: str, kind: str, number: int) -> str:
    """Return the resource of this type and number in this account and Region, as compact JSON."""
    draw = Draw(f"{account.id}/{region}/{kind}/{number}")
    workload = draw.rank(_WORKLOADS)
    site = ResourceSite(draw, account, region, f"{workload}-{draw.pick(_PURPOSES)}-{number + 1}")
    identifier, details = BUILDERS[kind](site)
    built: Resource = {"Type": kind, "Id": identifier, "Partition": "aws", "Region": region}
    if kind not in _UNTAGGED and (tags := _tags(site, workload)):
        built["Tags"] = tags
    if details:
        built["Details"] = {kind: details}
    return json.dumps(built, separators=(",", ":"))


def resource(scene: FindingScene, kind: str) -> Resource:
    """Return one of the sixty resources of this type in the scene's account and Region, as a new object."""
    number = scene.draw.rank(_NUMBERS)
    built: Resource = json.loads(resource_json(scene.account, scene.region, kind, number))
    return built
