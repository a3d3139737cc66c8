"""W314: a rule hides a finding about several things as soon as one of them matches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hubtriage.asff.fields import Keys, holds_objects, lists_passed
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted
from hubtriage.authoring.checks.producers import producers_of
from hubtriage.authoring.checks.rewriting import alternatives_as_logic, replaced
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.flow import flow
from hubtriage.authoring.yaml.tree import YamlPath

CODE = "W314"

# AWS: these products make one finding for each resource, or each vulnerability of a resource.
_ONE_ELEMENT: Mapping[str, frozenset[Keys]] = {
    "aws/securityhub": frozenset({("Resources",)}),
    "aws/config": frozenset({("Resources",)}),
    "aws/access-analyzer": frozenset({("Resources",)}),
    "aws/inspector": frozenset({("Resources",), ("Vulnerabilities",)}),
}


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report conditions on any element of a list in a rule that hides, one for each list."""
    if not rule.hides:
        return
    told = set(_single(rule)) | _asked_of_all(rule)
    for path, place, is_key, rewrite in _any_element(rule):
        if path in told:
            continue
        told.add(path)
        name = dotted(path)
        message = f"hides a finding about several {name} as soon as one of them matches"
        shown = flow(rewrite) if rewrite else f"{{all: [{{var: {name}}}, ...]}}"
        yield rule.problem(CODE, place, message, f"to require it of all, write in when: {shown}", key=is_key)


def _single(rule: LintedRule) -> frozenset[Keys]:
    """Return the lists that have one element in every finding that the rule can match."""
    products = producers_of(rule)
    if not products:
        return frozenset()
    return frozenset.intersection(*(_ONE_ELEMENT.get(one, frozenset()) for one in products))


def _asked_of_all(rule: LintedRule) -> set[Keys]:
    """Return the lists all of whose elements have to fulfil a condition of the rule."""
    asked = set()
    for operation in rule.operations:
        if operation.name in ("all", "none") and all(one.name == "and" for one in operation.outer):
            keys = operation.keys_of(operation.arguments[0])
            if keys:
                asked.add(keys)
    return asked


def _any_element(rule: LintedRule) -> Iterator[tuple[Keys, YamlPath, bool, Any]]:
    """Yield (list, place, whether it is a key, the condition on all elements) of each that any may fulfil."""
    for match_field in rule.match_fields:
        for length in lists_passed(match_field.keys):
            path = match_field.keys[:length]
            if holds_objects(path) and _asks_for_value(match_field.values):
                yield path, match_field.place, True, _of_pattern(rule, path, match_field.place)
    for operation in rule.operations:
        if operation.name == "some":
            keys = operation.keys_of(operation.arguments[0])
            if keys and holds_objects(keys):
                yield keys, operation.place, True, {"all": rule.raw(operation.place)}
        elif operation.name == "var":
            keys = operation.keys_of({"var": list(operation.arguments[:1])})
            position = next((at for at, key in enumerate(keys or ()) if key.isdecimal()), None)
            if keys and position and lists_passed(keys[:position])[-1:] == (position,):
                path = keys[:position]
                if holds_objects(path):
                    yield path, operation.place, True, _of_position(rule, operation, path, keys)


def _asks_for_value(alternatives: Sequence[Any]) -> bool:
    return any(one != {"exists": False} for one in alternatives)


def _of_pattern(rule: LintedRule, path: Keys, place: YamlPath) -> Any:
    """Return what a pattern asks of an element as a condition on all; None if logic cannot say it."""
    length = next(
        (
            at
            for at in range(len(place), 0, -1)
            if tuple(one for one in place[:at] if isinstance(one, str) and one != "$or")[1:] == path
        ),
        None,
    )
    pattern = rule.raw(place[:length]) if length else None
    conditions = list(_conditions(pattern, ())) if isinstance(pattern, dict) else [None]
    if None in conditions or not conditions or lists_passed(path)[:-1]:
        return None
    return {"all": [{"var": dotted(path)}, conditions[0] if len(conditions) == 1 else {"and": conditions}]}


def _conditions(pattern: Mapping[str, Any], keys: Keys) -> Iterator[Any]:
    for name, value in pattern.items():
        if name == "$or":
            yield None
        elif isinstance(value, dict):
            yield from _conditions(value, (*keys, name))
        else:
            yield alternatives_as_logic(value if isinstance(value, list) else [value], dotted((*keys, name)))


def _of_position(rule: LintedRule, operation: Any, path: Keys, keys: Keys) -> Any:
    """Return a comparison of the first element as one of all elements."""
    outer = operation.outer[-1] if operation.outer else None
    if outer is None or outer.name in ("and", "or", "!", "!!", "if") or operation.scope:
        return None
    inner = operation.place[len(outer.place) : -1]
    rest = {"var": dotted(keys[len(path) + 1 :])}
    return {
        "all": [
            {"var": dotted(path)},
            replaced({outer.name: rule.raw(outer.place)}, (outer.name, *inner), rest),
        ]
    }
