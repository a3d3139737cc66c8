"""Nothing that a rule file can say makes a command crash: it is a rule, or an error with its place."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.compiler import ruleset_document
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.coverage import coverage_of
from hubtriage.simulation.ruletests import run_tests
from tests.support.examples import examples

YEARS = st.sampled_from([0, 1, 1582, 1969, 1970, 2000, 2026, 2027, 2038, 2059, 2060, 2061, 9998, 9999, 10000])
DAYS = st.builds("{:04}-{:02}-{:02}".format, YEARS, st.integers(0, 13), st.integers(0, 32))
TIMES = st.sampled_from(
    ["", "T00:00:00Z", "T23:59:59.999999999Z", "T24:00:00Z", "T00:00:00+18:00", "T00:00", "Z"]
)
DATES = st.builds(str.__add__, DAYS, TIMES)
NAMES = st.one_of(
    st.sampled_from(
        ["a", "?", "? a", ":", "- ", "#", "~", "null", "no", "0o7", "1_0", "<<", "!x", "&a", "*a", "\ud800"]
    ),
    st.text(max_size=6),
)
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), DATES, NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
CLOCK = st.one_of(st.sampled_from(["00:00", "23:59", "24:00", "12:60", ""]), ANYTHING)
WINDOW = st.fixed_dictionaries(
    {},
    optional={
        "days": st.one_of(st.lists(st.sampled_from(["mon", "sun", "x"])), ANYTHING),
        "from": CLOCK,
        "to": CLOCK,
        "zone": st.one_of(st.sampled_from(["UTC", "Europe/Berlin", "../etc/passwd", "Europe", ""]), ANYTHING),
    },
)
TEST = st.fixed_dictionaries(
    {"name": NAMES, "expect": st.one_of(st.just("no change"), ANYTHING)},
    optional={"now": DATES, "finding": ANYTHING, "before": st.one_of(st.just({"applied": True}), ANYTHING)},
)
RULE = st.fixed_dictionaries(
    {"id": st.one_of(st.just("a"), NAMES)},
    optional={
        "description": NAMES,
        "owner": NAMES,
        "ticket": ANYTHING,
        "reason": ANYTHING,
        "starts": st.one_of(DATES, ANYTHING),
        "expires": st.one_of(DATES, DATES, ANYTHING),
        "during": st.one_of(WINDOW, st.lists(WINDOW, max_size=2), ANYTHING),
        "match": st.one_of(st.just({"Id": ["x"]}), ANYTHING),
        "when": st.one_of(st.just(True), ANYTHING),
        "update": st.one_of(
            st.just({"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "{rule.expires} {rule.ticket}"}}),
            ANYTHING,
        ),
        "tests": st.one_of(st.lists(TEST, max_size=2), ANYTHING),
    },
)
FILE = st.fixed_dictionaries(
    {"rules": st.one_of(st.lists(RULE, max_size=2), ANYTHING)},
    optional={
        "defaults": st.one_of(RULE, ANYTHING),
        "lists": st.one_of(st.dictionaries(NAMES, ANYTHING), ANYTHING),
    },
)


def told(content: Any) -> str:
    """Everything that lint, test and build say of a file, as text."""
    with TemporaryDirectory() as folder:
        text = yaml.dump(content, allow_unicode=True)
        (Path(folder) / "a.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        loaded = load_rules(Path(folder))
        problems = [*loaded.problems, *warnings(loaded, SAMPLE_NOW)]
        coverage = coverage_of(loaded, list(run_tests(loaded)))
        load_ruleset(ruleset_document(loaded, revision=None))
    return "\n".join(
        [*(problem.render() for problem in problems), *(str(one.as_record()) for one in coverage)]
    )


@examples(150)
@given(FILE)
def test_whatever_a_file_says_there_is_an_answer(content: Any) -> None:
    assert "\x1b" not in told(content)


@examples(60)
@given(DATES, DATES)
def test_whatever_dates_a_rule_has_there_is_an_answer(starts: str, expires: str) -> None:
    tests = [{"name": "t", "finding": {"Id": "x"}, "expect": "no change", "before": {"applied": True}}]
    rule = {"id": "a", "match": {"Id": ["x"]}, "update": {"Confidence": 1}, "tests": tests}
    told({"rules": [rule | {"starts": starts, "expires": expires}]})
