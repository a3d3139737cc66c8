"""JsonLogic: the traps of the dialect, the operators of triage, and what is refused."""

import math
import time

import pytest

from hubtriage.engine.jsonlogic.compiler import (
    ALL_OPERATORS,
    MAX_DEPTH,
    EvaluationError,
    LogicError,
    compile_logic,
    logic_errors,
)

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z


def missing(path="nowhere"):
    return {"var": path}


@pytest.mark.parametrize(
    ("logic", "data", "expected"),
    [
        pytest.param({"==": [missing(), 0]}, {}, False, id="missing does not equal 0"),
        pytest.param({"==": [missing(), False]}, {}, False, id="missing does not equal false"),
        pytest.param({"==": [missing(), ""]}, {}, False, id="missing does not equal the empty text"),
        pytest.param({"==": [missing(), None]}, {}, True, id="missing equals null"),
        pytest.param({"<": [missing(), 1]}, {}, True, id="missing is less than 1"),
        pytest.param({"<=": [missing(), 0]}, {}, True, id="missing is at most 0"),
        pytest.param({"==": ["abc", 1]}, {}, False, id="a word equals no number"),
        pytest.param({"==": [{"var": "list"}, "a"]}, {"list": ["a"]}, True, id="a list equals its text"),
        pytest.param({"==": [1.0, "1"]}, {}, True, id="1.0 equals its text"),
        pytest.param({"==": [True, "1"]}, {}, True, id="true equals the text 1"),
        pytest.param({"===": [1, True]}, {}, False, id="1 is not strictly true"),
        pytest.param({"===": [1, 1.0]}, {}, True, id="1 is strictly 1.0"),
        pytest.param({"!!": [{}]}, {}, True, id="an empty object is true"),
        pytest.param({"!!": [[]]}, {}, False, id="an empty list is false"),
        pytest.param({"!!": ["0"]}, {}, True, id="the text 0 is true"),
        pytest.param({"in": [missing(), "annulled"]}, {}, True, id="missing is in annulled"),
        pytest.param({"in": [True, [1]]}, {}, False, id="true is not in [1]"),
        pytest.param({"in": ["a", {"var": "o"}]}, {"o": {"a": 1}}, False, id="a key is not in its object"),
        pytest.param(
            {"missing": ["a", "b", "c"]}, {"a": None, "b": "", "c": 0}, ["a", "b"], id="null is missing"
        ),
        pytest.param({"var": ["a.-1", 7]}, {"a": [1]}, 7, id="no position from the end"),
        pytest.param({"var": ["a.7", 7]}, {"a": [1]}, 7, id="no position beyond the end"),
        pytest.param({"var": ["a", 7]}, {"a": None}, None, id="null is there: no default"),
        pytest.param(
            {"some": [{"var": "l"}, {"var": "x"}]}, {"l": [1], "x": 1}, False, id="some sees no outer var"
        ),
        pytest.param(
            {"map": [{"var": "l"}, {"var": "x"}]}, {"l": [1], "x": 1}, [None], id="map sees no outer var"
        ),
        pytest.param({">": [3, 2, 5]}, {}, True, id="the third argument of > is ignored"),
        pytest.param({"<": [1, 2, 3]}, {}, True, id="the third argument of < makes a between"),
        pytest.param({"<": [1, 3, 2]}, {}, False, id="between fails at the upper bound"),
        pytest.param({"<=": [1, 2, 2]}, {}, True, id="<= includes the upper bound"),
        pytest.param({"var": "l.length"}, {"l": [1, 2]}, 2, id="a list has a length"),
        pytest.param({"var": "toString"}, {}, None, id="inherited members are not seen"),
        pytest.param(
            {"in": ["a", {"var": "o"}]}, {"o": {"indexOf": 1}}, False, id="a member indexOf changes nothing"
        ),
        pytest.param(
            {"==": [{"var": "o"}, "x"]}, {"o": {"toString": 1}}, False, id="a member toString changes nothing"
        ),
        pytest.param({"<": ["10", "9"]}, {}, True, id="two texts compare as texts"),
        pytest.param({"<": ["10", 9]}, {}, False, id="a text beside a number compares as number"),
        pytest.param({"<": ["\uffff", "\U0001f600"]}, {}, False, id="texts compare by UTF-16 units"),
        pytest.param(
            {"cat": [1.0, None, [1, [2, None]], 1e21]}, {}, "11,2,1e+21", id="cat writes as JavaScript does"
        ),
        pytest.param({"/": [1, 0]}, {}, math.inf, id="division by zero is infinite"),
        pytest.param({"if": []}, {}, None, id="if without anything is null"),
        pytest.param({"merge": []}, {}, [], id="merge of nothing"),
        pytest.param(
            {"reduce": [missing(), {"var": "current"}, 5]}, {}, 5, id="reduce of no list is its start"
        ),
        pytest.param({"all": [[], True]}, {}, False, id="all of nothing is false"),
        pytest.param({"none": [missing(), True]}, {}, True, id="none of no list is true"),
        pytest.param({"==": [{"var": "n"}, 2**60 + 1]}, {"n": 2**60}, False, id="big integers stay exact"),
        pytest.param(
            {"==": [{"var": "n"}, str(2**60)]}, {"n": 2**60}, True, id="big integers equal their text"
        ),
        pytest.param(
            {"missing": [{"var": "keys"}]},
            {"keys": [{"var": "a"}], "a": "b"},
            [{"var": "a"}],
            id="what a finding holds is not evaluated",
        ),
        pytest.param([{"var": "a"}, 1], {"a": 2}, [2, 1], id="a list is evaluated item by item"),
        pytest.param("text", {}, "text", id="a scalar stands for itself"),
    ],
)
def test_traps(logic, data, expected):
    value = compile_logic(logic)(data)
    assert value == expected
    assert type(value) is type(expected) or isinstance(value, float)


