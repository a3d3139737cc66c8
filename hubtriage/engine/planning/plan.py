"""Planning one finding: from its present state, its entry and the rules to at most one update.

    desired state = f(finding as its provider and people left it, rules, now)

1. `review`   look at each claim of the entry: is the field still ours, or who changed it?
              (`hand_back`: what people hold is forgotten, if one of them has said so)
2. `baseline` the finding with what is ours taken back
3. `fold`     combine the rules that match the baseline: one proposal per field
4. `resolve`  field by field: who holds it, and is it set, taken back, or left alone (`doubt`: what stays)
5. `limits`   the changed fields in one call (`payload`), as far as they fit
6. `telling`  what there is to announce of it, where decisions are announced

Nothing here has a clock, a network or a log, and nothing raises for what a finding contains.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from hubtriage.engine.fields import (
    FIELDS,
    NOTE,
    OCSF,
    SEVERITY,
    WORKFLOW,
    Finding,
    ParsedFinding,
    member,
    position,
    same,
)
from hubtriage.engine.ocsf.update import NOT_IN_V2, V2_FIELDS, v2_update
from hubtriage.engine.planning.baseline import baseline
from hubtriage.engine.planning.causes import cause_of
from hubtriage.engine.planning.decision import NOTE_DOES_NOT_FIT, Change, Decision, Observed, V2Decision
from hubtriage.engine.planning.doubt import Doubt
from hubtriage.engine.planning.entry import Authors, Claim, Claims, Entry, Times, stored
from hubtriage.engine.planning.fold import Fold, fold
from hubtriage.engine.planning.hand_back import hand_back
from hubtriage.engine.planning.limits import Plan, fit
from hubtriage.engine.planning.resolve import FieldOutcome, FieldResolver
from hubtriage.engine.planning.review import Review, review
from hubtriage.engine.planning.telling import Teller, told_alone
from hubtriage.engine.ruleset.delivery import Routes
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.owner import owner_attribute, owner_of
from hubtriage.engine.ruleset.policy import Forbidden
from hubtriage.engine.ruleset.ruleset import RuleError, Ruleset, is_above

DAY = 86_400.0
NOT_ASKED: Authors = {}
_NO_RECORDS: Authors = dict.fromkeys(FIELDS)
"""AWS: Security Hub V2 has no history, so that no one has to be asked, and no answer is awaited."""
LeftOut = Mapping[str, str]
"""Fields that an update does not touch, each with the reason: the service has refused it with them."""
NOTHING: LeftOut = {}
WITHOUT_NOTE: LeftOut = {NOTE: NOTE_DOES_NOT_FIT}


@dataclass(frozen=True, slots=True)
class Settings:
    """How UserDefinedFields are sent, and what must not be done.

    Fields in `never` stay as they are, whatever rules want and whatever triage did to them before: IAM denies
    them to us. Without `may_hide` rules hide nothing new; all else goes on. `routes` say where deliveries go
    that name a route; without them decisions are not announced.
    """

    udf: Literal["replace", "merge"] = "replace"
    never: frozenset[str] = frozenset()
    may_hide: bool = True
    routes: Routes | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A decision with the steps that led to it; `claims` are the reviewed ones."""

    decision: Decision
    entry: Entry
    claims: Claims
    finding: ParsedFinding
    baseline: ParsedFinding
    fold: Fold
    outcomes: Mapping[str, FieldOutcome]


def decide(
    finding: Finding,
    entry: Entry,
    ruleset: Ruleset,
    now: float,
    settings: Settings,
    *,
    authors: Authors = NOT_ASKED,
    left_out: LeftOut = NOTHING,
    handed_back: float | None = None,
) -> Decision:
    """Decide what to send for one finding at a time (epoch seconds), and why.

    `entry` is what the ledger knows of the finding; its intent must have been settled before. `authors` are
    answers to the questions of an earlier decision. Fields in `left_out` stay as they are. `handed_back` says
    when a person handed the finding back, in epoch seconds.
    """
    return reason(
        finding,
        entry,
        ruleset,
        now,
        settings,
        authors=authors,
        left_out=left_out,
        handed_back=handed_back,
    ).decision


