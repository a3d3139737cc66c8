"""Loading a folder: what is right, and every problem with its place, code, words and hint.

The files of `flaws/` hold the flaws, each with exactly what `hubtriage lint` says about it: `## ` starts one,
`-- NAME` a file of a folder, `=>` what is said.
"""

import re
from pathlib import Path

import pytest

from hubtriage.asff.samples import SAMPLE_NOW, complete
from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import CODES, RuleErrors
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset

RULE = """\
rules:
  - id: a
    match: {Id: [x]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
BARE = "rules:\n  - id: a\n"
FLAWS = Path(__file__).parent / "flaws"


def flaws(name):
    """(what is written, what is said) of each flaw in a file; the first is its title as well."""
    text = (FLAWS / f"{name}.txt").read_text(encoding="utf-8")
    found = re.findall(r"((?:^## .*\n)+)((?:^(?!## ).*\n?)*)", text, re.MULTILINE)
    return [
        pytest.param(
            re.sub("^## ", "", head, flags=re.MULTILINE),
            body.strip("\n"),
            id=head.replace("\n## ", " and ")[3:-1],
        )
        for head, body in found
    ]


def told(folder, files):
    """What is said of a folder."""
    return "\n".join(problem.render() for problem in load_rules(folder(files)).problems)


def short(folder, files):
    """The places and codes of the problems of a folder."""
    return [
        " ".join(line.split(" ")[:2]) for line in re.findall("^rules/.*", told(folder, files), re.MULTILINE)
    ]


@pytest.mark.parametrize(("line", "said"), flaws("rule-keys"))
def test_a_flaw_in_a_key_of_a_rule(folder, line, said):
    assert told(folder, f"{RULE}    {line}") == said


@pytest.mark.parametrize(("line", "said"), flaws("updates"))
def test_a_flaw_in_an_update(folder, line, said):
    assert told(folder, f"{BARE}    when: true\n    {line}") == said


@pytest.mark.parametrize(("lines", "said"), flaws("conditions"))
def test_a_flaw_in_a_condition(folder, lines, said):
    match, when = lines.splitlines()
    files = {
        "a.yaml": f"{BARE}    {match}\n    {when}\n    update: {{Workflow: {{Status: NOTIFIED}}}}\n",
        "lists.yaml": "lists: {list: [one, two]}\n",
        "accounts.yaml": 'accounts: {"111122223333": {environment: prod}}\n',
    }
    assert told(folder, files) == said


@pytest.mark.parametrize(("line", "said"), flaws("deceptions"))
def test_a_condition_that_is_certainly_not_meant(folder, line, said):
    lines = [line.rstrip("\n")]
    if not line.startswith(("match", "when")):
        lines.insert(0, "when: true")
    if not line.startswith("update"):
        lines.append("update: {Workflow: {Status: NOTIFIED}}")
    body = "".join(f"    {one}\n" for one in lines)
    files = {
        "a.yaml": BARE + body,
        "lists.yaml": "lists: {buckets: ['arn:aws:s3:::acme-*'], scanners: [198.51.100.8/29]}\n",
        "accounts.yaml": 'accounts: {"111122223333": {environment: prod}}\n',
    }
    assert told(folder, files) == said


@pytest.mark.parametrize(("_title", "case"), flaws("folders"))
def test_a_flaw_in_a_file_beside_a_good_one(folder, _title, case):
    written, said = re.fullmatch(r"(.*\n)=>\n?(.*)", case, re.DOTALL).groups()
    parts = re.split(r"^-- (.*)\n", written, flags=re.MULTILINE)
    files = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert told(folder, {"a.yaml": RULE, **files}) == said


def fields(count):
    return "{UserDefinedFields: {" + ", ".join(f"k{n}: x" for n in range(count)) + "}}"


def types(count):
    return "{Types: [" + ", ".join(f"TTPs/{n}" for n in range(count)) + "]}"


def related(count):
    one = "ProductArn: 'arn:aws:securityhub:eu-west-1::product/aws/guardduty', Id: i"
    return "{RelatedFindings: [" + ", ".join(f"{{{one}{n}}}" for n in range(count)) + "]}"


@pytest.mark.parametrize(
    ("update", "limit", "unit"),
    [
        pytest.param(lambda n: f"{{Note: {{Text: {'x' * n}}}}}", 512, "characters", id="a note"),
        pytest.param(
            lambda n: f"{{UserDefinedFields: {{a: {'x' * n}}}}}", 1024, "characters", id="a user field"
        ),
        pytest.param(
            lambda n: f"{{UserDefinedFields: {{{'x' * n}: a}}}}", 128, "characters", id="a user key"
        ),
        pytest.param(fields, 50, "keys", id="user fields"),
        pytest.param(types, 50, "items", id="types"),
        pytest.param(related, 10, "items", id="related findings"),
        pytest.param(lambda n: f"{{Confidence: {n}}}", 100, None, id="confidence"),
        pytest.param(lambda n: f"{{Criticality: {n}}}", 100, None, id="criticality"),
    ],
)
def test_a_limit_of_batch_update_findings_holds_exactly(folder, update, limit, unit):
    def codes(count):
        text = f"{BARE}    when: true\n    update: {update(count)}\n"
        return [(one.code, unit is None or unit in one.message) for one in load_rules(folder(text)).problems]

    assert codes(limit) == []
    assert codes(limit + 1) == [("E105", True)]


def test_an_update_with_as_many_user_fields_as_the_loader_takes_is_not_refused(folder):
    rule = BARE + f"    when: true\n    update: {fields(50)}\n"
    ruleset = load_ruleset(compile_ruleset(folder(rule), revision=None))
    decision = decide(complete({}), NO_ENTRY, ruleset, SAMPLE_NOW, Settings())
    assert decision.refused is None
    assert len(decision.update["UserDefinedFields"]) == 50


def test_a_template_is_as_long_as_its_constant_parts_and_the_values_of_the_rule(folder):
    rule = f"{BARE}    ticket: {'t' * 100}\n    when: true\n    update: "
    text = rule + "{Note: {Text: '{}{rule.ticket}'}}\n"
    fits, too_long = text.replace("{}", "x" * 412), text.replace("{}", "x" * 413 + "{finding.Id}")
    assert told(folder, fits) == ""
    assert "rules/a.yaml:5:27: E105 the text has at least 513 characters; at most 512" in told(
        folder, too_long
    )


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{x}",
        "{a: b}",
        '{\\"json\\": {\\"id\\": 1}}',
        "{0}",
        "{finding.Resources.0.Tags.team}",
    ],
)
def test_braces_that_are_no_placeholder_stand_for_themselves(folder, text):
    assert told(folder, f'{BARE}    when: true\n    update: {{Note: {{Text: "{text}"}}}}\n') == ""


def test_all_errors_of_all_files_are_told_at_once_by_place(folder):
    conditions = "    match: {A: []}\n    when: {zz: 1}\n"
    update = "    update: {Note: {Text: '{ticket}'}}\n"
    files = {
        "b.yaml": f"rules:\n  - id: B\n    mode: x\n{conditions}{update}",
        "a.yaml": "lists: {l: []}\nrules:\n  - id: a\n",
        "c.yaml": "a: [\n",
    }
    assert short(folder, files) == [
        "rules/a.yaml:1:12: E103",
        "rules/a.yaml:3:5: E102",
        "rules/a.yaml:3:5: E205",
        "rules/b.yaml:2:9: E106",
        "rules/b.yaml:3:11: E104",
        "rules/b.yaml:4:13: E201",
        "rules/b.yaml:5:11: E202",
        "rules/b.yaml:6:27: E302",
        "rules/c.yaml:2:1: E002",
    ]


def test_what_may_stand_in_an_unreadable_file_is_not_called_unknown(folder):
    rule = RULE.replace("[x]", "[{in-list: l}]")
    assert short(folder, {"a.yaml": rule, "b.yaml": "lists: {l: [a]\n"}) == ["rules/b.yaml:2:1: E002"]


def test_a_folder_that_is_not_there(tmp_path):
    (problem,) = load_rules(tmp_path / "nowhere").problems
    assert (problem.code, problem.message) == ("E404", "there is no such folder")


@pytest.mark.parametrize(
    ("lead", "words"),
    [("nowhere.yaml", "there is no such file or folder"), ("/dev/zero", "it is a pipe or a device")],
)
def test_a_rule_file_that_is_no_file_is_a_problem(folder, lead, words):
    path = folder({"b.yaml": RULE})
    (path / "a.yaml").symlink_to(lead)
    (problem,) = load_rules(path).problems
    assert (problem.file, problem.code) == ("rules/a.yaml", "E001")
    assert problem.message == f"the file cannot be read: {words}"


def test_a_link_to_a_folder_of_rule_files_is_a_problem_because_it_is_not_followed(folder, tmp_path):
    path = folder({"b.yaml": RULE})
    for name, file in (("shared", "c.yaml"), ("notes", "notes.txt")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("rules: []")
        (path / name).symlink_to(tmp_path / name)
    (path / ".hidden").symlink_to(tmp_path / "shared")
    (problem,) = load_rules(path).problems
    assert (problem.file, problem.code) == ("rules/shared", "E001")


def test_a_file_that_cannot_be_opened_is_a_problem_and_stops_no_other(folder):
    path = folder({"b.yaml": "rules: []"})
    (path / "a.yaml").symlink_to("/proc/self/mem")
    problems = load_rules(path).problems
    assert [(one.file, one.code) for one in problems] == [("rules/a.yaml", "E001")]


GOOD = """\
lists:
  accounts: ["111122223333", "444455556666"]
  prefixes: [dev, "10"]
