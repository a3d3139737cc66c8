"""How rules of one rule set get in each other's way: what is proved holds on every finding drawn."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.baseline import baseline
from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry
from hubtriage.engine.planning.plan import Reasoning, Settings, reason
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.proof.relations import Covered, RuleRelations
from tests.laws.findings import START
from tests.laws.oracle.conditions import ACCOUNTS
from tests.laws.rules import LOGIC, PATTERNS
from tests.proof.logic import RICH_LOGIC, RICH_PATTERNS, Finding, finding_at_random
from tests.support.examples import examples

Source = dict[str, Any]
HIDE = {"Workflow": {"Status": "SUPPRESSED"}}
OPEN = {"Workflow": {"Status": "NOTIFIED"}}
STATUS = "Workflow.Status"
FINDINGS = 100


def ruleset(*rules: Source) -> Ruleset:
    return load_ruleset({"format": 1, "hash": "", "accounts": ACCOUNTS, "rules": list(rules)})


def labels(name: str, *names: str, **more: Any) -> Source:
    """A rule for findings of these severities."""
    return {"id": name, "update": OPEN, "match": {"Severity": {"Label": list(names)}}, **more}


def every(name: str, **more: Any) -> Source:
    return {"id": name, "update": OPEN, "when": True, **more}


def relations(*rules: Source, **more: Any) -> RuleRelations:
    return RuleRelations(ruleset(*rules), START, **more)


FIRST = {"terminal": True, "order": 1}
GRAVE = ("HIGH", "CRITICAL")
MILD = ("INFORMATIONAL", "LOW", "MEDIUM")
FAILING = {"when": {"cat": [{"var": "Title"}, "x"]}}
STOPPED = [
    pytest.param([labels("t", *GRAVE, **FIRST), labels("r", "HIGH")], ("t",), id="by a wider rule"),
    pytest.param([labels("t", "HIGH", **FIRST), labels("r", *GRAVE)], (), id="not by a narrower one"),
    pytest.param(
        [labels("t", *GRAVE, **FIRST), labels("u", *MILD, **FIRST), every("r")],
        ("t", "u"),
        id="by two",
    ),
    pytest.param(
        [labels("s", "LOW", **FIRST), labels("t", *GRAVE, **FIRST), labels("u", *MILD, **FIRST), every("r")],
        ("t", "u"),
        id="by no more than are needed",
    ),
    pytest.param(
        [labels("t", *GRAVE, **FIRST), labels("u", "LOW", "MEDIUM", **FIRST), every("r")],
        (),
        id="not by most",
    ),
    pytest.param(
        [every("t", **FIRST, mode="observe"), every("r")], (), id="not by a rule that only observes"
    ),
    pytest.param([every("t", order=1), every("r")], (), id="not by a rule that is not terminal"),
    pytest.param([every("t", **FIRST, update=HIDE), every("r")], (), id="not above its ceiling"),
    pytest.param(
        [every("t", **FIRST, update=HIDE), every("r", update=HIDE)], ("t",), id="within the same ceiling"
    ),
    pytest.param(
        [
            labels("t", "LOW", **FIRST, update=HIDE, ceiling="LOW"),
            labels("r", "LOW", update=HIDE, ceiling="CRITICAL"),
        ],
        (),
        id="not where the provider says more",
    ),
    pytest.param(
        [
            every("t", **FIRST, update=HIDE, ceiling="LOW"),
            every("r", update={"Severity": {"Label": "MEDIUM"}}, ceiling="LOW"),
        ],
        (),
        id="not where only it would hide",
    ),
    pytest.param([{**every("t", **FIRST), **FAILING}, every("r")], (), id="not by a rule that may fail"),
    pytest.param(
        [{**every("t", **FIRST), **FAILING}, {**every("r"), **FAILING}],
        (),
        id="not if both fail",
    ),
    pytest.param(
        [every("t", **FIRST, mode="hold", ceiling="CRITICAL"), every("r")], ("t",), id="by a rule on hold"
    ),
    pytest.param(
        [every("t", **FIRST, mode="hold"), labels("r", "LOW", update={"Confidence": 1})],
        (),
        id="not by one on hold where the provider says more",
    ),
    pytest.param(
        [
            every("t", **FIRST),
            {**every("r"), "when": {"and": [{"==": [{"var": "Title"}, t]} for t in ("a", "b")]}},
        ],
        (),
        id="not if it matches nothing anyway",
    ),
]


@pytest.mark.parametrize(("rules", "by"), STOPPED)
def test_a_rule_that_terminal_rules_leave_nothing(rules: list[Source], by: tuple[str, ...]) -> None:
    earlier = [rule["id"] for rule in rules if rule["id"] != "r"]
    assert relations(*rules).stopped("r", earlier).by == by


LATER = {"order": 900}
BETWEEN = {"terminal": True, "order": 700}
OVERWRITTEN = [
    pytest.param([labels("r", "LOW"), every("o", **LATER)], ("o",), id="by a wider rule"),
    pytest.param([every("r"), labels("o", "LOW", **LATER)], (), id="not by a narrower one"),
    pytest.param(
        [every("r"), labels("o", *GRAVE, **LATER), labels("p", *MILD, **LATER)],
        ("o", "p"),
        id="by two",
    ),
    pytest.param([every("r"), every("o", **LATER, mode="hold")], (), id="not by a rule on hold"),
    pytest.param([every("r"), every("o", **LATER, update={"Confidence": 1})], (), id="not of another field"),
    pytest.param(
        [every("r"), labels("t", "LOW", **BETWEEN, update={}), every("o", **LATER)],
        (),
        id="not behind a terminal rule",
    ),
    pytest.param(
        [labels("r", "LOW"), labels("t", "HIGH", **BETWEEN, update={}), every("o", **LATER)],
        ("o",),
        id="past a terminal rule for other findings",
    ),
    pytest.param(
        [labels("r", "LOW"), every("t", **BETWEEN, mode="observe"), every("o", **LATER)],
        ("o",),
        id="past a terminal rule that only observes",
    ),
    pytest.param(
        [
            labels("r", "LOW", update=HIDE, ceiling="LOW"),
            labels("t", "LOW", **BETWEEN, update=HIDE, ceiling="LOW"),
            labels("o", "LOW", **LATER, update=HIDE, ceiling="LOW"),
        ],
        (),
        id="not behind a terminal rule of the same ceiling",
    ),
    pytest.param([{**every("r"), **FAILING}, every("o", **LATER)], (), id="not of a rule that may fail"),
    pytest.param([every("r"), {**every("o", **LATER), **FAILING}], (), id="not by a rule that may fail"),
]


@pytest.mark.parametrize(("rules", "by"), OVERWRITTEN)
def test_a_field_that_later_rules_always_set(rules: list[Source], by: tuple[str, ...]) -> None:
    later = [rule["id"] for rule in rules if rule["id"] not in ("r", "t")]
    assert relations(*rules).overwritten("r", STATUS, later).by == by


def test_an_edit_of_types_may_come_to_nothing() -> None:
    rules = [every("r", update={"Types": ["a"]}), every("o", **LATER, update={"Types": {"Remove": ["a"]}})]
    assert relations(*rules).overwritten("r", "Types", ["o"]).by == ()
    assert relations(rules[0], every("o", **LATER, update={"Types": ["b"]})).overwritten(
        "r", "Types", ["o"]
    ) == Covered("none", ("o",))


CONTESTED = [
    pytest.param([labels("r", "LOW"), every("o", update=HIDE)], True, id="other values"),
    pytest.param([labels("r", "LOW"), every("o")], False, id="the same value"),
    pytest.param([labels("r", "LOW"), every("o", override=True)], True, id="one replaces a person's value"),
    pytest.param([labels("r", "LOW"), labels("o", "HIGH", update=HIDE)], False, id="never the same finding"),
    pytest.param([labels("r", "HIGH"), every("o", update=HIDE)], False, id="above a ceiling"),
    pytest.param(
        [labels("r", "LOW"), every("o", update=HIDE), every("t", **FIRST)], False, id="behind a terminal rule"
    ),
    pytest.param(
        [labels("r", "LOW"), every("o", update=HIDE), every("p", **LATER)], False, id="a later rule decides"
    ),
    pytest.param(
        [labels("r", "LOW"), every("o", update=HIDE), every("p", mode="observe", **LATER)],
        True,
        id="a later rule only observes",
    ),
    pytest.param([labels("r", "LOW", terminal=True), every("o", update=HIDE)], True, id="one is terminal"),
    pytest.param(
        [labels("r", "LOW", mode="observe"), every("o", update=HIDE, mode="observe")], True, id="both observe"
    ),
    pytest.param(
        [
            labels("r", "LOW", update={"Severity": {"AtMost": "LOW"}}),
            every("o", update={"Severity": {"Label": "LOW"}}),
        ],
        False,
        id="two ways to set the same severity",
    ),
    pytest.param(
        [
            labels("r", "LOW", "MEDIUM", update={"Severity": {"AtLeast": "MEDIUM"}}),
            every("o", update={"Severity": {"AtLeast": "LOW"}}),
        ],
        True,
        id="severities that differ on some findings",
    ),
    pytest.param(
        [
            labels("r", "LOW", update={"Types": {"Add": ["a"]}}),
            every("o", update={"Types": {"Add": ["b"]}}),
        ],
        True,
        id="edits of what the finding has",
    ),
]


@pytest.mark.parametrize(("rules", "is_contested"), CONTESTED)
def test_rules_of_one_order_that_contest_a_field(rules: list[Source], is_contested: bool) -> None:
    known = relations(*rules)
    fields = known.contested_fields("r", "o")
    found = [known.contested("r", "o", name, {rule["id"] for rule in rules}).verdict for name in fields]
    assert ("some" in found) is is_contested


def test_rules_that_are_not_in_force_stop_nothing() -> None:
    rules = [labels("r", "LOW"), every("o", update=HIDE), every("t", **FIRST)]
    assert relations(*rules).contested("r", "o", STATUS, {"r", "o"}).verdict == "some"


def test_notes_may_differ() -> None:
    rules = [every(name, update={"Note": {"Text": name}}) for name in "ro"]
    assert relations(*rules).contested_fields("r", "o") == []


def test_effort_has_an_end_and_what_is_plain_is_said_still() -> None:
    rules = [every("t", **FIRST), every("r")]
    assert relations(*rules, most_steps=0).stopped("r", ["t"]) == Covered("undecided")
    plain = relations(*rules, most_steps=0, plainly=lambda wide, narrow: (wide, narrow) == ("t", "r"))
    assert plain.stopped("r", ["t"]) == Covered("undecided", ("t",))
    assert relations(*rules, most_steps=0).is_spent
    capped = relations(every("t", **FIRST, update=HIDE), every("r"), most_steps=0, plainly=lambda *_: True)
    assert capped.stopped("r", ["t"]).by == ()


def test_what_a_rule_on_hold_keeps_above_its_ceiling_does_not_stop_later_rules() -> None:
    """Why a rule on hold stops only findings within its ceiling, whatever it sets now."""
    rules = ruleset(every("t", **FIRST, mode="hold"), every("r"))
    finding = finding_at_random(Random(1))  # noqa: S311 - it draws findings
    finding |= {"Severity": {"Label": "CRITICAL"}, "Workflow": {"Status": "SUPPRESSED"}}
    entry = Entry(claims={STATUS: Claim(rule="t", value="SUPPRESSED")})
    assert "r" in reason(finding, entry, rules, START, Settings()).fold.rules


_UPDATES = st.one_of(
    st.sampled_from([{"Workflow": {"Status": one}} for one in ("SUPPRESSED", "RESOLVED", "NOTIFIED")]),
    st.sampled_from(
        [{"Severity": one} for one in ({"Label": "LOW"}, {"AtMost": "MEDIUM"}, {"AtLeast": "HIGH"})]
    ),
    st.sampled_from(
        [{"Confidence": 1}, {"Confidence": 2}, {"Types": {"Remove": ["a"]}}, {"Types": ["TTPs/x"]}]
    ),
)
_UPDATE = st.lists(_UPDATES, min_size=1, max_size=2).map(
    lambda some: {k: v for one in some for k, v in one.items()}
)
_CONDITIONS = st.one_of(
    st.just({"when": True}),
    st.lists(st.sampled_from([*MILD, *GRAVE]), min_size=1, max_size=3, unique=True).map(
        lambda names: {"match": {"Severity": {"Label": names}}}
    ),
    st.one_of(PATTERNS, RICH_PATTERNS).map(lambda pattern: {"match": pattern}),
    st.one_of(LOGIC, RICH_LOGIC).map(lambda logic: {"when": logic}),
)
_RULES = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.fixed_dictionaries(
            {"update": _UPDATE, "order": st.sampled_from([1, 500, 500, 900])},
            optional={
                "mode": st.sampled_from(["enforce", "enforce", "enforce", "observe", "hold"]),
                "terminal": st.booleans(),
                "override": st.booleans(),
                "ceiling": st.sampled_from(["LOW", "HIGH", "CRITICAL", "CRITICAL"]),
            },
        ),
        _CONDITIONS,
    ).map(lambda one: {"id": one[0], **one[1], **one[2]}),
    min_size=2,
    max_size=6,
).map(lambda rules: [*{rule["id"]: rule for rule in rules}.values()])


@examples(200)
@given(_RULES, st.integers(0, 2**32))
def test_what_is_proved_about_rules_holds_on_every_finding(sources: list[Source], seed: int) -> None:
    rules = ruleset(*sources)
    ids, known = [rule.id for rule in rules.rules], RuleRelations(rules, START, most_steps=20_000)
    stopped = {one for at, one in enumerate(ids) if known.stopped(one, ids[:at]).verdict == "none"}
    overwritten = {
        (one.id, field)
        for at, one in enumerate(rules.rules)
        if one.mode == "enforce" and not one.terminal
        for field in one.proposals.fields
        if known.overwritten(one.id, field, ids[at + 1 :]).verdict == "none"
    }
    event(f"stopped {bool(stopped)}, overwritten {bool(overwritten)}")
    _contested(rules, known)
    random = Random(seed)  # noqa: S311 - it draws findings
    for _index in range(FINDINGS if stopped or overwritten else 0):
        finding = finding_at_random(random)
        done = reason(finding, NO_ENTRY, rules, START, Settings())
        assert stopped.isdisjoint((*done.fold.rules, *done.fold.watched)), finding
        assert overwritten.isdisjoint(_decided(done)), finding
        assert overwritten.isdisjoint((change.rule, change.field) for change in done.decision.changes)


def _decided(done: Reasoning) -> Iterator[tuple[str, str]]:
    return ((rule.id, field) for field, (rule, _proposal) in done.fold.proposals.items())


def _contested(rules: Ruleset, known: RuleRelations) -> None:
    """Whatever is shown of two rules the engine decides by their ids: it wants either value."""
    for one in rules.rules:
        for other in rules.rules:
            if (
                one.id < other.id
                and (one.order, one.mode) == (other.order, other.mode)
                and one.mode != "hold"
            ):
                for field in known.contested_fields(one.id, other.id):
                    proof = known.contested(one.id, other.id, field, set(rules.by_id))
                    if proof.witness is not None:
                        assert _wants(one.id, field, rules, proof.witness) != _wants(
                            other.id, field, rules, proof.witness
                        )


def _wants(name: str, field: str, rules: Ruleset, finding: Finding) -> Any:
    """What a rule that acts on a finding wants a field to be, and whether it replaces a person's value."""
    rule, base = rules.by_id[name], baseline(ParsedFinding(finding), {})
    assert rule.matches(base.raw, START)
    assert not rule.is_above_ceiling(base)
    (value,) = [proposal.value for proposal in rule.proposals.of(base) if proposal.field == field]
    return rule.override, frozenset(value) if isinstance(value, tuple) else value
