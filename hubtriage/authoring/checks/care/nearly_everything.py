"""W315: a rule that hides every finding, or nearly, by whatever condition."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from hubtriage.asff.samples import SAMPLE_NOW, SAMPLES, complete
from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem
from hubtriage.engine.errors import ConditionError, EvaluationError
from hubtriage.engine.fields import SEVERITY_RANK
from hubtriage.engine.jsonlogic.compiler import compile_logic, truthy
from hubtriage.engine.pattern import compile_pattern

CODE = "W315"
_MISSES = 0.1  # of the samples: a rule that leaves no more alone hides nearly everything

# A rule that asks for one of some values here leaves most of the samples alone; this is quick to see.
_NARROW = {
    *(("AwsAccountId",), ("ProductArn",), ("ProductName",), ("GeneratorId",), ("Id",), ("Title",)),
    *(("Compliance", "SecurityControlId"), ("Resources", "Id"), ("Resources", "Type"), ("Region",)),
}

Finding = Mapping[str, Any]


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that hides nine in ten of the samples, of every product and severity."""
    if hides_nearly_everything(rule):
        missed = _missed(_condition(rule), _samples(), len(_samples()) + 1)
        word = "every finding" if missed == 0 else "nearly every finding"
        told = f"hides {word}, {len(_samples()) - missed} of {len(_samples())} samples"
        beside = rule.findings()
        if beside:
            given = len(beside) - _missed(_condition(rule), beside, len(beside) + 1)
            told += f" and {given} of the {len(beside)} in findings"
        hint = "name what is accepted: a control, accounts, a product with a type"
        yield rule.problem(CODE, ("id",), told, hint)


def hides_nearly_everything(rule: LintedRule) -> bool:
    """Say whether the rule hides nine in ten of the samples."""
    if not rule.hides or any(
        match_field.keys in _NARROW and not match_field.operators and "$or" not in match_field.place
        for match_field in rule.match_fields
    ):
        return False
    most = int(len(_samples()) * _MISSES)
    return _missed(_condition(rule), _samples(), most + 1) <= most


@cache
def _samples() -> tuple[Finding, ...]:
    """Return the sample of each producer, in each severity."""
    return tuple(
        complete({"Severity": {"Label": label}}, name=name) for label in SEVERITY_RANK for name in SAMPLES
    )


def _missed(holds: Callable[[Finding], bool], findings: Sequence[Finding], enough: int) -> int:
    """Return how many findings a condition leaves alone, at most `enough`."""
    missed = 0
    for finding in findings:
        missed += not holds(finding)
        if missed >= enough:
            break
    return missed


def _condition(rule: LintedRule) -> Callable[[Finding], bool]:
    """Return the rule's conditions as a function of the finding."""
    loaded = rule.loaded
    try:
        pattern = compile_pattern(loaded.match) if loaded.match else None
        logic = compile_logic(loaded.when, accounts=rule.accounts) if loaded.has_when else None
    except ConditionError:
        return lambda _finding: False

    def holds(finding: Finding) -> bool:
        try:
            return (pattern is None or pattern(finding)) and (
                logic is None or truthy(logic(finding, SAMPLE_NOW))
            )
        except EvaluationError:
            return False

    return holds
