"""Fold the matching rules: on one field the later rule wins, `terminal` stops."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hubtriage.engine.fields import HIDING_STATUSES, LABEL_RANK, WORKFLOW, ParsedFinding, Value
from hubtriage.engine.planning.entry import Claims, is_digest
from hubtriage.engine.ruleset.hiding import is_hiding, shows_more
from hubtriage.engine.ruleset.policy import Forbidden, HousePolicy
from hubtriage.engine.ruleset.ruleset import Rule, RuleError, Ruleset, is_above
from hubtriage.engine.ruleset.update import Proposal, opens_what_passed

NOT_SHOWN = "Security Hub V2 does not show all that its condition reads"
OVERRULED_PERHAPS = "{} may want the opposite, and Security Hub V2 does not show whether it applies"
BEHIND_GUARD = "it hides, and Security Hub V2 does not show whether the terminal rule {} applies"


@dataclass(slots=True)
class Fold:
    """What the matching rules want together.

    `rules` are the ids of those that applied, `watched` of those in `observe`. `proposals` has the winning
    rule and its proposal per field. A field in `held` keeps its value and claim because a `hold` rule holds
    it; one in `frozen` because a rule that could set it has failed. `reached` are the rules in force that
    match or may match, those above their ceilings too. `undecided` has the rules that do not apply because of
    what Security Hub V2 does not show, each with the reason. `against_policy` has what the house policy
    forbids these rules, by rule and field.
    """

    rules: list[str] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    above_ceiling: list[str] = field(default_factory=list)
    proposals: dict[str, tuple[Rule, Proposal]] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    frozen: set[str] = field(default_factory=set)
    observed: dict[str, tuple[Rule, Proposal]] = field(default_factory=dict)
    errors: list[RuleError] = field(default_factory=list)
    reached: list[Rule] = field(default_factory=list)
    undecided: dict[str, str] = field(default_factory=dict)
    against_policy: dict[tuple[str, str], Forbidden] = field(default_factory=dict)


def fold(ruleset: Ruleset, base: ParsedFinding, claims: Claims, now: float) -> Fold:
    """Fold the rules that match the baseline, in their order."""
    result = Fold()
    matching, errors, undecided = ruleset.match_finding(base, now)
    in_doubt = False
    guards: list[_Guard] = []
    for rule in matching:
        enforced = rule.mode != "observe"
        if rule.id in errors:
            result.errors.append(errors[rule.id])
        if rule.id in undecided:
            guards += _leave_undecided(rule, base, claims, ruleset.policy, now, result)
            continue
        guard = next((one for one in guards if enforced and not one.lets(rule, base, claims)), None)
        if guard is not None:
            result.undecided[rule.id] = BEHIND_GUARD.format(guard.rule)
            continue
        if enforced:
            result.reached.append(rule)
        if rule.is_above_ceiling(base) or _keeps_hidden_above(rule, base, claims):  # failed or not
            result.above_ceiling.append(rule.id)
            continue
        forbidden = _forbidden(ruleset.policy, rule, base, claims, now) if ruleset.policy.statements else ()
        result.against_policy.update(((rule.id, one.field), one) for one in forbidden)
        if rule.id in errors:
            in_doubt = in_doubt or (rule.terminal and enforced)
            result.frozen.update(rule.proposals.fields if enforced else ())
            continue
        _FOLDS[rule.mode](rule, base, claims, result)
        if in_doubt and enforced:  # a terminal rule that failed might have stopped this one
            result.frozen.update(rule.proposals.fields)
        if rule.terminal and enforced:
            break
    _leave_what_passed(base, result)
    return result


@dataclass(frozen=True, slots=True)
class _Guard:
    """A terminal rule that may apply, and what would hide the finding then: later rules hide no more."""

    rule: str
    hides: dict[str, tuple[Rule, Proposal]]

    def lets(self, rule: Rule, base: ParsedFinding, claims: Claims) -> bool:
        """Say whether a later rule may act: it hides nothing, or no more than would be hidden anyway."""
        return all(self._hides_as_well(rule, name, value) for name, value in _hidden_by(rule, base, claims))

    def _hides_as_well(self, rule: Rule, name: str, value: Value) -> bool:
        """Say whether the field would hide the finding as much anyway, a person's field too."""
        same = self.hides.get(name)
        if same is None or (rule.override and not same[0].override):
            return False
        return name == WORKFLOW or LABEL_RANK[same[1].value] <= LABEL_RANK[value]


def _hidden_by(rule: Rule, base: ParsedFinding, claims: Claims) -> Iterator[tuple[str, Value]]:
    """Yield the values by which a rule would hide the finding, or keep it hidden if it is on hold."""
    for proposal in rule.proposals.of(base):
        if is_hiding(proposal.field, proposal.value, base):
            yield proposal.field, proposal.value
    yield from _kept_hidden(rule, base, claims)


def _leave_undecided(
    rule: Rule, base: ParsedFinding, claims: Claims, policy: HousePolicy, now: float, result: Fold
) -> Iterator[_Guard]:
    """Leave out a rule that may apply, which V2 does not show. If it is terminal, yield what it guards.

    What it would open may be hidden by an earlier rule, which then does not apply either. Above its ceiling
    it does nothing, whether it matches or not.
    """
    result.undecided[rule.id] = NOT_SHOWN
    if rule.mode == "observe" or rule.is_above_ceiling(base):
        return
    if rule.mode == "enforce":
        _leave_what_it_opens(rule, base, result)
    if rule.terminal:
        is_forbidden = any(_forbidden(policy, rule, base, claims, now)) if policy.statements else False
        own = {one.field: (rule, one) for one in rule.proposals.of(base)}
        after = {**result.proposals, **own} if rule.mode == "enforce" and not is_forbidden else {}
        yield _Guard(
            rule.id, {name: one for name, one in after.items() if is_hiding(name, one[1].value, base)}
        )


