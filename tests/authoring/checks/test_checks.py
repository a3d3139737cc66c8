"""What the warnings are given for, and what not, beyond the examples on their pages."""

import pytest

from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.loader import load_rules

NOTIFY = "update: {Workflow: {Status: NOTIFIED}}"
HIDE = "owner: o\n    ticket: t\n    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}"


def codes(folder, files):
    loaded = load_rules(folder(files))
    found = (*loaded.problems, *warnings(loaded, SAMPLE_NOW))
    return [problem.code for problem in found if problem.code != "W312"]


def rule(condition, rest=NOTIFY, name="a"):
    return f"  - id: {name}\n    {condition}\n    {rest}\n"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("match: {$or: [{Title: [x]}, {Titel: [x]}]}", ["E207"]),
        ("match: {Resources: {Tags: {any: [x]}, Details: {Other: {any: [x]}}}}", []),
        ("match: {ProductFields: {aws/guardduty/service/count: [x]}}", []),
        ("when: {'!!': {var: Compliance.Satus}}", ["E207"]),
        ("when: {some: [{var: Resources}, {'==': [{var: Tpye}, AwsS3Bucket]}]}", ["E207"]),
        ("when: {some: [{var: Resources}, {'==': [{var: Type}, AwsS3Bucket]}]}", []),
        ("when: {some: [{var: Resources}, {some: [{var: Id}, {'==': [{var: ''}, x]}]}]}", ["E214"]),
        ("when: {'==': [{var: Resources.0.Tags.env}, dev]}", []),
        ("when: {'==': [{get: [{var: ProductFields}, aws/x.y]}, dev]}", []),
        ("when: {reduce: [{var: Types}, {var: accumulator}, false]}", []),
        ("match: {Sample: ['true']}", ["E213"]),
        ("match: {Sample: [true]}", []),
        ("match: {Title: [{numeric: ['>', 1]}]}", ["E213"]),
        ("match: {Confidence: [{prefix: '7'}]}", ["E213"]),
        ("match: {Confidence: [{numeric: ['>', 70]}]}", []),
        ("when: {starts_with: [{var: Confidence}, '7']}", ["E213"]),
        ("when: {glob: [{var: Title}, 'S3 *']}", []),
        ("match: {RecordState: [{anything-but: archived}]}", ["E211"]),
        ("match: {Severity: {Label: [{prefix: CRIT}]}}", []),
        ("match: {Severity: {Label: [{prefix: crit}]}}", ["E211"]),
        ("when: {'==': [CRITCAL, {var: Severity.Label}]}", ["E211"]),
        ("when: {in: [{var: Severity.Label}, [LOW, MEDUIM]]}", ["E211"]),
        ("match: {Compliance: {SecurityControlId: [s3.8]}}", ["E211"]),
        ("match: {Compliance: {SecurityControlId: [S3.8, NetworkFirewall.10]}}", []),
        ("match: {Resources: {Type: [AWSS3Bucket]}}", ["E211"]),
        ("match: {Resources: {Type: [Other, SomethingNew]}}", []),
        ("when: {in: [{var: AwsAccountId}, ['12345']]}", ["E215"]),
        ("when: {in: [{var: AwsAccountId}, ['123456789012']]}", []),
        ("match: {AwsAccountId: [{prefix: '1234'}]}", []),
        ("match: {Title: [{anything-but: x}]}", []),
        ("match: {Types: [{anything-but: TTPs}]}", ["W105"]),
        ("match: {Compliance: {Status: [{exists: false}]}}", []),
        ("match: {Resources: [{exists: true}]}", ["E214"]),
        ("match: {GeneratorId: [{prefix: security-control/Config.}]}", []),
        ("match: {GeneratorId: [{wildcard: '*/EC2.1'}]}", []),
        ("match: {GeneratorId: [{wildcard: '*/EC2.1*'}]}", ["W107"]),
        ("when: {starts_with: [{var: GeneratorId}, security-control/S3.1]}", ["W107"]),
        ("when: {in: ['Config.1', {var: GeneratorId}]}", ["W107"]),
        ("match: {GeneratorId: [{prefix: prowler-s3}]}", []),
        ("match: {Network: {Direction: [IN]}}", ["W108"]),
        ("match: {Severity: {Normalized: [{numeric: ['>', 69]}]}}", ["W108"]),
        ("when: true", []),
        ("when: false", ["E209"]),
        ("when: {and: [true, {'!!': {var: Title}}]}", ["W201"]),
        ("when: {or: [{'==': [1, 1]}, {'!!': {var: Title}}]}", ["E209"]),
        ("when: {if: [{'!!': {var: Title}}, true, false]}", []),
        ("when: {and: [{'==': [{var: GeneratorId}, a]}, {'==': [{var: GeneratorId}, b]}]}", ["W202"]),
        ("when: {or: [{'==': [{var: GeneratorId}, a]}, {'==': [{var: GeneratorId}, b]}]}", []),
        ("when: {and: [{in: [{var: GeneratorId}, [a, b]]}, {'==': [{var: GeneratorId}, b]}]}", []),
        ("match: {$or: [{GeneratorId: [a]}, {GeneratorId: [b]}]}", []),
        ("when: {and: [{'==': [{var: GeneratorId}, a]}, {'!=': [{var: GeneratorId}, a]}]}", ["W202"]),
        ("match: {Title: [{prefix: ab}]}\n    when: {starts_with: [{var: Title}, b]}", ["W202"]),
        ("match: {Title: [{prefix: ab}]}\n    when: {starts_with: [{var: Title}, abc]}", []),
        (
            "match: {AwsAccountName: [{exists: false}]}\n    when: {starts_with: [{var: AwsAccountName}, a]}",
            ["W202"],
        ),
        ("match: {Title: [{anything-but: a}]}\n    when: {'==': [{var: Title}, a]}", ["W202"]),
        ("match: {Title: [{anything-but: a}]}\n    when: {'==': [{var: Title}, b]}", []),
        ("match: {Confidence: [{numeric: ['>', 50]}]}\n    when: {'<': [{var: Confidence}, 50]}", ["W202"]),
        ("match: {Confidence: [{numeric: ['>=', 50]}]}\n    when: {'<=': [{var: Confidence}, 50]}", []),
        ("match: {Confidence: [{numeric: ['>', 100]}]}", ["E211"]),
        ("match: {Confidence: [{numeric: ['>', 99]}]}", []),
        ("when: {'===': [{var: Criticality}, -1]}", ["E211"]),
        ("match: {Types: [TTPs]}\n    when: {in: [Effects, {var: Types}]}", []),
        ("when: {and: [{'==': [{account: e}, a]}, {'==': [{account: e}, b]}]}", ["W202"]),
        ("match: {Title: [{exists: true}, {exists: false}]}", ["W201"]),
        ("match: {Title: [{exists: true}]}", []),
        ("when: {or: [{'==': [{var: Title}, a]}, {'!=': [{var: Title}, a]}]}", ["W201"]),
        ("when: {or: [{'==': [{var: Title}, a]}, {'!=': [{var: Title}, b]}]}", []),
        ("when: {or: [{'==': [{var: Title}, a]}, {'==': [{var: Title}, b]}]}", []),
        ("when: {'==': [{var: Region}, {var: Region}]}", ["W201"]),
        ("when: {'==': [{var: Region}, {var: Resources.0.Region}]}", []),
        ("when: {'<=': [{var: Confidence}, 0]}", ["W203"]),
        ("when: {'>': [50, {var: Confidence}]}", ["W203"]),
        ("when: {'>': [{var: Confidence}, 50]}", []),
        ("when: {'<': [{var: [Confidence, 100]}, 50]}", []),
        ("when: {'<': [{age_days: {var: FirstObservedAt}}, 5]}", []),
        ("when: {and: [{'!!': {var: Confidence}}, {'<': [{var: Confidence}, 50]}]}", []),
        ("when: {and: [{'!!': {var: Criticality}}, {'<': [{var: Confidence}, 50]}]}", ["W203"]),
        ("when: {if: [{'!!': {var: Confidence}}, {'<': [{var: Confidence}, 50]}, false]}", []),
        ("match: {Confidence: [{numeric: ['>', 5]}]}\n    when: {'<': [{var: Confidence}, 50]}", []),
        ("match: {Confidence: [{exists: false}]}\n    when: {'<': [{var: Confidence}, 50]}", ["W203"]),
        ("when: {'!': {'<': [{var: Confidence}, 50]}}", []),
        ("when: {some: [{var: Vulnerabilities}, {'<': [{var: EpssScore}, 0.1]}]}", ["W203"]),
        ("when: {'!': {'==': [{var: Compliance.Status}, PASSED]}}", ["W204"]),
        ("when: {'!': {var: Compliance.Status}}", []),
        ("when: {'!=': [{var: Workflow.Status}, NEW]}", []),
        ("when: {'!=': [{var: AwsAccountId}, '123456789012']}", []),
        ("when: {none: [{var: Vulnerabilities}, {'==': [{var: Id}, x]}]}", ["W204"]),
        ("when: {none: [{var: Resources}, {'==': [{var: Type}, x]}]}", []),
        ("when: {'!=': [{var: Compliance.Status}, null]}", []),
        ("when: {'==': [{var: Confidence}, 0]}", ["W205"]),
        ("when: {'==': [{var: Confidence}, 1]}", []),
    ],
)
def test_a_condition(folder, condition, expected):
    accounts = 'accounts: {"111122223333": {e: a}}\n'
    assert codes(folder, {"a.yaml": "rules:\n" + rule(condition), "accounts.yaml": accounts}) == expected


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("finding: {Regoin: a}", ["E207", "E211"]),
        ("finding: {Resources: {Tpye: a}}", ["E207"]),
        ("finding: {Resources: [{Type: AwsS3Bucket}, {Details: {AwsS3Buckt: {}}}]}", ["E207"]),
        ("finding: {Resources: [{Tags: {any/name: a}}], ProductFields: {a.b/c: d}}", []),
        ("finding: {Severity: {Label: Hihg}}", ["E211"]),
        ("finding: {Compliance: {SecurityControlId: s3.8}}", ["E211"]),
        ("finding: {Confidence: '70'}", ["E213"]),
        ("finding: {Confidence: null}", []),
        ("before: {applied: true, finding: {Titel: a}}", ["E207"]),
    ],
)
def test_a_finding_of_a_test(folder, test, expected):
    tests = f"{NOTIFY}\n    tests:\n      - {{name: a, expect: no change, {test}}}"
    assert codes(folder, "rules:\n" + rule("match: {Title: [a]}", tests)) == expected


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        pytest.param("match: {Title: [x]}", ["W307"], id="a title"),
        pytest.param(
            "match: {Resources: {Id: [{prefix: 'arn:'}]}}", ["W307", "W314"], id="a part of a resource id"
        ),
        pytest.param(
            "match: {Resources: {Id: ['arn:aws:s3:::b']}}", ["W314"], id="a resource by its whole id"
        ),
        pytest.param(
            "when: {glob: [{var: Resources.0.Id}, '*x*']}", ["W314", "W307"], id="a glob over an id"
        ),
        pytest.param("when: {'==': [{var: Resources.0.Tags.a}, b]}", ["W314", "W307"], id="a tag in logic"),
        pytest.param(
            "match: {Resources: {Details: {AwsIamUser: {UserName: [a]}}}}",
            ["W307", "W314"],
            id="a resource's name",
        ),
        pytest.param(
            "match: {Resources: {Details: {AwsEc2Instance: {SubnetId: [a]}}}}", ["W314"], id="what AWS names"
        ),
        pytest.param("match: {Process: {Name: [scanner], Pid: [1]}}", ["W307"], id="a process"),
        pytest.param("match: {Title: [x], AwsAccountId: ['111122223333']}", [], id="a title in one account"),
        pytest.param(
            "match: {Title: [x], AwsAccountId: [{prefix: '1'}]}", ["W307"], id="a title in many accounts"
        ),
        pytest.param(
            "match: {Title: [x]}\n    when: {'==': [{account: environment}, sandbox]}",
            [],
            id="a title in accounts by their attribute",
        ),
        pytest.param(
            "match: {Title: [x]}\n    when: {'!=': [{account: environment}, prod]}",
            ["W307", "W204"],
            id="a title in accounts that are not of a kind",
        ),
        pytest.param(
            "match: {Title: [x]}\n    when: {in: [{var: AwsAccountId}, ['111122223333']]}",
            [],
            id="a title in an account by logic",
        ),
        pytest.param("when: true", ["W315"], id="everything"),
        pytest.param("match: {Id: [{exists: true}]}", ["W315"], id="everything that has an id"),
        pytest.param("match: {GeneratorId: [{wildcard: '*'}]}", ["W315"], id="everything by a star"),
        pytest.param("match: {Types: [{prefix: ''}]}", ["W315"], id="everything by an empty beginning"),
        pytest.param("match: {Id: [{anything-but: x}]}", ["W315"], id="everything but one"),
        pytest.param(
            "match: {ProductName: [Macie], Severity: {Label: [{anything-but: [HIGH, CRITICAL]}]}}",
            [],
            id="the lower severities of a product",
        ),
        pytest.param("match: {Id: [{suffix: x}]}", [], id="ids that end so"),
        pytest.param("expires: 2027-10-31\n    when: true", ["W315"], id="everything until a day"),
        pytest.param(
            "match: {AwsAccountId: ['111122223333'], RecordState: [ACTIVE]}", ["W305"], id="an account"
        ),
        pytest.param("when: {'==': [{account: environment}, sandbox]}", [], id="accounts by an attribute"),
        pytest.param("match: {ProductName: [Macie], Types: [{prefix: TTPs}]}", [], id="a part of a product"),
        pytest.param("ceiling: CRITICAL\n    match: {Id: [x]}", ["W304"], id="critical ones for ever"),
    ],
)
def test_a_rule_that_hides(folder, keys, expected):
    accounts = 'accounts: {"111122223333": {environment: sandbox}}\n'
    assert codes(folder, {"a.yaml": "rules:\n" + rule(keys, HIDE), "accounts.yaml": accounts}) == expected


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ("update: {Severity: {AtMost: LOW}}", ["E306", "W315"]),
        ("update: {Severity: {AtMost: LOW}, Note: {Text: x}}", ["W315"]),
        ("update: {Workflow: {Status: SUPPRESSED}}", ["E306", "W306", "W315"]),
        ("update: {Severity: {AtLeast: HIGH}}", []),
        ("update: {Severity: {Label: LOW, Normalized: 5}, Note: {Text: x}}", ["W108", "W315"]),
        ("update: {Workflow: {Status: NOTIFIED}}", []),
        ("update: {Workflow: {Status: RESOLVED}, Note: {Text: x}}", ["W306", "W315"]),
        ("update: {UserDefinedFields: {a: '{finding.Title}'}}", ["W310"]),
        ("update: {UserDefinedFields: {a: '{finding.Regoin}'}}", ["E207"]),
        ("update: {UserDefinedFields: {a: '{finding.Resources.Id}'}}", ["E208"]),
        ("update: {UserDefinedFields: {a: '{finding.Region} {finding.Severity.Label}'}}", []),
        ("update: {Note: {Text: '{finding.Id}, {rule.id}'}}", ["W310", "W311"]),
        (
            "update: {Note: {Text: '{finding.Resources.0.Tags.a}{finding.Resources.0.Tags.b}'}}",
            ["W310", "W317", "W317"],
        ),
        (
            "update: {Note: {Text: '{finding.Resources.0.Tags.a}{finding.Resources.0.Tags.b}.'}}",
            ["W310", "W311", "W317", "W317"],
        ),
    ],
)
def test_an_update(folder, update, expected):
    assert sorted(codes(folder, "rules:\n" + rule("when: true", update))) == expected


