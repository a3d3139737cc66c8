"""Running the tests that stand beside the rules."""

import pytest

from hubtriage.authoring.loader import load_rules
from hubtriage.simulation.ruletests import Difference, run_tests

RULE = """\
rules:
  - id: a
    ticket: T-1
    ceiling: HIGH
    match: {Compliance: {SecurityControlId: [S3.8]}}
    update:
      Workflow: {Status: SUPPRESSED}
      Types: [TTPs, Effects]
      UserDefinedFields: {ticket: "{rule.ticket}", account: "{finding.AwsAccountId}"}
      Note: {Text: "See {rule.ticket}."}
"""
EXPECTS = "{{name: t, finding: {finding}, expect: {expect}}}"
SUPPRESSES = EXPECTS.format(finding="{}", expect="{Workflow: {Status: SUPPRESSED}}")


def verdict(folder, test, rule=RULE):
    loaded = load_rules(folder(f"{rule}    tests: [{test}]\n"))
    assert not loaded.problems
    (one,) = run_tests(loaded)
    return one


@pytest.mark.parametrize(
    ("finding", "expect"),
    [
        pytest.param("{}", "{Workflow: {Status: SUPPRESSED}}", id="what is expected is in the update"),
        pytest.param("{}", "{Types: [Effects, TTPs]}", id="types are a set"),
        pytest.param("{}", "{UserDefinedFields: {ticket: T-1}}", id="one user field of several"),
        pytest.param("{}", '{UserDefinedFields: {account: "123456789012"}}', id="a value of the finding"),
        pytest.param("{}", "{Note: {Text: See T-1., UpdatedBy: hubtriage/a}}", id="the whole note"),
        pytest.param("{}", "{Severity: null, Workflow: {Status: SUPPRESSED}}", id="a field that is not set"),
        pytest.param("{Compliance: null}", "no change", id="the rule does not match"),
        pytest.param("{Severity: {Label: CRITICAL}}", "no change", id="the finding is above the ceiling"),
        pytest.param("{Workflow: {Status: SUPPRESSED}}", "{Workflow: null}", id="a person had set it"),
    ],
)
def test_an_expectation_that_holds(folder, finding, expect):
    one = verdict(folder, EXPECTS.format(finding=finding, expect=expect))
    assert one.passed
    assert (one.differences, one.reasons) == ((), ())


@pytest.mark.parametrize(
    ("finding", "expect", "differences", "reason"),
    [
        pytest.param(
            "{}",
            "{Workflow: {Status: RESOLVED}}",
            [Difference("Workflow.Status", "RESOLVED", "SUPPRESSED")],
            "the rule matches this finding",
            id="another value",
        ),
        pytest.param(
            "{}",
            "{Types: [TTPs]}",
            [Difference("Types", ["TTPs"], ["TTPs", "Effects"])],
            "the rule matches this finding",
            id="fewer types",
        ),
        pytest.param(
            "{}",
            "{Workflow: null}",
            [Difference("Workflow", None, {"Status": "SUPPRESSED"})],
            "the rule matches this finding",
            id="a field that is set after all",
        ),
        pytest.param(
            "{}",
            "{UserDefinedFields: {other: x1}}",
            [Difference("UserDefinedFields.other", "x1", None)],
            "the rule matches this finding",
            id="a field that nobody sets",
        ),
        pytest.param(
            "{Compliance: {SecurityControlId: S3.1}}",
            "{Workflow: {Status: SUPPRESSED}}",
            [Difference("Workflow", {"Status": "SUPPRESSED"}, None)],
            "the rule does not match this finding",
            id="a rule that does not match",
        ),
        pytest.param(
            "{Severity: {Label: CRITICAL}}",
            "{Workflow: {Status: SUPPRESSED}}",
            [Difference("Workflow", {"Status": "SUPPRESSED"}, None)],
            "the finding is more severe than the rule's ceiling (HIGH)",
            id="a finding above the ceiling",
        ),
        pytest.param(
            "{Severity: {Label: LOW}, FindingProviderFields: {Severity: {Label: CRITICAL}}}",
            "{Workflow: {Status: SUPPRESSED}}",
            [Difference("Workflow", {"Status": "SUPPRESSED"}, None)],
            "the finding is more severe than the rule's ceiling (HIGH)",
            id="a finding that a person lowered and whose provider is above the ceiling",
        ),
    ],
)
def test_an_expectation_that_fails_says_expected_actual_and_why(folder, finding, expect, differences, reason):
    one = verdict(folder, EXPECTS.format(finding=finding, expect=expect))
    assert list(one.differences) == differences
    assert one.reasons == (reason,)


