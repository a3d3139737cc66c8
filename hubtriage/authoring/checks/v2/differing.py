"""W207: a condition on a value that Security Hub V2 has, but not always, or in other words."""

from collections.abc import Iterator, Mapping

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem

CODE = "W207"
DIFFERING: Mapping[str, str] = {
    "AwsAccountName": "V2 gives it for some findings, and where it does not, it is not known",
    "CompanyName": "V2 calls AWS's own products AWS, the other hub some of them Amazon",
    "GeneratorId": "V2 gives it for controls, made of the control's id; elsewhere it is mostly not known",
    "ProductName": "the two hubs do not call every product alike",
    "Resources.Id": "V2 gives the ARN if it knows one, otherwise a bare id or name",
    "Severity.Normalized": "on V2 it is the lowest of the label's numbers, 100 if it is not known",
}
"""How values differ on V2, by their path in the finding."""


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report paths with values that are not the same in both hubs, each once in a rule."""
    told: set[str] = set()
    for keys, place, is_key in rule.paths:
        name = ".".join(key for key in keys if not key.isdecimal())
        if name in DIFFERING and name not in told:
            told.add(name)
            message = f"{name} may differ on Security Hub V2: {DIFFERING[name]}"
            yield rule.problem(CODE, place, message, "try the rule on findings of both hubs", key=is_key)
