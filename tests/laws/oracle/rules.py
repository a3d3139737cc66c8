"""What a set of rules wants of a finding, read off the rules anew each time."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from tests.laws.oracle.conditions import ACCOUNTS, NoAnswerError, holds
from tests.laws.oracle.entries import OracleClaims
from tests.laws.oracle.fields import (
    HIDING,
    UNRANKED,
    USER,
    Finding,
    Key,
    below,
    held,
    hides,
    label,
    providers,
)
from tests.laws.oracle.policy import Statements, barred, kept_by

Rule = dict[str, Any]
NO_STATEMENTS: Statements = []
DEFAULT_CEILING = "MEDIUM"


@dataclass(frozen=True)
class Wish:
    """What the rules want of one field, and the last rule that wants it."""

    value: Any
    rule: Rule


@dataclass
class Wishes:
    """What is wanted, what a rule on hold keeps, what a failed rule leaves open, which rules may apply.

    The rules that did apply are named, and so are those above their ceilings and those that failed.
    """

    fields: dict[Key, Wish] = field(default_factory=dict)
    kept: set[Key] = field(default_factory=set)
    failed: set[Key] = field(default_factory=set)
    applicable: list[Rule] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    above: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    barred: set[tuple[str, Key]] = field(default_factory=set)


def fold(
    base: Finding, rules: list[Rule], claims: OracleClaims, now: float, policy: Statements = NO_STATEMENTS
) -> Wishes:
    """Return what the rules want together."""
    result = Wishes()
    in_doubt = False
    for rule in sorted(rules, key=lambda rule: (rule.get("order", 500), rule["id"])):
        if not acts(rule) or not in_force(rule, now):
            continue
        fails = False
        try:
            if not holds(rule, base, now):
                continue
        except NoAnswerError:
            fails = True
            result.broken.add(rule["id"])
        result.applicable.append(rule)
        if is_above(ceiling_of(rule), base) and (
            hides_anything(rule, base) or keeps_hidden(rule, base, claims)
        ):
            result.above.add(rule["id"])
            continue
        wanted = kept_by(rule, claims) if rule.get("mode") == "hold" else wanted_by(rule, base)
        forbidden = barred(rule, plain_values(wanted), base, policy, now)
        result.barred |= {(rule["id"], key) for key in forbidden}
        if fails:
            result.failed |= could_set(rule)
            in_doubt = in_doubt or rule.get("terminal", False)
            continue
        _apply(rule, base, claims, result, forbidden)
        if in_doubt:
            result.failed |= could_set(rule)
        if rule.get("terminal"):
            break
    wish = result.fields.get("Workflow")
    if wish and wish.value not in HIDING and resolved_by_the_service(base):
        del result.fields["Workflow"]
    return result


def _apply(rule: Rule, base: Finding, claims: OracleClaims, result: Wishes, forbidden: set[Key]) -> None:
    result.applied.append(rule["id"])
    for key in forbidden:  # what might have shown the finding must not leave it hidden
        if key in result.fields and hides(base, key, result.fields[key].value):
            del result.fields[key]
        if key in result.kept and hides(base, key, claims[key].value):
            result.kept.remove(key)
    if rule.get("mode") == "hold":
        held_by_it = {key for key, claim in claims.items() if claim.rule == rule["id"]} - forbidden
        result.kept |= held_by_it
        return
    wanted = {key: value for key, value in wanted_by(rule, base).items() if key not in forbidden}
    result.fields |= {key: Wish(value, rule) for key, value in wanted.items()}
    result.kept -= wanted.keys()


def plain_values(wanted: dict[Key, Any]) -> dict[Key, Any]:
    """Return wanted values as a finding holds them: of a note the text."""
    return {key: value[0] if isinstance(value, tuple) else value for key, value in wanted.items()}


def acts(rule: Rule) -> bool:
    return rule.get("mode") not in ("off", "observe")


def in_force(rule: Rule, now: float) -> bool:
    return bool(rule.get("starts", now) <= now < rule.get("ends", now + 1))


def ceiling_of(rule: Rule) -> str:
    return str(rule.get("ceiling", DEFAULT_CEILING))


def is_above(ceiling: str, base: Finding) -> bool:
    """Say whether a person, or the provider, says more than a ceiling."""
    return below(ceiling, held(base, "Severity")) or below(ceiling, providers(base, "Severity"))


def is_above_all(ceilings: list[str], base: Finding) -> bool:
    """Say whether the finding is above each of some ceilings; without any, above the default."""
    return all(is_above(ceiling, base) for ceiling in ceilings or [DEFAULT_CEILING])


def could_hide(wishes: Wishes, base: Finding, key: Key, claimed_by: str | None) -> list[Rule]:
    """Return the rules that may apply and could have the finding hidden by this field."""
    return [
        rule
        for rule in wishes.applicable
        if (rule["id"], key) not in wishes.barred
        if hides(base, key, wanted_by(rule, base).get(key))
        or (rule.get("mode") == "hold" and claimed_by == rule["id"])
    ]


def hides_anything(rule: Rule, base: Finding) -> bool:
    return any(hides(base, key, value) for key, value in wanted_by(rule, base).items())


def keeps_hidden(rule: Rule, base: Finding, claims: OracleClaims) -> bool:
    """Say whether a rule on hold keeps what hides the finding: what it did before, whatever it says now."""
    held_by_it = {
        key: claim for key, claim in claims.items() if claim.rule == rule["id"] and not claim.person
    }
    return rule.get("mode") == "hold" and any(
        hides(base, key, claim.value) for key, claim in held_by_it.items()
    )


def could_set(rule: Rule) -> set[Key]:
    user_keys = {USER + key for key in rule["update"].get("UserDefinedFields", ())}
    return user_keys | (set(rule["update"]) - {"UserDefinedFields"})


def wanted_by(rule: Rule, base: Finding) -> dict[Key, Any]:
    """The values that one rule wants; a note as its text and author."""
    wanted: dict[Key, Any] = {}
    for name, value in rule["update"].items():
        if name == "UserDefinedFields":
            wanted |= {USER + key: filled_in(text, rule, base, 1024) for key, text in value.items()}
        elif name == "Note":
            author = value.get("UpdatedBy", f"hubtriage/{rule['id']}")
            wanted[name] = (filled_in(value["Text"], rule, base, 512), author)
        elif name == "Severity":
            wanted[name] = wanted_severity(value, base)
        elif name == "Types" and isinstance(value, dict):
            types = held(base, "Types") or frozenset()
            wanted[name] = types.difference(value.get("Remove", ())).union(value.get("Add", ())) or None
        else:
            wanted[name] = held({name: value}, name)
    return {key: value for key, value in wanted.items() if value is not None}


def resolved_by_the_service(base: Finding) -> bool:
    """Say whether a control passed and is resolved: no rule opens it again."""
    passed = (base.get("Compliance") or {}).get("Status") == "PASSED"
    return passed and held(base, "Workflow") == "RESOLVED"


def wanted_severity(update: dict[str, Any], base: Finding) -> str | None:
    if "AtMost" not in update and "AtLeast" not in update:
        return label(update)
    clamped = held(base, "Severity")
    if "AtLeast" in update and (clamped is None or below(clamped, update["AtLeast"])):
        clamped = update["AtLeast"]
    if below(update.get("AtMost"), clamped):
        return str(update["AtMost"])
    return None if clamped == UNRANKED else clamped  # no update sets that


def on_one_line(value: Any) -> str:
    """A value as a note shows it: what would break a line or cannot be seen becomes a space."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return str(value).lower() if isinstance(value, bool) else "-"
    return "".join(
        " " if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} else sign for sign in str(value)
    )


def filled_in(text: str, rule: Rule, base: Finding, limit: int) -> str:
    """A template with its `{rule.NAME}` and `{finding.PATH}` filled in, cut to the limit."""
    done, rest = "", text
    while "{" in rest:
        before, _, rest = rest.partition("{")
        path, _, rest = rest.partition("}")
        kind, *steps = path.split(".")
        value: Any = rule if kind == "rule" else base
        if kind == "account":
            value = ACCOUNTS.get(base["AwsAccountId"], {})
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        if kind == "rule" and isinstance(value, dict):  # an owner by account
            value = ACCOUNTS.get(base["AwsAccountId"], {}).get(value["account"])
        done += before + on_one_line(value)
    done += rest
    return done if len(done) <= limit else done[: limit - 1] + "\u2026"