@pytest.mark.parametrize(
    ("starts", "expires", "expected"),
    [
        ("", "2026-11-01", ["W309"]),
        ("", "2026-10-31", ["W308"]),
        ("", "2026-11-30", ["W309"]),
        ("", "2026-12-02", []),
        ("starts: 2026-10-30\n    ", "2026-11-15", []),
    ],
)
def test_a_rule_with_an_end(folder, starts, expires, expected):
    assert codes(folder, "rules:\n" + rule(f"{starts}expires: {expires}\n    match: {{Id: [x]}}")) == expected


GENERAL = "match: {ProductArn: [{suffix: ':product/aws/guardduty'}]}"
LOW = "match: {ProductArn: [{suffix: ':product/aws/guardduty'}], Severity: {Label: [LOW]}}"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param(
            (f"order: 1\n    terminal: true\n    {GENERAL}",), (LOW,), ["W301"], id="behind a terminal rule"
        ),
        pytest.param(
            (f"order: 1\n    terminal: true\n    {LOW}",),
            (GENERAL,),
            [],
            id="behind a narrower terminal rule",
        ),
        pytest.param(
            (f"order: 1\n    terminal: true\n    expires: 2027-10-31\n    {GENERAL}",),
            (LOW,),
            [],
            id="after it has expired",
        ),
        pytest.param(
            (f'order: 1\n    terminal: true\n    mode: "off"\n    {GENERAL}',),
            (LOW,),
            [],
            id="behind a rule that is off",
        ),
        pytest.param(
            (f"order: 1\n    terminal: true\n    expires: 2027-10-31\n    {GENERAL}", HIDE),
            (f"expires: 2027-10-31\n    {LOW}",),
            [],
            id="behind a terminal rule that stops at its ceiling",
        ),
        pytest.param((LOW,), (f"order: 600\n    {GENERAL}",), ["W302"], id="overridden by a general rule"),
        pytest.param((GENERAL,), (f"order: 600\n    {LOW}",), [], id="overridden only in part"),
        pytest.param(
            (LOW, "update: {Workflow: {Status: NOTIFIED}, Confidence: 5}"),
            (f"order: 600\n    {GENERAL}",),
            [],
            id="one field is left",
        ),
        pytest.param(
            (LOW,), (f"order: 600\n    mode: observe\n    {GENERAL}",), [], id="by one that only observes"
        ),
        pytest.param(
            (LOW, "update: {Confidence: 5}"),
            (LOW, "update: {Confidence: 6}"),
            ["W302", "W303"],
            id="conflict",
        ),
        pytest.param(
            (LOW, "update: {Confidence: 5}"), (LOW, "update: {Criticality: 6}"), [], id="other fields"
        ),
        pytest.param(
            (LOW, "update: {UserDefinedFields: {a: x}}"),
            (LOW, "update: {UserDefinedFields: {b: y}}"),
            [],
            id="other keys",
        ),
        pytest.param(
            (LOW, "update: {Confidence: 5}"),
            (LOW.replace("[LOW]", "[MEDIUM]"), "update: {Confidence: 6}"),
            [],
            id="other severities",
        ),
        pytest.param(
            (LOW, "update: {Confidence: 5}"),
            ("match: {Compliance: {SecurityControlId: [S3.5]}}", "update: {Confidence: 6}"),
            [],
            id="other products",
        ),
        pytest.param(
            (f"expires: 2027-03-31\n    {LOW}", "update: {Confidence: 5}"),
            (f"starts: 2027-04-01\n    {LOW}", "update: {Confidence: 6}"),
            [],
            id="one after the other",
        ),
        pytest.param(
            (f"order: 1\n    {LOW}", "update: {Confidence: 5, Criticality: 1}"),
            (LOW, "update: {Confidence: 6}"),
            ["W302"],
            id="one field is overridden",
        ),
        pytest.param(
            (f"order: 1\n    {LOW}", "update: {Confidence: 5, Criticality: 1}"),
            (LOW, "update: {Confidence: 5}"),
            [],
            id="one field is set twice to the same",
        ),
        pytest.param(
            (f"order: 1\n    {LOW}", "update: {Confidence: 5}"),
            ("match: {AwsAccountId: ['111122223333']}", "update: {Confidence: 6}"),
            [],
            id="another order says which is meant",
        ),
        pytest.param(
            (f"terminal: true\n    {LOW}", "update: {Confidence: 5}"),
            ("match: {AwsAccountId: ['111122223333']}", "update: {Confidence: 6}"),
            ["W303"],
            id="a terminal rule comes first by chance",
        ),
        pytest.param(
            (f"order: 1\n    terminal: true\n    starts: 2026-01-01\n    {GENERAL}",),
            (LOW,),
            ["W301"],
            id="behind a terminal rule that has started",
        ),
        pytest.param(
            (f"order: 1\n    terminal: true\n    starts: 2027-01-01\n    {GENERAL}",),
            (LOW,),
            [],
            id="until a terminal rule starts",
        ),
        pytest.param(
            (f"order: 1\n    terminal: true\n    during: {{days: [sat]}}\n    {GENERAL}",),
            (LOW,),
            [],
            id="outside the windows of a terminal rule",
        ),
        pytest.param(
            (f"order: 1\n    terminal: true\n    during: [{{days: [sat]}}, {{days: [sun]}}]\n    {GENERAL}",),
            (f"during: {{days: [sun]}}\n    {LOW}",),
            ["W301"],
            id="in a window of a terminal rule",
        ),
        pytest.param(
            (f"during: {{days: [sat]}}\n    {LOW}", "update: {Confidence: 5}"),
            (f"during: {{days: [sun]}}\n    {GENERAL}", "update: {Confidence: 6}"),
            [],
            id="never in force together",
        ),
        pytest.param(
            (f"during: {{days: [sat]}}\n    {LOW}", "update: {Confidence: 5}"),
            (f"during: {{days: [sun], zone: Asia/Tokyo}}\n    {GENERAL}", "update: {Confidence: 6}"),
            ["W303"],
            id="in force together where a day begins earlier",
        ),
        pytest.param(
            (f"expires: 2026-01-01\n    {LOW}", "update: {Confidence: 5}"),
            (GENERAL, "update: {Confidence: 6}"),
            ["W308"],
            id="not with a rule that is over",
        ),
        pytest.param(
            (f"order: 1\n    {LOW}", "update: {Confidence: 5}"),
            (f"order: 2\n    override: true\n    {GENERAL}", "update: {Confidence: 5, Criticality: 1}"),
            ["W302"],
            id="the same value, and a person's too",
        ),
        pytest.param(
            ("when: {'<': [{age_days: {var: CreatedAt}}, 30]}", "update: {Confidence: 5}"),
            ("when: {'>': [{age_days: {var: CreatedAt}}, 20]}", "update: {Confidence: 6}"),
            ["W303"],
            id="ages between the two",
        ),
        pytest.param(
            ("when: {'<': [{age_days: {var: CreatedAt}}, 20]}", "update: {Confidence: 5}"),
            ("when: {'>': [{age_days: {var: CreatedAt}}, 30]}", "update: {Confidence: 6}"),
            [],
            id="ages that exclude each other",
        ),
        pytest.param(
            ("when: {'==': [{substr: [{var: Title}, 0, 2]}, zz]}", "update: {Confidence: 5}"),
            (GENERAL, "update: {Confidence: 6}"),
            [],
            id="nothing that cannot be shown",
        ),
    ],
)
def test_two_rules(folder, first, second, expected):
    assert codes(folder, "rules:\n" + rule(*first) + rule(*second, name="b")) == expected


