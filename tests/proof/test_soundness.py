"""What is proved about conditions holds on every finding that can be drawn, and what is shown is so."""

from contextlib import suppress
from random import Random
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, load_ruleset
from hubtriage.proof.changes import RulesetChanges
from hubtriage.proof.conditions import applies, conditions_of
from hubtriage.proof.partial import FindingSpace, TooMany
from tests.laws.findings import START
from tests.laws.oracle.conditions import ACCOUNTS
from tests.laws.rules import DAY, LOGIC, PATTERNS
from tests.proof.asking import only_first
from tests.proof.logic import (
    ODD_LOGIC,
    ODD_PATTERNS,
    RICH_LOGIC,
    RICH_PATTERNS,
    Finding,
    finding_at_random,
)
from tests.support.examples import examples

Source = dict[str, Any]
FINDINGS = 150

_JOINED = st.one_of(
    PATTERNS,
    RICH_PATTERNS,
    ODD_PATTERNS,
    st.tuples(PATTERNS, RICH_PATTERNS).map(lambda o: {"$or": list(o)}),
)
CONDITIONS: st.SearchStrategy[Source] = st.one_of(
    _JOINED.map(lambda pattern: {"match": pattern}),
    st.one_of(LOGIC, RICH_LOGIC, ODD_LOGIC).map(lambda logic: {"when": logic}),
    st.tuples(_JOINED, st.one_of(RICH_LOGIC, ODD_LOGIC)).map(
        lambda both: {"match": both[0], "when": both[1]}
    ),
)

_CHANGING = st.fixed_dictionaries(
    {"Workflow": st.sampled_from([{"Status": status} for status in ("SUPPRESSED", "RESOLVED", "NOTIFIED")])}
)
_LOWERING = st.sampled_from([{"Label": "LOW"}, {"AtMost": "MEDIUM"}, {"AtLeast": "HIGH"}]).map(
    lambda severity: {"Severity": severity}
)
_SETTINGS = st.fixed_dictionaries(
    {"update": st.one_of(_CHANGING, _LOWERING)},
    optional={
        "mode": st.sampled_from(["enforce", "enforce", "observe", "hold", "off"]),
        "order": st.sampled_from([1, 500, 900]),
        "terminal": st.booleans(),
        "ceiling": st.sampled_from(["LOW", "HIGH", "CRITICAL"]),
    },
)
_SIMPLE = st.one_of(
    PATTERNS.map(lambda pattern: {"match": pattern}), LOGIC.map(lambda logic: {"when": logic})
)
RULESETS = st.lists(
    st.tuples(st.sampled_from("abcd"), _SETTINGS, _SIMPLE).map(lambda o: {"id": o[0], **o[1], **o[2]}),
    min_size=1,
    max_size=4,
    unique_by=lambda rule: rule["id"],
)


@examples(300)
@given(CONDITIONS, CONDITIONS, st.integers(0, 2**32))
def test_where_no_finding_is_said_to_be_none_is(first: Source, second: Source, seed: int) -> None:
    one, other = _rules(first, second)
    found = only_first(
        *(conditions_of(rule, ACCOUNTS, START) for rule in (one, other)), _only(one, other), START
    )
    event(found.verdict)
    random = Random(seed)  # noqa: S311 - it draws findings
    if found.verdict == "none":
        for _index in range(FINDINGS):
            finding = finding_at_random(random)
            now = START + random.choice([0, 0, 90 * DAY, 1000 * DAY + 0.123])
            assert not _only(one, other, now)(finding), (finding, now)
    if found.verdict == "some":
        assert found.witness is not None
        assert _only(one, other)(found.witness)


@examples(100)
@given(CONDITIONS)
def test_a_condition_implies_itself(source: Source) -> None:
    """Whatever is out of sight is the same in both, so the search finds nothing that even seems to differ."""
    one, same = (conditions_of(rule, ACCOUNTS, START) for rule in _rules(source, source))
    space = FindingSpace((one.asked, same.asked))
    with suppress(TooMany):
        assert list(space.search([(one.holds, True), (same.holds, False)])) == []


@examples(150)
@given(RULESETS, RULESETS, st.booleans(), st.integers(0, 2**32))
def test_what_rules_together_hide_is_proved(
    old: list[Source], new: list[Source], kept: bool, seed: int
) -> None:
    changes = RulesetChanges(_ruleset(old), _ruleset([*old[:2], *new] if kept else new), START)
    sides = [(changes.old, changes.new, changes.hidden()), (changes.new, changes.old, changes.shown())]
    random = Random(seed)  # noqa: S311 - it draws findings
    for before, after, answers in sides:
        proofs = [one.answer for one in answers]
        event(str({proof.verdict for proof in proofs}))
        for proof in proofs:
            if proof.witness is not None:
                assert after.hides_finding(proof.witness)
                assert not before.hides_finding(proof.witness)
        if all(proof.verdict == "none" for proof in proofs):
            for _index in range(FINDINGS):
                finding = finding_at_random(random)
                finding["FindingProviderFields"] = {"Severity": finding["Severity"]}
                assert before.hides_finding(finding) or not after.hides_finding(finding), finding


def _ruleset(sources: list[Source]) -> Ruleset:
    distinct = {one["id"]: one for one in sources if one.get("mode") != "off"}
    rules = [*distinct.values()]
    return load_ruleset({"format": 1, "hash": "", "accounts": ACCOUNTS, "rules": rules})


def _rules(*sources: Source) -> list[Rule]:
    rules = [{"id": f"r{index}", "update": {"Confidence": 1}, **one} for index, one in enumerate(sources)]
    return list(load_ruleset({"format": 1, "hash": "", "accounts": ACCOUNTS, "rules": rules}).rules)


def _only(one: Rule, other: Rule, now: float = START) -> Any:
    def confirms(finding: Finding) -> bool:
        return applies(one, finding, now) and not applies(other, finding, now)

    return confirms