def _leave_what_it_opens(rule: Rule, base: ParsedFinding, result: Fold) -> None:
    """Leave out the earlier rules that hide what a rule would open that may apply."""
    for proposal in rule.proposals.of(base):
        result.held.discard(proposal.field)
        earlier, hidden = result.proposals.get(proposal.field, (None, None))
        if earlier and hidden and _may_open(rule, proposal, earlier, hidden, base):
            result.rules.remove(earlier.id)
            result.undecided[earlier.id] = OVERRULED_PERHAPS.format(rule.id)
            kept = {name: one for name, one in result.proposals.items() if one[0] is not earlier}
            result.proposals = kept


def _may_open(rule: Rule, later: Proposal, earlier: Rule, hidden: Proposal, base: ParsedFinding) -> bool:
    """Say whether a rule would hide the finding less than an earlier one does by the same field.

    It does too where it leaves a person's decision alone which the earlier one overrides.
    """
    if not is_hiding(hidden.field, hidden.value, base):
        return False
    if earlier.override and not rule.override:
        return True
    if later.field == WORKFLOW:
        return later.value not in HIDING_STATUSES
    return LABEL_RANK[later.value] > LABEL_RANK[hidden.value]


def _leave_what_passed(base: ParsedFinding, result: Fold) -> None:
    """Drop a status that would open what the service has resolved; an earlier rule's is not wanted either."""
    for proposals in (result.proposals, result.observed):
        wanted = proposals.get(WORKFLOW)
        if wanted is not None and opens_what_passed(WORKFLOW, wanted[1].value, base):
            del proposals[WORKFLOW]


def _forbidden(
    policy: HousePolicy, rule: Rule, base: ParsedFinding, claims: Claims, now: float
) -> Iterator[Forbidden]:
    """Yield what the policy keeps a rule from: all that it proposes, or keeps if it is on hold, or nothing.

    What it keeps may be known as a digest only; then it is not known whether that is forbidden. What shows
    more of a finding is never forbidden here: doubt reopens.
    """
    wanted: list[tuple[str, Value]]
    if rule.mode != "hold":
        if not any(one.may_forbid(rule.proposals.fields) for one in policy.about(rule.id)):
            return
        wanted = [(proposal.field, proposal.value) for proposal in rule.proposals.of(base)]
    else:
        wanted = [
            (name, None if is_digest(claim.value) else claim.value)
            for name, claim in claims.items()
            if claim.rule == rule.id and not claim.person
        ]
    wanted = [(name, value) for name, value in wanted if not shows_more(name, value, base)]
    statement = policy.forbidding(rule.id, wanted, base, now)
    if statement is not None:
        yield from (Forbidden(rule.id, name, value, statement.id) for name, value in wanted)


def _let_nothing_hide(name: str, base: ParsedFinding, claims: Claims, result: Fold) -> None:
    """Leave out what hides a finding by a field for which the policy forbids a later rule another value.

    That value might have shown the finding: what is forbidden must not leave it hidden.
    """
    wanted, claim = result.proposals.get(name), claims.get(name)
    if wanted is not None and is_hiding(name, wanted[1].value, base):
        del result.proposals[name]
    if name in result.held and claim is not None and is_hiding(name, claim.value, base):
        result.held.discard(name)


def _keeps_hidden_above(rule: Rule, base: ParsedFinding, claims: Claims) -> bool:
    """Say whether a rule on hold would keep a finding hidden that is too severe for it.

    What it did counts, not what its `update` says: that may have been changed since.
    """
    return is_above(rule.ceiling, base) and any(_kept_hidden(rule, base, claims))


def _kept_hidden(rule: Rule, base: ParsedFinding, claims: Claims) -> Iterator[tuple[str, Value]]:
    """Yield the values by which a rule would keep the finding hidden if it is on hold."""
    for name, claim in claims.items() if rule.mode == "hold" else ():
        if claim.rule == rule.id and not claim.person and is_hiding(name, claim.value, base):
            yield name, claim.value


def _enforce(rule: Rule, base: ParsedFinding, claims: Claims, result: Fold) -> None:
    result.rules.append(rule.id)
    for proposal in rule.proposals.of(base):
        if (rule.id, proposal.field) in result.against_policy:
            _let_nothing_hide(proposal.field, base, claims, result)
            continue
        result.proposals[proposal.field] = (rule, proposal)
        result.held.discard(proposal.field)


def _hold(rule: Rule, base: ParsedFinding, claims: Claims, result: Fold) -> None:
    result.rules.append(rule.id)
    for name, claim in claims.items():
        if claim.rule != rule.id:
            continue
        if (rule.id, name) in result.against_policy:
            _let_nothing_hide(name, base, claims, result)
        else:
            result.held.add(name)
            result.proposals.pop(name, None)


def _observe(rule: Rule, base: ParsedFinding, _claims: Claims, result: Fold) -> None:
    result.watched.append(rule.id)
    result.observed.update(
        {
            proposal.field: (rule, proposal)
            for proposal in rule.proposals.of(base)
            if (rule.id, proposal.field) not in result.against_policy
        }
    )


_FOLDS = {"enforce": _enforce, "hold": _hold, "observe": _observe}