def reopen(
    finding: Finding, entry: Entry, ruleset: Ruleset, now: float, settings: Settings
) -> Decision | None:
    """Decide to undo nothing but what triage itself hides a finding by; None if that reopens nothing.

    This is for a key that several accounts have. What hides nothing stays, and so does what would go back to
    a status that hides: the other finding may be open.
    """
    parsed, silent = ParsedFinding(finding), replace(settings, routes=None)
    ours = {
        name: claim
        for name, claim in entry.claims.items()
        if name in (WORKFLOW, SEVERITY) and not claim.person and stored(parsed.value(name)) == claim.value
    }
    while ours:
        decision = decide(finding, replace(entry, claims=ours), ruleset.without_rules(), now, silent)
        others = {change.field for change in decision.changes if not change.reopens}
        if not others:
            break
        ours = {name: claim for name, claim in ours.items() if name not in others}
    if not ours or decision.update is None:
        return None
    kept = {name: claim for name, claim in entry.claims.items() if name not in ours}
    changes = tuple(replace(change, cause="several accounts have its key") for change in decision.changes)
    after = replace(decision.after, claims=kept | dict(decision.after.claims))
    decision = replace(decision, changes=changes, after=after)
    return decision if settings.routes is None else told_alone("reopened", decision, entry, now)


def reason(
    finding: Finding,
    entry: Entry,
    ruleset: Ruleset,
    now: float,
    settings: Settings,
    *,
    authors: Authors = NOT_ASKED,
    left_out: LeftOut = NOTHING,
    handed_back: float | None = None,
) -> Reasoning:
    """Decide, and keep every step so that a person can follow it."""
    parsed = ParsedFinding.of(finding)
    if parsed.is_v2:
        authors = _NO_RECORDS
    reviewed = review(entry, parsed, authors)
    handed = None if handed_back is None else hand_back(reviewed, parsed, authors, handed_back)
    recent = {name: _of_last_day(times, now) for name, times in entry.sets.items()}
    left_out = {**left_out, **_not_in_v2(ruleset, entry.claims)} if parsed.is_v2 else left_out
    while True:
        base = baseline(parsed, reviewed.claims)
        folded = fold(ruleset, base, reviewed.claims, now)
        cause = partial(cause_of, ruleset=ruleset, folded=folded, now=now)
        doubt = Doubt(folded, base, settings.never, settings.may_hide)
        ours = handed.names if handed else frozenset()
        resolver = FieldResolver(parsed, reviewed.claims, recent, settings.udf, cause, doubt, left_out, ours)
        planned = fit(resolver, folded)
        if handed and handed.reconsider(folded, planned):
            continue
        not_given_back = _not_given_back(reviewed.claims, parsed, planned)
        if not not_given_back:
            break
        reviewed.claims.update(not_given_back)
    if reviewed.outdated:
        planned = Plan({}, {})
    changes = () if planned.refused else tuple(_changes(planned))
    update = None if planned.refused or not planned.update else planned.update
    on_v2 = _on_v2(finding, update) if parsed.is_v2 else None
    decision = Decision(
        finding_id=_text(finding, "Id") or (on_v2.uid if on_v2 else ""),
        product_arn=_text(finding, "ProductArn"),
        update=update,
        rules=tuple(folded.rules),
        above_ceiling=tuple(folded.above_ceiling),
        changes=changes,
        kept=tuple(outcome.kept for outcome in planned.outcomes.values() if outcome.kept),
        observed=tuple(_observed(folded, resolver, changes)),
        errors=tuple(folded.errors),
        overruled=tuple(reviewed.overruled),
        handed_back=tuple(sorted(ours, key=position)),
        refused=planned.refused,
        hides=any(_hides(change, base) for change in changes),
        after=_after(entry, reviewed, planned, recent, now),
        questions=tuple(reviewed.questions),
        optional_questions=_worth_asking(reviewed, authors, ruleset, folded, base, now),
        unrecorded=() if parsed.is_v2 else tuple(reviewed.unrecorded),
        outdated=reviewed.outdated,
        against_policy=tuple(_against_policy(folded)),
        owners=_owners(folded, ruleset, finding) if ruleset.has_account_owners else {},
        on_v2=on_v2,
    )
    if settings.routes is not None and not reviewed.outdated:
        teller = Teller(finding, parsed, base, entry, folded, ruleset, settings.routes, now)
        decision = _told(teller, decision)
    return Reasoning(decision, entry, reviewed.claims, parsed, base, folded, planned.outcomes)


def _told(teller: Teller, decision: Decision) -> Decision:
    """Return the decision with its news.

    A bug of ours in what is only to be announced keeps no update back: it may be one that reopens.
    """
    try:
        return teller.told(decision)
    except Exception as error:  # noqa: BLE001 - reported with the decision
        failed = RuleError("", f"it cannot be announced: {type(error).__name__}: {error}")
        return replace(decision, errors=(*decision.errors, failed))


def _against_policy(folded: Fold) -> Iterator[Forbidden]:
    """Yield what was forbidden. A rule that failed wants nothing: what it had set is in doubt."""
    failed = {error.rule for error in folded.errors}
    yield from (one for one in folded.against_policy.values() if one.rule not in failed)


