"""The products whose findings a rule can match, as far as its conditions show."""

from typing import Any

from hubtriage.authoring.checks.linted_rule import LintedRule

SECURITY_HUB = "aws/securityhub"


def producers_of(rule: LintedRule) -> frozenset[str] | None:
    """Return company and product of the only products that the rule can match; None if not known."""
    for match_field in rule.match_fields:
        if "$or" in match_field.place:
            continue
        if match_field.keys == ("ProductArn",):
            tails = {_product(value) for value in match_field.values}
            if None not in tails:
                return frozenset(filter(None, tails))
        is_control = match_field.keys == ("Compliance", "SecurityControlId") and match_field.plain_count
        tests = match_field.operators
        is_generator = match_field.keys == ("GeneratorId",) and not match_field.plain_count
        if is_control and not tests:
            return frozenset((SECURITY_HUB,))  # AWS: only control findings have one
        if is_generator and all(_is_control_prefix(test, operand) for test, operand, _place in tests):
            return frozenset((SECURITY_HUB,))
    return None


def _product(alternative: Any) -> str | None:
    """Return company and product of a ProductArn, or of the end of one."""
    if isinstance(alternative, dict):
        alternative = alternative.get("suffix") or alternative.get("wildcard")
    _head, separator, tail = str(alternative).rpartition(":product/")
    return tail if separator and "*" not in tail else None


def _is_control_prefix(test: str, operand: Any) -> bool:
    return test == "prefix" and isinstance(operand, str) and operand.startswith("security-control/")
