"""Run the tests of the rules.

Each test asks what its own rule does, alone, as if its mode were `enforce`. So a rule can be tested before it
is let loose, and a test does not change with the rules around it. `before` in a test plays what happened to
the finding earlier, with the same planning.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Any

from hubtriage.asff.samples import SAMPLE_NOW, complete
from hubtriage.authoring.compiler import compile_rule, lists_of, zones_of
from hubtriage.authoring.loaded import LoadedRule, LoadResult
from hubtriage.authoring.problems import Position
from hubtriage.authoring.schema.during import engine_windows
from hubtriage.authoring.schema.rule import NO_CHANGE, Expectation, RuleTest
from hubtriage.engine.fields import FIELDS, read, user_fields
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Authors, Entry, LastChange
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.planning.review import ASKED_ABOUT
from hubtriage.engine.ruleset.delivery import NO_ROUTES
from hubtriage.engine.ruleset.ruleset import FORMAT, Ruleset, load_ruleset
from hubtriage.simulation.backtest.applied import applied
from hubtriage.simulation.explain import Explanation, explain

_TWO_WEEKS = 14 * 86_400.0  # every window opens once in it


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of the update that is not as expected; None for a field that is not in it."""

    field: str
    expected: Any
    actual: Any


@dataclass(frozen=True, slots=True)
class RuleTestResult:
    """How one test went.

    `reasons` say why the rule did what it did, for a test that failed; `explained` is the whole reasoning, at
    the time `now`.
    """

    rule: str
    name: str
    file: str
    position: Position
    expects_change: bool
    differences: tuple[Difference, ...]
    reasons: tuple[str, ...]
    explained: Explanation
    now: float

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences

    def as_record(self) -> dict[str, Any]:
        """Return the result as JSON-ready data."""
        return {
            "rule": self.rule,
            "name": self.name,
            "file": self.file,
            "line": self.position.line,
            "passed": self.passed,
            "differences": [
                {"field": one.field, "expected": one.expected, "actual": one.actual}
                for one in self.differences
            ],
            "reasons": list(self.reasons),
            "explanation": None if self.passed else self.explained.as_json(),
        }


def run_tests(loaded: LoadResult, wanted: str = "") -> Iterator[RuleTestResult]:
    """Yield the results of all tests, in the order of the files.

    `wanted` is part of `<rule id>: <test name>`, in any case.
    """
    wanted = wanted.casefold()
    for rule in loaded.rules:
        for index, test in enumerate(rule.model.tests):
            if wanted in f"{rule.id}: {test.name}".casefold():
                yield run_test(loaded, rule, index)


