"""What a sweep is asked to do, and the GetFindings filters that say it to AWS."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from hubtriage.aws.securityhub.api import NOT_CLOSED, Finding, Key, is_of_v2
from hubtriage.aws.securityhub.hub_v2 import product_in_v2
from hubtriage.engine.planning.entry import Entry

MANAGED = "managed"
"""What the ledger has an entry of, archived findings too: reversal and expiry."""
ACTIVE = "active"
"""What rules could want."""
SCOPES = (MANAGED, ACTIVE)
MOST_VALUES = 20  # AWS: values of one filter attribute
BY_GENERATOR = [{"Field": "GeneratorId", "SortOrder": "asc"}]
"""Findings of one generator tend to get the same decision, and then share calls."""


class SweepRequestError(ValueError):
    """A request that cannot be carried out; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """What to sweep.

    `scopes` are swept in this order. `accounts` (ids), `products` (names, or ARNs), `controls` (ids such as
    S3.2) and `rules` (ids) narrow it down; values of one are alternatives. `budget`: the most findings it
    may change, None for no limit. `take_back`: plan by no rule. `settle`: begin only when AWS shows what
    triage did before, as by rules that are gone. `changed`: only what the rules concern that changed since
    the last sweep. `confirmed`: the hash of the rule set whose changes a person has agreed to. `reason`
    stands in the report.
    """

    scopes: tuple[str, ...] = SCOPES
    accounts: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    budget: int | None = None
    take_back: bool = False
    settle: bool = False
    changed: bool = False
    confirmed: str = ""
    reason: str = "requested"

    def __post_init__(self) -> None:
        unknown = set(self.scopes) - set(SCOPES)
        if not self.scopes or unknown or len(set(self.scopes)) != len(self.scopes):
            raise SweepRequestError(f"scopes are some of {', '.join(SCOPES)}, not {list(self.scopes)!r}")
        for name in ("accounts", "products", "controls"):
            if len(getattr(self, name)) > MOST_VALUES:
                raise SweepRequestError(f"AWS takes at most {MOST_VALUES} {name} in one filter")
        if self.budget is not None and (isinstance(self.budget, bool) or self.budget < 0):
            raise SweepRequestError(f"a budget is a number of findings, not {self.budget!r}")
        if self.take_back and self.scopes != (MANAGED,):
            raise SweepRequestError(f"taking back sweeps {MANAGED} findings only")
        if self.changed and (self.take_back or self.is_filtered):
            raise SweepRequestError("changed says by itself what is swept")

    @classmethod
    def from_json(cls, document: object) -> "SweepRequest":
        """Read what `as_json` wrote, or a person; raises SweepRequestError for anything else."""
        if not isinstance(document, Mapping):
            raise SweepRequestError(f"a request is an object, not {document!r}")
        known = {field.name: field.default for field in fields(cls)}
        if unknown := set(document) - set(known):
            raise SweepRequestError(f"a request has no {', '.join(sorted(map(str, unknown)))}")
        return cls(**{name: _read(name, value, known[name]) for name, value in document.items()})

    def as_json(self) -> dict[str, Any]:
        """Return the members that are not at their default, JSON-ready."""
        values = asdict(self).items()
        defaults = {field.name: field.default for field in fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in values if v != defaults[name]}

    @property
    def is_filtered(self) -> bool:
        """Whether only some findings are asked for."""
        return bool(self.accounts or self.products or self.controls or self.rules)

    @property
    def is_whole(self) -> bool:
        """Whether the sweep looks at every finding that rules could concern."""
        return not self.is_filtered and not self.changed and set(self.scopes) == set(SCOPES)

    def filters(self) -> dict[str, Any]:
        """Return GetFindings' filters of active findings. AWS: attributes are and-ed, values of one or-ed.

        `rules` is no filter that AWS knows. None of the filtered fields is one that triage changes: pages
        would shift under the sweep. A provider may archive what is active meanwhile; see
        docs/decisions/sweeping.md.
        """
        attributes = {
            "RecordState": ("ACTIVE",),
            "AwsAccountId": self.accounts,
            "ProductArn": self._product_arns,
            "ProductName": tuple(name for name in self.products if name not in self._product_arns),
            "ComplianceSecurityControlId": self.controls,
        }
        return {name: _equals(values) for name, values in attributes.items() if values}

    def filters_v2(self) -> dict[str, Any]:
        """Return GetFindingsV2's filters of the same findings."""
        fields = {
            "cloud.account.uid": self.accounts,
            "metadata.product.uid": tuple(map(product_in_v2, self._product_arns)),
            "metadata.product.name": tuple(name for name in self.products if name not in self._product_arns),
            "compliance.control": self.controls,
        }
        parts = [
            [{"FieldName": name, "Filter": each} for each in _equals(values)]
            for name, values in fields.items()
            if values
        ]
        composites = [{"StringFilters": part, "Operator": "OR"} for part in parts]
        return {**NOT_CLOSED, "CompositeFilters": [*NOT_CLOSED["CompositeFilters"], *composites]}

    def may_want(self, key: Key, entry: Entry) -> bool:
        """Say whether a finding may be asked for, as far as its entry says: others need not be read."""
        named = {"account": self.accounts, "control": self.controls}
        if any(values and entry.about.get(name, values[0]) not in values for name, values in named.items()):
            return False
        is_named = key[0] in self.products or len(self._product_arns) < len(self.products)
        return not self.products or is_named or is_of_v2(key)  # a key of V2 does not name the product

    def wants(self, finding: Finding) -> bool:
        """Say whether a finding that was read by its id is asked for."""
        compliance = finding.get("Compliance")
        control = compliance.get("SecurityControlId") if isinstance(compliance, Mapping) else None
        products = {finding.get("ProductArn"), finding.get("ProductName")}
        return (
            (not self.accounts or finding.get("AwsAccountId") in self.accounts)
            and (not self.controls or control in self.controls)
            and (not self.products or not products.isdisjoint(self.products))
        )

    @property
    def _product_arns(self) -> tuple[str, ...]:
        return tuple(name for name in self.products if name.startswith("arn:"))


def _equals(values: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"Value": value, "Comparison": "EQUALS"} for value in values]


def _read(name: str, value: Any, default: Any) -> Any:
    """Return a member; it must have the type of its default."""
    if isinstance(default, tuple):
        if isinstance(value, list | tuple) and all(isinstance(item, str) and item.strip() for item in value):
            return tuple(value)
    elif isinstance(default, bool):
        if isinstance(value, bool):
            return value
    elif name == "budget":
        if value is None or isinstance(value, int):
            return value
    elif isinstance(value, str) and value.strip():
        return value
    raise SweepRequestError(f"{name} cannot be {value!r}")