def _owners(folded: Fold, ruleset: Ruleset, finding: Finding) -> dict[str, str | None]:
    """Return who answers for the finding, for each rule that applied and leaves that to its account."""
    applied = (ruleset.by_id[name].source for name in folded.rules)
    return {
        source["id"]: owner_of(source, finding, ruleset.accounts)
        for source in applied
        if owner_attribute(source) is not None
    }


def _not_in_v2(ruleset: Ruleset, claims: Claims) -> LeftOut:
    """Return the fields that rules set, or an entry names, and Security Hub V2 has no place for."""
    return {name: NOT_IN_V2 for name in (*ruleset.fields, *claims) if name not in V2_FIELDS}


def _not_given_back(claims: Claims, finding: ParsedFinding, planned: Plan) -> dict[str, Claim]:
    """Return the claims that end although a person's value would hide, and is not given back: without it.

    Rules have seen that value. They have to see what the field will be instead: what they want then comes in
    the same call.
    """
    ended: dict[str, Claim] = {}
    for name, claim in claims.items():
        if claim.before is None or claim.person or planned.refused:
            continue
        outcome = planned.outcomes[name]
        value = outcome.change.new if outcome.change else finding.value(name)
        if (outcome.claim is None or outcome.claim.before is None) and not same(name, value, claim.before):
            ended[name] = replace(claim, before=None)
    return ended


def _on_v2(view: Finding, update: Mapping[str, Any] | None) -> V2Decision:
    uid = member(view[OCSF], "uid")
    return V2Decision(
        uid if isinstance(uid, str) else "", None if update is None else v2_update(update, view)
    )


def _worth_asking(
    reviewed: Review, authors: Authors, ruleset: Ruleset, folded: Fold, base: ParsedFinding, now: float
) -> tuple[str, ...]:
    """Return the fields that a value of unknown author hides, where that matters.

    It does where a rule wants the field, and where the finding is above every ceiling. A finding from before
    our last write is not asked about: it comes again.
    """
    unknown = () if reviewed.outdated else tuple(name for name in reviewed.unknown if name not in authors)
    if not unknown or is_above(ruleset.highest_ceiling(now), base):
        return unknown
    return tuple(name for name in unknown if name in folded.proposals)


def _changes(planned: Plan) -> Iterator[Change]:
    return (outcome.change for outcome in planned.outcomes.values() if outcome.change)


def _after(entry: Entry, reviewed: Review, planned: Plan, recent: Mapping[str, Times], now: float) -> Entry:
    """Return the entry as it is once the update has happened; without one, as it is now."""
    outcomes = planned.outcomes.items()
    if reviewed.outdated:
        return entry
    if planned.refused:
        return replace(entry, claims=reviewed.claims, asked=reviewed.asked)
    claims = {name: outcome.claim for name, outcome in outcomes if outcome.claim is not None}
    asked = {name: value for name, value in reviewed.asked.items() if name not in claims}
    if not planned.update:
        is_same = claims == entry.claims and asked == entry.asked
        return entry if is_same else replace(entry, claims=claims, asked=asked)
    sets = {
        name: (*recent.get(name, ()), now) for name, outcome in outcomes if outcome.is_new and outcome.change
    }
    return replace(entry, claims=claims, asked=asked, sets={**_kept_sets(recent), **sets})


def _kept_sets(recent: Mapping[str, Times]) -> dict[str, Times]:
    return {name: times for name, times in recent.items() if times}


def _of_last_day(times: Times, now: float) -> Times:
    return tuple(time for time in times if now - DAY < time)


def _observed(folded: Fold, resolver: FieldResolver, changes: Iterable[Change]) -> Iterator[Observed]:
    """Yield what would differ after the update if the rules in `observe` were in force.

    They are folded among themselves, so rules in force that want the same field do not count against them.
    """
    new = {change.field: change.new for change in changes}
    for name in sorted(folded.observed, key=position):
        rule, proposal = folded.observed[name]
        value = new.get(name, resolver.finding.value(name))
        if (
            name not in folded.frozen
            and not same(name, value, proposal.value)
            and resolver.would_have(rule, proposal)
        ):
            yield Observed(name, value, proposal.value, rule.id)


def _hides(change: Change, base: ParsedFinding) -> bool:
    """Say whether a change hides the finding. Only rules do: what is taken back hides no more than before."""
    return change.why == "rule" and is_hiding(change.field, change.new, base)


def _text(finding: Finding, name: str) -> str:
    value: Any = finding.get(name)
    return value if isinstance(value, str) else ""
