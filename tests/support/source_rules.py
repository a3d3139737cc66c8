"""What rules of other tools decide, as their documentation says: written anew, with nothing of the importer.

Each function takes what a file of the tool holds, as data, and a finding.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Finding = Mapping[str, Any]
Rule = Mapping[str, Any]

_PLACES = {
    "AwsAccountId": "AwsAccountId",
    "Region": "Region",
    "Title": "Title",
    "GeneratorId": "GeneratorId",
    "ProductName": "ProductName",
    "Type": "Types",
    "SeverityLabel": "Severity.Label",
    "ResourceType": "Resources.Type",
    "ResourceId": "Resources.Id",
    "ResourceTags": "Resources.Tags",
    "ComplianceStatus": "Compliance.Status",
    "ComplianceSecurityControlId": "Compliance.SecurityControlId",
    "ComplianceAssociatedStandardsId": "Compliance.AssociatedStandards.StandardsId",
    "WorkflowStatus": "Workflow.Status",
    "UserDefinedFields": "UserDefinedFields",
    "ProductFields": "ProductFields",
    "Confidence": "Confidence",
    "CreatedAt": "CreatedAt",
    "NoteText": "Note.Text",
}


def values(finding: Finding, attribute: str) -> list[Any]:
    """All values that an attribute has in a finding."""
    found: list[Any] = [finding]
    for name in _PLACES[attribute].split("."):
        members = [one[name] for one in found if isinstance(one, Mapping) and name in one]
        found = [item for one in members for item in (one if isinstance(one, list) else [one])]
    return found


# -- filters of Security Hub's API --------------------------------------------------------------


def criteria_hold(criteria: Mapping[str, list[Rule]], finding: Finding) -> bool:
    """AWS: attributes are and-ed; of one, positive filters are or-ed, and negative ones and-ed."""
    return all(_filters_hold(name, filters, finding) for name, filters in criteria.items())


def _filters_hold(name: str, filters: list[Rule], finding: Finding) -> bool:
    found = values(finding, name)
    negative = [one for one in filters if "NOT_" in one.get("Comparison", "")]
    positive = [one for one in filters if one not in negative]
    if any(_passes(one, value) for one in negative for value in found):
        return False
    return not positive or any(_passes(one, value) for one in positive for value in found)


def _passes(one: Rule, value: Any) -> bool:
    """Whether a value is what a filter names, negated or not."""
    if "Comparison" in one:
        text = value.get(one["Key"]) if "Key" in one else value
        if text is None:
            return False
        kind = one["Comparison"]
        if "CONTAINS" in kind:
            return one["Value"] in text
        return text.startswith(one["Value"]) if "PREFIX" in kind else text == one["Value"]
    if "Start" in one or "End" in one:
        moment = datetime.fromisoformat(value)
        after = "Start" not in one or moment >= datetime.fromisoformat(one["Start"])
        return after and ("End" not in one or moment <= datetime.fromisoformat(one["End"]))
    checks = {"Gte": value >= one.get("Gte", value), "Lte": value <= one.get("Lte", value)}
    return all(checks.values()) and value == one.get("Eq", value)


def set_by(rules: Iterable[Rule], finding: Finding) -> dict[str, Any]:
    """What automation rules set on a finding. Each is made in its `Regions`, or in all of them.

    AWS: enabled rules act in their order, the later has the last word, a terminal one ends it.
    """
    result: dict[str, Any] = {}
    for rule in sorted(rules, key=lambda rule: rule["RuleOrder"]):
        is_here = finding["Region"] in rule.get("Regions", [finding["Region"]])
        if rule["RuleStatus"] == "ENABLED" and is_here and criteria_hold(rule["Criteria"], finding):
            result |= rule["Update"]
            if rule["IsTerminal"]:
                break
    return result


# -- awsfindingsmanagerlib ----------------------------------------------------------------------


def manager_1_suppresses(rules: Iterable[Rule], finding: Finding) -> bool:
    """The keys of `match_on` are and-ed; only NEW and NOTIFIED findings are looked at."""
    is_open = finding["Workflow"]["Status"] in ("NEW", "NOTIFIED")
    return is_open and any(_matches_on(rule["match_on"], finding) for rule in rules)


def _matches_on(wanted: Rule, finding: Finding) -> bool:
    fields = finding.get("ProductFields", {})
    tags = [tag for one in values(finding, "ResourceTags") for tag in one.items()]
    checks = {
        "security_control_id": lambda one: one in values(finding, "ComplianceSecurityControlId"),
        "rule_or_control_id": lambda one: one in (fields.get("ControlId"), fields.get("RuleId")),
        "title": lambda one: one == finding["Title"],
        "product_name": lambda one: one == finding["ProductName"],
        "regions": lambda some: finding["Region"] in some,
        "tags": lambda some: any((one["key"], one["value"]) in tags for one in some),
        "resource_id_regexps": lambda some: _found(some, values(finding, "ResourceId")),
    }
    return all(checks[key](item) for key, item in wanted.items())


def _found(expressions: Iterable[str], texts: list[str]) -> bool:
    return any(re.search(one, text) for one in expressions for text in texts)


def manager_2_sets(rules: Iterable[Rule], finding: Finding) -> dict[str, Any]:
    """Filters are those of GetFindings; expressions are searched for; the later rule has the last word."""
    result: dict[str, Any] = {}
    for rule in rules:
        expressions = rule.get("ExtraFeatures", {}).get("RegexStringFilters", {})
        if criteria_hold(rule["Filters"], finding) and all(
            _found(some, values(finding, name)) for name, some in expressions.items()
        ):
            result |= rule["UpdatesToFilteredFindings"]
    return result


# -- Prowler ------------------------------------------------------------------------------------


def mutes(
    accounts: Mapping[str, Any], finding: Mapping[str, str], *, every_star_is_wild: bool = True
) -> bool:
    """Whether a mutelist mutes a finding: its account, check, region, resource, and tags as one text.

    Prowler 5 takes each star for any text, older ones only one at the start.
    """

    def search(item: str, text: str) -> bool:
        stars = item.count("*") if every_star_is_wild else int(item.startswith("*"))
        return re.search(item.replace("*", ".*", stars), text) is not None

    def fits(name: str, items: list[str]) -> bool:
        text = finding[name]
        if name == "Tags":
            return bool(items) and all(search(item, text) for item in items)
        return any(search(item, text) for item in items)

    def excepted(exceptions: Mapping[str, list[str]]) -> bool:
        given = {name: items for name, items in exceptions.items() if items}
        return bool(given) and all(fits(name, items) for name, items in given.items())

    def muted_in(checks: Mapping[str, Any]) -> bool:
        muted = False
        for check, entry in checks.items():
            name = "aws" + check if check.startswith("lambda") else check
            if not (name == "*" or search(name, finding["Check"])):
                continue
            if excepted(entry.get("Exceptions", {})):
                break
            lists = {"Regions": entry["Regions"], "Resources": entry["Resources"]}
            tags = entry.get("Tags") or ["*"]
            muted = muted or (all(fits(*one) for one in lists.items()) and fits("Tags", tags))
        return muted

    return any(muted_in(accounts[one]["Checks"]) for one in accounts if one in ("*", finding["Accounts"]))
