"""Patterns match as EventBridge matches on an event bus."""

import time

import pytest

from hubtriage.engine.pattern.compiler import (
    MAX_BRANCHES,
    MAX_DEPTH,
    PatternError,
    compile_pattern,
    pattern_errors,
)

FINDING = {
    "AwsAccountId": "111122223333",
    "Title": "Straße",
    "Types": ["X/Y", "Z"],
    "Confidence": 70,
    "Sample": True,
    "Empty": "",
    "Nothing": None,
    "NoTypes": [],
    "NoMembers": {},
    "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.2"},
    "Note": {"Text": "x"},
    "ProductFields": {"aws/guardduty/count": "5", "a.b:c": "1"},
    "Resources": [
        {"Type": "AwsS3Bucket", "Tags": {"env": "dev"}, "Ips": ["10.1.2.3", "2001:db8::1"]},
        {"Type": "AwsEc2Instance", "Tags": {"team": "a"}},
    ],
    "Vulnerabilities": [
        {"Cvss": [{"BaseScore": 5.5}, {"BaseScore": 9.8}], "EpssScore": 0.2},
        {"EpssScore": 0.9},
    ],
    "Nested": [["a", ["b"]], {"c": 1}],
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param({"AwsAccountId": ["1", "111122223333"]}, True, id="values are or-ed"),
        pytest.param({"AwsAccountId": "111122223333"}, True, id="a scalar is a list of one"),
        pytest.param({"AwsAccountId": ["111122223333"], "Confidence": [1]}, False, id="fields are and-ed"),
        pytest.param({"AwsAccountId": [111122223333]}, False, id="a number is not its text"),
        pytest.param(
            {"Compliance": {"Status": ["FAILED"], "SecurityControlId": ["S3.2"]}}, True, id="nested fields"
        ),
        pytest.param({"Compliance": ["FAILED"]}, False, id="an object is no value"),
        pytest.param({"Types": ["Z"]}, True, id="any element of a list"),
        pytest.param({"Nested": ["b"]}, True, id="any element of lists in lists"),
        pytest.param({"Nested": {"c": [1]}}, True, id="an object beside lists"),
        pytest.param({"Sample": [True]}, True, id="true"),
        pytest.param({"Sample": [1]}, False, id="true is not 1"),
        pytest.param({"Sample": ["true"]}, False, id="true is not its text"),
        pytest.param({"Empty": [""]}, True, id="the empty text"),
        pytest.param({"Nowhere": [""]}, False, id="missing is not the empty text"),
        pytest.param({"Nothing": [None]}, True, id="null"),
        pytest.param({"Nowhere": [None]}, False, id="missing is not null"),
        pytest.param({"Nothing": ["null"]}, False, id="null is not its text"),
        pytest.param({"Confidence": [70.0]}, True, id="70 is 70.0"),
        pytest.param({"ProductFields": {"aws/guardduty/count": ["5"]}}, True, id="a slash in a key"),
        pytest.param({"ProductFields": {"a.b:c": ["1"]}}, True, id="a dot and a colon in a key"),
        pytest.param(
            {"Resources": {"Type": ["AwsS3Bucket"], "Tags": {"env": ["dev"]}}}, True, id="same element"
        ),
        pytest.param(
            {"Resources": {"Type": ["AwsEc2Instance"], "Tags": {"env": ["dev"]}}}, False, id="split elements"
        ),
        pytest.param(
            {"Vulnerabilities": {"EpssScore": [{"numeric": [">", 0.5]}], "Cvss": {"BaseScore": [9.8]}}},
            False,
            id="split elements of a list of lists",
        ),
        pytest.param(
            {"Vulnerabilities": {"Cvss": {"BaseScore": [{"numeric": [">=", 9]}]}}}, True, id="lists in lists"
        ),
        pytest.param({"Types": [{"anything-but": "Z"}]}, True, id="anything-but means some element differs"),
        pytest.param({"Types": [{"anything-but": ["Z", "X/Y"]}]}, False, id="anything-but every element"),
        pytest.param({"Nowhere": [{"anything-but": "Z"}]}, False, id="anything-but on missing"),
        pytest.param({"Nothing": [{"anything-but": "Z"}]}, True, id="anything-but on null"),
        pytest.param({"Confidence": [{"anything-but": [70, 71]}]}, False, id="anything-but numbers"),
        pytest.param({"Confidence": [{"anything-but": "70"}]}, True, id="anything-but a text, on a number"),
        pytest.param({"NoTypes": [{"anything-but": "Z"}]}, False, id="anything-but on an empty list"),
        pytest.param({"Title": [{"anything-but": {"prefix": "Str"}}]}, False, id="anything-but a prefix"),
        pytest.param({"Title": [{"anything-but": {"suffix": ["x", "y"]}}]}, True, id="anything-but suffixes"),
        pytest.param(
            {"Confidence": [{"anything-but": {"prefix": "7"}}]}, True, id="anything-but a prefix, on a number"
        ),
        pytest.param(
            {"Title": [{"anything-but": {"equals-ignore-case": ["STRASSE"]}}]}, True, id="its own cases only"
        ),
        pytest.param({"Title": [{"anything-but": {"wildcard": "S*e"}}]}, False, id="anything-but a wildcard"),
        pytest.param(
            {"Compliance": {"Status": [{"anything-but": "PASSED"}, {"exists": False}]}},
            True,
            id="or absent, present",
        ),
        pytest.param(
            {"Nowhere": {"Status": [{"anything-but": "X"}, {"exists": False}]}}, True, id="or absent, absent"
        ),
        pytest.param({"Title": [{"exists": True}]}, True, id="a value exists"),
        pytest.param({"Nothing": [{"exists": True}]}, True, id="null exists"),
        pytest.param({"Note": [{"exists": True}]}, False, id="an object does not exist"),
        pytest.param({"Note": [{"exists": False}]}, True, id="an object counts as absent"),
        pytest.param({"NoTypes": [{"exists": False}]}, True, id="an empty list counts as absent"),
        pytest.param({"NoMembers": [{"exists": True}]}, False, id="an empty object does not exist"),
        pytest.param({"Title": {"deeper": [{"exists": False}]}}, True, id="below a text nothing exists"),
        pytest.param(
            {"Resources": {"Tags": {"env": [{"exists": False}]}}}, False, id="any element having it counts"
        ),
        pytest.param(
            {"Resources": {"Type": ["AwsEc2Instance"], "Tags": {"env": [{"exists": False}]}}},
            True,
            id="absence beside a value is of its element",
        ),
        pytest.param(
            {"Resources": {"Tags": {"env": [{"exists": False}]}, "Type": ["AwsEc2Instance"]}},
            True,
            id="whichever field comes first",
        ),
        pytest.param(
            {"Resources": {"Type": ["AwsS3Bucket"], "Tags": {"env": [{"exists": False}]}}},
            False,
            id="an element that has it is not saved by one that has not",
        ),
        pytest.param(
            {"Resources": {"Tags": {"env": [{"exists": False}], "zz": [{"exists": False}]}}},
            False,
            id="absence beside absence chooses no element",
        ),
        pytest.param(
            {"Resources": {"Tags": {"team": ["a"], "env": [{"exists": False}, "dev"]}}},
            True,
            id="absence as one of several",
        ),
        pytest.param(
            {"Vulnerabilities": {"EpssScore": [0.9], "Cvss": {"BaseScore": [{"exists": False}]}}},
            True,
            id="absence in a list of the element",
        ),
        pytest.param(
            {"Title": ["Straße"], "Resources": {"Tags": {"env": [{"exists": False}]}}},
            False,
            id="a value elsewhere chooses no element",
        ),
        pytest.param(
            {"Resources": {"Type": ["AwsEc2Instance"], "Tags": {"env": [{"exists": True}]}}},
            False,
            id="existence is of the element",
        ),
        pytest.param(
            {"Resources": {"Tags": {"zz": [{"exists": False}]}}}, True, id="absent from every element"
        ),
        pytest.param({"Confidence": [{"numeric": ["=", 70]}]}, True, id="numeric ="),
        pytest.param({"Confidence": [{"numeric": [">", 69.5, "<=", 70]}]}, True, id="numeric range"),
        pytest.param({"Confidence": [{"numeric": ["<", 70]}]}, False, id="numeric <"),
        pytest.param(
            {"ProductFields": {"aws/guardduty/count": [{"numeric": ["=", 5]}]}}, False, id="numeric on a text"
        ),
        pytest.param({"Sample": [{"numeric": ["=", 1]}]}, False, id="numeric on true"),
        pytest.param({"Resources": {"Ips": [{"cidr": "10.0.0.0/8"}]}}, True, id="cidr IPv4"),
        pytest.param({"Resources": {"Ips": [{"cidr": "2001:db8::/32"}]}}, True, id="cidr IPv6"),
        pytest.param({"Resources": {"Ips": [{"cidr": "192.168.0.0/16"}]}}, False, id="cidr outside"),
        pytest.param({"Title": [{"cidr": "0.0.0.0/0"}]}, False, id="cidr on what is no address"),
        pytest.param({"Title": [{"prefix": "Stra"}]}, True, id="prefix"),
        pytest.param({"Title": [{"prefix": ""}]}, True, id="the empty prefix: any text"),
        pytest.param({"Confidence": [{"prefix": ""}]}, False, id="the empty prefix: no number"),
        pytest.param({"Confidence": [{"prefix": "7"}]}, False, id="prefix on a number"),
        pytest.param({"Title": [{"suffix": "ße"}]}, True, id="suffix"),
        pytest.param({"Title": [{"prefix": {"equals-ignore-case": "sTRA"}}]}, True, id="prefix in any case"),
        pytest.param({"Title": [{"suffix": {"equals-ignore-case": "AßE"}}]}, True, id="suffix in any case"),
        pytest.param(
            {"Title": [{"suffix": {"equals-ignore-case": "Stra"}}]}, False, id="suffix is at the end"
        ),
        pytest.param({"Title": [{"equals-ignore-case": "sTRAßE"}]}, True, id="equals-ignore-case"),
        pytest.param({"Title": [{"equals-ignore-case": "strasse"}]}, False, id="ss is no ß"),
        pytest.param({"Title": [{"wildcard": "S*a*e"}]}, True, id="wildcard"),
        pytest.param({"Title": [{"wildcard": "S?raße"}]}, False, id="a question mark is one"),
        pytest.param({"Title": [{"wildcard": "*[a]*"}]}, False, id="a bracket is one"),
        pytest.param({"$or": [{"Title": ["no"]}, {"Confidence": [70]}]}, True, id="$or"),
        pytest.param({"$or": [{"Title": ["no"]}, {"Confidence": [7]}]}, False, id="$or with no branch"),
        pytest.param(
            {"$or": [{"Sample": [True]}, {"Confidence": [7]}], "Empty": ["x"]}, False, id="$or and fields"
        ),
        pytest.param(
            {"Resources": {"Type": ["AwsEc2Instance"], "$or": [{"Tags": {"env": ["dev"]}}, {"Ips": ["x"]}]}},
            False,
            id="$or below a list: the same element",
        ),
        pytest.param(
            {
                "Resources": {"Type": ["AwsEc2Instance"]},
                "$or": [{"Resources": {"Tags": {"env": ["dev"]}}}, {"X": ["y"]}],
            },
            False,
            id="$or beside a list: the same element too",
        ),
        pytest.param(
            {"$or": [{"$or": [{"Title": ["no"]}, {"Sample": [True]}]}, {"X": ["y"]}]},
            True,
            id="$or within $or",
        ),
    ],
)
def test_matching(pattern, expected):
    assert compile_pattern(pattern)(FINDING) is expected