def test_no_change_lists_everything_that_changed_but_not_the_memory(folder):
    one = verdict(folder, EXPECTS.format(finding="{}", expect="no change"))
    changed = {difference.field for difference in one.differences}
    assert changed == {"Note", "Types", "UserDefinedFields", "Workflow"}
    fields = next(one.actual for one in one.differences if one.field == "UserDefinedFields")
    assert fields == {"ticket": "T-1", "account": "123456789012"}


def test_what_a_person_set_is_a_reason(folder):
    test = EXPECTS.format(finding="{Workflow: {Status: NOTIFIED}}", expect="{Workflow: {Status: SUPPRESSED}}")
    one = verdict(folder, test)
    assert any(reason.startswith("Workflow.Status is left alone: ") for reason in one.reasons)


@pytest.mark.parametrize("mode", ["enforce", "observe", "hold", '"off"'])
def test_a_rule_is_tested_as_if_enforced(folder, mode):
    rule = RULE.replace("    ticket:", f"    mode: {mode}\n    ticket:")
    assert verdict(folder, SUPPRESSES, rule).passed


@pytest.mark.parametrize(
    ("window", "now", "expect"),
    [
        pytest.param("starts: 2030-01-01", "", "{Workflow: {Status: SUPPRESSED}}", id="a rule of the future"),
        pytest.param("expires: 2020-01-01", "", "{Workflow: {Status: SUPPRESSED}}", id="a rule of the past"),
        pytest.param("starts: 2030-01-01", "now: 2029-12-31, ", "no change", id="before it starts"),
        pytest.param(
            "starts: 2030-01-01",
            "now: 2030-01-01, ",
            "{Workflow: {Status: SUPPRESSED}}",
            id="on its first day",
        ),
        pytest.param(
            "expires: 2020-01-01",
            "now: 2020-01-01T23:59:59Z, ",
            "{Workflow: {Status: SUPPRESSED}}",
            id="in its last second",
        ),
        pytest.param("expires: 2020-01-01", "now: 2020-01-02, ", "no change", id="when it is over"),
    ],
)
def test_a_test_runs_while_the_rule_is_in_force_unless_it_says_when(folder, window, now, expect):
    rule = RULE.replace("    ticket:", f"    {window}\n    ticket:")
    assert verdict(folder, f"{{name: t, {now}expect: {expect}}}", rule).passed


def test_other_rules_have_no_say(folder):
    other = "  - id: b\n    order: 1\n    terminal: true\n    when: true\n"
    rule = RULE.replace("rules:\n", f"rules:\n{other}")
    assert verdict(folder, SUPPRESSES, rule).passed


def test_a_test_may_give_its_account_attributes(folder):
    rule = "rules:\n  - id: a\n    when: {'==': [{account: tier}, gold]}\n    update: {Confidence: 5}\n"
    files = {
        "accounts.yaml": 'accounts: {"111122223333": {tier: gold}}\n',
        "a.yaml": f"{rule}    tests:\n"
        "      - {name: known, finding: {AwsAccountId: '111122223333'}, expect: {Confidence: 5}}\n"
        "      - {name: unknown, expect: no change}\n"
        "      - {name: given, account: {tier: gold}, expect: {Confidence: 5}}\n"
        "      - {name: over, account: {tier: lead}, finding: {AwsAccountId: '111122223333'},"
        " expect: no change}\n",
    }
    assert [one.passed for one in run_tests(load_rules(folder(files)))] == [True] * 4


def test_a_rule_that_has_no_answer_for_the_finding_fails_its_test(folder):
    items = ", ".join(["1"] * 1001)
    endless = f"{{some: [&items [{items}], {{some: [*items, false]}}]}}"
    rule = f"rules:\n  - id: a\n    when: {endless}\n    update: {{Confidence: 5}}\n"
    (difference,) = verdict(folder, EXPECTS.format(finding="{}", expect="no change"), rule).differences
    assert difference.field == "errors"
    assert "were to be visited" in difference.actual[0]


def test_tests_are_chosen_by_part_of_rule_and_name(folder):
    text = (
        RULE + "    tests:\n      - {name: one, expect: no change}\n      - {name: two, expect: no change}\n"
    )
    loaded = load_rules(folder(text))
    assert [one.name for one in run_tests(loaded, "a: tw")] == ["two"]
    assert [one.position.line for one in run_tests(loaded)] == [12, 13]


APPLIED = "before: {applied: true}, "
SUPPRESSED = "{Workflow: {Status: SUPPRESSED}}"


