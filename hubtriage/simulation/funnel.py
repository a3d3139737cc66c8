"""A rule's funnel: how many findings each of its conditions leaves, one after the other.

It shows at which condition a rule that matches nothing loses the last finding. The conditions come in the
order in which they are written: the fields of `match`, then the parts of `when`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any

from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.fields import Finding
from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.engine.jsonlogic.expressions import Accounts
from hubtriage.engine.jsonlogic.syntax import split_operation
from hubtriage.engine.jsonlogic.values import truthy
from hubtriage.engine.pattern import compile_pattern
from hubtriage.engine.trace import describe

Keys = tuple[str, ...]
_Test = Callable[[Finding, float], bool]
"""Raises EvaluationError where the condition cannot be evaluated."""
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Stage:
    """A condition, and how many findings are left by it and by all conditions before it."""

    condition: str
    left: int

    def as_record(self) -> dict[str, Any]:
        """Return the stage as JSON-ready data."""
        return {"condition": self.condition, "left": self.left}


class Funnel:
    """Counts the findings that the conditions of a rule leave."""

    def __init__(self, rule: Mapping[str, Any], accounts: Accounts) -> None:
        """Take a rule of a rule set, with its lists put in."""
        self._stages = [*_of_match(rule.get("match") or {}), *_of_when(rule, accounts)]
        self._left = [0] * len(self._stages)

    def add(self, finding: Finding, now: float) -> None:
        """Count a finding, as it would be without triage, at a time (epoch seconds).

        A rule that fails does not count as one that does not match: no condition after that one is looked at.
        """
        has_failed = False
        for index, (_condition, holds) in enumerate(self._stages):
            try:
                if not has_failed and not holds(finding, now):
                    return
            except EvaluationError:
                has_failed = True
            self._left[index] += 1

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The conditions in their order."""
        return tuple(
            Stage(condition, left) for (condition, _holds), left in zip(self._stages, self._left, strict=True)
        )


def funnels(
    rules: Iterable[Mapping[str, Any]], accounts: Accounts, findings: Sequence[Finding], now: float
) -> Iterator[tuple[Stage, ...]]:
    """Yield the funnel of each rule over some findings, as they would be without triage."""
    for rule in rules:
        funnel = Funnel(rule, accounts)
        for finding in findings:
            funnel.add(finding, now)
        yield funnel.stages


def _of_match(pattern: Mapping[str, Any]) -> Iterator[tuple[str, _Test]]:
    """Yield each field of a pattern with a test of all fields up to it.

    Conditions on the elements of one list hold for the same element only, so each is tested with those
    before it.
    """
    fields = list(_fields(pattern, ()))
    for count, (keys, alternatives) in enumerate(fields, 1):
        matches = compile_pattern(_pattern(fields[:count]))
        words = "one of several branches" if keys[-1] == "$or" else describe(alternatives)
        path = ".".join(key for key in keys if key != "$or")
        yield _cut(f"{path}: {words}" if path else words), _without_time(matches)


def _without_time(matches: Callable[[Finding], bool]) -> _Test:
    return lambda finding, _now: matches(finding)


def _fields(node: Mapping[str, Any], keys: Keys) -> Iterator[tuple[Keys, list[Any]]]:
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield from _fields(value, (*keys, name))
        else:
            yield (*keys, name), value if isinstance(value, list) else [value]


def _pattern(fields: Iterable[tuple[Keys, list[Any]]]) -> dict[str, Any]:
    pattern: dict[str, Any] = {}
    for keys, alternatives in fields:
        node = pattern
        for key in keys[:-1]:
            node = node.setdefault(key, {})
        node[keys[-1]] = alternatives
    return pattern


def _of_when(rule: Mapping[str, Any], accounts: Accounts) -> Iterator[tuple[str, _Test]]:
    if "when" not in rule:
        return
    logic = rule["when"]
    is_all_of = isinstance(logic, dict) and list(logic) == ["and"]
    for part in split_operation(logic)[1] if is_all_of else [logic]:
        yield _cut(dumps(part, ensure_ascii=False)), _part(part, accounts)


def _part(logic: Any, accounts: Accounts) -> _Test:
    evaluate = compile_logic(logic, accounts=accounts)
    return lambda finding, now: truthy(evaluate(finding, now))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
