"""The conditions of rules, tested the plain way: no compiling, no index, nothing shared with the engine.

`match` is tested on every view of the finding, a view being the finding with one element in the place of
each list. Of JsonLogic there is what the generated rules use.
"""

import operator
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Any

NOWHERE = object()
ACCOUNTS = {
    "111122223333": {"environment": "prod", "team": "shop\npayments"},
    "444455556666": {"environment": "dev"},
}
COMPARE = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class NoAnswerError(Exception):
    """The condition has no answer for this finding."""


def holds(rule: dict[str, Any], base: dict[str, Any], now: float) -> bool:
    """Whether a rule's `match` and `when` hold. Raises ConditionError."""
    if "match" in rule and not matches(rule["match"], base):
        return False
    return "when" not in rule or bool(answer(rule["when"], base, now))


# EventBridge patterns


def matches(pattern: dict[str, Any], base: dict[str, Any]) -> bool:
    return any(
        all(member_holds(name, part, view, base) for name, part in plain.items())
        for plain in without_or(pattern)
        for view in views(plain, base)
    )


def member_holds(name: str, part: Any, view: Any, base: dict[str, Any]) -> bool:
    """Whether what a pattern asks of one member holds; absence beside a value is of its element."""
    return view_holds({name: part}, view, base if stands_alone(part) else view)


def stands_alone(part: Any) -> bool:
    """Whether nothing beside a field chooses elements for it."""
    while isinstance(part, dict):
        if len(part) > 1:
            return False
        (part,) = part.values()
    return True


def without_or(pattern: dict[str, Any]) -> list[dict[str, Any]]:
    """The patterns that one with `$or` at its top stands for."""
    rest = {name: part for name, part in pattern.items() if name != "$or"}
    return [{**rest, **branch} for branch in pattern.get("$or", [{}])]


def views(pattern: Any, value: Any) -> Iterator[Any]:
    """The parts of a value that the pattern speaks of, with every list replaced by one of its elements."""
    if isinstance(value, list):
        for element in value or [NOWHERE]:
            yield from views(pattern, element)
    elif isinstance(value, dict) and isinstance(pattern, dict):
        chosen: list[dict[str, Any]] = [{}]
        for name, part in pattern.items():
            seen = list(views(part, value.get(name, NOWHERE)))
            chosen = [{**one, name: each} for one in chosen for each in seen]
        yield from chosen
    else:
        yield value


def view_holds(pattern: dict[str, Any], view: Any, base: Any, path: tuple[str, ...] = ()) -> bool:
    for name, part in pattern.items():
        value = view.get(name, NOWHERE) if isinstance(view, dict) else NOWHERE
        if isinstance(part, dict):
            if not view_holds(part, value, base, (*path, name)):
                return False
        elif not any(alternative_holds(each, value, base, (*path, name)) for each in part):
            return False
    return True


def alternative_holds(wanted: Any, value: Any, base: Any, path: tuple[str, ...]) -> bool:
    if wanted == {"exists": False}:
        return not is_anywhere(base, path)
    if value is NOWHERE or isinstance(value, dict):
        return False
    if not isinstance(wanted, dict):
        return type(wanted) is type(value) and bool(wanted == value)
    ((name, operand),) = wanted.items()
    if name == "exists":
        return True
    if name == "anything-but":
        inside = isinstance(operand, dict)
        ((name, operand),) = operand.items() if inside else [("literal", operand)]
        excluded = operand if isinstance(operand, list) else [operand]
        return not any(is_one(value, name, each) for each in excluded)
    return is_one(value, name, operand)


def is_one(value: Any, name: str, operand: Any) -> bool:
    """Whether a value satisfies one operator; texts satisfy text operators only, numbers `numeric`."""
    if name == "literal":
        return bool(value == operand)
    if name == "numeric":
        bounds = zip(operand[::2], operand[1::2], strict=True)
        return isinstance(value, int) and all(COMPARE[sign](value, bound) for sign, bound in bounds)
    if not isinstance(value, str):
        return False
    if isinstance(operand, dict):
        value, operand = value.lower(), operand["equals-ignore-case"].lower()
    if name == "cidr":
        return in_network(value, operand)
    answers: dict[str, bool] = {
        "prefix": value.startswith(operand),
        "suffix": value.endswith(operand),
        "equals-ignore-case": value.lower() == operand.lower(),
        "wildcard": fnmatchcase(value, operand),
    }
    return answers[name]


def is_anywhere(value: Any, path: tuple[str, ...]) -> bool:
    if isinstance(value, list):
        return any(is_anywhere(element, path) for element in value)
    if not path:
        return value is not NOWHERE and not isinstance(value, dict)
    return isinstance(value, dict) and path[0] in value and is_anywhere(value[path[0]], path[1:])


def in_network(value: Any, network: str) -> bool:
    try:
        return ip_address(value) in ip_network(network)
    except ValueError:
        return False


# JsonLogic


def answer(logic: Any, base: dict[str, Any], now: float) -> Any:
    """The value of an expression. Raises ConditionError."""
    if not isinstance(logic, dict):
        return logic
    ((name, arguments),) = logic.items()
    arguments = arguments if isinstance(arguments, list) else [arguments]
    if name == "var":
        return looked_up(base, arguments[0])
    if name in ("and", "or"):
        return in_turn(name, arguments, base, now)
    values = [answer(each, base, now) for each in arguments]
    if name == "account":
        return ACCOUNTS.get(base.get("AwsAccountId", ""), {}).get(values[0])
    if name == "missing_some" and values[1] is None:
        raise NoAnswerError(logic)
    return OPERATIONS[name](values, now)


def in_turn(name: str, arguments: list[Any], base: dict[str, Any], now: float) -> bool:
    """`and` and `or` look no further than they must, so that an error behind may stay unseen."""
    test = all if name == "and" else any
    return bool(test(answer(each, base, now) for each in arguments))


def looked_up(value: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)] if step.isdecimal() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def seconds(text: Any) -> float:
    """Epoch seconds of a timestamp; not a number where it is none, so that no comparison holds."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return float("nan")
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def both_texts(test: Any) -> Any:
    return lambda values, _now: all(isinstance(each, str) for each in values) and test(*values)


def contained(values: list[Any], _now: float) -> bool:
    needle, haystack = values
    return bool(haystack) and ("null" if needle is None else needle) in haystack


OPERATIONS: dict[str, Any] = {
    "==": lambda values, _now: values[0] == values[1],
    "!=": lambda values, _now: values[0] != values[1],
    "<": lambda values, _now: (values[0] or 0) < values[1],
    ">=": lambda values, _now: (values[0] or 0) >= values[1],
    "!": lambda values, _now: not values[0],
    "!!": lambda values, _now: bool(values[0]),
    "in": contained,
    "in_list": lambda values, _now: values[0] in values[1],
    "starts_with": both_texts(str.startswith),
    "ends_with": both_texts(str.endswith),
    "glob": both_texts(fnmatchcase),
    "cidr": both_texts(in_network),
    "before": lambda values, _now: seconds(values[0]) < seconds(values[1]),
    "after": lambda values, _now: seconds(values[0]) > seconds(values[1]),
    "age_days": lambda values, now: (now - seconds(values[0])) / 86_400,
    "lower": lambda values, _now: values[0].lower() if isinstance(values[0], str) else None,
    "missing_some": lambda _values, _now: [],
}
