"""Native automation rules: stored, checked, and run on what providers send.

AWS: they run on imports only, before the event is made, and look at the finding as its provider sent it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.securityhub.asff.checks import (
    anything,
    boolean,
    list_of,
    map_of,
    one_of,
    structure,
    text,
    whole,
)
from hubtriage.localaws.securityhub.asff.filters import Predicate, automation_criteria
from hubtriage.localaws.securityhub.asff.requests import UPDATE_MODEL, Finding, flaw_of_update_values
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.errors import HubError, invalid_input

RULES_LIMIT = 100
_ACTION = structure(
    {"Type": one_of(("FINDING_FIELDS_UPDATE",)), "FindingFieldsUpdate": structure(UPDATE_MODEL)},
    ("Type", "FindingFieldsUpdate"),
)
_MEMBERS = {
    "RuleName": text(),
    "RuleOrder": whole(1, 1000),
    "RuleStatus": one_of(("ENABLED", "DISABLED")),
    "Description": text(),
    "IsTerminal": boolean,
    "Criteria": map_of(anything),
    "Actions": list_of(_ACTION, 1, 1),
}
_REQUEST = structure(
    {**_MEMBERS, "Tags": map_of(anything, high=50)},
    ("RuleOrder", "RuleName", "Description", "Criteria", "Actions"),
)

_CHANGE = structure({**_MEMBERS, "RuleArn": text()}, ("RuleArn",))


@dataclass(frozen=True, slots=True)
class AutomationRule:
    """A stored rule, its criteria compiled."""

    config: Mapping[str, Any]
    matches: Predicate
    updated: float

    @property
    def arn(self) -> str:
        """The rule's ARN."""
        return str(self.config["RuleArn"])

    @property
    def update(self) -> Mapping[str, Any]:
        """The fields it sets."""
        fields: Mapping[str, Any] = self.config["Actions"][0]["FindingFieldsUpdate"]
        return fields


class AutomationRules:
    """The automation rules of one account and Region."""

    def __init__(self, arn_prefix: str) -> None:
        self._prefix = arn_prefix
        self._rules: dict[str, AutomationRule] = {}
        self._made = 0

    def __reduce__(self) -> tuple[Any, ...]:
        """Store the rules, not what was compiled of them."""
        stored = [(dict(rule.config), rule.updated) for rule in self._rules.values()]
        return _restored, (self._prefix, stored, self._made)

    def create(self, request: Mapping[str, Any], caller: str, now: float) -> str:
        """Store a rule and return its ARN; raises HubError for one that the service would refuse."""
        if len(self._rules) >= RULES_LIMIT:
            raise HubError("LimitExceededException", f"more than {RULES_LIMIT} automation rules")
        flaw = _REQUEST(request, "data") or _flaw_of_values(request)
        if flaw:
            raise invalid_input(f"Invalid parameter: {flaw}")
        self._made += 1
        arn = f"{self._prefix}:automation-rule/{self._made:08x}-0000-4000-8000-000000000000"
        made = write_timestamp(now)
        config = {
            "RuleStatus": "ENABLED",
            "IsTerminal": False,
            **{name: value for name, value in request.items() if name != "Tags"},
            "RuleArn": arn,
            "CreatedAt": made,
            "UpdatedAt": made,
            "CreatedBy": caller,
        }
        self._rules[arn] = AutomationRule(config, automation_criteria(request["Criteria"]), now)
        return arn

    def get(self, arns: Iterable[str]) -> list[AutomationRule]:
        """Return the rules among `arns` that exist."""
        return [self._rules[arn] for arn in arns if arn in self._rules]

    def update(self, change: Mapping[str, Any], now: float) -> bool:
        """Put a change's members into the rule of its RuleArn; False where there is no such rule."""
        rule = self._rules.get(change["RuleArn"])
        if rule is None:
            return False
        config = {**rule.config, **change, "UpdatedAt": write_timestamp(now)}
        self._rules[rule.arn] = AutomationRule(config, automation_criteria(config["Criteria"]), now)
        return True

    def delete(self, arns: Iterable[str]) -> list[str]:
        """Delete rules; the ARNs of those that there were."""
        return [arn for arn in arns if self._rules.pop(arn, None)]

    def listed(self) -> list[AutomationRule]:
        """Return all rules in the order in which they run: RuleOrder, then the earlier update first."""
        return sorted(
            self._rules.values(), key=lambda rule: (rule.config["RuleOrder"], rule.updated, rule.arn)
        )

    def applying(self, original: Finding, now: float) -> list[AutomationRule]:
        """Return the rules that change a finding, in order; `original`: what its provider sent, filled in."""
        applying = []
        for rule in self.listed() if self._rules else ():
            if rule.config["RuleStatus"] == "ENABLED" and rule.matches(original, now):
                applying.append(rule)
                if rule.config["IsTerminal"]:
                    break
        return applying


def _restored(prefix: str, stored: list[tuple[dict[str, Any], float]], made: int) -> AutomationRules:
    rules = AutomationRules(prefix)
    rules._made = made
    for config, updated in stored:
        rule = AutomationRule(config, automation_criteria(config["Criteria"]), updated)
        rules._rules[rule.arn] = rule
    return rules


def flaw_of_change(change: object) -> str | None:
    """Return what is wrong with an item of BatchUpdateAutomationRules, or None."""
    flaw = _CHANGE(change, "data")
    return flaw or (_flaw_of_values(change) if isinstance(change, dict) and "Actions" in change else None)


def _flaw_of_values(request: Mapping[str, Any]) -> str | None:
    return flaw_of_update_values(request["Actions"][0]["FindingFieldsUpdate"])