NOT_LOW = "match: {Severity: {Label: [{anything-but: LOW}]}}"
FIRST = "order: 1\n    terminal: true\n    "


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param(
            [(FIRST + LOW, NOTIFY), (FIRST + NOT_LOW, NOTIFY), (GENERAL, NOTIFY)],
            "W301 never acts: r0 and r1 are terminal, come first and act on every finding that",
            id="hidden by two together",
        ),
        pytest.param(
            [
                (f"order: 400\n    {GENERAL}", "update: {Confidence: 1, Criticality: 2}"),
                (LOW, "update: {Confidence: 3}"),
                (NOT_LOW, "update: {Confidence: 4}"),
            ],
            "W302 Confidence has no effect: on every finding that it acts on, r1 and r2 set it later",
            id="a field overridden by two together",
        ),
        pytest.param(
            [
                (f"order: 400\n    {GENERAL}", "update: {Confidence: 1, Criticality: 2}"),
                ("when: true", "update: {Confidence: 3}"),
                ("order: 600\n    when: true", "update: {Criticality: 3}"),
            ],
            "W302 has no effect: on every finding that it acts on, r1 and r2 set the same fields later",
            id="each field overridden by another rule",
        ),
        pytest.param(
            [
                (LOW, "update: {Confidence: 1}"),
                (GENERAL, "update: {Confidence: 2}"),
                ("match: {Title: [x]}", "update: {Confidence: 3}"),
            ],
            "W303 Confidence is set differently by r2 with the same order, on a finding with",
            id="two conflicts of which one is overridden anyway",
        ),
    ],
)
def test_rules_among_several(folder, rules, said):
    text = "".join(rule(*one, name=f"r{number}") for number, one in enumerate(rules))
    loaded = load_rules(folder("rules:\n" + text))
    told = [f"{one.code} {one.message}" for one in warnings(loaded, SAMPLE_NOW)]
    assert any(one.startswith(said) for one in told), told


