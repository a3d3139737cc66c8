"""E215: an account id that does not have twelve digits."""

from collections.abc import Iterator

from hubtriage.authoring.checks.known_values import flaw_of
from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.matcher_syntax import syntax_of
from hubtriage.authoring.checks.odd_characters import odd_character
from hubtriage.authoring.problems import Problem

CODE = "E215"
_KEYS = ("AwsAccountId",)


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report values without twelve digits that AwsAccountId is compared with."""
    for keys, value, place in rule.suspect_values:
        if keys != _KEYS or value is None:
            continue
        text = str(value)
        flaw = flaw_of(keys, text)
        if flaw is not None and not odd_character(text) and not syntax_of(keys, text):
            message = f"{value!r}{rule.source_of(value, place)} is not an account id"
            yield rule.problem(CODE, place, message, flaw.hint)