FINDING = {
    "AwsAccountId": "111122223333",
    "Title": "Port 22 is Open",
    "Id": "arn:aws:securityhub:eu-west-1:111122223333:finding/1",
    "Ip": "10.1.2.3",
    "CreatedAt": "2025-12-22T00:00:00Z",
    "Bad": "soon",
    "Number": 5,
    "ProductFields": {"aws/guardduty/service": "x", "a.b": 1},
    "Resources": [{"Id": "arn:aws:ec2:eu-west-1:1:instance/i-1"}, {"Id": "AWS::::Account:1"}],
}
ACCOUNTS = {"111122223333": {"environment": "prod"}, "444455556666": {"environment": "dev", "ou": "x"}}


def var(path):
    return {"var": path}


@pytest.mark.parametrize(
    ("logic", "expected"),
    [
        pytest.param({"starts_with": [var("Title"), "Port"]}, True, id="starts_with"),
        pytest.param({"starts_with": [var("Title"), "port"]}, False, id="starts_with minds case"),
        pytest.param({"starts_with": [var("Nowhere"), "null"]}, False, id="starts_with on missing"),
        pytest.param({"starts_with": [var("Number"), "5"]}, False, id="starts_with on a number"),
        pytest.param({"starts_with": [var("Id"), var("Nowhere")]}, False, id="starts_with something missing"),
        pytest.param({"starts_with": [var("Title"), var("Title")]}, True, id="starts_with another field"),
        pytest.param({"ends_with": [var("Title"), "Open"]}, True, id="ends_with"),
        pytest.param({"ends_with": [var("Nowhere"), "l"]}, False, id="ends_with on missing"),
        pytest.param({"glob": [var("Title"), "Port ?? is *"]}, True, id="glob with both signs"),
        pytest.param({"glob": [var("Title"), "Port ? is *"]}, False, id="? is one character"),
        pytest.param({"glob": [var("Title"), "*Open"]}, True, id="glob at the end"),
        pytest.param({"glob": ["ab", "a*b*b"]}, False, id="pieces of a glob do not overlap"),
        pytest.param({"glob": ["aba", "ab*ba"]}, False, id="ends of a glob do not overlap"),
        pytest.param({"glob": ["a*b", r"a\*b"]}, True, id="an escaped star"),
        pytest.param({"glob": ["axb", r"a\*b"]}, False, id="an escaped star is a star only"),
        pytest.param({"glob": ["a\nb", "a?b"]}, True, id="? is also a line end"),
        pytest.param({"glob": [var("Nowhere"), "*"]}, False, id="glob on missing"),
        pytest.param({"regex": [var("Title"), r"^Port \d+"]}, True, id="regex"),
        pytest.param({"regex": [var("Title"), "Open"]}, True, id="regex finds anywhere"),
        pytest.param({"regex": [var("Title"), "^Open"]}, False, id="regex with an anchor"),
        pytest.param({"regex": [var("Nowhere"), "n"]}, False, id="regex on missing"),
        pytest.param({"regex": ["\ud800x", "x"]}, True, id="regex on a broken surrogate"),
        pytest.param({"cidr": [var("Ip"), "10.0.0.0/8"]}, True, id="cidr"),
        pytest.param({"cidr": [var("Ip"), ["192.168.0.0/16", "10.1.0.0/16"]]}, True, id="cidr with several"),
        pytest.param({"cidr": [var("Ip"), "10.2.0.0/16"]}, False, id="cidr outside"),
        pytest.param({"cidr": [var("Ip"), "::/0"]}, False, id="cidr of the other version"),
        pytest.param({"cidr": ["2001:DB8::1", "2001:db8::/32"]}, True, id="cidr for IPv6"),
        pytest.param({"cidr": ["010.1.2.3", "10.0.0.0/8"]}, False, id="cidr reads addresses strictly"),
        pytest.param({"cidr": [var("Title"), "0.0.0.0/0"]}, False, id="cidr on what is no address"),
        pytest.param({"before": [var("CreatedAt"), "2026-01-01"]}, True, id="before"),
        pytest.param({"before": [var("CreatedAt"), "2025-12-22"]}, False, id="not before itself"),
        pytest.param({"before": [var("Bad"), "2026-01-01"]}, False, id="before on an unusable time"),
        pytest.param({"after": [var("CreatedAt"), "2025-12-21T23:59:59+00:00"]}, True, id="after"),
        pytest.param({"after": [var("Nowhere"), "1970-01-01"]}, False, id="after on missing"),
        pytest.param({"==": [{"age_days": [var("CreatedAt")]}, 10]}, True, id="age_days"),
        pytest.param(
            {"<": [{"age_days": [var("Nowhere")]}, 9999]}, False, id="age_days on missing: not younger"
        ),
        pytest.param({">": [{"age_days": [var("Bad")]}, -9999]}, False, id="age_days on unusable: not older"),
        pytest.param({"!": [{"<": [{"age_days": [var("Bad")]}, 1]}]}, True, id="age_days under negation"),
        pytest.param({"in_list": [var("AwsAccountId"), ["1", "111122223333"]]}, True, id="in_list"),
        pytest.param({"in_list": [var("Nowhere"), ["null", ""]]}, False, id="in_list on missing"),
        pytest.param({"in_list": [var("Number"), ["5"]]}, False, id="in_list minds types"),
        pytest.param({"in_list": [var("Resources"), ["a"]]}, False, id="in_list on a list"),
        pytest.param({"==": [{"lower": [var("Title")]}, "port 22 is open"]}, True, id="lower"),
        pytest.param({"lower": [var("Number")]}, None, id="lower on a number"),
        pytest.param({"get": [var("ProductFields"), "aws/guardduty/service"]}, "x", id="get"),
        pytest.param({"get": [var("ProductFields"), "a.b"]}, 1, id="get takes a dot literally"),
        pytest.param({"get": [var("ProductFields"), "zz"]}, None, id="get what is missing"),
        pytest.param({"get": [var("Title"), "length"]}, None, id="get of what is no object"),
        pytest.param({"arn": [var("Id"), "partition"]}, "aws", id="arn partition"),
        pytest.param({"arn": [var("Id"), "service"]}, "securityhub", id="arn service"),
        pytest.param({"arn": [var("Id"), "region"]}, "eu-west-1", id="arn region"),
        pytest.param({"arn": [var("Id"), "account"]}, "111122223333", id="arn account"),
        pytest.param({"arn": [var("Id"), "resource"]}, "finding/1", id="arn resource"),
        pytest.param({"arn": [var("Resources.0.Id"), "resource_type"]}, "instance", id="arn resource_type"),
        pytest.param({"arn": [var("Resources.0.Id"), "resource_id"]}, "i-1", id="arn resource_id"),
        pytest.param({"arn": ["arn:aws:s3:::bucket", "resource_type"]}, None, id="an id alone has no type"),
        pytest.param({"arn": ["arn:aws:s3:::bucket", "resource_id"]}, "bucket", id="an id alone"),
        pytest.param({"arn": ["arn:aws:s3:::bucket", "account"]}, "", id="an empty part is empty"),
        pytest.param({"arn": [var("Resources.1.Id"), "account"]}, None, id="what is no ARN has no parts"),
        pytest.param({"arn": [var("Nowhere"), "account"]}, None, id="arn on missing"),
        pytest.param({"account": "environment"}, "prod", id="account"),
        pytest.param({"account": ["ou"]}, None, id="an attribute that this account lacks"),
        pytest.param(
            {"some": [var("Resources"), {"==": [{"account": "environment"}, "prod"]}]},
            True,
            id="account is seen inside some",
        ),
        pytest.param(
            {"some": [var("Resources"), {"age_days": ["2025-12-31"]}]},
            True,
            id="the time is seen inside some",
        ),
    ],
)
def test_operators_of_triage(logic, expected):
    value = compile_logic(logic, accounts=ACCOUNTS)(FINDING, NOW)
    assert value == expected
    assert type(value) is type(expected)


