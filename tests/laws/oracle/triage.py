"""A second, naive opinion on what triage should leave behind, sharing no code with the engine.

Written from the description of planning, not from its implementation. It keeps its claims as plain Python
in a table, and puts only a token for them on the finding, where the engine puts its encoded memo.
`Oracle.update` gives the call it would make; the laws run it against a hub of its own and compare what the
two hubs hold in the end.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from tests.laws.oracle.fields import (
    HIDING,
    LOWEST,
    PROVIDED,
    USER,
    Finding,
    Key,
    below,
    held,
    label,
    neutral,
    note_is_ours,
    on_record,
    put,
    shut_doors,
    user_fields,
    without_claim,
    written,
)
from tests.laws.oracle.rules import Rule, Wanted, Wish, fold, hides, is_above_all, wanted_by

OVERRULINGS = 3
LONGEST_TOKENS = {
    "Workflow": 15,
    "Severity": 12,
    "VerificationState": 12,
    "Confidence": 14,
    "Criticality": 14,
}
"""Characters that the engine's memo may need for a field, space included; 17 for the others."""


@dataclass(frozen=True)
class OracleClaim:
    """That we set a field.

    `before`: the person's value that an override replaced; `provided`: the provider's value that is on
    record nowhere else; `rule` is None once the field only follows its provider.
    """

    value: Any
    rule: str | None
    before: Any = None
    provided: Any = None
    person: bool = False
    overruled: int = 0
    doors: frozenset[str] = frozenset()
    left_out: bool = False


Claims = dict[Key, OracleClaim]


@dataclass
class OracleOutcome:
    """New values by field (None: leave the user key out), and the claims that remember them."""

    values: dict[Key, Any] = field(default_factory=dict)
    claims: Claims = field(default_factory=dict)


class Oracle:
    """Decides for any number of findings, remembering the claims that each of its tokens stands for."""

    def __init__(
        self, udf: str = "replace", stack: str = "hubtriage", known: frozenset[str] = frozenset()
    ) -> None:
        self.udf, self.stack, self.known = udf, stack, known
        self.tokens: dict[str, Claims] = {}
        self.may_hide = True
        self.never: frozenset[Key] = frozenset()

    def update(self, finding: Finding, rules: list[Rule], now: float) -> dict[str, Any] | None:
        """The payload of BatchUpdateFindings for the finding as it is; None: nothing to do."""
        claims = self.claims_on(finding)
        if claims is None:
            return None
        reviewed = {key: review(finding, key, claim) for key, claim in claims.items()}
        standing = {key: claim for key, claim in reviewed.items() if claim}
        base = baseline(finding, standing)
        claimants = {key: claim.rule for key, claim in standing.items()}
        wanted = fold(base, rules, claimants, now)
        wishes, frozen = self.doubted(finding, base, wanted, standing)
        nothing_new = {key for key, wish in wishes.items() if is_new(finding, key, wish, standing)}
        for untouched in (frozen, frozen | nothing_new):
            outcome = OracleOutcome(claims=dict(standing))
            for key in {**wishes, **standing}.keys() - untouched:
                settle(finding, key, standing.get(key), wishes.get(key), self.udf, outcome)
            if not outcome.values and reviewed == claims:
                return None
            call = self.call(finding, outcome)
            if call:
                return call
        return None

    def doubted(
        self, finding: Finding, base: Finding, wanted: Wanted, standing: Claims
    ) -> tuple[dict[Key, Wish], set[Key]]:
        """What is still wanted, and what stays as it is; what must not stay hidden is wanted no more."""
        doubted, given_up = wanted.failed | self.never, set()
        if not self.may_hide:
            withheld = {k for k, w in wanted.wishes.items() if hides(wanted_by(w.rule, base), base)}
            given_up = {k for k in withheld - doubted if k in standing and standing[k].rule is None}
            doubted = doubted | withheld
        for key in {"Workflow", "Severity"} & doubted & standing.keys() - (self.never - {"Workflow"}):
            claim, hidden = standing[key], hides({key: held(finding, key)}, base)
            if hidden and not claim.person and is_above_all(wanted, base, key, claim.rule):
                given_up.add(key)
                if key in self.never:
                    standing[key] = replace(claim, before=None)
        given_up -= wanted.held_fast
        wishes = {key: wish for key, wish in wanted.wishes.items() if key not in given_up}
        return wishes, (doubted - given_up) | wanted.held_fast

    def claims_on(self, finding: Finding) -> Claims | None:
        """The claims that the finding carries; None: hands off."""
        fields = user_fields(finding)
        owner, token = fields.get("hubtriage/managed"), fields.get("hubtriage/memo", "")
        if owner == self.stack and token in self.tokens:
            return self.tokens[token]
        if (owner in self.known and owner != self.stack) or note_is_ours(finding):
            return None
        return {}

    def token(self, claims: Claims) -> str:
        """What stands for these claims on a finding."""
        known = (token for token, stands_for in self.tokens.items() if stands_for == claims)
        token = next(known, f"{len(self.tokens)} of the oracle")
        self.tokens[token] = claims
        return token

    def call(self, finding: Finding, outcome: OracleOutcome) -> dict[str, Any] | None:
        """The payload; None if the user fields have no room for it."""
        standing = [claim for claim in outcome.claims.values() if not (claim.person or claim.left_out)]
        rules = sorted({claim.rule for claim in standing if claim.rule})
        memo = {
            "hubtriage/managed": self.stack,
            "hubtriage/rules": ", ".join(rules) or "none",
            "hubtriage/memo": self.token(outcome.claims),
        }
        changes = {k.removeprefix(USER): v for k, v in outcome.values.items() if k.startswith(USER)}
        whole = {k: v for k, v in (user_fields(finding) | changes | memo).items() if v is not None}
        if len(whole) > 50 or longest_memo(outcome.claims) > 1024:
            return None
        payload = {k: written(k, v) for k, v in outcome.values.items() if not k.startswith(USER)}
        return {**payload, "UserDefinedFields": whole if self.udf == "replace" else changes | memo}