@pytest.mark.parametrize(
    ("keys", "expect"),
    [
        pytest.param(APPLIED, "no change", id="it has been applied already"),
        pytest.param("now: 2020-01-02, " + APPLIED, "{Workflow: {Status: NEW}}", id="it is over: taken back"),
        pytest.param(
            "finding: {Compliance: {SecurityControlId: S3.1}}, "
            "before: {applied: true, finding: {Compliance: {SecurityControlId: S3.8}}}, ",
            "{Workflow: {Status: NEW}, UserDefinedFields: null}",
            id="it does not match any more",
        ),
        pytest.param(
            "before: {applied: true, person: {Workflow: {Status: NOTIFIED}}}, ",
            "{Workflow: null}",
            id="somebody overruled it",
        ),
        pytest.param(
            "before: {person: {Workflow: {Status: NOTIFIED}}}, ",
            "{Workflow: null, Types: [TTPs, Effects]}",
            id="somebody was there first",
        ),
        pytest.param(
            "before: {person: {Note: {Text: mine, UpdatedBy: ana}}}, ",
            "{Note: null}",
            id="somebody wrote a note",
        ),
        pytest.param(
            "before: {person: {UserDefinedFields: {ticket: X-9}}}, ",
            '{UserDefinedFields: {account: "123456789012"}}',
            id="somebody set a user field",
        ),
    ],
)
def test_what_happened_before_a_test(folder, keys, expect):
    rule = RULE.replace("    ticket:", "    expires: 2020-01-01\n    ticket:")
    one = verdict(folder, f"{{name: t, {keys}expect: {expect}}}", rule)
    assert one.differences == ()


def test_a_person_in_a_test_is_never_taken_for_the_service(folder):
    """NEW in place of NOTIFIED is what Security Hub itself does, too: the history tells them apart."""
    reopened = "{name: t, before: {applied: true, person: {Workflow: {Status: NEW}}}, expect: no change}"
    assert verdict(folder, reopened, RULE.replace("SUPPRESSED", "NOTIFIED")).differences == ()


def test_what_cannot_have_been_applied_before_fails(folder):
    test = f"{{name: t, {APPLIED}finding: {{Compliance: {{SecurityControlId: S3.1}}}}, expect: no change}}"
    assert verdict(folder, test).differences == (Difference("before.applied", True, None),)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("{}", "E102 nothing happened before"),
        ("{applied: false}", "E102 nothing happened before"),
        (
            "{person: {Workflow: {Status: NEW}}, finding: {Id: x}}",
            "E107 finding: is for a rule that was applied",
        ),
        ("{aplied: true}", "E101 unknown key 'aplied'"),
    ],
)
def test_what_before_cannot_say(folder, before, said):
    loaded = load_rules(folder(f"{RULE}    tests: [{{name: t, before: {before}, expect: no change}}]\n"))
    assert said in [f"{one.code} {one.message}" for one in loaded.problems]


DELIVERS = """\
rules:
  - id: a
    match: {Compliance: {SecurityControlId: [S3.8]}}
    update: {Workflow: {Status: NOTIFIED}}
    notify: [chat, hook]
    open-ticket: team
"""
ONLY_TICKETS = (
    "rules:\n  - id: a\n    match: {Compliance: {SecurityControlId: [S3.8]}}\n    open-ticket: team\n"
)
NOTIFIED = "expect: {Workflow: {Status: NOTIFIED}}"


@pytest.mark.parametrize(
    ("rule", "test", "differences"),
    [
        pytest.param(DELIVERS, f"{NOTIFIED}, delivers: [chat, hook, team]", (), id="all names"),
        pytest.param(DELIVERS, f"{NOTIFIED}, delivers: [team, hook, chat]", (), id="in any order"),
        pytest.param(DELIVERS, NOTIFIED, (), id="not asked"),
        pytest.param(
            DELIVERS,
            f"{NOTIFIED}, delivers: [chat]",
            (Difference("delivers", ["chat"], ["team", "chat", "hook"]),),
            id="one of three",
        ),
        pytest.param(
            DELIVERS, "finding: {Compliance: null}, expect: no change, delivers: []", (), id="no match"
        ),
        pytest.param(
            DELIVERS,
            "finding: {RecordState: ARCHIVED}, expect: {}, delivers: [chat, hook]",
            (),
            id="no ticket for what is archived",
        ),
        pytest.param(ONLY_TICKETS, "expect: no change, delivers: [team]", (), id="nothing but a ticket"),
        pytest.param(
            ONLY_TICKETS,
            "before: {applied: true}, expect: no change, delivers: []",
            (),
            id="the ticket is open already",
        ),
        pytest.param(
            ONLY_TICKETS,
            "before: {applied: true, finding: {RecordState: ACTIVE}}, finding: {RecordState: ARCHIVED}, "
            "expect: no change, delivers: [team]",
            (),
            id="the ticket is done",
        ),
        pytest.param(
            ONLY_TICKETS.replace("team", "team\n    mode: observe"),
            "expect: no change, delivers: [team]",
            (),
            id="as if enforced",
        ),
    ],
)
def test_what_is_delivered_can_be_expected(folder, rule, test, differences):
    assert verdict(folder, f"{{name: t, {test}}}", rule).differences == differences
