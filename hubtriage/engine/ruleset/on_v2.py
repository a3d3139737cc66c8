"""The conditions of rules on findings of Security Hub V2, which do not show all that conditions read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hubtriage.engine.fields import Finding
from hubtriage.engine.index.rule_index import RuleIndex
from hubtriage.engine.ocsf.blind import NEVER, SOMETIMES, Condition, Lacks, OnV2, lacking, on_v2
from hubtriage.engine.ruleset.condition import Holds, condition
from hubtriage.engine.ruleset.owner import Accounts


class ConditionsOnV2:
    """Which rules hold on a finding of V2, and which may hold. All is made when the first one comes."""

    def __init__(self, sources: Sequence[Mapping[str, Any]], accounts: Accounts) -> None:
        """Take the rules as in `ruleset.json`, in their order."""
        self._sources = sources
        self._accounts = accounts
        self._tests: dict[tuple[int, Lacks], _Tests] = {}

    def candidates(self, baseline: Finding, now: float) -> list[tuple[int, bool]]:
        """Return (position, certain) of the rules that hold or may hold, or fail, on the finding."""
        return self._index.candidates(baseline, now)

    def holds(self, position: int, certain: bool, baseline: Finding, now: float) -> bool | None:
        """Say whether a rule holds; None where V2 does not show it."""
        if certain and not self._least_seen[position].is_affected:
            return True
        tests = self._tests_of(position, lacking(baseline))
        if tests.surely(baseline, now):
            return True
        if not tests.is_affected or not tests.may_hold(baseline, now):
            return False
        tests.own(baseline, now)  # what fails on what V2 shows has failed
        return None

    def _tests_of(self, position: int, lacks: Lacks) -> "_Tests":
        known = self._tests.get((position, lacks))
        if known is None:
            source = self._sources[position]
            seen = on_v2(source, lacks)
            surely, may_hold = self._test(seen.holds), self._test(seen.may_hold)
            known = _Tests(surely, may_hold, condition(source, self._accounts), seen.is_affected)
            self._tests[position, lacks] = known
        return known

    def _test(self, of: Condition) -> Holds:
        if not of:
            answer = of is not NEVER
            return lambda _finding, _now: answer
        return condition(of, self._accounts)

    @cached_property
    def _least_seen(self) -> list[OnV2]:
        """What is left of each condition on a finding that lacks all that findings of V2 may lack."""
        return [on_v2(source, SOMETIMES) for source in self._sources]

    @cached_property
    def _index(self) -> RuleIndex:
        return RuleIndex([_indexed(seen.may_hold) for seen in self._least_seen], self._accounts)


@dataclass(frozen=True, slots=True)
class _Tests:
    """The tests of a rule on findings that lack the same: see `OnV2`; `own` is the rule's own condition."""

    surely: Holds
    may_hold: Holds
    own: Holds
    is_affected: bool


def _indexed(of: Condition) -> Mapping[str, Any]:
    """Return a condition as the index takes it."""
    return of or {"when": of is not NEVER}
