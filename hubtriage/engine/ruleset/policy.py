"""The house policy, as planning enforces it: what no rule sets on a finding, whatever the rule says.

`hubtriage.authoring` proves before a deployment that rules keep the policy, so nothing is ever forbidden
here. It would be if the proof was passed by, or for a finding that breaks AWS's model.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from hubtriage.engine.fields import RELATED, SEVERITY, WORKFLOW, ParsedFinding, Value
from hubtriage.engine.ruleset.condition import Holds, condition
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.on_v2 import ConditionsOnV2
from hubtriage.engine.ruleset.owner import Accounts

Never = Literal["hide"] | Mapping[str, Any]
"""What is forbidden: to hide a finding, or values by field, each a list or "any"."""
_HIDING_FIELDS = frozenset((WORKFLOW, SEVERITY))


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A value that a rule wants for a field, and the statement that keeps the rule from it on this finding.

    A statement that forbids one value keeps the rule from all: without it, the rest could say what is not so.
    """

    rule: str
    field: str
    wanted: Value
    statement: str


@dataclass(frozen=True, slots=True)
class PolicyStatement:
    """A statement of the policy that was compiled.

    With `never` it forbids that on the findings for which `holds` is true. Without, it is an `only`: it
    forbids everything on the others. `holds` returns None where Security Hub V2 does not show it. `rules` are
    the ids of the rules that it speaks of; None for all but those in `others`. `source` is the statement as
    in `ruleset.json`, with its lists.
    """

    id: str
    never: Never | None
    rules: frozenset[str] | None
    others: frozenset[str]
    holds: Callable[[ParsedFinding, float], bool | None]
    source: Mapping[str, Any]

    def speaks_of(self, rule: str) -> bool:
        """Say whether the statement is about a rule."""
        return rule not in self.others if self.rules is None else rule in self.rules

    def may_forbid(self, fields: Iterable[str]) -> bool:
        """Say whether it could forbid a value of one of these fields."""
        if self.never is None:
            return True
        concerned: Collection[str] = _HIDING_FIELDS if self.never == "hide" else self.never
        return any(name in concerned for name in fields)

    def concerns(self, base: ParsedFinding, now: float) -> bool:
        """Say whether it forbids anything on a finding; it does if that is not known."""
        try:
            holds = self.holds(base, now)
            return holds is None or holds is (self.never is not None)
        except Exception:  # noqa: BLE001 - whatever the failure is: doubt does not hide
            return True


@dataclass(frozen=True, slots=True)
class HousePolicy:
    """The statements of a policy about what rules do; there is none in most rule sets."""

    statements: tuple[PolicyStatement, ...] = ()
    _by_rule: dict[str, tuple[PolicyStatement, ...]] = field(default_factory=dict, compare=False, repr=False)

    def about(self, rule: str) -> tuple[PolicyStatement, ...]:
        """Return the statements that speak of a rule."""
        if not self.statements:
            return ()
        if rule not in self._by_rule:
            self._by_rule[rule] = tuple(one for one in self.statements if one.speaks_of(rule))
        return self._by_rule[rule]

    def forbidding(
        self, rule: str, wanted: Collection[tuple[str, Value]], base: ParsedFinding, now: float
    ) -> PolicyStatement | None:
        """Return the first statement that forbids a rule any of what it wants on a finding, if there is one.

        `wanted` has fields with values. A value of None is one that is not known: it counts as forbidden
        wherever some value is.
        """
        for statement in self.about(rule):
            if any(is_forbidden(statement.never, *each, base) for each in wanted) and statement.concerns(
                base, now
            ):
                return statement
        return None


NO_POLICY = HousePolicy()


def is_forbidden(never: Never | None, name: str, value: Value, base: ParsedFinding) -> bool:
    """Say whether a value of a field is forbidden on a finding that a statement concerns.

    None as `never` forbids everything. None as `value` stands for one that is not known.
    """
    if never is None:
        return True
    if isinstance(never, str):
        return is_hiding(name, value, base)
    return _is_listed(name, value, never.get(name))


def _is_listed(name: str, value: Value, values: object) -> bool:
    if values is None or values == "any":
        return values == "any"
    held = value if isinstance(value, tuple) else (value,)
    if name == RELATED and value is not None:  # pairs of a ProductArn and an Id
        held = tuple(chain.from_iterable(held))
    return isinstance(values, list) and (value is None or any(one in values for one in held))


def compile_policy(statements: Sequence[Mapping[str, Any]], accounts: Accounts) -> HousePolicy:
    """Return the policy of `ruleset.json`; its conditions are compiled when one is evaluated first."""
    if not statements:
        return NO_POLICY
    sources = [conditions(one) for one in statements]
    on_v2 = ConditionsOnV2(sources, accounts)
    return HousePolicy(
        tuple(
            PolicyStatement(
                id=raw["id"],
                never=raw.get("never"),
                rules=frozenset(raw["rules"]) if "rules" in raw else None,
                others=frozenset(raw.get("others", ())),
                holds=_holds(condition(sources[position], accounts), on_v2, position),
                source=raw,
            )
            for position, raw in enumerate(statements)
        )
    )


def conditions(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the `match` and `when` of a statement as in `ruleset.json`."""
    found: Mapping[str, Any] = statement["findings"] if "never" in statement else statement["only"]
    return found


def _holds(own: Holds, on_v2: ConditionsOnV2, position: int) -> Callable[[ParsedFinding, float], bool | None]:
    def holds(base: ParsedFinding, now: float) -> bool | None:
        return on_v2.holds(position, False, base.raw, now) if base.is_v2 else own(base.raw, now)

    return holds