def run_test(loaded: LoadResult, rule: LoadedRule, index: int) -> RuleTestResult:
    """Run one test of a rule."""
    test = rule.model.tests[index]
    now = _time_of(rule, test)
    finding = complete(test.finding, name=test.sample, now=now)
    ruleset = _ruleset(loaded, rule, test, finding)
    settings = Settings() if test.delivers is None else Settings(routes=NO_ROUTES)
    past, lapse = _after_what_was_before(rule, test, finding, ruleset, settings)
    explained = explain(past.finding, past.entry, ruleset, now, settings, authors=past.authors)
    decision = explained.reasoning.decision
    differences = (
        (lapse,) if lapse else (*_differences(test.expect, decision), *_of_deliveries(test, decision))
    )
    return RuleTestResult(
        rule=rule.id,
        name=test.name,
        file=rule.document.file,
        position=rule.document.locate((*rule.path, "tests", index)),
        expects_change=test.expect != NO_CHANGE,
        differences=differences,
        reasons=tuple(_reasons(rule, decision)) if differences else (),
        explained=explained,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class _Past:
    """The finding after what happened to it, its entry, and what its history says."""

    finding: dict[str, Any]
    entry: Entry = NO_ENTRY
    authors: Authors = field(default_factory=dict)


def _after_what_was_before(
    rule: LoadedRule, test: RuleTest, finding: dict[str, Any], ruleset: Ruleset, settings: Settings
) -> tuple[_Past, Difference | None]:
    """Return the finding after the test's `before`; a difference if the rule could not be applied."""
    before, time = test.before, _time_in_force(rule)
    if before is None:
        return _Past(finding), None
    entry, authors = NO_ENTRY, {}
    if before.applied:
        then = complete({**test.finding, **before.finding}, name=test.sample, now=time)
        decision = decide(then, NO_ENTRY, ruleset, time, settings)
        if decision.update is None and decision.news is None:
            return _Past(finding), Difference("before.applied", True, None)
        update = decision.update or {}
        finding = {**finding, **_written(applied(then, update, "replace"), update)}
        entry = decision.after
    if before.person is not None:
        edit = before.person.model_dump(exclude_unset=True)
        fields = {**user_fields(finding), **edit.get("UserDefinedFields", {})}
        finding = applied(finding, {**edit, "UserDefinedFields": fields} if fields else edit, "replace")
        changed = (name for name in ASKED_ABOUT if FIELDS[name].member in edit)
        authors = {name: LastChange("person", read(finding, name), time) for name in changed}
    return _Past(finding, entry, authors), None


def _written(finding: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a finding that an update has written."""
    return {name: finding[name] for name in update}


def _time_of(rule: LoadedRule, test: RuleTest) -> float:
    """Return the test's time; by default the samples' present, moved to when the rule is in force."""
    return _time_in_force(rule) if test.now is None else test.now.seconds


def _time_in_force(rule: LoadedRule) -> float:
    """Return the samples' present if the rule is in force then, else a moment near it at which it is."""
    starts, expires = rule.model.starts, rule.model.expires
    now = SAMPLE_NOW if expires is None else min(SAMPLE_NOW, expires.end - 1)
    now = now if starts is None else max(now, starts.seconds)
    windows = engine_windows(rule.model.windows)
    first, last = (starts.seconds if starts else -inf), (expires.end if expires else inf)
    spans = ((now, now + _TWO_WEEKS), (now - _TWO_WEEKS, now))
    later_and_earlier = (sorted(at for one in windows for at in one.candidates(*span)) for span in spans)
    moments = [now, *chain.from_iterable(later_and_earlier)]
    is_open = (at for at in moments if first <= at < last and any(one.is_open(at) for one in windows))
    return next(is_open, now)


def _ruleset(loaded: LoadResult, rule: LoadedRule, test: RuleTest, finding: Mapping[str, Any]) -> Ruleset:
    """Return the rule alone, enforced, with the account directory as the test has it."""
    accounts = dict(loaded.accounts)
    if test.account is not None:
        accounts[str(finding.get("AwsAccountId"))] = test.account
    compiled = {**compile_rule(rule), "mode": "enforce"}
    shared = {"accounts": accounts, "zones": zones_of([compiled]), "lists": lists_of([rule])}
    return load_ruleset({"format": FORMAT, "hash": "", **shared, "rules": [compiled]})


def _differences(expected: str | Expectation, decision: Decision) -> Iterator[Difference]:
    if decision.errors:
        yield Difference("errors", [], [error.message for error in decision.errors])
        return
    actual = dict(decision.update or {})
    if isinstance(expected, str):
        yield from (Difference(name, None, value) for name, value in actual.items())
        return
    for name in sorted(expected.model_fields_set):
        wanted = getattr(expected, name)
        wanted = wanted.model_dump(exclude_unset=True) if hasattr(wanted, "model_dump") else wanted
        yield from _compare(name, wanted, actual.get(name))


def _of_deliveries(test: RuleTest, decision: Decision) -> Iterator[Difference]:
    """Yield what is delivered and not expected, or the reverse. A ticket that is done counts as well."""
    if test.delivers is None:
        return
    actual = list(dict.fromkeys(each.to for each in (decision.news.deliver if decision.news else ())))
    if sorted(actual) != sorted(test.delivers):
        yield Difference("delivers", test.delivers, actual)


def _compare(field: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key, value in expected.items():
            yield from _compare(f"{field}.{key}", value, actual.get(key))
    elif not _same(expected, actual):
        yield Difference(field, expected, actual)


def _same(expected: Any, actual: Any) -> bool:
    """Compare lists as sets, as the engine does."""
    if isinstance(expected, list) and isinstance(actual, list):
        return all(item in actual for item in expected) and all(item in expected for item in actual)
    return bool(expected == actual)


def _reasons(rule: LoadedRule, decision: Decision) -> Iterator[str]:
    if decision.errors:
        return
    if rule.id in decision.above_ceiling:
        yield f"the finding is more severe than the rule's ceiling ({rule.model.ceiling})"
    elif rule.id not in decision.rules:
        yield "the rule does not match this finding"
    else:
        yield "the rule matches this finding"
    for kept in decision.kept:
        yield f"{kept.field} is left alone: {kept.why}"
    if decision.refused:
        yield f"refused: {decision.refused}"