def longest_memo(claims: Claims) -> int:
    """How long the engine's memo may get with these claims, short of what they remember of before."""
    return 1 + sum(25 if key.startswith(USER) else LONGEST_TOKENS.get(key, 17) for key in claims)


def is_new(finding: Finding, key: Key, wish: Wish, claims: Claims) -> bool:
    """Whether a wish would take room: all but another word in a field that is claimed already."""
    already = held(finding, key) == (wish.value[0] if key == "Note" else wish.value)
    return not already and (key not in claims or key not in ("Workflow", "Severity", "VerificationState"))


def review(finding: Finding, key: Key, claim: OracleClaim) -> OracleClaim | None:
    """The claim, now that somebody may have changed the field; None: it has ended."""
    value, shut = held(finding, key), shut_doors(finding)
    if claim.person or (claim.left_out and value is None):
        return claim
    watched = key == "Workflow" and claim.value in ("NOTIFIED", "RESOLVED")
    if value == claim.value:
        return replace(claim, doors=shut) if watched else claim
    if watched and value == "NEW" and claim.doors - shut:
        return None
    if watched and claim.value == "NOTIFIED" and value == "RESOLVED" and "passed" in shut:
        return None
    return replace(claim, person=True, left_out=False, doors=frozenset(), overruled=claim.overruled + 1)


def baseline(finding: Finding, claims: Claims) -> Finding:
    """The finding as its provider and people left it, its severity and types in one canonical form."""
    base = deepcopy(finding)
    fields = {k: v for k, v in user_fields(finding).items() if not k.startswith("hubtriage/")}
    base["UserDefinedFields"] = fields
    for key in ("Workflow", "VerificationState", *PROVIDED):
        put(base, key, held(finding, key))
    if note_is_ours(finding) and "Note" not in claims:
        del base["Note"]
    for key, claim in claims.items():
        if not claim.person:
            put(base, key, given_back(finding, key, claim))
    put_severity(base, label(base.get("Severity")), finding)
    return base


