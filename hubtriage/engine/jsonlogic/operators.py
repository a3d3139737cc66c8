"""The operators of json-logic-js 2.0.5, less `log`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import inf, nan

from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.jsonlogic import numbers
from hubtriage.engine.jsonlogic.expressions import (
    CompiledExpression,
    Evaluate,
    EvaluationContext,
    Operator,
    OperatorCall,
)
from hubtriage.engine.jsonlogic.values import (
    MAX_LENGTH,
    Value,
    contains,
    join,
    less,
    look_up,
    loosely_equal,
    parse_float,
    strictly_equal,
    substring,
    to_number,
    to_text,
    truthy,
)
from hubtriage.engine.shared_values import derive


def _unary(function: Callable[[Value], Value]) -> Callable[[OperatorCall], Evaluate]:
    def build(call: OperatorCall) -> Evaluate:
        (only,) = call.evaluators()
        return lambda data, context: function(only(data, context))

    return build


def _binary(function: Callable[[Value, Value], Value]) -> Callable[[OperatorCall], Evaluate]:
    def build(call: OperatorCall) -> Evaluate:
        left, right = call.evaluators()[:2]
        return lambda data, context: function(left(data, context), right(data, context))

    return build


def _variadic(function: Callable[[list[Value]], Value]) -> Callable[[OperatorCall], Evaluate]:
    def build(call: OperatorCall) -> Evaluate:
        evaluators = call.evaluators()
        return lambda data, context: function([evaluate(data, context) for evaluate in evaluators])

    return build


def _var(call: OperatorCall) -> Evaluate:
    if not call.arguments:
        return lambda data, _context: data
    if not call.is_constant(0):
        return _calculated_var(call)
    path = call.arguments[0].value
    if path is None or path == "":
        return lambda data, _context: data
    return _fixed_var(to_text(path).split("."), call.arguments[1:])


def _fixed_var(keys: Sequence[str], default: list[CompiledExpression]) -> Evaluate:
    if default:
        otherwise = default[0].evaluate
        return lambda data, context: look_up(data, keys, otherwise(data, context))
    if len(keys) > 2:
        return lambda data, _context: look_up(data, keys)
    first, second = keys[0], keys[1:]

    def evaluate(data: Value, _context: EvaluationContext) -> Value:
        if type(data) is not dict:
            return look_up(data, keys)
        value = data.get(first)
        if not second or value is None:
            return value
        return value.get(second[0]) if type(value) is dict else look_up(value, second)

    return evaluate


def _calculated_var(call: OperatorCall) -> Evaluate:
    evaluators = call.evaluators()
    return lambda data, context: _var_of(data, [evaluate(data, context) for evaluate in evaluators])


def _var_of(data: Value, arguments: list[Value]) -> Value:
    """Look up what `{"var": arguments}` names."""
    path = arguments[0] if arguments else None
    if path is None or path == "":
        return data
    return look_up(data, to_text(path).split("."), arguments[1] if len(arguments) > 1 else None)


def _missing_keys(data: Value, keys: list[Value]) -> list[Value]:
    """Return the keys that lead to nothing, null or ""."""
    missing = []
    for key in keys:
        value = _var_of(data, key if isinstance(key, list) else [key])
        if value is None or value == "":
            missing.append(key)
    return missing


def _missing(call: OperatorCall) -> Evaluate:
    evaluators = call.evaluators()

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        return _missing_keys(data, _flat_keys([argument(data, context) for argument in evaluators]))

    return evaluate


def _flat_keys(arguments: list[Value]) -> list[Value]:
    """Return the keys, which may come as one list in the place of the first."""
    return arguments[0] if arguments and isinstance(arguments[0], list) else arguments


def _missing_some(call: OperatorCall) -> Evaluate:
    count, options = call.evaluators()

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        needed, keys = count(data, context), options(data, context)
        if keys is None:
            raise EvaluationError("`missing_some` needs a list of keys as its second argument")
        missing = _missing_keys(data, _flat_keys(keys if isinstance(keys, list) else [keys]))
        present = _double(look_up(keys, ("length",), nan)) - len(missing)
        return [] if less(needed, present, or_equal=True) else missing

    return evaluate


def _if(call: OperatorCall) -> Evaluate:
    evaluators = call.evaluators()
    pairs = list(zip(evaluators[::2], evaluators[1::2], strict=False))
    otherwise = evaluators[-1] if len(evaluators) % 2 else None

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        for condition, result in pairs:
            if truthy(condition(data, context)):
                return result(data, context)
        return otherwise(data, context) if otherwise else None

    return evaluate


def _and(call: OperatorCall) -> Evaluate:
    evaluators = call.evaluators()

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        value = None
        for argument in evaluators:
            value = argument(data, context)
            if value is not True and not truthy(value):
                return value
        return value

    return evaluate


def _or(call: OperatorCall) -> Evaluate:
    evaluators = call.evaluators()

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        value = None
        for argument in evaluators:
            value = argument(data, context)
            if value is True or truthy(value):
                return value
        return value

    return evaluate


def _equal(compare: Callable[[Value, Value], bool], wanted: bool) -> Callable[[OperatorCall], Evaluate]:
    """Build an equality, or what negates it; a text that is written out is compared without a call."""

    def build(call: OperatorCall) -> Evaluate:
        left, right = call.evaluators()
        constant = call.arguments[1].value if call.is_constant(1) else None
        if not isinstance(constant, str):
            return lambda data, context: compare(left(data, context), right(data, context)) is wanted

        def evaluate(data: Value, context: EvaluationContext) -> Value:
            value = left(data, context)
            if type(value) is str:
                return (value == constant) is wanted
            return compare(value, constant) is wanted

        return evaluate

    return build


def _between(call: OperatorCall, or_equal: bool) -> Evaluate:
    low, middle, *rest = call.evaluators()
    if not rest:
        return lambda data, context: less(low(data, context), middle(data, context), or_equal)
    (high,) = rest

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        first, second, third = low(data, context), middle(data, context), high(data, context)
        return less(first, second, or_equal) and less(second, third, or_equal)

    return evaluate


def _greater(call: OperatorCall, or_equal: bool) -> Evaluate:
    left, right, *_ignored = call.evaluators()  # json-logic-js ignores a third argument here
    return lambda data, context: less(right(data, context), left(data, context), or_equal)


def _minus(call: OperatorCall) -> Evaluate:
    if len(call.arguments) == 1:
        return _unary(lambda value: numbers.negate(to_number(value)))(call)
    return _binary(lambda left, right: _double(left) - _double(right))(call)


def _double(value: Value) -> float:
    return numbers.to_double(to_number(value))


def _plus(values: list[Value]) -> Value:
    total = 0.0
    for value in values:  # not sum(): it rounds otherwise from Python 3.12 on
        total += numbers.to_double(parse_float(value))
    return total


def _times(values: list[Value]) -> Value:
    if len(values) == 1:
        return values[0]  # json-logic-js does not even convert it
    return reduce(_product, values)


def _product(left: Value, right: Value) -> float:
    return numbers.to_double(parse_float(left)) * numbers.to_double(parse_float(right))


def _divide(left: Value, right: Value) -> Value:
    return numbers.divide(to_number(left), to_number(right))


def _remainder(left: Value, right: Value) -> Value:
    return numbers.remainder(to_number(left), to_number(right))


def _smallest(values: list[Value]) -> Value:
    return numbers.smallest([to_number(value) for value in values])


def _largest(values: list[Value]) -> Value:
    return numbers.largest([to_number(value) for value in values])


def _in(call: OperatorCall) -> Evaluate:
    needle, haystack = call.evaluators()
    if call.is_constant(1) and isinstance(call.arguments[1].value, list):
        is_member = membership(call.arguments[1].value)
        return lambda data, context: is_member(needle(data, context))
    return lambda data, context: contains(haystack(data, context), needle(data, context))


def membership(items: Sequence[Value]) -> Callable[[Value], bool]:
    """Return a test of strict equality with any item of a list that is written out in a rule."""
    return derive(_membership, items)


def _membership(items: Sequence[Value]) -> Callable[[Value], bool]:
    texts = frozenset(item for item in items if isinstance(item, str))
    others = [item for item in items if not isinstance(item, str | list | dict)]

    def is_member(value: Value) -> bool:
        if type(value) is str:
            return value in texts
        for item in others:  # noqa: SIM110 - half the time of any()
            if strictly_equal(item, value):
                return True
        return False

    return is_member


def _cat(values: list[Value]) -> Value:
    return join(values)


def _substr(call: OperatorCall) -> Evaluate:
    evaluators = call.evaluators()
    has_length = len(evaluators) == 3
    return lambda data, context: substring(
        *[evaluate(data, context) for evaluate in evaluators], has_length=has_length
    )


def _merge(values: list[Value]) -> Value:
    merged: list[Value] = []
    for value in values:
        if isinstance(value, list):
            merged.extend(value)
        else:
            merged.append(value)
        if len(merged) > MAX_LENGTH:
            raise EvaluationError(f"the list has grown beyond {MAX_LENGTH} items")
    return merged


def _elements(
    call: OperatorCall,
) -> tuple[Callable[[Value, EvaluationContext], list[Value] | None], Evaluate]:
    """Return how to get the list that an operator walks (None if there is none), and what to do with each."""
    source, body = call.evaluators()[:2]

    def elements(data: Value, context: EvaluationContext) -> list[Value] | None:
        value = source(data, context)
        if not isinstance(value, list):
            return None
        context.spend(len(value))
        return value

    return elements, body


def _map(call: OperatorCall) -> Evaluate:
    elements, body = _elements(call)
    return lambda data, context: [body(item, context) for item in elements(data, context) or ()]


def _filter(call: OperatorCall) -> Evaluate:
    elements, body = _elements(call)
    return lambda data, context: [
        item for item in elements(data, context) or () if truthy(body(item, context))
    ]


def _all(call: OperatorCall) -> Evaluate:
    elements, body = _elements(call)

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        items = elements(data, context)
        return bool(items) and all(truthy(body(item, context)) for item in items or ())

    return evaluate


def _some(call: OperatorCall) -> Evaluate:
    elements, body = _elements(call)

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        for item in elements(data, context) or ():  # noqa: SIM110 - half the time of any()
            if truthy(body(item, context)):
                return True
        return False

    return evaluate


def _none(call: OperatorCall) -> Evaluate:
    some = _some(call)
    return lambda data, context: not some(data, context)


def _reduce(call: OperatorCall) -> Evaluate:
    elements, body = _elements(call)
    initial = call.arguments[2].evaluate if len(call.arguments) > 2 else None

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        items = elements(data, context)
        accumulator = initial(data, context) if initial else None
        for item in items or ():
            accumulator = body({"current": item, "accumulator": accumulator}, context)
        return accumulator

    return evaluate


_WALK = 'for example {"some": [{"var": "Resources"}, {"==": [{"var": "Type"}, "AwsS3Bucket"]}]}'

OPERATORS: dict[str, Operator] = {
    "var": Operator(0, 2, _var, 'for example {"var": "Severity.Label"} or {"var": ["Confidence", 0]}'),
    "missing": Operator(0, inf, _missing),
    "missing_some": Operator(2, 2, _missing_some, 'for example {"missing_some": [1, ["Confidence"]]}'),
    "if": Operator(0, inf, _if),
    "?:": Operator(0, inf, _if),
    "and": Operator(1, inf, _and),
    "or": Operator(1, inf, _or),
    "!": Operator(1, 1, _unary(lambda value: not truthy(value))),
    "!!": Operator(1, 1, _unary(truthy)),
    "==": Operator(2, 2, _equal(loosely_equal, True)),
    "===": Operator(2, 2, _equal(strictly_equal, True)),
    "!=": Operator(2, 2, _equal(loosely_equal, False)),
    "!==": Operator(2, 2, _equal(strictly_equal, False)),
    ">": Operator(2, 3, lambda call: _greater(call, False)),
    ">=": Operator(2, 3, lambda call: _greater(call, True)),
    "<": Operator(2, 3, lambda call: _between(call, False)),
    "<=": Operator(2, 3, lambda call: _between(call, True)),
    "+": Operator(1, inf, _variadic(_plus)),
    "-": Operator(1, 2, _minus),
    "*": Operator(1, inf, _variadic(_times)),
    "/": Operator(2, 2, _binary(_divide)),
    "%": Operator(2, 2, _binary(_remainder)),
    "min": Operator(1, inf, _variadic(_smallest)),
    "max": Operator(1, inf, _variadic(_largest)),
    "in": Operator(2, 2, _in, "first what is looked for, then the text or list"),
    "cat": Operator(0, inf, _variadic(_cat)),
    "substr": Operator(2, 3, _substr, "a text, where to start, and perhaps how many characters"),
    "merge": Operator(0, inf, _variadic(_merge)),
    "map": Operator(2, 2, _map, _WALK),
    "filter": Operator(2, 2, _filter, _WALK),
    "all": Operator(2, 2, _all, _WALK),
    "some": Operator(2, 2, _some, _WALK),
    "none": Operator(2, 2, _none, _WALK),
    "reduce": Operator(2, 3, _reduce, "a list, what to do with `current` and `accumulator`, and a start"),
}
