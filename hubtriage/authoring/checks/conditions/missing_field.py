"""W203 and W204: a comparison, or a negation, that holds because its field is missing."""

from collections.abc import Iterator

from hubtriage.asff.fields import Keys
from hubtriage.authoring.checks.linted_rule import LintedRule, MatchField, dotted, field_at
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.flow import flow
from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.jsonlogic.compiler import LogicError, compile_logic, truthy
from hubtriage.engine.jsonlogic.syntax import LOOPS, Operation, operations, var_keys

LESS, NEGATION = "W203", "W204"
_LESS = ("<", "<=", ">", ">=")
_NEGATIONS = ("!", "!=", "!==", "none")
_ACCOUNT = "account"  # stands for the account directory in the place of a path's first name
_OF_ACCOUNT = "account:"
_BOUND = (*LOOPS, "reduce")


def check_less(rule: LintedRule) -> Iterator[Problem]:
    """Report comparisons that hold for a missing field.

    JsonLogic: a missing value counts as 0 in a comparison of numbers, so it is less than 1.
    """
    for operation, keys in _held_by_absence(rule, _LESS):
        guard = '{and: [{"!=": [{var: PATH}, null]}, ...]}'
        message = f"also true when {dotted(keys)} is missing, because a missing value counts as 0"
        yield rule.problem(LESS, operation.place, message, f"ask for it first: {guard}", key=True)


def check_negation(rule: LintedRule) -> Iterator[Problem]:
    """Report negations that hold for a missing field, which is unequal to everything."""
    for operation, keys in _held_by_absence(rule, _NEGATIONS):
        if _asks_for_absence(operation):
            continue
        if keys[0] == _ACCOUNT:
            asked = flow({"account": keys[1]})
            message = (
                f"also true when the account directory has no {keys[1]} for the account, or lacks the account"
            )
            hint = f"if that is not meant, ask for it first: {{and: [{{'!!': [{asked}]}}, ...]}}"
        else:
            message = f"also true when {dotted(keys)} is missing"
            hint = "if that is not meant, ask for it first: {and: [{var: PATH}, ...]}"
        yield rule.problem(NEGATION, operation.place, message, hint, key=True)


def _held_by_absence(rule: LintedRule, names: tuple[str, ...]) -> Iterator[tuple[Operation, Keys]]:
    required = {
        match_field.keys
        for match_field in rule.match_fields
        if "$or" not in match_field.place and needs_value(match_field)
    }
    for operation in rule.operations:
        if operation.name not in names or operation.is_under("!", "none", "!=", "!=="):
            continue
        keys = next(_optional(operation), None)
        if keys is None or keys in required or not holds_on_nothing(operation.logic):
            continue
        if not _is_guarded(operation) and not rule.may_have_named(keys):
            yield operation, keys


def needs_value(match_field: MatchField) -> bool:
    """Say whether a field of `match` wants the finding to have it."""
    return not any(name == "exists" and operand is False for name, operand, _place in match_field.operators)


def _optional(operation: Operation) -> Iterator[Keys]:
    """Yield the fields that the operation looks at and that a finding may lack."""
    for name in _vars(operation.logic):
        if name.startswith(_OF_ACCOUNT):
            yield (_ACCOUNT, name.removeprefix(_OF_ACCOUNT))
            continue
        keys = operation.keys_of({"var": name})
        field = field_at(keys) if keys else None
        if keys and field and field.optional:
            yield keys


def _vars(logic: object) -> Iterator[str]:
    """Yield the plain variables of an expression, without those that are about a loop's elements."""
    for operation in operations(logic):
        if operation.name == "account" and isinstance(operation.arguments[0], str):
            yield f"{_OF_ACCOUNT}{operation.arguments[0]}"
        keys = var_keys(operation.logic)
        if keys and not operation.is_under("var") and not _is_bound(operation):
            yield ".".join(keys)


def _is_bound(operation: Operation) -> bool:
    """Say whether the operation is in a loop, elsewhere than in the list that the loop walks."""
    places = [(*one.place, 0) for one in operation.outer if one.name in _BOUND and len(one.arguments) > 1]
    return any(operation.place[: len(place)] != place for place in places)


def holds_on_nothing(logic: object) -> bool:
    """Say whether logic holds for a finding that has nothing."""
    try:
        return truthy(compile_logic(logic)({}))
    except (LogicError, EvaluationError):
        return False


def _is_guarded(operation: Operation) -> bool:
    """Say whether an enclosing `and` (or the condition of an `if`) fails if the field is missing."""
    names = set(_vars(operation.logic))
    inside: object = operation.logic
    for outer in reversed(operation.outer):
        if outer.name in ("and", "if", "?:"):
            others = [one for one in outer.arguments if one != inside]
            if any(names & set(_vars(one)) and not holds_on_nothing(one) for one in others):
                return True
        inside = outer.logic
    return False


def _asks_for_absence(operation: Operation) -> bool:
    """Say whether the operation only asks whether a field is missing: `{"!": {var: X}}`."""
    return operation.name == "!" and bool(var_keys(operation.arguments[0]))
