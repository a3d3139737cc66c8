"""The conditions of rules on findings of Security Hub V2, which do not show all that conditions read."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from hubtriage.engine.fields import Finding
from hubtriage.engine.index.rule_index import RuleIndex
from hubtriage.engine.ocsf.blind import NEVER, Condition, OnV2, on_v2
from hubtriage.engine.ruleset.condition import Accounts, Holds, condition


class ConditionsOnV2:
    """Which rules hold on a finding of V2, and which may hold. All is made when the first one comes."""

    def __init__(self, sources: Sequence[Mapping[str, Any]], accounts: Accounts) -> None:
        """Take the rules as in `ruleset.json`, in their order."""
        self._sources = sources
        self._accounts = accounts
        self._tests: dict[int, tuple[Holds, Holds, Holds]] = {}

    def candidates(self, baseline: Finding, now: float) -> list[tuple[int, bool]]:
        """Return (position, certain) of the rules that hold or may hold, or fail, on the finding."""
        return self._index.candidates(baseline, now)

    def holds(self, position: int, certain: bool, baseline: Finding, now: float) -> bool | None:
        """Say whether a rule holds; None where V2 does not show it."""
        seen = self._seen[position]
        if certain and not seen.is_affected:
            return True
        surely, may_hold, own = self._tests_of(position, seen)
        if surely(baseline, now):
            return True
        if not seen.is_affected or not may_hold(baseline, now):
            return False
        own(baseline, now)  # what fails on what V2 shows has failed
        return None

    def _tests_of(self, position: int, seen: OnV2) -> tuple[Holds, Holds, Holds]:
        if position not in self._tests:
            own = condition(self._sources[position], self._accounts)
            self._tests[position] = self._test(seen.holds), self._test(seen.may_hold), own
        return self._tests[position]

    def _test(self, of: Condition) -> Holds:
        if not of:
            answer = of is not NEVER
            return lambda _finding, _now: answer
        return condition(of, self._accounts)

    @cached_property
    def _seen(self) -> list[OnV2]:
        return [on_v2(source) for source in self._sources]

    @cached_property
    def _index(self) -> RuleIndex:
        return RuleIndex([_indexed(seen.may_hold) for seen in self._seen], self._accounts)


def _indexed(of: Condition) -> Mapping[str, Any]:
    """Return a condition as the index takes it."""
    return of or {"when": of is not NEVER}
