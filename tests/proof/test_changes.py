"""How the findings that rules act on change between two rule sets, and what is hidden."""

from typing import Any

import pytest

from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.proof.changes import RulesetChanges

NOW = 1_793_534_400.0
HIDE = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}}
ACCOUNTS = {"111122223333": {"environment": "dev"}, "444455556666": {"environment": "prod"}}
Rule = dict[str, Any]


def ruleset(*rules: Rule, accounts: Any = None) -> Ruleset:
    numbered = [{"id": f"r{number}", "update": HIDE, **rule} for number, rule in enumerate(rules)]
    return load_ruleset({"format": 1, "hash": "", "accounts": accounts or ACCOUNTS, "rules": numbered})


def region(*names: str, **more: Any) -> Rule:
    return {"match": {"Region": list(names)}, **more}


RELATIONS = [
    pytest.param(region("a"), region("a", "b"), "wider", id="one more value"),
    pytest.param(region("a", "b"), region("a"), "narrower", id="one value less"),
    pytest.param(region("a"), region("b"), "other", id="another value"),
    pytest.param(
        region("a"), {"when": {"==": [{"var": "Region"}, "a"]}}, "the same", id="in another language"
    ),
    pytest.param(region("a"), region("a", ceiling="HIGH"), "wider", id="a higher ceiling"),
    pytest.param(region("a"), region("a", ceiling="LOW"), "narrower", id="a lower ceiling"),
    pytest.param(
        region("a", ceiling="HIGH", update={"Confidence": 1}),
        region("a", update={"Confidence": 1}),
        "the same",
        id="a ceiling of a rule that hides nothing",
    ),
    pytest.param(
        {"when": {"!": {"or": [{"==": [{"var": "Region"}, "a"]}, {"==": [{"var": "Title"}, "t"]}]}}},
        {"when": {"and": [{"!=": [{"var": "Region"}, "a"]}, {"!=": [{"var": "Title"}, "t"]}]}},
        "the same",
        id="not or is and not",
    ),
    pytest.param(
        {"when": {"none": [{"var": "Resources"}, {"==": [{"var": "Type"}, "A"]}]}},
        {"when": {"all": [{"var": "Resources"}, {"!=": [{"var": "Type"}, "A"]}]}},
        "the same",
        id="none is all not, since a finding has a resource",
    ),
    pytest.param(
        {"when": {"none": [{"var": "Vulnerabilities"}, {"==": [{"var": "Id"}, "A"]}]}},
        {"when": {"all": [{"var": "Vulnerabilities"}, {"!=": [{"var": "Id"}, "A"]}]}},
        "narrower",
        id="all is false of no vulnerability",
    ),
    pytest.param(
        {"when": {"==": [{"account": "environment"}, "dev"]}},
        {"match": {"AwsAccountId": ["111122223333"]}},
        "the same",
        id="an attribute of one account",
    ),
    pytest.param(
        {"match": {"Severity": {"Normalized": [{"numeric": [">=", 70]}]}}},
        {"when": {">": [{"var": "Severity.Normalized"}, 69]}},
        "the same",
        id="whole numbers",
    ),
    pytest.param(
        {"when": {"before": [{"var": "CreatedAt"}, "2026-10-01"]}},
        {"when": {"before": [{"var": "CreatedAt"}, "2026-10-02"]}},
        "wider",
        id="a later moment",
    ),
    pytest.param(
        {"when": {"<": [{"age_days": {"var": "CreatedAt"}}, 30]}},
        {"when": {"<=": [{"age_days": {"var": "CreatedAt"}}, 30]}},
        "wider",
        id="one moment more",
    ),
    pytest.param(
        {"when": {"cidr": [{"var": "ProductFields.ip"}, ["10.0.0.0/9", "10.128.0.0/9"]]}},
        {"when": {"cidr": [{"var": "ProductFields.ip"}, "10.0.0.0/8"]}},
        "the same",
        id="two halves of a network",
    ),
    pytest.param(
        {"when": {"regex": [{"var": "Title"}, "zzz+"]}},
        {"when": {"and": [{"regex": [{"var": "Title"}, "zzz+"]}, {"==": [{"var": "Region"}, "eu-west-1"]}]}},
        "undecided",
        id="a part out of sight, which no sample satisfies",
    ),
    pytest.param(
        {"when": {"or": [{"regex": [{"var": "Title"}, "zzz+"]}, {"==": [{"var": "Region"}, "b"]}]}},
        {"when": {"or": [{"==": ["b", {"var": "Region"}]}, {"regex": [{"var": "Title"}, "zzz+"]}]}},
        "the same",
        id="a part out of sight that is in both",
    ),
]


@pytest.mark.parametrize(("old", "new", "relation"), RELATIONS)
def test_how_the_findings_of_an_edited_rule_relate(old: Rule, new: Rule, relation: str) -> None:
    (change,) = RulesetChanges(ruleset(old), ruleset(new), NOW).rules
    assert (change.edit, change.relation) == ("edited", relation)


def test_what_else_has_changed_is_named() -> None:
    old, new = region("a"), region("a", update={**HIDE, "Confidence": 3}, order=7)
    (change,) = RulesetChanges(ruleset(old), ruleset(new), NOW).rules
    assert (change.relation, change.also) == ("the same", ("order", "update"))


def test_a_description_is_no_change() -> None:
    assert RulesetChanges(ruleset(region("a")), ruleset(region("a", description="d")), NOW).rules == []


