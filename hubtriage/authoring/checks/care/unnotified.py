"""W319: an exception whose owner gets no notice before it ends."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.directory import some_named
from hubtriage.authoring.problems import Problem
from hubtriage.engine.ruleset.owner import is_named

CODE = "W319"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that hides, ends, and has an owner without an address, where other owners have one."""
    if not rule.subscribed or not rule.hides or rule.model.expires is None:
        return
    unnamed = [owner for owner in _owners(rule) if not is_named(owner, rule.subscribed)]
    if unnamed:
        message = f"ends, and `owners` of hubtriage.toml has no address of {some_named(unnamed)}"
        hint = "add the owner to [owners]; until then the addresses of alarms get the notices"
        yield rule.problem(CODE, ("owner",), message, hint)


def _owners(rule: LintedRule) -> list[str]:
    """Return who answers for the rule: one owner, or those of the accounts of the directory."""
    attribute = rule.model.owner_attribute
    if attribute is None:
        return [rule.model.owner] if isinstance(rule.model.owner, str) else []
    return sorted({owner for known in rule.accounts.values() if (owner := known.get(attribute))})
