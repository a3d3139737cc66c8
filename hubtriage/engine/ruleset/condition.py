"""A rule's condition: `match` and `when` as one test."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hubtriage.engine.fields import Finding
from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.engine.jsonlogic.values import truthy
from hubtriage.engine.pattern import compile_pattern
from hubtriage.engine.ruleset.owner import Accounts

Holds: TypeAlias = Callable[[Finding, float], bool]


def condition(raw: Mapping[str, Any], accounts: Accounts) -> Holds:
    """Return the test of a rule that has `match`, `when` or both; it is compiled on first use."""
    compiled: list[Holds] = []

    def holds(finding: Finding, now: float) -> bool:
        if not compiled:
            compiled.append(_compiled(raw, accounts))
        return compiled[0](finding, now)

    return holds


def _compiled(raw: Mapping[str, Any], accounts: Accounts) -> Holds:
    pattern = compile_pattern(raw["match"]) if "match" in raw else None
    logic = compile_logic(raw["when"], accounts=accounts) if "when" in raw else None
    if logic is None:
        return lambda finding, _now: pattern(finding)  # type: ignore[misc]
    if pattern is None:
        return lambda finding, now: truthy(logic(finding, now))
    return lambda finding, now: pattern(finding) and truthy(logic(finding, now))
