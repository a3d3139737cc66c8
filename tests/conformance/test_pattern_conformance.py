"""Event patterns match as EventBridge says: against a naive matcher and against the local AWS's."""

import pytest
from ministack.services import eventbridge

from hubtriage.engine.pattern.compiler import PatternError, compile_pattern
from tests.conformance import fuzz_pattern, naive_pattern


def test_random_patterns_match_as_the_naive_matcher_says():
    assert list(fuzz_pattern.differences(4_000, seed=5)) == []


def test_random_patterns_match_often_enough_to_tell():
    matched = sum(naive_pattern.matches(*case) for case in fuzz_pattern.draw_cases(1_000, seed=5))
    assert 100 < matched < 900


def local_aws_matches(pattern, finding):
    """What TestEventPattern of the local AWS says."""
    return any(
        eventbridge._matches_detail(finding, branch) for branch in eventbridge._compile_pattern(pattern)
    )


def asks_for_absence(node):
    if isinstance(node, dict):
        return node.get("exists") is False or any(map(asks_for_absence, node.values()))
    return isinstance(node, list) and any(map(asks_for_absence, node))


def has_dotted_key(node):
    """The local AWS takes a dot in a pattern's key for nesting, but not in an event's."""
    return isinstance(node, dict) and any("." in key or has_dotted_key(item) for key, item in node.items())


def test_random_patterns_match_as_the_local_aws_says():
    """Left out is absence, which the local AWS decides for each list element and AWS for the whole event."""
    compared = 0
    for pattern, finding in fuzz_pattern.draw_cases(6_000, seed=8):
        if asks_for_absence(pattern) or has_dotted_key(pattern):
            continue
        compared += 1
        assert compile_pattern(pattern)(finding) is local_aws_matches(pattern, finding), (pattern, finding)
    assert compared > 2_000


REFUSED = [
    pytest.param({}, id="an empty pattern"),
    pytest.param({"a": []}, id="an empty list"),
    pytest.param({"a": {}}, id="an empty object"),
    pytest.param({"a": [["b"]]}, id="a list within a list"),
    pytest.param({"a": [{}]}, id="an empty operator object"),
    pytest.param({"a": [{"prefix": "b", "suffix": "c"}]}, id="two operators in one object"),
    pytest.param({"a": [{"prefx": "b"}]}, id="an unknown operator"),
    pytest.param({"a": [{"prefix": ["b"]}]}, id="a list as prefix"),
    pytest.param({"a": [{"prefix": 5}]}, id="a number as prefix"),
    pytest.param({"a": [{"prefix": {"wildcard": "b"}}]}, id="a wildcard as prefix"),
    pytest.param({"a": [{"suffix": ["b"]}]}, id="a list as suffix"),
    pytest.param({"a": [{"equals-ignore-case": ["b"]}]}, id="a list in equals-ignore-case"),
    pytest.param({"a": [{"wildcard": "b**"}]}, id="two stars in a row"),
    pytest.param({"a": [{"wildcard": r"b\c"}]}, id="a backslash that escapes nothing"),
    pytest.param({"a": [{"wildcard": "b\\"}]}, id="a backslash at the end"),
    pytest.param({"a": [{"cidr": "10.0.0.0"}]}, id="a network without length"),
    pytest.param({"a": [{"cidr": "10.0.0.0/33"}]}, id="a network that is too long"),
    pytest.param({"a": [{"cidr": "10.0.0.1/32"}]}, id="a network of one address"),
    pytest.param({"a": [{"cidr": ["10.0.0.0/8"]}]}, id="a list of networks"),
    pytest.param({"a": [{"cidr": "host/8"}]}, id="a network of a name"),
    pytest.param({"a": [{"numeric": ["!=", 5]}]}, id="numeric with !="),
    pytest.param({"a": [{"numeric": 5}]}, id="numeric without comparison"),
    pytest.param({"a": [{"numeric": []}]}, id="numeric without members"),
    pytest.param({"a": [{"numeric": [">"]}]}, id="numeric without a number"),
    pytest.param({"a": [{"numeric": [">", "5"]}]}, id="numeric with a text"),
    pytest.param({"a": [{"numeric": ["<", 5, ">", 1]}]}, id="a range with the upper bound first"),
    pytest.param({"a": [{"numeric": [">", 5, "<", 1]}]}, id="a range without numbers"),
    pytest.param({"a": [{"numeric": ["=", 5, "<", 9]}]}, id="a range that begins with ="),
    pytest.param({"a": [{"exists": "true"}]}, id="exists with a text"),
    pytest.param({"a": [{"anything-but": []}]}, id="anything-but nothing"),
    pytest.param({"a": [{"anything-but": ["b", 5]}]}, id="anything-but text and number"),
    pytest.param({"a": [{"anything-but": None}]}, id="anything-but null"),
    pytest.param({"a": [{"anything-but": [True]}]}, id="anything-but a boolean"),
    pytest.param({"a": [{"anything-but": {"numeric": ["=", 5]}}]}, id="anything-but numeric"),
    pytest.param({"a": [{"anything-but": {"prefix": ""}}]}, id="anything-but an empty prefix"),
    pytest.param({"a": [{"anything-but": {"prefix": [5]}}]}, id="anything-but a number as prefix"),
    pytest.param({"a": [{"anything-but": {"wildcard": "**"}}]}, id="anything-but two stars"),
    pytest.param({"a": [{"anything-but": {"prefix": "b", "suffix": "c"}}]}, id="anything-but two operators"),
    pytest.param({"$or": [{"a": ["b"]}, {"prefix": ["c"]}]}, id="an operator's name inside $or"),
]


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_eventbridge_refuses_is_refused(pattern):
    with pytest.raises(eventbridge._InvalidPattern):
        eventbridge._compile_alternatives(pattern, expand_or=True)
    with pytest.raises(PatternError):
        compile_pattern(pattern)
