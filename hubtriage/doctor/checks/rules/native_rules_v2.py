"""Check whether automation rules of Security Hub V2 set what our rules set."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.doctor.account import Account
from hubtriage.doctor.checks.account.hub import OFF
from hubtriage.doctor.verdict import Verdict, counted, some_of
from hubtriage.engine.fields import NOTE, SEVERITY, WORKFLOW

_FIELDS = {"StatusId": WORKFLOW, "SeverityId": SEVERITY, "Comment": NOTE}
_ADVICE = "let only one of them set a field: delete the automation rule, or narrow one of them"


def look(account: Account) -> Verdict | None:
    """List the rules in force that set a status, a severity or a comment that rules of ours set too.

    AWS: they act on what the provider sent, each time that it is sent, in all linked Regions. Their
    conditions are over OCSF, and are not compared with those of our rules.
    """
    try:
        found = list(_in_force(account.client("securityhub")))
    except ClientError as error:
        if error.response["Error"]["Code"] in OFF:
            return None
        raise
    return judge(found, _set_by_us(account))


def judge(found: list[Mapping[str, Any]], ours: Mapping[str, list[str]]) -> Verdict:
    """Return the verdict on rules in force; `ours` has the rules that set a field, by its name."""
    lines = [line for rule in found for line in _overlaps(rule, ours)]
    if not lines:
        return Verdict("ok", f"{len(found)} in force, none sets what rules of yours set")
    seen = f"{len(found)} in force, {counted(len(lines), 'field')} that rules of yours set too"
    return Verdict("warning", seen, _ADVICE, some_of(lines), {"overlaps": lines})


def _overlaps(rule: Mapping[str, Any], ours: Mapping[str, list[str]]) -> Iterator[str]:
    set_there = {
        name
        for action in rule.get("Actions", ())
        for name in action.get("FindingFieldsUpdate", {})
        if name in _FIELDS
    }
    for name in sorted(set_there):
        if rules := ours.get(_FIELDS[name]):
            listed = ", ".join(some_of(rules, 3))
            yield f"the automation rule {rule.get('RuleName')!r} sets {name}, and so do {listed}"


def _in_force(hub: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the enabled rules with their actions. AWS: a list of them has no actions' values."""
    request: dict[str, Any] = {"MaxResults": 100}
    while True:
        answer = hub.list_automation_rules_v2(**request)
        for rule in answer.get("Rules", ()):
            if rule.get("RuleStatus") != "DISABLED":
                yield hub.get_automation_rule_v2(Identifier=rule["RuleId"])
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]


def _set_by_us(account: Account) -> dict[str, list[str]]:
    """Return the ids of the rules that set a field of V2, by its name."""
    found: dict[str, list[str]] = {}
    for rule in account.document["rules"]:
        if rule.get("mode", "enforce") != "enforce":
            continue
        for name in _FIELDS.values():
            holder, _, _member = name.partition(".")
            if holder in rule["update"]:
                found.setdefault(name, []).append(rule["id"])
    return found