def put_severity(base: Finding, name: str | None, finding: Finding) -> None:
    """Label, Normalized and Original; what is finer than the label survives on record alone."""
    recorded = (base.get("FindingProviderFields") or {}).get("Severity") or {}
    severity: dict[str, Any] = {}
    if name:
        precise = label(recorded) == name and "Normalized" in recorded
        severity = {"Label": name, "Normalized": recorded["Normalized"] if precise else LOWEST[name]}
    original = recorded.get("Original", (finding.get("Severity") or {}).get("Original"))
    if original is not None:
        severity["Original"] = original
    base["Severity"] = severity


def given_back(finding: Finding, key: Key, claim: OracleClaim) -> Any:
    return neutral(finding, key, claim.provided) if claim.before is None else claim.before


def a_persons(finding: Finding, key: Key) -> bool:
    """Whether a field without a claim is a person's, or another tool's."""
    if key == "Note":
        return held(finding, key) is not None and not note_is_ours(finding)
    return bool(held(finding, key) != without_claim(finding, key))


def settle(
    finding: Finding, key: Key, claim: OracleClaim | None, wish: Wish | None, udf: str, out: OracleOutcome
) -> None:
    """Add to the outcome what becomes of one field, and of the claim on it."""
    persons = claim.person if claim else a_persons(finding, key)
    if wish:
        if not persons or may_override(key, claim, wish):
            make(finding, key, claim, wish, persons, out)
    elif claim and persons:
        del out.claims[key]
    elif claim:
        give_back(finding, key, claim, udf, out)


def may_override(key: Key, claim: OracleClaim | None, wish: Wish) -> bool:
    tired = claim is not None and claim.overruled >= OVERRULINGS
    return bool(wish.rule.get("override")) and key != "Note" and not tired


def make(
    finding: Finding, key: Key, claim: OracleClaim | None, wish: Wish, persons: bool, out: OracleOutcome
) -> None:
    """Set a field to what is wished, unless it is so already, and claim it."""
    value = wish.value[0] if key == "Note" else wish.value
    current = held(finding, key)
    if current == value:
        if claim:
            out.claims[key] = replace(claim, left_out=False)
        return
    old = claim or OracleClaim(None, None)
    if claim is None and key in PROVIDED and not persons and not on_record(finding, key):
        old = replace(old, provided=current)
    watched = key == "Workflow" and value in ("NOTIFIED", "RESOLVED")
    out.values[key] = wish.value
    out.claims[key] = replace(
        old,
        value=value,
        rule=wish.rule["id"],
        before=current if persons else old.before,
        person=False,
        left_out=False,
        doors=shut_doors(finding) if watched else frozenset(),
    )


def give_back(finding: Finding, key: Key, claim: OracleClaim, udf: str, out: OracleOutcome) -> None:
    """Undo what no rule wants any more, as far as that is possible and hides nothing."""
    back = given_back(finding, key, claim)
    if key == "Note":
        out.values[key] = (f"hubtriage: {claim.rule} no longer applies.", "hubtriage")
        del out.claims[key]
    elif key.startswith(USER) and back is None:
        if held(finding, key) is None:
            del out.claims[key]
        elif udf == "replace" and not claim.left_out:
            out.values[key] = None
            out.claims[key] = replace(claim, left_out=True)
    elif back is not None and not (claim.before is not None and would_hide(finding, key, back)):
        if key == "Workflow" and back == "RESOLVED":
            back = "NEW"
        if back != held(finding, key):
            out.values[key] = back
            out.claims[key] = replace(claim, value=back, rule=None, overruled=0)
        if key not in PROVIDED or claim.before is not None:
            del out.claims[key]


def would_hide(finding: Finding, key: Key, back: Any) -> bool:
    """Whether giving back what an override replaced would hide the finding more than it is hidden now.

    RESOLVED in the place of what hides would not, but is stale: the service may have had reason to reset it.
    """
    current = held(finding, key)
    if key == "Workflow":
        return back in HIDING and not (current in HIDING and back == "RESOLVED")
    return key == "Severity" and below(back, without_claim(finding, "Severity")) and below(back, current)