def test_many_conflicts_are_counted(folder):
    rules = [rule("when: true", f"update: {{Confidence: {number}}}", f"r{number}") for number in range(4)]
    told = [one.message for one in warnings(load_rules(folder("rules:\n" + "".join(rules))), SAMPLE_NOW)]
    assert [one for one in told if "(and 1 more rule)" in one]


def test_what_a_rule_ignores_is_left_out_and_must_occur(folder):
    text = "rules:\n" + rule("when: true", HIDE)
    ignoring = text + "    lint: {ignore: {W315: we mean it}}\n"
    assert (codes(folder, text), codes(folder, ignoring)) == (["W315"], [])
    assert codes(folder, ignoring.replace("W315", "W307")) == ["W315", "W313"]


@pytest.mark.parametrize(
    ("ignored", "said"),
    [
        ("{E101: x}", "E104 'E101' is not the code of a warning"),
        ("{W999: x}", "E104 'W999' is not the code of a warning"),
        ("{W305: ''}", "E105 the text is blank"),
        ("{}", "E105 0 keys; needed are at least 1"),
        ("[W305]", "E103 a mapping is wanted, not a list"),
    ],
)
def test_what_cannot_be_ignored(folder, ignored, said):
    text = "rules:\n" + rule("when: true", HIDE) + f"    lint: {{ignore: {ignored}}}\n"
    (problem,) = load_rules(folder(text)).problems
    assert f"{problem.code} {problem.message}" == said


