"""W322: a route by something that is not known of every finding of a rule."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.deliveries import named
from hubtriage.authoring.directory import some_named
from hubtriage.authoring.problems import Problem
from hubtriage.engine.ruleset.delivery import Route

CODE = "W322"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report routes by an owner that the rule does not name, or by an attribute that accounts lack."""
    for name, _sort, place in named(rule.loaded):
        route = rule.routes.get(name)
        reason = None if route is None else _reason(rule, route)
        if reason is not None:
            what, hint = reason
            yield rule.problem(CODE, place, f"route {name} leads by {what}: `otherwise` counts there", hint)


def _reason(rule: LintedRule, route: Route) -> tuple[str, str] | None:
    attribute = route.attribute or rule.model.owner_attribute
    if attribute is None:
        return None if rule.model.owner else ("the owner, and the rule has none", "add owner: to the rule")
    lacking = [account for account, known in sorted(rule.accounts.items()) if not known.get(attribute)]
    if rule.accounts and not lacking:
        return None
    of_whom = some_named(lacking) if rule.accounts else "any account, because there is no accounts.yaml"
    return (
        f"`{attribute}`, which is not known of {of_whom}",
        f"add {attribute}: to these accounts in accounts.yaml",
    )