def test_a_changed_account_directory_changes_the_rules_that_ask_it() -> None:
    rules = [{"when": {"==": [{"account": "environment"}, "dev"]}}, region("a")]
    others = {"111122223333": {"environment": "dev"}, "444455556666": {"environment": "dev"}}
    (change,) = RulesetChanges(ruleset(*rules), ruleset(*rules, accounts=others), NOW).rules
    assert (change.rule, change.relation) == ("r0", "wider")


def test_a_part_out_of_sight_is_another_one_with_another_directory() -> None:
    rule = {"when": {"==": [{"cat": [{"account": "environment"}, "!"]}, "dev!"]}}
    others = {**ACCOUNTS, "444455556666": {"environment": "dev"}}
    (change,) = RulesetChanges(ruleset(rule), ruleset(rule, accounts=others), NOW).rules
    assert change.relation == "undecided"


def test_the_present_is_a_whole_second() -> None:
    rules = [{"when": {name: [{"age_days": {"var": "CreatedAt"}}, 30]}} for name in ("<", "<=")]
    (change,) = RulesetChanges(ruleset(rules[0]), ruleset(rules[1]), NOW + 0.1234567).rules
    assert change.relation == "wider"


PROVIDERS = {"FindingProviderFields": {"Severity": {"Label": ["CRITICAL"]}}}


def test_a_ceiling_looks_at_what_the_provider_says_too() -> None:
    old = ruleset({"match": PROVIDERS, "ceiling": "MEDIUM"})
    assert RulesetChanges(ruleset(), old, NOW).rules[0].more.verdict == "none"
    new = ruleset({"match": PROVIDERS, "ceiling": "CRITICAL"})
    (change,) = RulesetChanges(old, new, NOW).rules
    assert change.relation == "wider"


def test_an_added_rule_that_matches_nothing_is_told() -> None:
    never = {"when": {"and": [{"==": [{"var": "Region"}, "a"]}, {"==": [{"var": "Region"}, "b"]}]}}
    (change,) = RulesetChanges(ruleset(), ruleset(never), NOW).rules
    assert (change.edit, change.more.verdict) == ("added", "none")


OPEN = {"Workflow": {"Status": "NOTIFIED"}}
TOGETHER = [
    pytest.param([region("a")], [region("a", "b")], "some", "none", id="a wider rule"),
    pytest.param([region("a"), region("b")], [region("a", "b")], "none", "none", id="two rules become one"),
    pytest.param(
        [region("a"), region("a", update=OPEN, order=900)],
        [region("a"), region("a", update=OPEN, order=100)],
        "some",
        "none",
        id="what undid the hiding comes first",
    ),
    pytest.param(
        [region("a", order=900)],
        [region("a", order=900), region("a", update=OPEN, order=100, terminal=True)],
        "none",
        "some",
        id="a terminal rule in front",
    ),
    pytest.param(
        [region("a")], [region("a", mode="observe")], "none", "some", id="a rule that only observes"
    ),
    pytest.param(
        [region("a", ceiling="CRITICAL")], [region("a", ceiling="HIGH")], "none", "some", id="a lower ceiling"
    ),
    pytest.param(
        [region("a", update={"Severity": {"Label": "LOW"}, "Note": {"Text": "n"}})],
        [region("a", update={"Severity": {"Label": "INFORMATIONAL"}, "Note": {"Text": "n"}})],
        "some",
        "none",
        id="a lower severity hides what is low",
    ),
]


def numbered(*rules: Rule) -> list[Rule]:
    return [{**rule, "id": f"renamed-{index}"} for index, rule in enumerate(rules)]


MANY = [region(f"r{number}", f"r{number + 1}") for number in range(200)]
NO_LONGER_UNDONE = [region("a", order=100), region("a", "b", update=OPEN, order=200)]
TOGETHER += [
    pytest.param(MANY, numbered(*MANY), "none", "none", id="all rules have other names"),
    pytest.param(MANY, numbered(*MANY, region("x")), "some", "none", id="and there is one more"),
    pytest.param(
        NO_LONGER_UNDONE,
        [NO_LONGER_UNDONE[0], region("b", update=OPEN, order=200)],
        "some",
        "none",
        id="an unchanged rule is not undone any more",
    ),
    pytest.param(
        [region("a", order=200), region("a", terminal=True, order=100, update={"Confidence": 1})],
        [region("a", order=200), region("b", terminal=True, order=100, update={"Confidence": 1})],
        "some",
        "none",
        id="an unchanged rule is reached again",
    ),
]


@pytest.mark.parametrize(("old", "new", "more", "less"), TOGETHER)
def test_what_the_rules_together_hide(old: list[Rule], new: list[Rule], more: str, less: str) -> None:
    changes = RulesetChanges(ruleset(*old), ruleset(*new), NOW)
    hidden = {one.answer.verdict for one in changes.hidden()} or {"none"}
    shown = {one.answer.verdict for one in changes.shown()} or {"none"}
    assert ("some" in hidden, "some" in shown) == (more == "some", less == "some")
    assert "undecided" not in hidden | shown


def test_a_witness_is_a_complete_finding_that_the_engine_decides_so() -> None:
    old, new = ruleset(region("eu-west-1")), ruleset(region("eu-west-1", "eu-north-1"))
    (hidden,) = RulesetChanges(old, new, NOW).hidden()
    assert hidden.answer.needed is not None
    assert hidden.answer.needed["Region"] == "eu-north-1"
    witness = hidden.answer.witness
    assert witness is not None
    assert {"Id", "ProductArn", "Title", "Resources"} <= witness.keys()
    assert [rule.id for rule in new.match(witness, NOW)[0]] == ["r0"]
    assert old.match(witness, NOW)[0] == []
