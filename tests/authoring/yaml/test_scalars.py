"""Unquoted scalars: what all readers of YAML agree on is a value, everything else is ambiguous."""

import re

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from hubtriage.authoring.yaml.scalars import AmbiguousScalar, plain_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("0", 0),
        ("90", 90),
        ("-3", -3),
        ("7.0", 7.0),
        (".5", 0.5),
        ("S3.2", "S3.2"),
        ("1.2.3", "1.2.3"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2026-W01", "2026-W01"),
        ("-", "-"),
        ("no change", "no change"),
        ("NOTIFIED", "NOTIFIED"),
    ],
)
def test_a_value_that_all_readers_agree_on(text, value):
    read = plain_value(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("no", "a boolean"),
        ("Yes", "a boolean"),
        ("off", "a boolean"),
        ("010", "an octal number"),
        ("011122223333", "an octal number"),
        ("099999999999", "a number"),
        ("0x1F", "a number"),
        ("0o17", "a number"),
        ("0b11", "a number"),
        ("1_000", "a number"),
        ("1e3", "a number"),
        ("1.", "a number"),
        (".inf", "a number"),
        (".NaN", "a number"),
        ("1:30", "a number in base 60"),
        ("190:20:30.15", "a number in base 60"),
        ("2026-10-01", "a date"),
        ("2026-1-1", "a date"),
        ("2026-10-01T00:00:00Z", "a date"),
        ("2026-10-01 00:00:00 +1", "a date"),
        ("9" * 400, "a number"),
    ],
)
def test_a_trap_keeps_its_text_and_says_what_some_readers_would_take_it_for(text, reading):
    assert plain_value(text) == AmbiguousScalar(text, reading)


# YAML 1.2, core schema (10.3.2 of its specification).
CORE = {
    "null": re.compile(r"null|Null|NULL|~|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": re.compile(
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
    ),
}
KINDS = {type(None): "null", bool: "bool", int: "int", float: "float", str: "str"}


def kind_in_1_2(text):
    return next((kind for kind, form in CORE.items() if form.fullmatch(text)), "str")


def kind_in_1_1(text):
    tag = yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False))
    return tag.removeprefix("tag:yaml.org,2002:")


@given(
    st.text("0123456789+-._:eExXobanulltrfsyYNOT~Z aA", max_size=12)
    | st.from_regex(r"[-+]?[0-9]{1,3}([.:_][0-9]{0,3}){0,2}([eE][-+]?[0-9])?", fullmatch=True)
    | st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}:[0-9]{2}Z?)?", fullmatch=True)
)
@example("-.5")
@example("0")
@example("-0")
@example("+.inf")
def test_whatever_is_no_trap_is_the_same_to_yaml_1_1_and_1_2(text):
    text = text.strip()
    value = plain_value(text)
    if not isinstance(value, AmbiguousScalar):
        assert KINDS[type(value)] == kind_in_1_2(text) == kind_in_1_1(text)