def test_account_without_a_directory_is_null():
    assert compile_logic({"account": "environment"})(FINDING) is None


@pytest.mark.parametrize("data", [None, [], "x", {"AwsAccountId": 5}, {"AwsAccountId": ["x"]}])
def test_account_of_an_odd_finding_is_null(data):
    assert compile_logic({"account": "environment"}, accounts=ACCOUNTS)(data) is None


def test_age_without_a_clock_is_an_error_not_a_miss():
    with pytest.raises(EvaluationError, match="present time"):
        compile_logic({"age_days": [var("CreatedAt")]})(FINDING)


@pytest.mark.parametrize(
    ("logic", "path", "words"),
    [
        pytest.param(
            {"startswith": [1, 2]}, (), "`startswith`.*did you mean `starts_with`", id="unknown operator"
        ),
        pytest.param({"log": ["x"]}, (), "unknown operator `log`", id="log"),
        pytest.param({"a": 1, "b": 2}, (), "an object with 2 members", id="several members"),
        pytest.param(
            {"and": [True, {"x": 1, "y": 2}]}, ("and", 1), "2 members", id="several members deep down"
        ),
        pytest.param({"==": [1]}, ("==",), "takes 2 arguments, not 1", id="too few arguments"),
        pytest.param({"==": [1, 2, 3]}, ("==",), "takes 2 arguments, not 3", id="too many arguments"),
        pytest.param({"!": []}, ("!",), "takes 1 argument, not 0", id="no argument"),
        pytest.param({"and": []}, ("and",), "takes 1 or more arguments", id="and of nothing"),
        pytest.param({"var": ["a", 1, 2]}, ("var",), "takes 0 to 2 arguments", id="var with three"),
        pytest.param({"==": [var("a"), math.nan]}, ("==", 1), "no JSON number", id="not a number"),
        pytest.param({"==": [var("a"), {1, 2}]}, ("==", 1), "no JSON value", id="what JSON cannot hold"),
        pytest.param({1: 2}, (), "unknown operator", id="an operator that is no text"),
        pytest.param({"starts_with": [var("a"), ""]}, ("starts_with", 1), "not empty", id="an empty prefix"),
        pytest.param({"starts_with": [var("a"), 5]}, ("starts_with", 1), "text", id="a number as prefix"),
        pytest.param(
            {"starts_with": [5, "a"]}, ("starts_with", 0), "looks at a text", id="a constant subject"
        ),
        pytest.param(
            {"glob": [var("a"), var("b")]}, ("glob", 1), "written out", id="a glob from the finding"
        ),
        pytest.param({"glob": [var("a"), r"\x"]}, ("glob", 1), "backslash", id="a wrong escape in a glob"),
        pytest.param(
            {"regex": [var("a"), var("b")]}, ("regex", 1), "written out", id="a regex from the finding"
        ),
        pytest.param({"regex": [var("a"), "("]}, ("regex", 1), "missing \\)", id="a broken regex"),
        pytest.param({"regex": [var("a"), "(?=x)"]}, ("regex", 1), "RE2", id="a regex that is not linear"),
        pytest.param(
            {"cidr": [var("a"), "10.0.0.0"]}, ("cidr", 1), "prefix length", id="a network without length"
        ),
        pytest.param(
            {"cidr": [var("a"), "10.0.0.1/8"]}, ("cidr", 1), "bits set", id="a network with host bits"
        ),
        pytest.param({"cidr": [var("a"), []]}, ("cidr", 1), "needs networks", id="no network"),
        pytest.param({"cidr": [var("a"), [5]]}, ("cidr", 1), "needs networks", id="a number as network"),
        pytest.param({"before": [var("a"), "soon"]}, ("before", 1), "no timestamp", id="a time that is none"),
        pytest.param({"after": [5, var("a")]}, ("after", 0), "no timestamp", id="a number as time"),
        pytest.param(
            {"age_days": ["CreatedAt"]}, ("age_days", 0), "no timestamp", id="a path that is no var"
        ),
        pytest.param({"age_days": "CreatedAt"}, ("age_days",), "no timestamp", id="the same without a list"),
        pytest.param({"in_list": [var("a"), "names"]}, ("in_list", 1), "no list named", id="an unknown list"),
        pytest.param({"in_list": [var("a"), []]}, ("in_list", 1), "at least one", id="an empty list"),
        pytest.param({"in_list": [var("a"), [[1]]]}, ("in_list", 1), "values are", id="a list in the list"),
        pytest.param(
            {"in_list": [var("a"), var("b")]}, ("in_list", 1), "written out", id="a list from the finding"
        ),
        pytest.param({"get": [var("a"), 5]}, ("get", 1), "text", id="a number as member name"),
        pytest.param(
            {"arn": [var("a"), "acount"]}, ("arn", 1), "did you mean `account`", id="an unknown ARN part"
        ),
        pytest.param({"arn": [var("a"), 5]}, ("arn", 1), "no part 5", id="a number as ARN part"),
        pytest.param(
            {"account": "enviroment"}, ("account",), "did you mean `environment`", id="unknown attribute"
        ),
        pytest.param({"account": var("a")}, ("account",), "written out", id="a calculated attribute"),
        pytest.param(
            {"some": [var("a"), {"or": [True, {"glob": [1, "x"]}]}]},
            ("some", 1, "or", 1, "glob", 0),
            "text",
            id="the path leads through some",
        ),
    ],
)
def test_refusals_say_where_and_what(logic, path, words):
    with pytest.raises(LogicError, match=words) as caught:
        compile_logic(logic, accounts=ACCOUNTS)
    assert caught.value.path == path


