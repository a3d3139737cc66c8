"""A second, naive opinion on what triage should do with a finding, sharing no code with the engine.

Written from the description of planning, not from its implementation. `decide` returns the call that it would
make and what it would remember; the laws run it beside the engine and compare both.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from tests.laws.oracle.entries import OracleClaim, OracleClaims, OracleEntry, recent
from tests.laws.oracle.fields import (
    HIDING,
    LOWEST,
    PROVIDED,
    USER,
    Finding,
    Key,
    below,
    held,
    hides,
    is_a_persons,
    is_settable,
    label,
    on_record,
    put,
    untouched,
    user_fields,
    written,
)
from tests.laws.oracle.hand_back import GivenTexts, give_texts, take_from_people
from tests.laws.oracle.history import ASKED, Answers, Reviewed, hides_unclaimed, review
from tests.laws.oracle.policy import Statement
from tests.laws.oracle.rules import (
    Rule,
    Wish,
    Wishes,
    acts,
    ceiling_of,
    could_hide,
    could_set,
    fold,
    hides_anything,
    in_force,
    is_above_all,
)

OVERRULINGS = 3
SETS = 4
"""Times that a field may be set anew within 24 hours."""
PAIRS = 50
"""AWS: user-defined fields of a finding."""


@dataclass(frozen=True)
class Account:
    """What the log says of a decision: the rules that applied, in order, and those that did not, and why.

    `overruled` are fields that somebody has changed after triage. `reasons` says why each field is changed.
    """

    applied: tuple[str, ...] = ()
    above: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    overruled: frozenset[Key] = frozenset()
    reasons: frozenset[tuple[Key, str]] = frozenset()


@dataclass
class OracleDecision:
    """A call, if any, and the entry that holds once it has happened.

    The history has to be asked about `questions` before, and about `optional_questions` as the budget allows;
    it says nothing of what is `unrecorded`.
    `outdated`: the finding is older than what triage wrote; `flapping`: fields that were set anew too often.
    """

    payload: dict[str, Any] | None
    after: OracleEntry
    questions: set[Key]
    optional_questions: set[Key] = field(default_factory=set)
    unrecorded: set[Key] = field(default_factory=set)
    outdated: bool = False
    flapping: set[Key] = field(default_factory=set)
    hides: bool = False
    reopens: bool = False
    refused: bool = False
    account: Account = field(default_factory=Account)


@dataclass
class Resolution:
    """New values by field (None: leave the user key out), and the claims that hold then.

    A rule wants those that are `wished`; of them some are set `anew`.
    """

    claims: OracleClaims
    values: dict[Key, Any] = field(default_factory=dict)
    wished: set[Key] = field(default_factory=set)
    anew: set[Key] = field(default_factory=set)
    flapping: set[Key] = field(default_factory=set)
    refused: bool = False


@dataclass(frozen=True)
class Oracle:
    """Decides, assuming that `udf` says how the service takes user-defined fields: replace or merge."""

    udf: str = "replace"
    may_hide: bool = True
    never: frozenset[Key] = frozenset()
    policy: tuple[Statement, ...] = ()

    def decide(
        self,
        finding: Finding,
        entry: OracleEntry,
        rules: list[Rule],
        now: float,
        answers: Answers,
        handed_back: float | None = None,
    ) -> OracleDecision:
        reviewed = review(finding, entry, answers)
        texts = None
        if handed_back is not None:
            take_from_people(finding, reviewed, answers, handed_back)
            texts = GivenTexts()
        if reviewed.outdated:
            return OracleDecision(None, entry, reviewed.questions, outdated=True)
        claims = reviewed.claims
        while True:
            known = dict(claims)
            base = baseline(finding, claims)
            wishes = fold(base, rules, claims, now, list(self.policy))
            wanted, frozen = self.doubted(finding, base, wishes, claims)
            resolution = self.resolution(finding, entry, wanted, claims, frozen, now)
            if texts is not None:
                after_all = {} if resolution.refused else resolution.claims
                if give_texts(finding, claims, wishes, after_all, texts):
                    continue
            over = {key for key, claim in known.items() if ends_otherwise(finding, key, claim, resolution)}
            if not over:
                break
            claims.update({key: replace(known[key], before=None) for key in over})
        optional = unanswered(finding, reviewed, wishes, base, rules, now, answers)
        values = resolution.values
        payload = self.payload(finding, values) if values else None
        sets = {key: recent(times, now) for key, times in entry.sets.items()}
        for key in resolution.anew:
            sets[key] = (*sets.get(key, ()), now)
        asked = {key: value for key, value in reviewed.asked.items() if key not in resolution.claims}
        after = OracleEntry(resolution.claims, asked, sets, entry.started)
        return OracleDecision(
            payload,
            after,
            reviewed.questions,
            optional,
            reviewed.unrecorded,
            flapping=resolution.flapping,
            hides=any(hides(base, key, values[key]) for key in resolution.wished),
            reopens=any(reopens(finding, key, value) for key, value in values.items()),
            refused=resolution.refused,
            account=Account(
                tuple(wishes.applied),
                frozenset(wishes.above),
                frozenset(wishes.broken),
                frozenset(reviewed.overruled),
                frozenset((key, why(finding, key, claims.get(key), resolution)) for key in values),
            ),
        )

    def doubted(
        self, finding: Finding, base: Finding, wishes: Wishes, claims: OracleClaims
    ) -> tuple[dict[Key, Wish], set[Key]]:
        """Return what is still wanted, and what stays as it is; what must not stay hidden is not wanted."""
        doubted, given_up = wishes.failed | self.never, set()
        if not self.may_hide:
            withheld = {key for key, wish in wishes.fields.items() if hides_anything(wish.rule, base)}
            given_up = {key for key in withheld - doubted if key in claims and claims[key].rule is None}
            doubted = doubted | withheld
        for key in {"Workflow", "Severity"} & doubted & claims.keys() - (self.never - {"Workflow"}):
            claim = claims[key]
            able = [ceiling_of(rule) for rule in could_hide(wishes, base, key, claim.rule)]
            hidden = not claim.person and hides(base, key, held(finding, key))
            is_barred = (claim.rule, key) in wishes.barred
            if hidden and (is_barred or is_above_all(able, base)):
                given_up.add(key)
                if key in self.never:
                    claims[key] = replace(claim, before=None)
        given_up -= wishes.kept
        wanted = {key: wish for key, wish in wishes.fields.items() if key not in given_up}
        return wanted, (doubted - given_up) | wishes.kept

    def resolution(
        self,
        finding: Finding,
        entry: OracleEntry,
        wanted: dict[Key, Wish],
        claims: OracleClaims,
        frozen: set[Key],
        now: float,
    ) -> Resolution:
        """Return what becomes of each field; user keys stay as they are if all of them cannot be sent."""
        result = Resolution(dict(claims))
        for key in {**wanted, **claims}.keys() - frozen:
            sets = len(recent(entry.sets.get(key, ()), now))
            resolve(finding, key, wanted.get(key), self.udf, sets, result)
        changed = [key for key in result.values if key.startswith(USER)]
        whole = self.user_map(finding, result.values)
        if changed and not whole:  # nobody says what AWS does with an empty map
            for key in changed:
                del result.values[key]
                result.claims[key] = replace(result.claims[key], left_out=False)
        if changed and len(whole) > PAIRS:
            return without_user_keys(result, claims, changed)
        return result

    def user_map(self, finding: Finding, values: dict[Key, Any]) -> dict[str, str]:
        """Return the user-defined fields that the finding has after a call with these values."""
        changes = {key.removeprefix(USER): value for key, value in values.items() if key.startswith(USER)}
        return {key: value for key, value in {**user_fields(finding), **changes}.items() if value is not None}

    def payload(self, finding: Finding, values: dict[Key, Any]) -> dict[str, Any]:
        """Return the call: user-defined fields only where one changes, and then all that are to stay."""
        payload = {key: written(key, value) for key, value in values.items() if not key.startswith(USER)}
        changed = {key.removeprefix(USER) for key in values if key.startswith(USER)}
        if not changed:
            return payload
        whole = self.user_map(finding, values)
        fields = whole if self.udf == "replace" else {key: whole[key] for key in changed}
        return {**payload, "UserDefinedFields": fields}


def unanswered(
    finding: Finding,
    reviewed: Reviewed,
    wishes: Wishes,
    base: Finding,
    rules: list[Rule],
    now: float,
    answers: Answers,
) -> set[Key]:
    """Return the hiding values that nobody claims and that the history has to be asked about, once each."""
    setting = [rule for rule in rules if acts(rule) and in_force(rule, now) and could_set(rule) & set(ASKED)]
    is_grave = is_above_all([ceiling_of(rule) for rule in setting], base)
    return {
        key
        for key in ASKED
        if key not in reviewed.claims
        and key not in answers
        and hides_unclaimed(finding, key)
        and reviewed.asked.get(key) != held(finding, key)
        and (is_grave or key in wishes.fields)
    }


def without_user_keys(result: Resolution, claims: OracleClaims, changed: list[Key]) -> Resolution:
    """Return a resolution that leaves changed user keys as they are; if nothing else is sent, all of it."""
    for key in changed:
        del result.values[key]
        result.claims.pop(key, None)
        result.anew.discard(key)
        result.wished.discard(key)
    result.claims |= {key: claims[key] for key in changed if key in claims}
    return result if result.values else Resolution(dict(claims), refused=True)


def reopens(finding: Finding, key: Key, value: Any) -> bool:
    """Say whether a value shows more of the finding than it shows now."""
    if key == "Workflow":
        return held(finding, key) in HIDING and value not in HIDING
    return key == "Severity" and below(held(finding, key), value)


def why(finding: Finding, key: Key, claim: OracleClaim | None, resolution: Resolution) -> str:
    """Return why a field gets another value: by a rule, because none wants it now, or behind its provider."""
    if key in resolution.wished:
        return "rule"
    follows = key in PROVIDED or (key == "Workflow" and held(finding, key) == "RESOLVED")
    return "follows provider" if claim and claim.rule is None and follows else "taken back"


def plain(key: Key, wish: Wish) -> Any:
    """Return the wanted value as `held` gives it: of a note its text."""
    return wish.value[0] if key == "Note" else wish.value


def baseline(finding: Finding, claims: OracleClaims) -> Finding:
    """Return the finding with what is ours taken back, its severity and types in one canonical form."""
    base = deepcopy(finding)
    base["UserDefinedFields"] = dict(user_fields(finding))
    for key in ("Workflow", "VerificationState", *PROVIDED):
        put(base, key, held(finding, key))
    for key, claim in claims.items():
        if not claim.person:
            put(base, key, untouched(finding, key, claim.provided) if claim.before is None else claim.before)
    put_severity(base, label(base.get("Severity")), finding)
    return base


def put_severity(base: Finding, name: str | None, finding: Finding) -> None:
    """Set Label, Normalized and Original; what is finer than the label survives on record alone."""
    recorded = (base.get("FindingProviderFields") or {}).get("Severity") or {}
    severity: dict[str, Any] = {}
    if name:
        precise = label(recorded) == name and "Normalized" in recorded
        severity = {"Label": name, "Normalized": recorded["Normalized"] if precise else LOWEST[name]}
    original = recorded.get("Original", (finding.get("Severity") or {}).get("Original"))
    if original is not None:
        severity["Original"] = original
    base["Severity"] = severity


def resolve(finding: Finding, key: Key, wish: Wish | None, udf: str, sets: int, out: Resolution) -> None:
    """Add to the resolution what becomes of one field, and of the claim on it."""
    claim = out.claims.get(key)
    persons = claim.person if claim else is_a_persons(finding, key)
    if wish and persons and not may_override(key, claim, wish):
        return
    anew = claim is None or claim.rule is None or persons
    if wish and anew and held(finding, key) != plain(key, wish) and sets >= SETS:
        out.flapping.add(key)
        wish = None
    if wish:
        make(finding, key, wish, persons, anew, out)
    elif claim and not persons:
        give_back(finding, key, claim, udf, out)


def may_override(key: Key, claim: OracleClaim | None, wish: Wish) -> bool:
    tired = claim is not None and claim.overruled >= OVERRULINGS
    return bool(wish.rule.get("override")) and key != "Note" and not tired


def make(finding: Finding, key: Key, wish: Wish, persons: bool, anew: bool, out: Resolution) -> None:
    """Set a field to what is wished, unless it is so already, and claim it."""
    current, claim = held(finding, key), out.claims.get(key)
    if current == plain(key, wish):
        if claim and not persons:
            out.claims[key] = replace(claim, rule=wish.rule["id"], left_out=False)
        return
    if anew:
        out.anew.add(key)
    old = claim or OracleClaim(None, None)
    if claim is None and key in PROVIDED and not persons and not on_record(finding, key):
        old = replace(old, provided=current)
    before = old.before
    if persons or (claim is None and key == "Workflow" and current != untouched(finding, key)):
        before = current if is_settable(key, current) else None
    out.wished.add(key)
    out.values[key] = wish.value
    out.claims[key] = replace(
        old, value=plain(key, wish), rule=wish.rule["id"], before=before, person=False, left_out=False
    )


def give_back(finding: Finding, key: Key, claim: OracleClaim, udf: str, out: Resolution) -> None:
    """Undo what no rule wants any more, as far as that is possible and hides nothing."""
    current = held(finding, key)
    out.claims[key] = replace(claim, rule=None)
    if key == "Note":
        if claim.rule is not None:
            text = f"hubtriage: {claim.rule} no longer applies."
            out.claims[key] = replace(claim, value=text, rule=None)
            if text != current:
                out.values[key] = (text, "hubtriage")
    elif key.startswith(USER) and claim.before is None:
        if udf == "replace" and not claim.left_out:
            out.values[key] = None
            out.claims[key] = replace(claim, rule=None, left_out=True)
    else:
        persons = claim.before is not None and not hides(finding, key, claim.before)
        target = claim.before if persons else untouched(finding, key, claim.provided)
        out.claims[key] = replace(claim, rule=None, before=None)
        if target is None or (key == "Workflow" and target in HIDING and current not in HIDING):
            return
        if target != current:
            out.values[key] = target
        out.claims[key] = replace(claim, value=target, rule=None, before=None)
        if persons or (key not in PROVIDED and target != "RESOLVED"):
            del out.claims[key]


def ends_otherwise(finding: Finding, key: Key, claim: OracleClaim, resolution: Resolution) -> bool:
    """Say whether a claim is over and the person's value, which rules have seen, does not come back."""
    if claim.person or claim.before is None:
        return False
    left = resolution.claims.get(key)
    value = resolution.values.get(key, held(finding, key))
    return (left is None or left.before is None) and value != claim.before
