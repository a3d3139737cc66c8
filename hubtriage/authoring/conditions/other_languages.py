"""What people write out of habit from other languages, and what patterns and JsonLogic say instead."""

from collections.abc import Mapping
from typing import Any

from hubtriage.authoring.yaml.flow import flow
from hubtriage.engine.errors import ConditionError

_SIGNS = {"lt": "<", "lte": "<=", "le": "<=", "gt": ">", "gte": ">=", "ge": ">=", "eq": "="}
_SIGNS |= {sign: sign for sign in ("<", "<=", ">", ">=", "=")} | {"==": "="}
_PATTERN_TESTS = {
    "startsWith": "prefix",
    "starts_with": "prefix",
    "starts-with": "prefix",
    "endsWith": "suffix",
    "ends_with": "suffix",
    "ends-with": "suffix",
    "like": "wildcard",
    "glob": "wildcard",
    "not": "anything-but",
    "ne": "anything-but",
    "!=": "anything-but",
    "not-in": "anything-but",
    "not_in": "anything-but",
    "anything_but": "anything-but",
}
_LOGIC = {
    "contains": "in, with the part first: {in: [PART, {var: PATH}]}",
    "includes": "in, with the part first: {in: [PART, {var: PATH}]}",
    "not": '"!": {"!": [CONDITION]}',
    "not_in": '"!" around in: {"!": [{in: [{var: PATH}, [A, B]]}]}',
    "nin": '"!" around in: {"!": [{in: [{var: PATH}, [A, B]]}]}',
    "equals": '"==": {"==": [{var: PATH}, VALUE]}',
    "eq": '"==": {"==": [{var: PATH}, VALUE]}',
    "=": '"==": {"==": [{var: PATH}, VALUE]}',
    "ne": '"!=": {"!=": [{var: PATH}, VALUE]}',
    "not_equals": '"!=": {"!=": [{var: PATH}, VALUE]}',
    "lt": '"<": {"<": [{var: PATH}, NUMBER]}',
    "lte": '"<=": {"<=": [{var: PATH}, NUMBER]}',
    "gt": '">": {">": [{var: PATH}, NUMBER]}',
    "gte": '">=": {">=": [{var: PATH}, NUMBER]}',
    "any": "some: {some: [{var: LIST}, CONDITION]}",
    "exists": '"!!": {"!!": [{var: PATH}]}',
    "prefix": "starts_with: {starts_with: [{var: PATH}, BEGINNING]}",
    "startsWith": "starts_with: {starts_with: [{var: PATH}, BEGINNING]}",
    "suffix": "ends_with: {ends_with: [{var: PATH}, END]}",
    "endsWith": "ends_with: {ends_with: [{var: PATH}, END]}",
    "wildcard": "glob: {glob: [{var: PATH}, PATTERN]}",
    "like": "glob: {glob: [{var: PATH}, PATTERN]}",
    "matches": "regex: {regex: [{var: PATH}, EXPRESSION]}",
    "length": "some, all or none on the list's elements",
    "in-list": "in_list: {in_list: [{var: PATH}, NAME]}",
}
_UNKNOWN = "unknown operator "


def pattern_test(name: str, operand: Any) -> dict[str, Any] | None:
    """Return the pattern's test for an operator of another language; None if it is not known."""
    if isinstance(operand, list) and len(operand) == 1 and name not in ("not", "not-in", "not_in"):
        operand = operand[0]
    if name in _SIGNS:
        return {"numeric": [_SIGNS[name], operand]}
    if name in _PATTERN_TESTS:
        return {_PATTERN_TESTS[name]: operand}
    if name in ("contains", "includes"):
        return {"wildcard": f"*{operand}*"}
    if name in ("regex", "matches"):
        return {"wildcard": str(operand).strip("^$").replace(".*", "*")}
    return None


def pattern_hint(error: ConditionError, written: Any, lists: Mapping[str, Any]) -> str:
    """Return the hint for what the compiler of patterns refuses; `written` is the value there."""
    place = error.path[-1] if error.path else ""
    if error.message.startswith(_UNKNOWN) and isinstance(written, dict) and len(written) == 1:
        ((name, operand),) = written.items()
        test = pattern_test(name, operand)
        return f"write {flow([test])}" if test else error.hint
    if place == "anything-but" and isinstance(written, list):
        inner = [one for one in written if isinstance(one, dict) and len(one) == 1]
        names = {name for one in inner for name in one}
        if len(inner) == len(written) and len(names) == 1:
            (name,) = names
            values = [value for one in inner for value in one.values()]
            values = [item for value in values for item in (value if isinstance(value, list) else [value])]
            if not values:
                return error.hint
            return f"write {flow({'anything-but': {name: values if len(values) > 1 else values[0]}})}"
    if isinstance(written, str) and written in lists and place in ("cidr", "prefix", "suffix", "wildcard"):
        return f"for the values of a list write {flow([{place: {'in-list': written}}])}"
    return error.hint


def logic_hint(error: ConditionError) -> str:
    """Return the hint for what the compiler of logic refuses."""
    name = error.message.removeprefix(_UNKNOWN).strip("`") if error.message.startswith(_UNKNOWN) else ""
    if not name:
        return error.hint
    if name in _LOGIC:
        return f"write {_LOGIC[name]}"
    return error.hint if error.hint.startswith("did you mean") else "see docs/operators.md for all of them"
