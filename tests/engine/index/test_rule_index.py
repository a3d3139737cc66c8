"""The index finds every rule that matches or fails, and is certain only of rules that match."""

import json
import random

import pytest

from hubtriage.engine.index.conjunctions import Conjunction
from hubtriage.engine.index.dnf import conjunctions_of, may_fail
from hubtriage.engine.index.masks import DENSE_BYTES, MAX_BOUNDS
from hubtriage.engine.index.rule_index import RuleIndex
from hubtriage.engine.index.value_sets import ValueSet, all_but, listed, starting_with
from hubtriage.localaws.findings import NOW, generate
from tests.conformance import fuzz_index


@pytest.mark.parametrize("seed", range(12))
def test_random_rule_sets_give_what_evaluating_every_rule_gives(seed):
    """Each seed is 120 rules on 100 findings, a tenth of them of shapes that no one expects."""
    assert list(fuzz_index.wrong(10_000 + seed)) == []


CROWD = [{"match": {"AwsAccountId": [f"{at:012d}"], "Title": [{"prefix": f"t{at}-"}]}} for at in range(60)]


def found(rule, finding, now=NOW):
    """What the index says about one rule among many: None, False (evaluate it) or True (certain)."""
    return dict(RuleIndex([*CROWD, rule]).candidates(finding, now)).get(len(CROWD))


TWO = {"Resources": [{"Type": "A", "Tags": {"env": "dev"}}, {"Type": "B", "Tags": {"env": "prod"}}]}


