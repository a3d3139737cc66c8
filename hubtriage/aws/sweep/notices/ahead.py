"""Look ahead: which findings show again when the rules end that hide them. Pure.

A finding is decided as of the end of the rule that hides it: by the same engine and the same rule set, with
its own entry. Then the rule is over, and all other rules count as they will at that moment. So a finding that
another rule goes on hiding does not count, and neither does one whose rule begins only later.

The finding is taken as the sweep leaves it: with what it is about to send. If no one can say what holds now,
or what will be decided then, the finding counts as not known.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hubtriage.aws.securityhub.api import Finding
from hubtriage.aws.securityhub.namesakes import account_of
from hubtriage.aws.sweep.notices.tally import EndingTally
from hubtriage.aws.sweep.occasions.guard import hides_by
from hubtriage.engine.fields import FIELDS, SEVERITY, WORKFLOW, ParsedFinding, Value
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import Claims, Entry
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.owner import owner_of
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset

HIDING_FIELDS = (WORKFLOW, SEVERITY)


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding that the sweep read, and what is decided on it now; None if its state is not certain.

    If it is `withheld`, what is decided is not done.
    """

    finding: Finding
    entry: Entry
    decision: Decision | None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """What the end of a rule does to a finding: it shows again, or that is not known."""

    rule: Rule
    reopens: bool
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class LookAhead:
    """Decides what shows again when these rules end, by id."""

    rules: Mapping[str, Rule]
    ruleset: Ruleset
    settings: Settings

    def concerns(self, entry: Entry) -> bool:
        """Say whether one of the rules may hide the finding of an entry."""
        return hides_by(entry, self.rules)

    def count(self, seen: Seen, tally: EndingTally) -> None:
        """Count a finding that the sweep read. An archived one does not show, whatever ends."""
        after = _as_left(seen)
        if after is None:
            self.count_unknown(seen.finding, seen.entry, tally)
        elif not _is_archived(seen.finding):
            fates = list(self._fates(*after))
            for fate in fates:
                self._count(fate, seen.finding, tally)
            tally.findings += any(fate.reopens for fate in fates)

    def count_unknown(self, finding: Finding, entry: Entry, tally: EndingTally) -> None:
        """Count a finding that cannot be decided for each rule that hides it, as far as its entry says."""
        if _is_archived(finding) or not self.concerns(entry):
            return
        for name in sorted(self.rules):
            if name in entry.rules and hides_by(entry, (name,)):
                self._count(Fate(self.rules[name], reopens=False), finding, tally)

    def _count(self, fate: Fate, finding: Finding, tally: EndingTally) -> None:
        rule = fate.rule
        owner = owner_of(rule.source, finding, self.ruleset.accounts)
        if fate.reopens:
            tally.count(rule.id, owner, fate.severity, account_of(finding))
        else:
            tally.count_unknown(rule.id, owner)

    def _fates(self, finding: Finding, entry: Entry) -> Iterator[Fate]:
        for name, fields in self._hidden_by(entry.claims).items():
            if (fate := self._fate(self.rules[name], fields, finding, entry)) is not None:
                yield fate

    def _hidden_by(self, claims: Claims) -> dict[str, list[str]]:
        """Return the fields that can hide a finding and are held for one of the rules, by its id."""
        found: dict[str, list[str]] = {}
        for name in HIDING_FIELDS:
            claim = claims.get(name)
            if claim is not None and not claim.person and claim.rule in self.rules:
                found.setdefault(str(claim.rule), []).append(name)
        return found

    def _fate(self, rule: Rule, fields: list[str], finding: Finding, entry: Entry) -> Fate | None:
        """Return what the end of a rule does to a finding that it hides by these fields; None for nothing."""
        assert rule.ends is not None  # noqa: S101 - the rules are chosen by their end
        try:
            then = decide(finding, entry, self.ruleset, rule.ends, self.settings)
        except Exception:  # noqa: BLE001 - a bug of ours on one finding must not stop the sweep of all
            return Fate(rule, reopens=False)
        new = {change.field: change.new for change in then.changes}
        if any(change.reopens and change.field in fields for change in then.changes):
            parsed = ParsedFinding(finding)
            return Fate(rule, reopens=True, severity=new.get(SEVERITY, parsed.value(SEVERITY)))
        in_doubt = bool(then.refused or then.errors or then.outdated or set(then.questions) & set(fields))
        return Fate(rule, reopens=False) if in_doubt and _is_hidden(finding, fields) else None


def _is_archived(finding: Finding) -> bool:
    return bool(finding.get("RecordState") == "ARCHIVED")


def _as_left(seen: Seen) -> tuple[Finding, Entry] | None:
    """Return a finding and its entry as they are once all is done that is decided; None if not known."""
    finding, entry, decision = seen.finding, seen.entry, seen.decision
    if seen.withheld:
        return finding, entry
    if decision is None:
        return _as_written(finding, entry)
    if decision.questions or decision.outdated or any(not error.rule for error in decision.errors):
        return None
    return _with(finding, {change.field: change.new for change in decision.changes}), decision.after


def _as_written(finding: Finding, entry: Entry) -> tuple[Finding, Entry] | None:
    """Return a finding as triage has just written it, although it does not show yet; None if it may not have.

    Triage writes what it wrote into the entry only once the service has confirmed it.
    """
    if entry.intent is not None or not entry.ended:
        return None
    claims = {name: entry.claims[name] for name in HIDING_FIELDS if name in entry.claims}
    held = {name: claim.value for name, claim in claims.items() if not claim.person}
    return _with(finding, held), entry


def _with(finding: Finding, values: Mapping[str, Value]) -> Finding:
    """Return a finding with other values in the fields that can hide it.

    AWS: a Label sets Normalized too. The Label is what counts, so Normalized may stay.
    """
    changed = dict(finding)
    for name in HIDING_FIELDS:
        if name in values:
            old = changed.get(FIELDS[name].member)
            changed[FIELDS[name].member] = {
                **(old if isinstance(old, dict) else {}),
                **FIELDS[name].write(values[name]),
            }
    return changed


def _is_hidden(finding: Finding, fields: list[str]) -> bool:
    parsed = ParsedFinding(finding)
    return any(is_hiding(name, parsed.value(name), parsed) for name in fields)