def nested(depth, operator="!"):
    logic = True
    for _ in range(depth):
        logic = {operator: [logic]}
    return logic


def test_nesting_up_to_the_limit_is_evaluated():
    assert compile_logic(nested(MAX_DEPTH))({}) is True


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900])
def test_deeper_nesting_is_refused(depth):
    with pytest.raises(LogicError, match="nested more than"):
        compile_logic(nested(depth))


def deep_list(depth):
    value = ["x"]
    for _ in range(depth):
        value = [value]
    return value


HUGE = [
    pytest.param({"==": [var("v"), "x"]}, deep_list(50_000), True, id="a deeply nested list as text"),
    pytest.param({"in": ["needle", var("v")]}, ["hay"] * 200_000, False, id="a long list"),
    pytest.param(
        {"some": [var("v"), {"==": [var(""), "b"]}]}, ["a"] * 100_000, False, id="some over a long list"
    ),
    pytest.param({"glob": [var("v"), "*a*a*a*a*a*a*b"]}, "a" * 200_000, False, id="a glob that nearly fits"),
    pytest.param({"regex": [var("v"), "(a*)*b"]}, "a" * 200_000, False, id="a regex that would backtrack"),
    pytest.param({"==": [var("v"), 1]}, "1" * 200_000, False, id="a long text of digits as number"),
    pytest.param({"==": [var("v"), 1]}, "1" * 200_000 + "x", False, id="a long text that is nearly a number"),
    pytest.param({"==": [var("v"), 1]}, "0x" + "f" * 200_000, False, id="a long hexadecimal text"),
    pytest.param({"<": [var("v"), 1]}, 10**4000, False, id="a huge integer"),
    pytest.param({"==": [{"cat": [var("v")]}, "Infinity"]}, 10**4000, True, id="a huge integer as text"),
    pytest.param({"+": [var("v"), 1]}, 10**4000, math.inf, id="a huge integer in a sum"),
    pytest.param({"cidr": [var("v"), "::/0"]}, ":" * 200_000, False, id="a long text of colons"),
    pytest.param(
        {"substr": [var("v"), -3]}, "\U0001f600" * 100_000 + "X", "\U0001f600X", id="a long text of emoji"
    ),
]