@pytest.mark.parametrize(
    ("rule", "finding", "expected"),
    [
        pytest.param({"match": {"Title": ["a"]}}, {"Title": "a"}, True, id="equality is certain"),
        pytest.param({"match": {"Title": ["a"]}}, {"Title": "b"}, None, id="another text is excluded"),
        pytest.param({"match": {"Title": ["a"]}}, {}, None, id="absence is excluded"),
        pytest.param(
            {"match": {"Title": ["a"]}}, {"Title": ["a"]}, False, id="an unexpected list is evaluated"
        ),
        pytest.param({"match": {"Title": ["a"]}}, {"Title": {"b": "a"}}, False, id="an object is evaluated"),
        pytest.param({"match": {"Note": {"Text": ["a"]}}}, {"Note": "a"}, False, id="a text for an object"),
        pytest.param({"match": {"Title": [1]}}, {"Title": True}, None, id="true is not 1"),
        pytest.param({"match": {"Title": [None]}}, {"Title": None}, True, id="null is null"),
        pytest.param({"match": {"Title": [None]}}, {}, None, id="absence is not null"),
        pytest.param({"match": {"Title": [{"exists": False}]}}, {}, True, id="absence is certain"),
        pytest.param({"match": {"Title": [{"exists": False}]}}, {"Title": None}, None, id="null exists"),
        pytest.param(
            {"match": {"Title": [{"prefix": "ab"}]}}, {"Title": "abc"}, True, id="a prefix is certain"
        ),
        pytest.param(
            {"match": {"Title": [{"suffix": "c"}]}}, {"Title": "abc"}, False, id="a suffix is evaluated"
        ),
        pytest.param(
            {"match": {"Title": [{"wildcard": "ab*"}]}}, {"Title": "ab"}, True, id="a wildcard at the end"
        ),
        pytest.param(
            {"match": {"Title": [{"wildcard": "a*c"}]}}, {"Title": "ab"}, False, id="an inner wildcard"
        ),
        pytest.param({"match": {"Title": [{"wildcard": "a*c"}]}}, {"Title": "b"}, None, id="its beginning"),
        pytest.param({"match": {"Title": [{"anything-but": "a"}]}}, {"Title": "b"}, True, id="anything but"),
        pytest.param({"match": {"Title": [{"anything-but": "a"}]}}, {"Title": "a"}, None, id="the exception"),
        pytest.param({"match": {"Ip": [{"cidr": "10.0.0.0/8"}]}}, {"Ip": "10.1.1.1"}, True, id="a network"),
        pytest.param(
            {"match": {"Ip": [{"cidr": "10.0.0.0/8"}]}}, {"Ip": "11.1.1.1"}, None, id="another network"
        ),
        pytest.param({"match": {"N": [{"numeric": [">", 5]}]}}, {"N": 5}, None, id="an open bound"),
        pytest.param({"match": {"N": [{"numeric": [">=", 5]}]}}, {"N": 5}, True, id="a closed bound"),
        pytest.param(
            {"match": {"N": [{"numeric": [">", 5]}]}}, {"N": float("nan")}, False, id="NaN is evaluated"
        ),
        pytest.param({"match": {"N": [2**60]}}, {"N": 2**60 + 1}, None, id="big integers are apart"),
        pytest.param(
            {"match": {"Resources": {"Type": ["A"], "Tags": {"env": ["dev"]}}}},
            TWO,
            True,
            id="the same element",
        ),
        pytest.param(
            {"match": {"Resources": {"Type": ["A"], "Tags": {"env": ["prod"]}}}},
            TWO,
            None,
            id="split elements",
        ),
        pytest.param(
            {
                "match": {"Resources": {"Type": ["A"]}},
                "when": {"some": [{"var": "Resources"}, {"==": [{"var": "Type"}, "B"]}]},
            },
            TWO,
            False,
            id="two conditions may hold in two elements",
        ),
        pytest.param(
            {
                "match": {"Resources": {"Type": ["A"]}},
                "when": {"some": [{"var": "Resources"}, {"==": [{"var": "Tags.env"}, "prod"]}]},
            },
            TWO,
            False,
            id="match and when may hold in two elements",
        ),
        pytest.param(
            {
                "when": {
                    "and": [
                        {"some": [{"var": "Resources"}, {"==": [{"var": "Type"}, "A"]}]},
                        {"some": [{"var": "Resources"}, {"==": [{"var": "Tags.env"}, "prod"]}]},
                    ]
                }
            },
            TWO,
            False,
            id="two somes may hold in two elements",
        ),
        pytest.param(
            {"when": {"all": [{"var": "Types"}, {"==": [{"var": ""}, "a"]}]}},
            {"Types": ["a", "b"]},
            False,
            id="all is evaluated where one holds",
        ),
        pytest.param({"match": {"N": [{"anything-but": 5}]}}, {"N": 5}, False, id="anything but a number"),
        pytest.param(
            {"match": {"Resources": {"Type": [{"exists": False}]}}},
            {"Resources": [{}, {"Type": "A"}]},
            False,
            id="absence from one element is evaluated",
        ),
        pytest.param({"match": {"Types": ["a"]}}, {"Types": "a"}, False, id="a text for a list is evaluated"),
        pytest.param({"match": {"Types": ["a"]}}, {"Types": []}, None, id="an empty list holds nothing"),
        pytest.param({"match": {"Types": [None]}}, {"Types": None}, False, id="null for a list is evaluated"),
        pytest.param({"when": {"in": ["a", {"var": "Types"}]}}, {"Types": ["b", "a"]}, True, id="membership"),
        pytest.param(
            {"when": {"in": ["a", {"var": "Types"}]}}, {"Types": "cab"}, False, id="a substring of a text"
        ),
        pytest.param(
            {"when": {"==": [{"var": "Title"}, "5"]}}, {"Title": 5}, False, id="5 may equal its text"
        ),
        pytest.param({"when": {"!=": [{"var": "Title"}, "a"]}}, {}, True, id="absence differs"),
        pytest.param(
            {"when": {"!": [{"in": [{"var": "Title"}, ["a"]]}]}}, {"Title": "a"}, None, id="negation"
        ),
        pytest.param({"when": {"<": [{"var": "N"}, 1]}}, {}, True, id="absence counts as 0"),
        pytest.param({"when": {"<": [{"var": "N"}, 0]}}, {}, None, id="absence is not below 0"),
        pytest.param({"when": {"or": [{"==": [{"var": "N"}, "a"]}, True]}}, {}, True, id="always"),
        pytest.param({"when": {"and": [{"==": [{"var": "N"}, "a"]}, False]}}, {"N": "a"}, None, id="never"),
        pytest.param(
            {"when": {"some": [{"var": "Types"}, True]}}, {"Types": []}, False, id="some of nothing"
        ),
        pytest.param(
            {"when": {"some": [{"var": "Types"}, False]}}, {"Types": ["a"]}, None, id="some of never"
        ),
        pytest.param(
            {"match": {"Title": ["a"]}, "when": {"missing_some": [1, {"var": "x"}]}},
            {"Title": "a"},
            False,
            id="what may fail is evaluated",
        ),
        pytest.param(
            {"when": {"and": [{"missing_some": [1, {"var": "x"}]}, {"==": [{"var": "Title"}, "a"]}]}},
            {},
            False,
            id="what may fail excludes nothing after it",
        ),
    ],
)
def test_what_the_index_says_of_one_rule_among_many(rule, finding, expected):
    assert found(rule, finding) is expected


