"""E211 and E214: a number beyond the scale of its field, and a bound that leaves nothing of the scale out."""

from collections.abc import Iterator

from hubtriage.asff.fields import Keys
from hubtriage.authoring.checks.constraints import constraint_of
from hubtriage.authoring.checks.known_values import plain
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted
from hubtriage.authoring.checks.set_relations import interval_covers, intervals_meet
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.flow import flow
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.index.from_match import values_of
from hubtriage.engine.index.value_sets import Interval

BEYOND, EVERYTHING = "E211", "E214"
_COMPARISONS = ("==", "===", "<", "<=", ">", ">=")

# AWS: the scales of numbers. EPSS is a probability, CVSS goes to 10.
SCALES: dict[Keys, Interval] = {
    ("Confidence",): Interval(0, 100),
    ("Criticality",): Interval(0, 100),
    ("Severity", "Normalized"): Interval(0, 100),
    ("Vulnerabilities", "EpssScore"): Interval(0, 1),
    ("Vulnerabilities", "Cvss", "BaseScore"): Interval(0, 10),
}


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report tests of a number that no value on its scale passes, or that every value passes."""
    for keys, interval, place, is_key in _tests(rule):
        scale = SCALES[plain(keys)]
        message = f"{dotted(keys)} is between {scale.low} and {scale.high}"
        if not intervals_meet(interval, scale):
            yield rule.problem(BEYOND, place, f"{message}: this is never true", "mind the unit", key=is_key)
        elif interval_covers(interval, scale):
            hint = "mind the unit; to ask whether it is there write " + flow([{"exists": True}])
            yield rule.problem(EVERYTHING, place, f"{message}: this excludes nothing", hint, key=is_key)


def _tests(rule: LintedRule) -> Iterator[tuple[Keys, Interval, YamlPath, bool]]:
    """Yield (path, numbers that pass, place, whether the place is a key) of each test of such a number."""
    for match_field in rule.match_fields:
        if plain(match_field.keys) in SCALES:
            for alternative, place in match_field.alternatives:
                if not isinstance(alternative, dict) or "numeric" in alternative:
                    yield from (
                        (match_field.keys, one, place, False) for one in values_of([alternative]).numbers
                    )
    for operation in rule.operations:
        if operation.name not in _COMPARISONS:
            continue
        keys = next((keys for keys in map(operation.keys_of, operation.arguments) if keys), None)
        constraint = constraint_of(operation.logic) if keys and plain(keys) in SCALES else None
        if keys and constraint and len(constraint.values.numbers) == 1:
            yield keys, constraint.values.numbers[0], operation.place, True
