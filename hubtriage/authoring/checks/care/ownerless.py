"""W306: an exception that no one answers for."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.directory import some_named
from hubtriage.authoring.problems import Problem

CODE = "W306"

# What people write where something has to stand.
_NOTHING = {
    "none",
    "n/a",
    "na",
    "no",
    "nil",
    "null",
    "-",
    "--",
    "?",
    "x",
    "xxx",
    "tbd",
    "tba",
    "todo",
    "unknown",
    "nobody",
}


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that suppresses or resolves findings without an owner or a ticket."""
    lacking = [name for name in ("owner", "ticket") if _says_nothing(getattr(rule.model, name))]
    if rule.suppresses and lacking:
        hint = "add " + " and ".join(f"{name}:" for name in lacking) + " to the rule"
        yield rule.problem(CODE, ("id",), f"suppresses findings and has no {' and no '.join(lacking)}", hint)
    attribute = rule.model.owner_attribute
    if rule.suppresses and attribute is not None:
        yield from _ownerless_accounts(rule, attribute)


def _ownerless_accounts(rule: LintedRule, attribute: str) -> Iterator[Problem]:
    """Report the accounts of the directory that have no owner."""
    ownerless = [
        account for account, known in sorted(rule.accounts.items()) if _says_nothing(known.get(attribute))
    ]
    if ownerless:
        message = f"suppresses findings, and `{attribute}` names no owner for {some_named(ownerless)}"
        yield rule.problem(CODE, ("owner",), message, f"add {attribute}: to these accounts in accounts.yaml")


def _says_nothing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().casefold() in ("", *_NOTHING))
