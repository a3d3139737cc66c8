"""No proof says that there is no finding where the engine has one: values that are easily forgotten."""

from typing import Any

import pytest

from hubtriage.asff.samples import complete
from hubtriage.engine.ruleset.ruleset import Rule, load_ruleset
from hubtriage.proof.comparison import Proof, find
from hubtriage.proof.conditions import applies, conditions_of
from tests.proof.asking import only_first

NOW = 1_793_534_400.0
DAY = 86_400.0
ACCOUNTS = {"111122223333": {"environment": "prod"}}
HUGE = 10**400
SPELLED = "2026-10-01T00:00:00.000Z"
Source = dict[str, Any]


def loaded(source: Source) -> Rule:
    raw = {"id": "r", "update": {"Confidence": 1}, **source}
    return load_ruleset({"format": 1, "hash": "", "accounts": ACCOUNTS, "rules": [raw]}).rules[0]


def proved(source: Source) -> Proof:
    rule = loaded(source)
    known = conditions_of(rule, ACCOUNTS, NOW)
    return find([(known.holds, True)], [known.asked], lambda one: applies(rule, one, NOW), NOW)


def var(path: str, *default: Any) -> Any:
    return {"var": [path, *default]}


def launched(at: str) -> Source:
    return {"Process": {"LaunchedAt": at}}


LAUNCHED = var("Process.LaunchedAt")
CREATED = var("CreatedAt")
IS_SPELLED = {"==": [CREATED, SPELLED]}
IP = var("ProductFields.ip")
AGE = {"age_days": [LAUNCHED]}
MANY = [f"t-{number}" for number in range(100)]
FAILS: Any = {"missing_some": [1, var("nowhere")]}


def some(path: str, member: str, value: Any) -> Any:
    return {"some": [var(path), {"==": [var(member), value]}]}


def resources(*names: str) -> Source:
    return {"Resources": [{"Id": name, "Type": name} for name in names]}


