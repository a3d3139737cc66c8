"""The operations on automation rules: requests checked, pages cut, answers put together."""

from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.securityhub.asff.values import copied
from hubtriage.localaws.securityhub.automation.rules import AutomationRules, flaw_of_change
from hubtriage.localaws.securityhub.errors import invalid_input
from hubtriage.localaws.securityhub.reading import paging

Request = Mapping[str, Any]
_NOT_IN_LISTS = ("Criteria", "Actions")


def list_rules(rules: AutomationRules, request: Request) -> dict[str, Any]:
    """Answer ListAutomationRules."""
    size, start = paging.page_size(request), paging.position(request)
    listed = rules.listed()
    more = len(listed) > start + size
    page = [
        {name: value for name, value in rule.config.items() if name not in _NOT_IN_LISTS}
        for rule in listed[start : start + size]
    ]
    token = {"NextToken": paging.next_token(start + size, request)} if more else {}
    return {"AutomationRulesMetadata": page, **token}


def get_rules(rules: AutomationRules, request: Request) -> dict[str, Any]:
    """Answer BatchGetAutomationRules."""
    arns = _rule_arns(request)
    found = [copied(rule.config) for rule in rules.get(arns)]
    return {"Rules": found, "UnprocessedAutomationRules": _not_there(arns, [r["RuleArn"] for r in found])}


def update_rules(rules: AutomationRules, request: Request, now: float) -> dict[str, Any]:
    """Answer BatchUpdateAutomationRules."""
    changes = _rule_changes(request)
    updated = [change["RuleArn"] for change in changes if rules.update(change, now)]
    return _processed([change["RuleArn"] for change in changes], updated)


def delete_rules(rules: AutomationRules, request: Request) -> dict[str, Any]:
    """Answer BatchDeleteAutomationRules."""
    arns = _rule_arns(request)
    return _processed(arns, rules.delete(arns))


def _processed(asked: list[str], processed: list[str]) -> dict[str, Any]:
    return {
        "ProcessedAutomationRules": processed,
        "UnprocessedAutomationRules": _not_there(asked, processed),
    }


def _rule_arns(request: Request) -> list[str]:
    return _listed(request, "AutomationRulesArns")


def _rule_changes(request: Request) -> list[dict[str, Any]]:
    changes = _listed(request, "UpdateAutomationRulesRequestItems")
    for change in changes:
        flaw = flaw_of_change(change)
        if flaw:
            raise invalid_input(f"Invalid parameter: {flaw}")
    return changes


def _listed(request: Request, member: str) -> list[Any]:
    items = request.get(member)
    if not isinstance(items, list) or not 1 <= len(items) <= 100:
        raise invalid_input(f"Invalid parameter '{member}': should have 1 to 100 items")
    return items


def _not_there(arns: list[str], there: list[str]) -> list[dict[str, Any]]:
    return [
        {"RuleArn": arn, "ErrorCode": 404, "ErrorMessage": "Automation rule not found"}
        for arn in arns
        if arn not in there
    ]
