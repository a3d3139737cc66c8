"""How filters of both hubs compare texts and numbers."""

from collections.abc import Callable, Mapping

STRING_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "EQUALS": str.__eq__,
    "PREFIX": str.startswith,
    "CONTAINS": str.__contains__,
}
NUMBER_TESTS: Mapping[str, Callable[[float, float], bool]] = {
    "Gte": lambda value, bound: value >= bound,
    "Lte": lambda value, bound: value <= bound,
    "Eq": lambda value, bound: value == bound,
    "Gt": lambda value, bound: value > bound,
    "Lt": lambda value, bound: value < bound,
}
