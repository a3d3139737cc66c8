"""Find where Security Hub's own automation rules set what our rules set.

AWS: an automation rule runs on every import, on the finding as its provider sent it. So the provider's next
import undoes what triage has set. If both set the same value, the automation rule comes first, and triage
takes the value for a person's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations.overlap import RuleOverlaps
from hubtriage.authoring.compiler import ruleset_document
from hubtriage.authoring.loaded import LoadResult
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.fields import FIELDS, Finding, ParsedFinding, member, same
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.fold import fold
from hubtriage.engine.planning.plan import Settings, reason
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, load_ruleset
from hubtriage.interop.importers.assemble import Options, import_rules
from hubtriage.interop.importers.automation_rules import EVERY_REGION
from hubtriage.interop.importers.outcome import Imported, Refusal, UnreadableError
from hubtriage.interop.importers.render import render

_PROVIDED = {field.member: field.counts_as_provided for field in FIELDS.values() if field.provided}
_SET_BY_CUSTOMERS = frozenset({"Note", "UserDefinedFields", "VerificationState"})


@dataclass(frozen=True, slots=True)
class TranslatedRules:
    """The automation rules in force in a Region (None: any), as rules of ours.

    `names` are their own names, by our ids. `refusals` are those that rules of ours cannot express.
    """

    loaded: LoadResult
    ruleset: Ruleset
    names: Mapping[str, str]
    refusals: tuple[Refusal, ...]
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """A field that an automation rule and a rule of ours both set.

    `findings` counts the findings on which both set it. It is 0 if only the criteria show that they may.
    `differing` counts the findings on which the values differ; `example` is the Id of one, or of any.
    `differs` says whether the values differ or may differ.
    """

    automation_rule: str
    region: str | None
    rule: str
    field: str
    findings: int
    differing: int
    example: str | None
    differs: bool

    def as_record(self) -> dict[str, Any]:
        """Return the overlap as JSON-ready data."""
        return {
            "automation_rule": self.automation_rule,
            "region": self.region,
            "rule": self.rule,
            "field": self.field,
            "findings": self.findings,
            "differing": self.differing,
            "example": self.example,
        }


def read_automation_rules(rules: Iterable[Mapping[str, Any]], region: str | None = None) -> TranslatedRules:
    """Return the enabled rules among the `Rules` of an answer of BatchGetAutomationRules.

    AWS: they act only on findings of their Region, also in the home Region. None stands for every Region.
    """
    options = Options(regions=(region or EVERY_REGION,))
    drafts: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    refusals: list[Refusal] = []
    without_note: set[str] = set()
    for number, rule in enumerate(rules, 1):
        if rule.get("RuleStatus") == "DISABLED":
            continue
        name = str(rule.get("RuleName") or rule.get("RuleArn") or number)
        imported = _imported(rule, options)
        refusals += (replace(refusal, rule=name) for refusal in imported.refusals)
        for draft in imported.rules:
            rule_id = f"automation-rule-{number}"
            names[rule_id] = name
            if not _sets_note(rule):
                without_note.add(rule_id)
            drafts.append({**draft, "id": rule_id})
    loaded = _loaded(drafts)
    document = ruleset_document(loaded, revision=None)
    for compiled in document["rules"]:
        if compiled["id"] in without_note:
            compiled["update"].pop("Note", None)  # which the import has added
    ruleset = load_ruleset(document)
    return TranslatedRules(loaded, ruleset, names, tuple(refusals), region)


def _sets_note(rule: Mapping[str, Any]) -> bool:
    actions = rule.get("Actions")
    return any(member(member(one, "FindingFieldsUpdate"), "Note") for one in actions or ())


def _imported(rule: Mapping[str, Any], options: Options) -> Imported:
    """Import one rule; refuse it if AWS left out what it does."""
    try:
        return import_rules("automation-rules", "rule.json", json.dumps(rule, default=str).encode(), options)
    except UnreadableError:
        return Imported((), (Refusal("", "", "Security Hub did not give its criteria"),), ())


def _loaded(drafts: list[dict[str, Any]]) -> LoadResult:
    with TemporaryDirectory() as folder:
        if drafts:
            (Path(folder) / "rules.yaml").write_text(render(drafts), encoding="utf-8")
        return load_rules(Path(folder))


def overlaps(
    theirs: TranslatedRules, ours: LoadResult, findings: Sequence[Finding], settings: Settings, now: float
) -> list[Overlap]:
    """Return every overlap: first those seen on findings, sorted by how many. `ours` has no errors.

    Rules in `observe` set nothing, so they overlap with no rule.
    """
    ruleset = load_ruleset(ruleset_document(ours, revision=None))
    seen: dict[tuple[str, str, str], Overlap] = {}
    for finding in findings:
        for one in _on_finding(theirs, ruleset, finding, settings, now):
            key = (one.automation_rule, one.rule, one.field)
            seen[key] = _joined(seen[key], one) if key in seen else one
    possible = (
        one
        for one in _by_criteria(theirs, ours, ruleset, now)
        if (one.automation_rule, one.rule, one.field) not in seen
    )
    found = [*seen.values(), *possible]
    return sorted(
        found, key=lambda one: (-one.differing, -one.findings, one.automation_rule, one.rule, one.field)
    )


def as_imported(finding: Finding) -> Finding:
    """Return the finding as its provider would send it.

    AWS: automation rules look at the original, after the service has filled in Workflow.
    """
    provided = finding.get("FindingProviderFields")
    own = provided if isinstance(provided, dict) else {}
    kept = {
        name: value
        for name, value in finding.items()
        if name not in _SET_BY_CUSTOMERS and _PROVIDED.get(name, True)
    }
    passed = member(finding.get("Compliance"), "Status") == "PASSED"
    status = {"Workflow": {"Status": "RESOLVED" if passed else "NEW"}}
    return {**kept, **{name: own[name] for name in _PROVIDED if own.get(name) is not None}, **status}


def _on_finding(
    theirs: TranslatedRules, ruleset: Ruleset, finding: Finding, settings: Settings, now: float
) -> Iterator[Overlap]:
    imported = as_imported(finding)
    mine = reason(imported, NO_ENTRY, ruleset, now, settings).fold.proposals
    if not mine:
        return
    other_tools = fold(theirs.ruleset, ParsedFinding(imported), {}, now).proposals
    example = str(finding.get("Id"))
    for field in mine.keys() & other_tools.keys():
        (rule, proposal), (automation_rule, other) = mine[field], other_tools[field]
        differs = not same(field, proposal.value, other.value)
        yield Overlap(
            theirs.names[automation_rule.id], theirs.region, rule.id, field, 1, int(differs), example, differs
        )


def _joined(one: Overlap, other: Overlap) -> Overlap:
    example = other.example if other.differs and not one.differs else one.example
    return replace(
        one,
        findings=one.findings + other.findings,
        differing=one.differing + other.differing,
        example=example,
        differs=one.differs or other.differs,
    )


# -- by criteria ----------------------------------------------------------------------------------


def _by_criteria(
    theirs: TranslatedRules, ours: LoadResult, ruleset: Ruleset, now: float
) -> Iterator[Overlap]:
    """Yield the overlaps of pairs that may match the same finding."""
    our_rules = {
        rule.id: rule for rule in ruleset.rules if rule.mode == "enforce" and not _is_over(rule, now)
    }
    their_rules = {rule.id: rule for rule in theirs.ruleset.rules}
    their_linted = [LintedRule(rule, theirs.loaded.lists, now) for rule in theirs.loaded.rules]
    our_linted = [LintedRule(rule, ours.lists, now) for rule in ours.rules if rule.id in our_rules]
    # Ids may be alike on both sides, so identity says whose rule it is.
    relations, are_ours = RuleOverlaps([*our_linted, *their_linted]), {id(linted) for linted in our_linted}
    for linted in their_linted:
        for other in (*relations.earlier(linted), *relations.later(linted)):
            if id(other) in are_ours:
                for field, differs in _shared(their_rules[linted.id], our_rules[other.id]):
                    name = theirs.names[linted.id]
                    yield Overlap(name, theirs.region, other.id, field, 0, 0, None, differs)


def _is_over(rule: Rule, now: float) -> bool:
    return rule.ends is not None and rule.ends <= now


def _shared(automation_rule: Rule, rule: Rule) -> Iterator[tuple[str, bool]]:
    """Yield each field that both set, and whether the values differ or may differ."""
    values = [
        {proposal.field: proposal.value for proposal in each.proposals.constant}
        for each in (automation_rule, rule)
    ]
    for field in automation_rule.proposals.fields:
        if field in rule.proposals.fields:
            known = all(field in each for each in values)
            differs = not known or not same(field, values[0][field], values[1][field])
            yield field, differs
