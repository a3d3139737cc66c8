"""Rules as Security Hub's automation rules: requests of CreateAutomationRule.

Exported is what decides the same about a finding that only its provider has touched. What automation rules
have not is refused: an end, `observe`, values of the finding in a text, regular expressions. A `ceiling`
becomes a criterion on the severity. What they cannot do in any case is to leave alone what people set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.authoring.compiler import compile_rule
from hubtriage.authoring.loaded import LoadedRule
from hubtriage.engine.fields import HIDING_STATUSES, LABEL_RANK, SEVERITIES, severity_label
from hubtriage.engine.ruleset.delivery import NOTIFY, OPEN_TICKET
from hubtriage.engine.ruleset.ruleset import DEFAULT_CEILING
from hubtriage.engine.ruleset.templates import NOTE_LIMIT, USER_FIELD_LIMIT, compile_text, is_per_finding
from hubtriage.interop.automation_rules import MOST_RULES
from hubtriage.interop.criteria.attributes import ATTRIBUTES, AUTOMATION_RULES, AttributeTable
from hubtriage.interop.criteria.from_match import criteria_from_match
from hubtriage.interop.criteria.from_when import criteria_from_when
from hubtriage.interop.criteria.input import Path, Refused, shown
from hubtriage.interop.criteria.merging import Criteria, merged, split, united
from hubtriage.interop.criteria.model import Criterion, TextTest
from hubtriage.interop.criteria.to_filters import to_filters

_DESCRIPTION = 1024  # AWS: characters of a description


@dataclass(frozen=True, slots=True)
class NotExported:
    """A rule that automation rules cannot express: which, where in it, why, and what to do."""

    rule: str
    place: str
    where: str
    reason: str
    hint: str = ""

    def as_record(self) -> dict[str, Any]:
        """Return the refusal as JSON-ready data."""
        record = {"rule": self.rule, "place": self.place, "where": self.where, "reason": self.reason}
        return {**record, "hint": self.hint or None}


@dataclass(frozen=True, slots=True)
class Exported:
    """Requests of CreateAutomationRule in the order in which to make them, and the rules left out."""

    requests: tuple[dict[str, Any], ...]
    refusals: tuple[NotExported, ...]


Requests = Callable[[LoadedRule], list[dict[str, Any]]]
"""Returns the automation rules for one of ours. Raises Refused."""


def export_rules(
    rules: Iterable[LoadedRule],
    check: Callable[[Mapping[str, Any]], None] = lambda _request: None,
    requests_of: Requests | None = None,
) -> Exported:
    """Return the automation rules for our rules; one with an `$or`, or with many values, may need several.

    `check` may refuse a request for whatever it is to be written as. `requests_of` is for another hub.
    """
    requests_of = requests_of or _requests
    requests: list[dict[str, Any]] = []
    refusals: list[NotExported] = []
    for rule in sorted(rules, key=lambda rule: (rule.model.order, rule.id)):
        try:
            made = requests_of(rule)
            for request in made:
                check(request)
            requests += made
        except Refused as error:
            place = rule.document.place((*rule.path, *error.path))
            refusals.append(NotExported(rule.id, place, shown(error.path), error.reason, error.hint))
    return Exported(tuple(requests), tuple(refusals))


def _requests(rule: LoadedRule) -> list[dict[str, Any]]:
    check_kind(rule)
    compiled = compile_rule(rule)
    update = _update(compiled)
    branches = list(_branches(rule, compiled, update))
    return [
        {**one, "IsTerminal": rule.model.terminal} for one in requests_of_branches(rule, branches, update)
    ]


def requests_of_branches(
    rule: LoadedRule, branches: list[dict[str, Any]], update: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return a request for each set of criteria. Raises Refused where there is none."""
    if not branches:
        raise Refused(("match",), "the rule's ceiling leaves no severity that it could apply to")
    return [
        {
            "RuleName": rule.id if len(branches) == 1 else f"{rule.id} ({number} of {len(branches)})",
            "RuleOrder": rule.model.order,
            "RuleStatus": "DISABLED" if rule.model.mode == "off" else "ENABLED",
            "Description": (rule.model.description or f"Exported from the rule {rule.id}.")[:_DESCRIPTION],
            "Criteria": criteria,
            "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": dict(update)}],
        }
        for number, criteria in enumerate(branches, 1)
    ]