def test_calculations_are_looked_up_where_many_rules_use_them():
    rules = [{"when": {"==": [{"account": "team"}, f"team-{at}"]}} for at in range(40)]
    accounts = {f"{at:012d}": {"team": f"team-{at}"} for at in range(40)}
    index = RuleIndex(rules, accounts)
    assert index.candidates({"AwsAccountId": f"{7:012d}"}) == [(7, True)]


def test_a_calculation_without_an_answer_leaves_all_its_rules_to_fail():
    rules = [{"when": {"<": [{"age_days": [{"var": "CreatedAt"}]}, at]}} for at in range(40)]
    index = RuleIndex(rules)
    finding = {"CreatedAt": "2026-10-01T00:00:00Z"}
    assert index.candidates(finding, now=None) == [(at, False) for at in range(40)]
    assert index.candidates(finding, NOW) == [(at, True) for at in range(32, 40)]


def test_few_rules_are_found_for_a_finding():
    """With a thousand exceptions for other accounts a finding has almost nothing to evaluate."""
    rules = [
        {"match": {"AwsAccountId": [f"{at:012d}"], "Compliance": {"SecurityControlId": [f"S3.{at % 30}"]}}}
        for at in range(1_000)
    ]
    index = RuleIndex(rules)
    for finding in generate(50, seed=4):
        assert index.candidates(finding) == []


