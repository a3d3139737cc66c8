"""What the benchmarks measure with keeps its promises."""

import json

import pytest

from benchmarks import authoring, plainlogic, workload
from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.index.rule_index import RuleIndex
from hubtriage.engine.jsonlogic.compiler import compile_logic, truthy
from hubtriage.localaws.findings import NOW


@pytest.mark.parametrize("count", [100, 1_500])
def test_a_finding_has_one_to_three_matches_whatever_the_number_of_rules(count):
    rules = workload.rules(count)
    assert len(rules) == count
    matchers = [workload.matcher(rule) for rule in rules]
    index = RuleIndex(rules)
    findings = workload.findings(120)
    matches = sum(
        certain or matchers[position](finding)
        for finding in findings
        for position, certain in index.candidates(finding, NOW)
    )
    assert 1 <= matches / len(findings) <= 3


def test_rules_in_plain_jsonlogic_match_the_same_findings():
    findings = workload.findings(60)
    for rule in workload.rules(250):
        matches, plain = workload.matcher(rule), compile_logic(plainlogic.plain(rule))
        assert [matches(one) for one in findings] == [truthy(plain(one)) for one in findings], rule


def test_findings_have_the_size_that_is_asked_for():
    sizes = [len(json.dumps(finding)) for finding in workload.findings(20)]
    assert all(4_000 <= size <= 9_000 for size in sizes)


def test_a_thousand_good_rules_give_no_warning(tmp_path):
    authoring.write_rules(tmp_path, 1_000)
    loaded = load_rules(tmp_path)
    assert (len(loaded.rules), loaded.problems, warnings(loaded, SAMPLE_NOW)) == (1000, (), ())