def check_kind(rule: LoadedRule) -> None:
    """Refuse a rule with a mode, an end or a delivery that automation rules do not have."""
    if rule.model.mode not in ("enforce", "off"):
        raise Refused(("mode",), f"automation rules have no mode {rule.model.mode!r}")
    for name in ("starts", "expires", "during"):
        if getattr(rule.model, name) is not None:
            raise Refused((name,), "automation rules cannot start or end at a time")
    if rule.model.notified:
        raise Refused((NOTIFY,), "automation rules send no messages", "take notify: out of what is exported")
    if rule.model.opened is not None:
        raise Refused((OPEN_TICKET,), "automation rules open no tickets", "take open-ticket: out of it")


# -- criteria -----------------------------------------------------------------------------------


def _branches(
    rule: LoadedRule, compiled: Mapping[str, Any], update: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    hidden = hidden_labels(compiled, update, SEVERITIES)
    tests = tuple(TextTest("equals", label) for label in hidden)
    ceiling = [Criterion(ATTRIBUTES["SeverityLabel"], (), tests)] if tests else []
    path = path_of_conditions(rule)
    for branch in merged_branches(rule, AUTOMATION_RULES, ceiling):
        for part in split(branch, MOST_RULES, path):
            yield to_filters(part.values(), path)


def path_of_conditions(rule: LoadedRule) -> Path:
    """Return the place that a refusal names if it is about a rule's conditions as a whole."""
    return ("match",) if rule.match is not None else ("when",)


def merged_branches(rule: LoadedRule, table: AttributeTable, ceiling: Iterable[Criterion]) -> list[Criteria]:
    """Return the criteria of a rule's branches; one of them must hold. Raises Refused."""
    of_match = criteria_from_match(rule.match, table) if rule.match is not None else [[]]
    of_when = criteria_from_when(rule.when, table) if rule.has_when else [[]]
    if [] in of_match and [] in of_when:
        raise Refused(("when",), "automation rules need a criterion")
    path = path_of_conditions(rule)
    count = len(of_match) * len(of_when)
    if count > MOST_RULES:
        reason = f"it would take {count} automation rules; AWS allows {MOST_RULES}"
        raise Refused(path, reason, "split the rule")
    branches = [merged([*one, *other, *ceiling], path) for one in of_match for other in of_when]
    return united(branch for branch in branches if branch is not None)


def hidden_labels(compiled: Mapping[str, Any], update: Mapping[str, Any], labels: Iterable[str]) -> list[str]:
    """Return the severities above the ceiling, of `labels`, that an update would hide."""
    ceiling = LABEL_RANK[compiled.get("ceiling", DEFAULT_CEILING)]
    hides = update.get("Workflow", {}).get("Status") in HIDING_STATUSES
    wanted = severity_label(update.get("Severity"))
    return [
        label
        for label in labels
        if LABEL_RANK[label] > ceiling and (hides or (wanted and LABEL_RANK[wanted] < LABEL_RANK[label]))
    ]


# -- action -------------------------------------------------------------------------------------


def _update(compiled: Mapping[str, Any]) -> dict[str, Any]:
    update = dict(compiled["update"])
    if not update:
        raise Refused(("update",), "automation rules must change something")
    severity = update.get("Severity", {})
    for bound in ("AtMost", "AtLeast"):
        if bound in severity:
            raise Refused(
                ("update", "Severity", bound), "automation rules can set a severity, but not limit it"
            )
    if isinstance(update.get("Types"), Mapping):
        raise Refused(
            ("update", "Types"), "automation rules can replace the types, but not add or remove some"
        )
    if "Note" in update:
        update["Note"] = _note(update["Note"], compiled)
    if "UserDefinedFields" in update:
        update["UserDefinedFields"] = {
            key: filled(text, compiled, USER_FIELD_LIMIT, ("update", "UserDefinedFields", key))
            for key, text in update["UserDefinedFields"].items()
        }
    return update


def _note(note: Mapping[str, str], compiled: Mapping[str, Any]) -> dict[str, str]:
    text = filled(note["Text"], compiled, NOTE_LIMIT, ("update", "Note", "Text"))
    return {"Text": text, "UpdatedBy": note.get("UpdatedBy") or f"hubtriage/{compiled['id']}"}


def filled(text: str, compiled: Mapping[str, Any], limit: int, path: Path) -> str:
    """Fill the rule's own values into a text."""
    if is_per_finding(text, compiled):
        raise Refused(path, "automation rules cannot put values of a finding or an account into a text")
    return compile_text(text, compiled, limit, {})({})
