"""Automation rules of V2: stored, checked, and run on what providers send.

AWS: they run when a provider sends a finding, each time, before the event is made, and look at the finding
as its provider sent it. A rule has one action.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.securityhub.asff.checks import (
    Check,
    anything,
    list_of,
    map_of,
    one_of,
    structure,
    text,
)
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.asff.values import copied
from hubtriage.localaws.securityhub.errors import HubError, invalid_input
from hubtriage.localaws.securityhub.reading import paging
from hubtriage.localaws.securityhub.v2.filters import Predicate, finding_filter
from hubtriage.localaws.securityhub.v2.requests import FIELDS, flaw_of_values
from hubtriage.localaws.securityhub.v2.words import Finding

Request = Mapping[str, Any]
RULES_LIMIT = 100
_ACTION = structure(
    {
        "Type": one_of(("FINDING_FIELDS_UPDATE", "EXTERNAL_INTEGRATION")),
        "FindingFieldsUpdate": structure(dict.fromkeys(FIELDS, anything)),
        "ExternalIntegrationConfiguration": structure({"ConnectorArn": text()}),
    },
    ("Type",),
)


def _order(value: object, path: str) -> str | None:
    """Accept the order of a rule: AWS: from 1 to 1000, also with a fraction."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if is_number and 1 <= value <= 1000 else f"{path} should be number from 1 to 1000"  # type: ignore[operator]


_MEMBERS: Mapping[str, Check] = {
    "RuleName": text(),
    "RuleStatus": one_of(("ENABLED", "DISABLED")),
    "Description": text(),
    "RuleOrder": _order,
    "Criteria": structure({"OcsfFindingCriteria": map_of(anything)}, ("OcsfFindingCriteria",)),
    "Actions": list_of(_ACTION, 1, 1),
}
_REQUEST = structure(
    {**_MEMBERS, "Tags": map_of(text(0), high=50), "ClientToken": text(1, 63)},
    ("RuleName", "Description", "RuleOrder", "Criteria", "Actions"),
)
_CHANGE = structure({**_MEMBERS, "Identifier": text()}, ("Identifier",))
_LISTED = (
    "RuleArn",
    "RuleId",
    "RuleOrder",
    "RuleName",
    "RuleStatus",
    "Description",
    "CreatedAt",
    "UpdatedAt",
)


@dataclass(frozen=True, slots=True)
class AutomationRuleV2:
    """A stored rule, its criteria compiled."""

    config: Mapping[str, Any]
    matches: Predicate

    @property
    def update(self) -> Mapping[str, Any]:
        """The fields it sets; none where it opens a ticket."""
        fields: Mapping[str, Any] = self.config["Actions"][0].get("FindingFieldsUpdate", {})
        return fields

    def is_called(self, identifier: object) -> bool:
        """Say whether an ARN or id is this rule's."""
        return identifier in (self.config["RuleArn"], self.config["RuleId"])


class AutomationRulesV2:
    """The V2 automation rules of one account and Region."""

    def __init__(self, arn_prefix: str) -> None:
        self._prefix = arn_prefix
        self._rules: list[AutomationRuleV2] = []
        self._tokens: dict[str, dict[str, Any]] = {}
        self._made = 0

    def updates(self, given: Finding, now: float) -> list[Mapping[str, Any]]:
        """Return what the rules set on a finding, in order; `given`: what its provider sent, filled in."""
        return [
            rule.update
            for rule in self._in_order()
            if rule.config["RuleStatus"] == "ENABLED" and rule.update and rule.matches(given, now)
        ]

    def create(self, request: Request, now: float) -> dict[str, Any]:
        """Answer CreateAutomationRuleV2. AWS: the same ClientToken makes one rule."""
        _check(_REQUEST, request)
        token = request.get("ClientToken")
        if token in self._tokens:
            return dict(self._tokens[token])
        if len(self._rules) >= RULES_LIMIT:
            raise HubError("ServiceQuotaExceededException", f"more than {RULES_LIMIT} automation rules")
        self._made += 1
        rule_id = f"{self._made:08x}-0000-4000-8000-000000000002"
        names = {"RuleArn": f"{self._prefix}:automation-rulev2/{rule_id}", "RuleId": rule_id}
        written = write_timestamp(now)
        given = {name: request[name] for name in _MEMBERS if name in request}
        config = {"RuleStatus": "ENABLED", **given, **names, "CreatedAt": written, "UpdatedAt": written}
        self._rules.append(_compiled(config))
        if token is not None:
            self._tokens[token] = names
        return dict(names)

    def get(self, request: Request) -> dict[str, Any]:
        """Answer GetAutomationRuleV2."""
        config: dict[str, Any] = copied(self._find(request).config)
        return config

    def listed(self, request: Request) -> dict[str, Any]:
        """Answer ListAutomationRulesV2. AWS: without criteria, and with the types of actions alone."""
        size, start = paging.page_size(request), paging.position(request)
        rules = self._in_order()
        token = {"NextToken": paging.next_token(start + size, request)} if len(rules) > start + size else {}
        return {"Rules": [_metadata(rule.config) for rule in rules[start : start + size]], **token}

    def update(self, request: Request, now: float) -> dict[str, Any]:
        """Answer UpdateAutomationRuleV2."""
        _check(_CHANGE, request)
        rule = self._find(request)
        changes = {name: value for name, value in request.items() if name != "Identifier"}
        changed = _compiled({**rule.config, **changes, "UpdatedAt": write_timestamp(now)})
        self._rules[self._rules.index(rule)] = changed
        return {}

    def delete(self, request: Request) -> dict[str, Any]:
        """Answer DeleteAutomationRuleV2."""
        self._rules.remove(self._find(request))
        return {}

    def _in_order(self) -> list[AutomationRuleV2]:
        return sorted(self._rules, key=lambda rule: rule.config["RuleOrder"])

    def _find(self, request: Request) -> AutomationRuleV2:
        for rule in self._rules:
            if rule.is_called(request.get("Identifier")):
                return rule
        raise HubError("ResourceNotFoundException", "The automation rule does not exist")

    def __reduce__(self) -> tuple[Any, ...]:
        """Store the rules, not what was compiled of them."""
        stored = ([dict(rule.config) for rule in self._rules], self._tokens, self._made)
        return _restored, (self._prefix, *stored)


def _restored(
    prefix: str, configs: list[dict[str, Any]], tokens: dict[str, dict[str, Any]], made: int
) -> AutomationRulesV2:
    rules = AutomationRulesV2(prefix)
    rules._rules, rules._tokens, rules._made = [_compiled(config) for config in configs], tokens, made
    return rules


def _compiled(config: Mapping[str, Any]) -> AutomationRuleV2:
    return AutomationRuleV2(config, finding_filter(config["Criteria"]["OcsfFindingCriteria"], is_rule=True))


def _check(check: Check, request: Request) -> None:
    flaw = check(request, "data") or next(map(_flaw_of_action, request.get("Actions", ())), None)
    if flaw:
        raise invalid_input(f"Invalid parameter: {flaw}")


def _flaw_of_action(action: Mapping[str, Any]) -> str | None:
    if action["Type"] == "FINDING_FIELDS_UPDATE":
        return flaw_of_values(action.get("FindingFieldsUpdate", {}))
    config = action.get("ExternalIntegrationConfiguration")
    return None if config else "ExternalIntegrationConfiguration should be given"


def _metadata(config: Mapping[str, Any]) -> dict[str, Any]:
    types = [{"Type": action["Type"]} for action in config["Actions"]]
    return {**{name: config[name] for name in _LISTED}, "Actions": types}