MEETINGS = [
    pytest.param(
        {"when": {"and": [some("Resources", "Id", "a"), some("Resources", "Id", "b")]}},
        resources("a", "b"),
        id="two elements for two loops",
    ),
    pytest.param(
        {
            "when": {
                "and": [
                    some("Resources", "Id", "a"),
                    {"!": [{"all": [var("Resources"), {"==": [var("Type"), "a"]}]}]},
                    {"none": [var("Resources"), {"!=": [var("Id"), var("Type")]}]},
                ]
            }
        },
        resources("a", "b"),
        id="an element for a loop that is not to hold",
    ),
    pytest.param(
        {"match": {"Resources": {"Id": ["a"]}}, "when": some("Resources", "Id", "b")},
        resources("a", "b"),
        id="elements for a pattern and for a loop",
    ),
    pytest.param(
        {"when": {"and": [{"in": ["a", var("Types")]}, {"in": ["b", var("Types")]}]}},
        {"Types": ["b", "a"]},
        id="two texts in one list",
    ),
    pytest.param(
        {"when": {"and": [{"!": [FAILS]}, {"==": [var("Region"), "a"]}, {"==": [var("Region"), "b"]}]}},
        {"Region": "eu-west-1"},
        id="a condition that fails counts as met, whatever it would have said",
    ),
    pytest.param({"when": {"==": [var("Title.0"), "A"]}}, {"Title": "Abc"}, id="a character of a text"),
    pytest.param({"when": {">": [var("Title.length"), 2]}}, {"Title": "Abc"}, id="the length of a text"),
    pytest.param(
        {"match": {"Title": ["x"]}, "when": {"!": [var("Title.foo")]}},
        {"Title": "x"},
        id="a member of a text, beside the text",
    ),
    pytest.param(
        {"match": {"$or": [{"ProductFields": {"a": ["x"]}}, {"ProductFields": {"a": {"b": ["y"]}}}]}},
        {"ProductFields": {"a": "x"}},
        id="a member of the value of a map",
    ),
    pytest.param(
        {"match": {"$or": [{"Types": ["x"]}, {"Types": {"foo": ["y"]}}]}},
        {"Types": ["x"]},
        id="members of texts in a list",
    ),
    pytest.param({"match": {"Resources": [{"exists": False}]}}, {}, id="objects in a list are no values"),
    pytest.param({"match": {"Compliance": [{"exists": False}]}}, {}, id="an object is no value"),
    pytest.param(
        {"when": {"and": [{"==": [var("Types.0"), "b"]}, {"==": [var("Types.1"), "a"]}]}},
        {"Types": ["b", "a"]},
        id="texts in another order than they are named",
    ),
    pytest.param(
        {
            "match": {"Severity": {"Label": ["MEDIUM"]}},
            "when": {"<": [50, var("Severity.Normalized"), 60]},
        },
        {
            "Severity": {"Label": "MEDIUM"},
            "FindingProviderFields": {"Severity": {"Label": "MEDIUM", "Normalized": 55}},
        },
        id="a number within a band, between two others",
    ),
    pytest.param(
        {
            "match": {"Severity": {"Label": ["HIGH"]}},
            "when": {
                "and": [{">": [var("Severity.Normalized"), 10]}, {"!=": [var("Severity.Normalized"), 70]}]
            },
        },
        {
            "Severity": {"Label": "HIGH"},
            "FindingProviderFields": {"Severity": {"Label": "HIGH", "Normalized": 75}},
        },
        id="a number of a band that no condition names",
    ),
    pytest.param(
        {
            "when": {
                "!": [{"or": [{"before": [CREATED, SPELLED]}, {"after": [CREATED, SPELLED]}, IS_SPELLED]}]
            }
        },
        {"CreatedAt": "2026-10-01T00:00:00Z"},
        id="another spelling of a moment",
    ),
    pytest.param(
        {"when": {"and": [{"after": [LAUNCHED, SPELLED]}, {"!=": [LAUNCHED, "2026-10-01T00:00:00.001Z"]}]}},
        launched("2026-12-01T00:00:00Z"),
        id="a moment later than the next",
    ),
    pytest.param(
        {"when": {"<": [AGE, 5_000_000]}}, launched("2026-10-01T00:00:00Z"), id="an age that none reaches"
    ),
    pytest.param({"when": {">": [AGE, 730_000]}}, launched("0001-02-01T00:00:00Z"), id="an age of millennia"),
    pytest.param(
        {"when": {"and": [{"<=": [AGE, 0.1]}, {">=": [AGE, 0.1]}]}},
        launched("2026-11-01T09:36:00Z"),
        id="one age, to the second",
    ),
    pytest.param(
        {"when": {"==": [var("Process.Pid"), 2**53 + 1]}},
        {"Process": {"Pid": 2**53 + 1}},
        id="a whole number that no double is",
    ),
    pytest.param(
        {"when": {">": [var("Process.Pid"), 1e300]}}, {"Process": {"Pid": 10**301}}, id="more than 1e300"
    ),
    pytest.param(
        {"when": {"and": [{"cidr": [IP, "10.0.0.0/8"]}, {"!": [{"cidr": [IP, "10.0.0.0/9"]}]}]}},
        {"ProductFields": {"ip": "10.200.0.1"}},
        id="an address behind an inner network",
    ),
    pytest.param(
        {"match": {"Title": [{"anything-but": MANY}]}, "when": {"starts_with": [var("Title"), "t-1"]}},
        {"Title": "t-1 of another kind"},
        id="a text besides very many",
    ),
    pytest.param(
        {"match": {"AwsAccountId": [{"anything-but": [f"1111222200{number:02}" for number in range(99)]}]}},
        {"AwsAccountId": "999988887777"},
        id="an account besides very many",
    ),
    pytest.param(
        {"when": {"<": [10, var("Process.Pid"), 20]}}, {"Process": {"Pid": 15}}, id="between numbers"
    ),
    pytest.param({"when": {"<": [10, var("Process.Pid"), 11]}}, {"Process": {"Pid": 10.5}}, id="a fraction"),
    pytest.param(
        {"when": {"==": [var("Process.Pid"), "0x5"]}}, {"Process": {"Pid": 5}}, id="a text for a number"
    ),
    pytest.param({"when": {"<": [var("Process.Pid"), HUGE]}}, {"Process": {"Pid": 7}}, id="less than a huge"),
    pytest.param(
        {"when": {"and": [{"cidr": [IP, "::1/128"]}, {"!=": [IP, "::1"]}]}},
        {"ProductFields": {"ip": "0:0:0:0:0:0:0:1"}},
        id="another spelling of an address",
    ),
    pytest.param(
        {"when": {"and": [{"!": [{"cidr": [IP, "0.0.0.0/0"]}]}, {"!": [{"in": [IP, ["none", "other"]]}]}]}},
        {"ProductFields": {"ip": "never"}},
        id="no address, and no text that is named",
    ),
]


