"""What happened to a finding, from the states before and after each write."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hubtriage.localaws.securityhub.asff.requests import Finding
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp

Source = Literal["BATCH_UPDATE_FINDINGS", "BATCH_IMPORT_FINDINGS"]

_TIMES = frozenset({"CreatedAt", "FirstObservedAt", "LastObservedAt", "ProcessedAt", "UpdatedAt"})
_MAPS = frozenset({"ProductFields", "UserDefinedFields"})
_VALUE_LIMIT = 32768
"""AWS: a value that is too big is left out; how big is not documented."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write: when, by which operation, who called, and the finding before (None: new) and after."""

    time: float
    source: Source
    caller: str
    before: Finding | None
    after: Finding

    def as_record(self) -> dict[str, Any]:
        """Return the record that GetFindingHistory answers. AWS: top-level timestamps are left out."""
        return {
            "FindingIdentifier": {"Id": self.after["Id"], "ProductArn": self.after["ProductArn"]},
            "UpdateTime": write_timestamp(self.time),
            "FindingCreated": self.before is None,
            "UpdateSource": {"Type": self.source, "Identity": self.caller},
            "Updates": [] if self.before is None else _updates(self.before, self.after),
        }


def provider_of(finding: Finding, caller: str) -> str:
    """Return who is named for an import. AWS: what its own services find is imported by their product."""
    product: str = finding["ProductArn"]
    return product if ":securityhub:" in product and "::product/" in product else caller


def _updates(before: Finding, after: Finding) -> list[dict[str, str]]:
    old, new = _leaves(before), _leaves(after)
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [_update(name, old.get(name), new.get(name)) for name in sorted(changed)]


def _update(name: str, old: object, new: object) -> dict[str, str]:
    update = {"UpdatedField": name}
    for member, value in (("OldValue", old), ("NewValue", new)):
        shown = _shown(value)
        if shown and len(shown) <= _VALUE_LIMIT:
            update[member] = shown
    return update


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _leaves(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return fields by dotted name; lists and free maps are one value each."""
    leaves: dict[str, Any] = {}
    for name, member in value.items():
        if not prefix and name in _TIMES:
            continue
        if isinstance(member, dict) and member and name not in _MAPS:
            leaves.update(_leaves(member, f"{prefix}{name}."))
        else:
            leaves[prefix + name] = member
    return leaves
