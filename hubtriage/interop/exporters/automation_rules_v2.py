"""Rules as automation rules of Security Hub V2: requests of CreateAutomationRuleV2.

Exported is what decides the same about a finding that only its provider has touched. V2 sets a status, a
severity and a comment; its rules see less than those of CSPM, and none ends the evaluation of later ones. A
`ceiling` becomes a criterion on the severity, which excludes what has no known one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hubtriage.authoring.compiler import compile_rule
from hubtriage.authoring.loaded import LoadedRule
from hubtriage.engine.fields import SEVERITIES, UNRANKED
from hubtriage.engine.ocsf.update import LONGEST_COMMENT, v2_update
from hubtriage.interop.automation_rules import HIGHEST_ORDER, MOST_RULES
from hubtriage.interop.criteria.input import Refused
from hubtriage.interop.criteria.merging import split
from hubtriage.interop.criteria.model import Criterion, TextTest
from hubtriage.interop.exporters.automation_rules import (
    check_kind,
    filled,
    hidden_labels,
    merged_branches,
    path_of_conditions,
    requests_of_branches,
)
from hubtriage.interop.ocsf_criteria.fields import AUTOMATION_RULES_V2, SEVERITY_LABEL
from hubtriage.interop.ocsf_criteria.to_filters import to_ocsf_filters

_STEP = 0.001


def requests_v2(rule: LoadedRule) -> list[dict[str, Any]]:
    """Return the automation rules of V2 for one of ours. Raises Refused."""
    check_kind(rule)
    if rule.model.terminal:
        hint = "let the later rules exclude what this one takes"
        raise Refused(("terminal",), "automation rules of V2 do not keep later ones away", hint)
    compiled = compile_rule(rule)
    update = _update(compiled)
    branches = list(_branches(rule, compiled))
    return requests_of_branches(rule, branches, update)


def _branches(rule: LoadedRule, compiled: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    hidden = hidden_labels(compiled, compiled["update"], (*SEVERITIES, UNRANKED))
    tests = tuple(TextTest("equals", label) for label in hidden)
    ceiling = [Criterion(SEVERITY_LABEL, (), tests)] if tests else []
    path = path_of_conditions(rule)
    for branch in merged_branches(rule, AUTOMATION_RULES_V2, ceiling):
        for part in split(branch, MOST_RULES, path):
            yield {"OcsfFindingCriteria": to_ocsf_filters(part.values(), path)}


def _update(compiled: Mapping[str, Any]) -> dict[str, Any]:
    if not compiled["update"]:
        raise Refused(("update",), "automation rules must change something")
    values: dict[str, Any] = {}
    for name, value in compiled["update"].items():
        path = ("update", name)
        if name == "Severity" and set(value) != {"Label"}:
            raise Refused(path, "automation rules of V2 can set a severity by its label alone")
        if name == "Note":
            text = filled(value["Text"], compiled, LONGEST_COMMENT, (*path, "Text"))
            value = {"Text": text}
        try:
            values |= v2_update({name: value}, {})
        except ValueError as error:
            raise Refused(path, str(error)) from None
    return values


def in_order(requests: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return requests whose orders differ: AWS says of no two rules of V2 with one order which comes first.

    They come in the order in which they act.
    """
    counts = Counter(request["RuleOrder"] for request in requests)
    seen: Counter[float] = Counter()
    result = []
    for request in requests:
        order = request["RuleOrder"]
        place = seen[order] - (counts[order] - 1 if order == HIGHEST_ORDER else 0)
        seen[order] += 1
        result.append({**request, "RuleOrder": round(order + place * _STEP, 3) if place else order})
    return result