@pytest.mark.parametrize(("source", "partial"), MEETINGS)
def test_a_finding_that_the_engine_matches_is_not_proved_away(source: Source, partial: Source) -> None:
    assert applies(loaded(source), complete(partial, now=NOW), NOW)
    assert proved(source).verdict != "none"


def test_a_finding_is_shown_where_there_are_too_many_texts_for_a_proof() -> None:
    wildcards = [{"wildcard": f"*a{number}*b{number}*"} for number in range(20)]
    assert proved({"match": {"Title": wildcards}}).verdict == "some"
    absent = {"and": [{"==": [var("Region"), "a"]}, {"==": [var("Region"), "b"]}]}
    found = proved({"match": {"Title": wildcards}, "when": absent})
    assert (found.verdict, len(found.reasons)) == ("undecided", 1)


def test_each_element_that_breaks_an_absence_may_matter() -> None:
    pairs = [[var(f"Tags.{one}"), var(f"Tags.{other}")] for one, other in ("ab", "bc", "ac")]
    apart = {"when": {"none": [var("Resources"), {"or": [{"and": pair} for pair in pairs]}]}}
    absent = {"match": {"$or": [{"Resources": {"Tags": {tag: [{"exists": False}]}}} for tag in "abc"]}}
    one, other = loaded(apart), loaded(absent)
    tagged = [{"Id": tag, "Type": tag, "Tags": {tag: "x"}} for tag in "abc"]
    finding = complete({"Resources": tagged}, now=NOW)
    assert applies(one, finding, NOW)
    assert not applies(other, finding, NOW)
    known = [conditions_of(rule, ACCOUNTS, NOW) for rule in (one, other)]
    assert only_first(*known, lambda each: not applies(other, each, NOW), NOW).verdict != "none"


WITH_TIME = [
    pytest.param(
        {"and": [{"==": [LAUNCHED, "2026-10-25T00:00:00Z"]}, {">": [AGE, 30]}]},
        launched("2026-10-25T00:00:00Z"),
        id="the age of a moment that is named",
    ),
    pytest.param(
        {"and": [{"!": [LAUNCHED]}, {">": [{"age_days": [var("Process.LaunchedAt", "2026-10-25")]}, 30]}]},
        {},
        id="the age of a default",
    ),
    pytest.param(
        {"and": [{"after": [LAUNCHED, "2026-10-25"]}, {">": [AGE, 30]}]},
        launched("2026-10-26T00:00:00Z"),
        id="a moment and an age",
    ),
    pytest.param({">": [{"age_days": ["2026-10-25"]}, 30]}, {}, id="the age of a constant"),
]


@pytest.mark.parametrize(("when", "partial"), WITH_TIME)
def test_a_proof_holds_in_months_too(when: Any, partial: Source) -> None:
    rule, later = loaded({"when": when}), NOW + 90 * DAY
    assert applies(rule, complete(partial, now=NOW), later)
    assert proved({"when": when}).verdict != "none"


ODD = [HUGE, -HUGE, 1e308, -1e308, 0.1, True, None, "x", "1e999", ""]


@pytest.mark.parametrize("operator", ["==", "!=", "===", "<", "<=", ">", ">="])
@pytest.mark.parametrize("path", ["Confidence", "Process.Pid", "Title", "Nothing"])
@pytest.mark.parametrize("number", [pytest.param(one, id=str(one)[:6]) for one in ODD])
def test_no_constant_is_too_odd(operator: str, path: str, number: Any) -> None:
    assert proved({"when": {operator: [var(path), number]}}).verdict in ("none", "some", "undecided")


def test_what_is_undecided_has_a_reason() -> None:
    known = conditions_of(loaded({"match": {"Title": ["x"]}}), ACCOUNTS, NOW)
    found = find([(known.holds, True)], [known.asked], lambda _finding: False, NOW)
    assert found.verdict == "undecided"
    assert all(found.reasons)
    assert found.reasons


def test_a_member_that_the_model_does_not_know_may_hold_anything() -> None:
    found = proved({"match": {"News": ["x"]}, "when": {"!=": [var("News"), "x"]}})
    assert found.verdict == "undecided"
    assert "no such member" in found.reasons[0]


def test_what_was_not_looked_at_is_no_reason() -> None:
    parts = [{"==": [var("Region"), "a"]}, {"==": [var("Region"), "b"]}, {"==": [var("News"), "x"]}]
    assert proved({"when": {"and": parts}}).verdict == "none"