def test_a_value_of_a_list_is_told_with_its_list(folder):
    conditions = "match: {AwsAccountId: [{in-list: l}], Severity: {Label: [{in-list: m}]}}"
    logic = "when: {in_list: [{var: AwsAccountId}, l]}"
    text = "lists: {l: ['5'], m: [Hihg]}\nrules:\n" + rule(f"{conditions}\n    {logic}")
    loaded = load_rules(folder(text))
    assert [problem.message for problem in loaded.problems] == [
        "'5', in the list l, is not an account id",
        "Severity.Label is never 'Hihg', in the list m",
        "'5', in the list l, is not an account id",
    ]


def test_an_empty_list_is_an_error_and_its_values_are_none(folder):
    text = "lists: {l: []}\nrules:\n" + rule("match: {AwsAccountId: [{in-list: l}]}")
    loaded = load_rules(folder(text))
    assert [problem.code for problem in loaded.problems] == ["E103"]


@pytest.mark.parametrize(
    ("when", "hint"),
    [
        ("{'>': [{age_days: ['2026-10-01']}, 3]}", "during: for hours and weekdays"),
        ("{after: ['2027-10-01', '2026-10-01']}", "during: for hours and weekdays"),
        ("{'==': [1, 1]}", "write when: true to mean every finding"),
    ],
)
def test_a_condition_that_looks_at_the_time_alone_is_told_how_a_rule_says_it(folder, when, hint):
    whole = f"when: {{and: [{{'!!': {{var: Title}}}}, {when}]}}"
    loaded = load_rules(folder("rules:\n" + rule(whole, "update: {Confidence: 5}")))
    (problem,) = (one for one in warnings(loaded, SAMPLE_NOW) if one.code == "W201")
    assert hint in problem.hint