@pytest.mark.usefixtures("only_own_garbage")
@pytest.mark.parametrize(("logic", "value", "expected"), HUGE)
def test_huge_input_has_an_answer_in_bounded_time(logic, value, expected):
    run = compile_logic(logic)
    started = time.process_time()
    assert run({"v": value}) == expected
    assert time.process_time() - started < 2


DOUBLE_TEXT = {"reduce": [var("v"), {"cat": [var("accumulator"), var("accumulator")]}, "xx"]}
DOUBLE_LIST = {"reduce": [var("v"), {"merge": [var("accumulator"), var("accumulator")]}, [1, 2]]}
TREE = {"cat": [{"reduce": [var("v"), [var("accumulator"), var("accumulator")], 1]}, ""]}
LOOPS = {"map": [var("v"), {"map": [[*range(5000)], 1]}]}


@pytest.mark.parametrize(
    "logic",
    [
        pytest.param(DOUBLE_TEXT, id="a text that doubles"),
        pytest.param(DOUBLE_LIST, id="a list that doubles"),
        pytest.param(TREE, id="a list that doubles inside"),
        pytest.param(LOOPS, id="loops in loops"),
        pytest.param({"missing_some": [1, var("nowhere")]}, id="missing_some without keys"),
    ],
)
def test_what_has_no_answer_is_an_error(logic):
    with pytest.raises(EvaluationError):
        compile_logic(logic)({"v": [0] * 300})


def test_every_operator_says_how_many_arguments_it_takes():
    for operator in ALL_OPERATORS.values():
        assert "argument" in operator.arity()


def test_all_flaws_are_found_at_once_one_for_each_operation() -> None:
    logic = {"and": [{"nope": []}, {"account": {"lower": [{"!": []}]}}, {"glob": [{"var": "Id"}, ""]}, 1]}
    assert [error.path for error in logic_errors(logic)] == [
        ("and", 0),
        ("and", 1, "account", "lower", 0, "!"),
        ("and", 1, "account"),
        ("and", 2, "glob", 1),
    ]
    assert logic_errors({"==": [1, 1]}) == []
    assert [error.path for error in logic_errors([float("nan")])] == [(0,)]
