"""Where Security Hub's own automation rules set what our rules set.

AWS: an automation rule runs on every import, on the finding as its provider sent it, and so undoes at the
provider's next word what triage has set. One that sets the same value gets there first, and triage then takes
the value for a person's.
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
from hubtriage.authoring.loader import LoadResult, load_rules
from hubtriage.engine.fields import FIELDS, Finding, ParsedFinding, member, same
from hubtriage.engine.planning.fold import fold
from hubtriage.engine.planning.plan import Settings, reason
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, load_ruleset
from hubtriage.interop.importers.assemble import Options, import_rules
from hubtriage.interop.importers.outcome import Imported, Refusal, UnreadableError
from hubtriage.interop.importers.render import render

_PROVIDED = {field.member: field.counts_as_provided for field in FIELDS.values() if field.provided}
_SET_BY_CUSTOMERS = frozenset({"Note", "UserDefinedFields", "VerificationState"})


@dataclass(frozen=True, slots=True)
class NativeRules:
    """The automation rules in force in a Region (None: any), as rules of ours; names are theirs, by our ids.

    `refusals` are those that cannot be written as rules of ours.
    """

    loaded: LoadResult
    ruleset: Ruleset
    names: Mapping[str, str]
    refusals: tuple[Refusal, ...]
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """A field that an automation rule and a rule of ours both set.

    `findings`: on how many of the findings looked at both do; 0: on none of them, but their criteria allow
    it. `differing`: on how many of these to different values. `example`: the Id of one, best of these.
    `differs`: whether the values differ, or may.
    """

    native: str
    region: str | None
    rule: str
    field: str
    findings: int
    differing: int
    example: str | None
    differs: bool

    def as_record(self) -> dict[str, Any]:
        """The overlap as JSON-ready data."""
        return {
            "automation_rule": self.native,
            "region": self.region,
            "rule": self.rule,
            "field": self.field,
            "findings": self.findings,
            "differing": self.differing,
            "example": self.example,
        }


def read_natives(rules: Iterable[Mapping[str, Any]], region: str | None = None) -> NativeRules:
    """The enabled ones of the `Rules` that BatchGetAutomationRules answers in a Region.

    AWS: they act on findings of that Region alone, also in the home Region. None: any finding.
    """
    options = Options(regions=(region,) if region else ())
    drafts: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    refusals: list[Refusal] = []
    for number, rule in enumerate(rules, 1):
        if rule.get("RuleStatus") == "DISABLED":
            continue
        name = str(rule.get("RuleName") or rule.get("RuleArn") or number)
        imported = _imported(rule, options)
        refusals += (replace(refusal, rule=name) for refusal in imported.refusals)
        for draft in imported.rules:
            native_id = f"native-{number}"
            names[native_id] = name
            drafts.append({**draft, "id": native_id})
    loaded = _loaded(drafts)
    ruleset = load_ruleset(ruleset_document(loaded, revision=None))
    return NativeRules(loaded, ruleset, names, tuple(refusals), region)


def _imported(rule: Mapping[str, Any], options: Options) -> Imported:
    """One rule; refused where it came without what it does."""
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
    natives: NativeRules, ours: LoadResult, findings: Sequence[Finding], settings: Settings, now: float
) -> list[Overlap]:
    """Every overlap, those seen on findings first, the most findings first; `ours` has no errors.

    Rules in `observe` set nothing, and so overlap with none.
    """
    ruleset = load_ruleset(ruleset_document(ours, revision=None))
    seen: dict[tuple[str, str, str], Overlap] = {}
    for finding in findings:
        for one in _on_finding(natives, ruleset, finding, settings, now):
            key = (one.native, one.rule, one.field)
            seen[key] = _joined(seen[key], one) if key in seen else one
    possible = (
        one
        for one in _by_criteria(natives, ours, ruleset, now)
        if (one.native, one.rule, one.field) not in seen
    )
    found = [*seen.values(), *possible]
    return sorted(found, key=lambda one: (-one.differing, -one.findings, one.native, one.rule, one.field))


def as_imported(finding: Finding) -> Finding:
    """The finding as its provider would send it: what automation rules look at.

    AWS: they look at the original, in which the service has filled in Workflow.
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
    natives: NativeRules, ruleset: Ruleset, finding: Finding, settings: Settings, now: float
) -> Iterator[Overlap]:
    mine = reason(finding, ruleset, now, settings).fold.proposals
    if not mine:
        return
    theirs = fold(natives.ruleset, ParsedFinding(as_imported(finding)), {}, now).proposals
    example = str(finding.get("Id"))
    for field in mine.keys() & theirs.keys():
        (rule, proposal), (native, other) = mine[field], theirs[field]
        differs = not same(field, proposal.value, other.value)
        yield Overlap(
            natives.names[native.id], natives.region, rule.id, field, 1, int(differs), example, differs
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


def _by_criteria(natives: NativeRules, ours: LoadResult, ruleset: Ruleset, now: float) -> Iterator[Overlap]:
    """Pairs that are not known to match different findings only."""
    rules = {rule.id: rule for rule in ruleset.rules if rule.mode == "enforce" and not _is_over(rule, now)}
    their_rules = {rule.id: rule for rule in natives.ruleset.rules}
    theirs = [LintedRule(rule, natives.loaded.lists, now) for rule in natives.loaded.rules]
    mine = [LintedRule(rule, ours.lists, now) for rule in ours.rules if rule.id in rules]
    overlaps, are_mine = RuleOverlaps([*mine, *theirs]), {id(linted) for linted in mine}
    for linted in theirs:
        for other in (*overlaps.earlier(linted), *overlaps.later(linted)):
            if id(other) in are_mine:
                pair = their_rules[linted.id], rules[other.id]
                for field, differs in _shared(*pair):
                    name = natives.names[linted.id]
                    yield Overlap(name, natives.region, other.id, field, 0, 0, None, differs)


def _is_over(rule: Rule, now: float) -> bool:
    return rule.ends is not None and rule.ends <= now


def _shared(native: Rule, rule: Rule) -> Iterator[tuple[str, bool]]:
    """The fields that both set, and whether the values differ, or may."""
    values = [
        {proposal.field: proposal.value for proposal in each.proposals.constant} for each in (native, rule)
    ]
    for field in native.proposals.fields:
        if field in rule.proposals.fields:
            known = all(field in each for each in values)
            differs = not known or not same(field, values[0][field], values[1][field])
            yield field, differs