@pytest.mark.parametrize(
    "finding",
    [
        pytest.param({"Resources": {"Type": "A", "Tags": {"env": "dev"}}}, id="one object instead of a list"),
        pytest.param({"Resources": [[{"Type": "A", "Tags": {"env": "dev"}}]]}, id="a list in a list"),
        pytest.param(
            {"Resources": ["x", None, {"Type": "A", "Tags": {"env": ["dev"]}}]}, id="a list of all kinds"
        ),
    ],
)
def test_oddly_shaped_findings_are_matched(finding):
    assert compile_pattern({"Resources": {"Type": ["A"], "Tags": {"env": ["dev"]}}})(finding)


@pytest.mark.parametrize("finding", [{}, {"Resources": None}, {"Resources": "x"}, {"Resources": []}])
def test_findings_without_the_field_are_not_matched(finding):
    assert not compile_pattern({"Resources": {"Type": ["A"]}})(finding)
    assert compile_pattern({"Resources": {"Type": [{"exists": False}]}})(finding)


@pytest.mark.parametrize(
    ("pattern", "path", "words"),
    [
        pytest.param([], (), "an object of fields", id="a list"),
        pytest.param({}, (), "matches nothing", id="nothing"),
        pytest.param({"a": {"b": {}}}, ("a", "b"), "matches nothing", id="an empty object inside"),
        pytest.param({"a": []}, ("a",), "matches nothing", id="an empty list"),
        pytest.param({"a": ["x", ["y"]]}, ("a", 1), "list within a list", id="a list in the list"),
        pytest.param({"a": [{"prefx": "x"}]}, ("a", 0), "did you mean `prefix`", id="an unknown operator"),
        pytest.param(
            {"a": {"prefix": "x"}}, ("a", "prefix"), "put it in a list", id="an operator without its list"
        ),
        pytest.param(
            {"a": [{"in-list": "x"}]}, ("a", 0, "in-list"), "no list named 'x'", id="a list that is none"
        ),
        pytest.param(
            {"a": [{"prefix": ["x", "y"]}]},
            ("a", 0, "prefix"),
            "repeat the operator",
            id="a list of prefixes",
        ),
        pytest.param({"a": [{"wildcard": "x**"}]}, ("a", 0, "wildcard"), "two stars", id="two stars"),
        pytest.param(
            {"a": [{"cidr": "10.0.0.5/8"}]}, ("a", 0, "cidr"), "bits set", id="a network with host bits"
        ),
        pytest.param({"a": [{"cidr": "10.0.0.5/32"}]}, ("a", 0, "cidr"), "address itself", id="one address"),
        pytest.param(
            {"a": [{"numeric": ["!=", 1]}]}, ("a", 0, "numeric", 0), "no '!='", id="an unknown comparison"
        ),
        pytest.param(
            {"a": [{"numeric": ["=", True]}]}, ("a", 0, "numeric", 1), "no number", id="true as number"
        ),
        pytest.param(
            {"a": [{"anything-but": ["x", 1]}]}, ("a", 0, "anything-but"), "not both", id="mixed exclusions"
        ),
        pytest.param(
            {"a": [{"exists": "yes"}]}, ("a", 0, "exists"), "true or false", id="exists with a text"
        ),
        pytest.param({"a": [float("nan")]}, ("a", 0), "no JSON number", id="not a number"),
        pytest.param({"a": [{1}]}, ("a", 0), "no JSON value", id="what JSON cannot hold"),
        pytest.param({5: ["x"]}, (5,), "no text", id="a number as field"),
        pytest.param({"$or": {"a": ["x"]}}, ("$or",), "two or more objects", id="$or with an object"),
        pytest.param({"$or": [{"a": ["x"]}]}, ("$or",), "two or more objects", id="$or with one branch"),
        pytest.param(
            {"$or": [{"a": "x"}, {"b": []}]}, ("$or", 1, "b"), "matches nothing", id="a flaw in a branch"
        ),
        pytest.param(
            {"a": ["x"], "$or": [{"a": ["y"]}, {"b": ["z"]}]}, ("$or", 0, "a"), "tested twice", id="twice"
        ),
        pytest.param(
            {"a": ["x"], "$or": [{"a": {"b": ["y"]}}, {"c": ["z"]}]},
            ("$or", 0, "a", "b"),
            "as a value and as an object",
            id="a value and an object",
        ),
    ],
)
def test_refusals_say_where_and_what(pattern, path, words):
    with pytest.raises(PatternError, match=words) as caught:
        compile_pattern(pattern)
    assert caught.value.path == path