rules:
  - id: everything
    description: All keys at once.
    owner: me
    ticket: T-1
    mode: hold
    order: 1
    terminal: true
    starts: 2026-10-01
    expires: "2027-03-31T18:00:00+02:00"
    override: true
    ceiling: CRITICAL
    match:
      AwsAccountId: [{in-list: accounts}, "777788889999"]
      Title: scalar
      Id: [{anything-but: {in-list: accounts}}]
      AwsAccountName: [{prefix: {in-list: prefixes}}]
      Vulnerabilities: {EpssScore: [{numeric: [">=", 0.5]}]}
      $or: [{A: 1}, {B: [{in-list: prefixes}]}]
    when: {and: [{in_list: [{var: AwsAccountId}, accounts]}, {in_list: [{var: Id}, [a, b]]}]}
    update: {Types: {Add: [TTPs], Remove: [whatever it says]}, Severity: {Normalized: 5}, Note: {Text: n}}
    tests: [{name: t, expect: no change}]
"""


def test_lists_are_put_in_and_leaves_are_lists(folder):
    (rule,) = load_rules(folder(GOOD)).rules
    accounts = ["111122223333", "444455556666"]
    assert rule.match == {
        "AwsAccountId": [*accounts, "777788889999"],
        "Title": ["scalar"],
        "Id": [{"anything-but": accounts}],
        "AwsAccountName": [{"prefix": "dev"}, {"prefix": "10"}],
        "Vulnerabilities": {"EpssScore": [{"numeric": [">=", 0.5]}]},
        "$or": [{"A": [1]}, {"B": ["dev", "10"]}],
    }
    assert rule.when == {
        "and": [{"in_list": [{"var": "AwsAccountId"}, accounts]}, {"in_list": [{"var": "Id"}, ["a", "b"]]}]
    }


def test_lists_of_one_file_serve_the_rules_of_another(folder):
    files = {"z.yaml": "lists: {l: [a]}\n", "a.yaml": RULE.replace("[x]", "[{in-list: l}]")}
    (rule,) = load_rules(folder(files)).rules
    assert rule.match == {"Id": ["a"]}


def test_a_rule_may_be_shared_in_parts_by_aliases(folder):
    shared = "  - id: b\n    match: &m {Id: [y1]}\n    update: &u {Confidence: 5}\n"
    text = f"{RULE}{shared}  - id: c\n    match: *m\n    update: *u\n"
    loaded = load_rules(folder(text))
    assert [rule.match for rule in loaded.rules] == [{"Id": ["x"]}, {"Id": ["y1"]}, {"Id": ["y1"]}]


def test_a_folder_without_a_rule_in_force_is_refused_on_compiling(folder):
    with pytest.raises(RuleErrors) as error:
        compile_ruleset(folder("lists: {l: [a]}\n"), revision=None)
    assert [problem.code for problem in error.value.problems] == ["E403"]


def test_every_code_is_provoked_by_a_test():
    said = "".join(path.read_text(encoding="utf-8") for path in FLAWS.glob("*.txt"))
    reading = {"E001", "E002", "E003", "E005", "E006", "E007"}  # test_yamlreader.py
    assert {
        *re.findall(r": (E[0-9]{3}) ", said),
        *reading,
        "E217",
        "E305",
        "E306",
        "E307",
        "E308",
        "E309",
        "E403",
        "E404",
    } == {
        code for code in CODES if code.startswith("E") and not code.startswith("E5")
    }  # warnings and the policy: checks/test_check_pages.py
