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
from hubtriage.engine.fields import HIDING_STATUSES, SEVERITIES, SEVERITY_RANK, severity_label
from hubtriage.engine.ruleset.ruleset import DEFAULT_CEILING
from hubtriage.engine.ruleset.templates import NOTE_LIMIT, USER_FIELD_LIMIT, compile_text, is_per_finding
from hubtriage.interop.automation_rules import MOST_RULES
from hubtriage.interop.criteria.attributes import ATTRIBUTES
from hubtriage.interop.criteria.from_match import criteria_from_match
from hubtriage.interop.criteria.from_when import criteria_from_when
from hubtriage.interop.criteria.input import Path, Refused, shown
from hubtriage.interop.criteria.merging import merged, split, united
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


def export_rules(
    rules: Iterable[LoadedRule], check: Callable[[Mapping[str, Any]], None] = lambda _request: None
) -> Exported:
    """Return the automation rules for our rules; one with an `$or`, or with many values, may need several.

    `check` may refuse a request for whatever it is to be written as.
    """
    requests: list[dict[str, Any]] = []
    refusals: list[NotExported] = []
    for rule in sorted(rules, key=lambda rule: (rule.model.order, rule.id)):
        try:
            made = _requests(rule)
            for request in made:
                check(request)
            requests += made
        except Refused as error:
            place = rule.document.place((*rule.path, *error.path))
            refusals.append(NotExported(rule.id, place, shown(error.path), error.reason, error.hint))
    return Exported(tuple(requests), tuple(refusals))


def _requests(rule: LoadedRule) -> list[dict[str, Any]]:
    _check_kind(rule)
    compiled = compile_rule(rule)
    update = _update(compiled)
    branches = list(_branches(rule, compiled, update))
    if not branches:
        raise Refused(("match",), "the rule's ceiling leaves no severity that it could apply to")
    return [
        {
            "RuleName": rule.id if len(branches) == 1 else f"{rule.id} ({number} of {len(branches)})",
            "RuleOrder": rule.model.order,
            "RuleStatus": "DISABLED" if rule.model.mode == "off" else "ENABLED",
            "IsTerminal": rule.model.terminal,
            "Description": (rule.model.description or f"Exported from the rule {rule.id}.")[:_DESCRIPTION],
            "Criteria": criteria,
            "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}],
        }
        for number, criteria in enumerate(branches, 1)
    ]


def _check_kind(rule: LoadedRule) -> None:
    if rule.model.mode not in ("enforce", "off"):
        raise Refused(("mode",), f"automation rules have no mode {rule.model.mode!r}")
    for name in ("starts", "expires", "during"):
        if getattr(rule.model, name) is not None:
            raise Refused((name,), "automation rules cannot start or end at a time")


# -- criteria -----------------------------------------------------------------------------------


def _branches(
    rule: LoadedRule, compiled: Mapping[str, Any], update: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    of_match = criteria_from_match(rule.match) if rule.match is not None else [[]]
    of_when = criteria_from_when(rule.when) if rule.has_when else []
    ceiling = list(_ceiling(compiled.get("ceiling", DEFAULT_CEILING), update))
    if of_match == [[]] and not of_when:
        raise Refused(("when",), "automation rules need a criterion")
    path: Path = ("match",) if rule.match is not None else ("when",)
    branches = [merged([*branch, *of_when, *ceiling], path) for branch in of_match]
    for branch in united(branch for branch in branches if branch is not None):
        for part in split(branch, MOST_RULES, path):
            yield to_filters(part.values(), path)


def _ceiling(ceiling: str, update: Mapping[str, Any]) -> Iterator[Criterion]:
    """Exclude the severities above the ceiling that the rule would hide."""
    above = [label for label in SEVERITIES if SEVERITY_RANK[label] > SEVERITY_RANK[ceiling]]
    hides = update.get("Workflow", {}).get("Status") in HIDING_STATUSES
    wanted = severity_label(update.get("Severity"))
    hidden = [label for label in above if hides or (wanted and SEVERITY_RANK[wanted] < SEVERITY_RANK[label])]
    if hidden:
        tests = tuple(TextTest("equals", label) for label in hidden)
        yield Criterion(ATTRIBUTES["SeverityLabel"], (), tests)


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
            key: _filled(text, compiled, USER_FIELD_LIMIT, ("update", "UserDefinedFields", key))
            for key, text in update["UserDefinedFields"].items()
        }
    return update


def _note(note: Mapping[str, str], compiled: Mapping[str, Any]) -> dict[str, str]:
    text = _filled(note["Text"], compiled, NOTE_LIMIT, ("update", "Note", "Text"))
    return {"Text": text, "UpdatedBy": note.get("UpdatedBy") or f"hubtriage/{compiled['id']}"}


def _filled(text: str, compiled: Mapping[str, Any], limit: int, path: Path) -> str:
    """Fill the rule's own values into a text."""
    if is_per_finding(text, compiled):
        raise Refused(path, "automation rules cannot put values of a finding or an account into a text")
    return compile_text(text, compiled, limit, {})({})
