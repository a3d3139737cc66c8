"""Who hides what in the hub: by the findings, their histories and the texts of the rules.

Nothing here asks the engine, the ledger or a decision log. A finding that a stack hides is explained if a
rule of that stack which is in force hides it now: it matches the finding as it would be without the stack,
wants what the finding holds, and may hide a finding so severe.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.ledger import MOST_TOLD, Finding, Key, key_of
from tests.laws.oracle.conditions import matches

LABELS = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
DEFAULT_CEILING = "MEDIUM"
OURS = "hubtriage/"
"""What keys of user-defined fields would begin with that triage writes for itself: it writes none."""
STATUS, LABEL, USER_FIELDS = "Workflow.Status", "Severity.Label", "UserDefinedFields"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A change of one field, as a record of the finding's history has it; `by` names who made it."""

    field: str
    old: str | None
    new: str | None
    by: str


@dataclass(frozen=True, slots=True)
class StackRules:
    """What one stack may do: its rules in force, those that it had before, and how names of roles begin."""

    role: str
    rules: Sequence[Mapping[str, Any]]
    earlier: Sequence[Mapping[str, Any]] = ()

    def made(self, change: FieldChange) -> bool:
        """Whether a role of the stack made the change."""
        return f"/{self.role}-" in change.by

    @property
    def user_keys(self) -> frozenset[str]:
        """The keys of user-defined fields that its rules set, or have set."""
        updates = [rule["update"] for rule in (*self.rules, *self.earlier)]
        return frozenset(key for update in updates for key in update.get(USER_FIELDS, ()))


@dataclass(slots=True)
class Look:
    """How many findings stacks hide, by the rule that hides them; and those that no rule hides."""

    hidden: Counter[str] = field(default_factory=Counter)
    unexplained: int = 0
    keys_of_ours: int = 0
    comments_replaced: int = 0
    comments_overtaken: int = 0
    problems: list[str] = field(default_factory=list)

    def blame(self, problem: str) -> None:
        """Tell of a problem, as long as there are few."""
        if len(self.problems) < MOST_TOLD:
            self.problems.append(problem)

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "hidden by": dict(self.hidden.most_common()),
            "hidden, and no rule hides them": self.unexplained,
            "user-defined fields that triage wrote for itself": self.keys_of_ours,
            "comments of others that triage replaced": self.comments_replaced,
            "comments of others that came while triage wrote": self.comments_overtaken,
            "problems": self.problems,
        }


History = Callable[[Key], Iterable[FieldChange]]
"""The changes of a finding, newest first."""


def look(findings: Iterable[Finding], history: History, stacks: Sequence[StackRules]) -> Look:
    """Look at every finding of the hub."""
    told = Look()
    for finding in findings:
        if not (_hiding(finding) or finding.get(USER_FIELDS)):
            continue
        changes = list(history(key_of(finding)))
        for name in _hiding(finding):
            _explain(told, finding, name, changes, stacks)
        for key in _keys_of_ours(finding, changes, stacks):
            told.keys_of_ours += 1
            told.blame(f"triage wrote the user-defined field {key} of {key_of(finding)}, and no rule sets it")
    return told


def _hiding(finding: Finding) -> Iterator[str]:
    """The fields by which a finding is hidden. What passed is RESOLVED by the service too."""
    status = finding.get("Workflow", {}).get("Status")
    passed = finding.get("Compliance", {}).get("Status") == "PASSED"
    if status == "SUPPRESSED" or (status == "RESOLVED" and not passed):
        yield STATUS
    if _rank(_label(finding)) < _rank(_provided_label(finding)):
        yield LABEL


def _explain(
    told: Look, finding: Finding, name: str, changes: Sequence[FieldChange], stacks: Sequence[StackRules]
) -> None:
    """Count a hidden finding if a stack hides it, and tell of it if none of its rules does."""
    last = next((change for change in changes if change.field == name), None)
    stack = None if last is None else next((stack for stack in stacks if stack.made(last)), None)
    if stack is None:
        return  # as its provider sent it, or by a person
    base = _without(stack, finding, changes)
    rule = next((rule for rule in stack.rules if _hides(rule, name, finding, base)), None)
    if rule is not None:
        told.hidden[f"{stack.role}: {rule['id']}"] += 1
        return
    told.unexplained += 1
    told.blame(
        f"{name} of {key_of(finding)} is {_held(finding, name)}, set by {stack.role}, and no rule of it hides"
        f" a finding of {finding.get('ProductName')} with severity {_label(base)}"
    )


def _without(stack: StackRules, finding: Finding, changes: Sequence[FieldChange]) -> dict[str, Any]:
    """The finding as it would be without the stack, as far as the rules of these tests look at it."""
    last = next((change for change in changes if change.field == LABEL), None)
    if last is None or not stack.made(last):
        return dict(finding)
    return {**finding, "Severity": {"Label": _provided_label(finding)}}


def _hides(rule: Mapping[str, Any], name: str, finding: Finding, base: dict[str, Any]) -> bool:
    """Whether a rule in force hides the finding by what the field holds. On hold, it keeps what it did."""
    if rule.get("mode", "enforce") not in ("enforce", "hold") or not matches(rule["match"], base):
        return False
    gravest = max(_rank(_label(base)), _rank(_provided_label(finding)))
    if gravest > _rank(rule.get("ceiling", DEFAULT_CEILING)):
        return False
    return _wanted(rule["update"], name, base) == _held(finding, name)


def _wanted(update: Mapping[str, Any], name: str, base: Finding) -> object:
    if name == STATUS:
        return update.get("Workflow", {}).get("Status")
    severity = update.get("Severity", {})
    if "AtMost" in severity:
        return min(severity["AtMost"], _label(base), key=_rank)
    return severity.get("Label")


def _keys_of_ours(
    finding: Finding, changes: Sequence[FieldChange], stacks: Sequence[StackRules]
) -> Iterator[str]:
    """The keys on a finding that a stack has added and that none of its rules sets."""
    for key in finding.get(USER_FIELDS, {}):
        adding = [each for each in changes if each.field == USER_FIELDS and _adds(each, key)]
        made = next((stack for stack in stacks if adding and stack.made(adding[0])), None)
        if made is not None and (key.startswith(OURS) or key not in made.user_keys):
            yield key


def _adds(change: FieldChange, key: str) -> bool:
    old, new = (json.loads(text or "{}") for text in (change.old, change.new))
    return key in new and key not in old


def _held(finding: Finding, name: str) -> str | None:
    status: str | None = finding.get("Workflow", {}).get("Status")
    return status if name == STATUS else _label(finding)


def _label(finding: Finding) -> str:
    return str(finding["Severity"]["Label"])


def _provided_label(finding: Finding) -> str:
    """AWS: what a provider imports is in FindingProviderFields."""
    provided = finding.get("FindingProviderFields", {}).get("Severity", {})
    return str(provided.get("Label") or _label(finding))


def _rank(label: str) -> int:
    return LABELS.index(label)


def changes_of(pages: Iterable[Mapping[str, Any]]) -> Iterator[FieldChange]:
    """The changes in pages of GetFindingHistory, newest first as they come."""
    for page in pages:
        for record in page["Records"]:
            for update in record["Updates"]:
                yield FieldChange(
                    update["UpdatedField"],
                    update.get("OldValue"),
                    update.get("NewValue"),
                    record["UpdateSource"]["Identity"],
                )
