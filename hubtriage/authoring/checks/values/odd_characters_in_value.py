"""E216: typographic quotes and invisible characters in a value that has none."""

from collections.abc import Iterator

from hubtriage.asff.fields import is_of_map
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at
from hubtriage.authoring.checks.matcher_syntax import is_free_text
from hubtriage.authoring.checks.odd_characters import odd_character
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.flow import quoted

CODE = "E216"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report characters that look like others in ids, names and other values that AWS writes without them."""
    for keys, value, place in rule.suspect_values:
        if not isinstance(value, str) or field_at(keys) is None:
            continue
        if is_free_text(keys) or is_of_map(keys):
            continue
        odd = odd_character(value)
        if odd is not None:
            message = f"{dotted(keys)} is never {value!r}{rule.source_of(value, place)}".rstrip(",")
            fix = rule.reworded(place, value, odd[1])
            yield rule.problem(CODE, place, f"{message}: {odd[0]}", f"write {quoted(odd[1])}", fix=fix)