HOSTILE = [
    *("'", '"', "\\", "\n", "'''", '"""', "{0}", "{}", "%s", "#", "\u2028", "\x00", "\ud800"),
    *("__import__('os')", "', ABSENT); raise SystemExit(1) #", "\\'); import os #", "f'{finding}'"),
    *("__class__", "result", "ABSENT"),
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_text_of_a_rule_becomes_code(text):
    """Keys and values are data in the generated function, whatever they look like."""
    rules = [
        *({"match": {"ProductFields": {f"{text}{at}": [f"{text}{at}"]}}} for at in range(20)),
        *({"match": {"Resources": {"Tags": {text: [{"prefix": f"{text}{at}"}]}}}} for at in range(20)),
        *({"when": {"==": [{"get": [{"var": "ProductFields"}, f"{text}{at}"]}, "x"]}} for at in range(20)),
    ]
    fields = {f"{text}3": f"{text}3", f"{text}5": "x"}
    finding = {"ProductFields": fields, "Resources": [{"Tags": {text: f"{text}7"}}]}
    assert RuleIndex(rules).candidates(finding) == [(3, True), (27, True), (45, True)]


def test_deep_paths_are_left_to_evaluation():
    pattern = {"x": ["y"]}
    finding = {"x": "y"}
    for _ in range(30):
        pattern, finding = {"a": pattern}, {"a": finding}
    assert RuleIndex([*CROWD, {"match": pattern}]).candidates(finding) == [(len(CROWD), False)]


def test_large_tables_keep_only_a_few_bits_each():
    """Beyond DENSE_BYTES masks are stored without their zeros, and answer the same."""
    count = 2_000
    assert (2 * count) ** 2 / 8 > DENSE_BYTES
    rules = [{"match": {"Id": [f"id-{at}"], "Title": [{"prefix": f"t{at:05d}"}]}} for at in range(2 * count)]
    index = RuleIndex(rules)
    for at in (0, 1, 777, 2 * count - 1):
        assert index.candidates({"Id": f"id-{at}", "Title": f"t{at:05d}x"}) == [(at, True)]
        assert index.candidates({"Id": f"id-{at}", "Title": "t"}) == []


@pytest.mark.parametrize("text", ["arn:aws:s3:::bucket", "arn:aws:sqs", "arn:aws:tt", "arn", "zz", "arn:b"])
def test_prefixes_of_prefixes_are_all_found(text):
    """Also where the prefix that sorts last before the text is not a prefix of it, but its parent is."""
    prefixes = ["arn:", "arn:aws:", "arn:aws:s3:", "arn:aws:s3:::b", "arn:aws:t", "z"]
    rules = [{"match": {"Id": [{"prefix": prefix}]}} for prefix in prefixes] * 10
    expected = [at for at in range(len(rules)) if text.startswith(prefixes[at % len(prefixes)])]
    assert [at for at, _certain in RuleIndex(rules).candidates({"Id": text})] == expected


def test_more_bounds_than_there_is_room_for_leave_the_rest_to_evaluation():
    rules = [{"match": {"N": [{"numeric": [">", at, "<=", at + 3]}]}} for at in range(2 * MAX_BOUNDS)]
    index = RuleIndex(rules)
    for value in (0, 0.5, 1, 500, 500.5, 2 * MAX_BOUNDS, 2 * MAX_BOUNDS + 2, 10**9):
        holding = {at for at in range(2 * MAX_BOUNDS) if at < value <= at + 3}
        assert holding <= {at for at, _certain in index.candidates({"N": value})}


def test_too_many_branches_keep_what_they_have_in_common():
    parts = [{"$or": [{f"a{at}": ["x"]}, {f"b{at}": ["y"]}]} for at in range(7)]
    pattern = {f"c{at}": part for at, part in enumerate(parts)} | {"Title": ["t"]}
    (conjunction,) = conjunctions_of({"match": pattern})
    assert conjunction == Conjunction({("Title",): listed(["t"])}, exact=False)


@pytest.mark.parametrize(
    ("logic", "expected"),
    [
        pytest.param({"some": [{"var": "a"}, {"==": [1, 1]}]}, False, id="one loop"),
        pytest.param({"some": [{"var": "a"}, {"all": [{"var": "b"}, True]}]}, True, id="a loop in a loop"),
        pytest.param({"and": [{"some": [{"var": "a"}, True]}] * 9}, True, id="nine loops"),
        pytest.param({"!": [{"reduce": [{"var": "a"}, 1, 0]}]}, True, id="reduce"),
        pytest.param({"==": [{"cat": ["a"]}, "a"]}, True, id="cat"),
        pytest.param({"in": ["a", ["cat", "reduce"]]}, False, id="words in a list"),
    ],
)
def test_logic_that_may_fail_is_known(logic, expected):
    assert may_fail(logic) is expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        pytest.param(listed(["a"]), listed(["b"]), listed(["a", "b"]), id="texts"),
        pytest.param(all_but(["a", "b"]), all_but(["b", "c"]), all_but(["b"]), id="what both leave out"),
        pytest.param(all_but(["a"]), listed(["a"]), None, id="what one brings in again"),
    ],
)
def test_union_of_sets(left, right, expected):
    united = left.united(right)
    assert united.not_texts == (expected.not_texts if expected else frozenset())
    if expected:
        assert united == expected


def test_a_prefix_may_bring_in_again_what_is_left_out():
    united = all_but(["abc"]).united(starting_with("ab"))
    assert united == ValueSet(**{**_fields(united), "exact_texts": False})


def _fields(values):
    return {name: getattr(values, name) for name in ValueSet.__slots__}


def test_conditions_are_read_as_json_gives_them():
    rules = json.loads(json.dumps([*CROWD, {"match": {"Title": "t"}}]))
    assert RuleIndex(rules).candidates({"Title": "t"}) == [(len(CROWD), True)]


def test_findings_of_the_generator_give_what_evaluating_every_rule_gives():
    """The same on realistic findings, with rules made from what they hold."""
    draw = random.Random(8)
    findings = list(generate(60, seed=8))
    rules = []
    for finding in draw.sample(findings, 40):
        resource = finding["Resources"][0]
        rules += [
            {"match": {"AwsAccountId": finding["AwsAccountId"], "Resources": {"Type": [resource["Type"]]}}},
            {
                "match": {"Types": [{"prefix": finding["Types"][0][:20]}]},
                "when": {"!=": [{"var": "Region"}, "x"]},
            },
            {"when": {"some": [{"var": "Resources"}, {"starts_with": [{"var": "Id"}, resource["Id"][:30]]}]}},
        ]
    evaluated = [fuzz_index.Evaluated(rule) for rule in rules]
    index = RuleIndex(rules)
    for finding in findings:
        matching = [at for at, rule in enumerate(evaluated) if rule.outcome(finding) is True]
        assert [at for at, _certain in index.candidates(finding, NOW)] == matching
