"""Who decides: the engine, or the oracle. Both in one form, so that either can triage a hub."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Entry, LastChange
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from tests.laws.oracle.conditions import ACCOUNTS
from tests.laws.oracle.entries import OracleEntry, engine_entry, engine_name
from tests.laws.oracle.fields import Finding, Key
from tests.laws.oracle.policy import Statements
from tests.laws.oracle.rules import NO_STATEMENTS, Rule
from tests.laws.oracle.triage import Account, Oracle

Payload = Mapping[str, Any]
Memory = Any
"""What a decider remembers of one finding; only the decider itself reads it."""
_KEYS = {engine_name(key): key for key in ("Workflow", "Severity", "Note")}


@dataclass(frozen=True)
class Verdict:
    """What is to be done: a call, if any, and what is remembered once it has happened.

    Fields are named as the oracle names them. `entry` is the memory as an entry of the ledger.
    """

    payload: Payload | None
    memory: Memory
    entry: Entry
    questions: frozenset[Key] = frozenset()
    optional_questions: frozenset[Key] = frozenset()
    unrecorded: frozenset[Key] = frozenset()
    outdated: bool = False
    flapping: frozenset[Key] = frozenset()
    learned: bool = False
    hides: bool = False
    reopens: bool = False
    refused: bool = False
    account: Account = field(default_factory=Account)


class Decider(Protocol):
    """What decides."""

    def use(self, rules: list[Rule], policy: Statements = NO_STATEMENTS) -> None:
        """Take these rules and this policy from now on."""

    def switch(self, *, may_hide: bool, never: frozenset[str] = frozenset()) -> None:
        """Set whether anything new may be hidden, and what is never written."""

    def nothing(self) -> Memory:
        """Return the memory of a finding that triage has not touched."""

    def decide(
        self,
        finding: Finding,
        memory: Memory,
        now: float,
        answers: Mapping[Key, LastChange | None],
        handed_back: float | None = None,
    ) -> Verdict:
        """Decide on a finding; `answers` of its history, by field. `handed_back`: when a person did so."""


def _loaded(rules: list[Rule], policy: Statements = NO_STATEMENTS) -> Ruleset:
    document = {"format": 1, "hash": "0" * 16, "revision": None, "rules": rules, "accounts": ACCOUNTS}
    return load_ruleset({**document, "policy": policy})


_NO_RULES = _loaded([])


@dataclass
class Engine:
    """The engine, with a law of its own: every finding ends as updated, unchanged or refused."""

    udf: str = "replace"
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = Settings(udf=self.udf)  # type: ignore[arg-type]
        self.ruleset = _NO_RULES

    def switch(self, *, may_hide: bool, never: frozenset[str] = frozenset()) -> None:
        self.settings = replace(self.settings, may_hide=may_hide, never=frozenset(map(engine_name, never)))

    def use(self, rules: list[Rule], policy: Statements = NO_STATEMENTS) -> None:
        self.ruleset = _loaded([rule for rule in rules if rule.get("mode") != "off"], policy)

    def nothing(self) -> Entry:
        return NO_ENTRY

    def decide(
        self,
        finding: Finding,
        memory: Entry,
        now: float,
        answers: Mapping[Key, LastChange | None],
        handed_back: float | None = None,
    ) -> Verdict:
        authors = {engine_name(key): answer for key, answer in answers.items()}
        decision = decide(
            finding, memory, self.ruleset, now, self.settings, authors=authors, handed_back=handed_back
        )
        if decision.update is None:
            assert not decision.changes, "changes without an update"
        else:
            assert decision.refused is None, "updated and refused"
        return Verdict(
            decision.update,
            decision.after,
            decision.after,
            _keys(decision.questions),
            _keys(decision.optional_questions),
            _keys(decision.unrecorded),
            decision.outdated,
            _keys(each.field for each in decision.kept if "within a day" in each.why),
            decision.after.remembers_more_than(memory),
            decision.hides,
            decision.reopens,
            decision.refused is not None,
            self._account(decision),
        )

    def _account(self, decision: Decision) -> Account:
        """Return what the decision says of the rules in force: the oracle knows nothing of others."""
        acting = frozenset(rule.id for rule in self.ruleset.rules if rule.mode != "observe")
        return Account(
            decision.rules,
            acting.intersection(decision.above_ceiling),
            acting.intersection(error.rule for error in decision.errors),
            _keys(decision.overruled),
            frozenset((_KEYS.get(each.field, each.field), each.why) for each in decision.changes),
        )


def _keys(names: Iterable[str]) -> frozenset[Key]:
    return frozenset(_KEYS.get(name, name) for name in names)


@dataclass
class Naive:
    """The oracle."""

    udf: str = "replace"
    rules: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.oracle = Oracle(self.udf)

    def switch(self, *, may_hide: bool, never: frozenset[str] = frozenset()) -> None:
        self.oracle = replace(self.oracle, may_hide=may_hide, never=never)

    def use(self, rules: list[Rule], policy: Statements = NO_STATEMENTS) -> None:
        self.rules = rules
        self.oracle = replace(self.oracle, policy=tuple(policy))

    def nothing(self) -> OracleEntry:
        return OracleEntry()

    def decide(
        self,
        finding: Finding,
        memory: OracleEntry,
        now: float,
        answers: Mapping[Key, LastChange | None],
        handed_back: float | None = None,
    ) -> Verdict:
        done = self.oracle.decide(finding, memory, self.rules, now, answers, handed_back)
        before, after = engine_entry(memory), engine_entry(done.after)
        return Verdict(
            done.payload,
            done.after,
            after,
            frozenset(done.questions),
            frozenset(done.optional_questions),
            frozenset(done.unrecorded),
            done.outdated,
            frozenset(done.flapping),
            after.remembers_more_than(before),
            done.hides,
            done.reopens,
            done.refused,
            done.account,
        )