def nested(depth):
    pattern = {"a": ["x"]}
    for _ in range(depth):
        pattern = {"a": pattern}
    return pattern


def test_deep_patterns_are_refused():
    compile_pattern(nested(MAX_DEPTH))
    with pytest.raises(PatternError, match="nested more than"):
        compile_pattern(nested(900))


def test_too_many_combinations_are_refused():
    many = {f"f{at}": {"$or": [{str(branch): ["x"]} for branch in range(10)]} for at in range(3)}
    compile_pattern(many)
    with pytest.raises(PatternError, match=f"more than {MAX_BRANCHES}"):
        compile_pattern({**many, "$or": [{"x": ["y"]}, {"z": ["y"]}]})


def deep_list(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.usefixtures("only_own_garbage")
@pytest.mark.parametrize(
    ("test", "value"),
    [
        pytest.param("x", deep_list(50_000), id="deeply nested lists"),
        pytest.param({"wildcard": "*a*a*a*a*a*a*b"}, "a" * 200_000 + "b", id="a long text under a wildcard"),
        pytest.param({"equals-ignore-case": "a" * 1000}, "A" * 1000, id="a long text in any case"),
        pytest.param({"cidr": "::/0"}, ["1", ":" * 200_000, "::1"], id="a long text as address"),
        pytest.param({"numeric": [">", 1]}, 10**4000, id="a huge integer"),
        pytest.param({"anything-but": ["y"]}, ["y"] * 200_000 + ["z"], id="a long list"),
    ],
)
def test_huge_values_are_matched_in_bounded_time(test, value):
    matches = compile_pattern({"a": {"b": [test]}})
    started = time.process_time()
    assert matches({"a": {"b": value}})
    assert time.process_time() - started < 1


def test_all_flaws_are_found_at_once_one_for_each_field() -> None:
    flawed = {"$or": [{"A": ["x"]}, {"B": ["x"]}], "C": {"D": [[1], {"nope": 1}], "E": [{"cidr": "x"}]}}
    assert [error.path for error in pattern_errors(flawed)] == [("C", "D", 0), ("C", "E", 0, "cidr")]
    assert [error.path for error in pattern_errors({"A": {}, "B": [[1]]})] == [("A",)]
    assert pattern_errors({"A": ["x"]}) == []
