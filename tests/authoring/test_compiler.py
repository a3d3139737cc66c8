"""The compiled rule set: what it says, that it is the same every time, and what it refuses."""

import json
import subprocess
import time

import pytest

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.problems import RuleErrors
from hubtriage.engine.ruleset.ruleset import load_ruleset

RULES = """\
lists:
  accounts: ["111122223333"]
rules:
  - id: zeta
    description: The last one.
    owner: me
    ticket: T-1
    mode: observe
    order: 600
    terminal: true
    starts: 2026-10-01
    expires: 2027-03-31
    override: true
    ceiling: CRITICAL
    match: {AwsAccountId: [{in-list: accounts}]}
    when: {"==": [{var: RecordState}, ARCHIVED]}
    update: {Severity: {AtMost: LOW}, Note: {Text: "Until {rule.expires}."}}
    tests: [{name: never, expect: no change}]
  - id: beta
    match: {Id: x}
    update: {Types: {Add: [TTPs]}, Confidence: 5}
  - id: alpha
    when: true
    expires: 2027-03-31T18:00:00+02:00
    mode: enforce
    order: 500
    terminal: true
  - id: asleep
    mode: "off"
    when: true
    update: {Confidence: 5}
"""


def test_tags_are_for_authors_and_never_reach_the_document(folder):
    plain = compile_ruleset(folder(RULES), revision="abc")
    tagged = "defaults: {tags: [everywhere]}\n" + RULES.replace(
        "- id: beta", "- id: beta\n    tags: [lab, prod]"
    )
    assert compile_ruleset(folder(tagged), revision="abc") == plain, "not even its hash"


def test_a_part_is_compiled_as_if_the_other_rules_were_not_there(folder):
    from dataclasses import replace

    part = compile_ruleset(
        folder(RULES),
        revision="abc",
        select=lambda loaded: replace(loaded, rules=tuple(r for r in loaded.rules if r.id != "zeta")),
    )
    without = RULES[: RULES.index("  - id: zeta")] + RULES[RULES.index("  - id: beta") :]
    assert part == compile_ruleset(folder(without), revision="abc"), "its list is not deployed, either"


def test_the_document(folder):
    files = {"a.yaml": RULES, "accounts.yaml": 'accounts: {"111122223333": {environment: prod}}\n'}
    document = compile_ruleset(folder(files), revision="abc")
    assert document == {
        "format": 1,
        "hash": document["hash"],
        "revision": "abc",
        "accounts": {"111122223333": {"environment": "prod"}},
        "lists": {"accounts": ["111122223333"]},
        "rules": [
            {
                "id": "alpha",
                "terminal": True,
                "ends": 1806508800.0,
                "when": True,
                "update": {},
                "expires": "2027-03-31T18:00:00+02:00",
            },
            {"id": "beta", "match": {"Id": ["x"]}, "update": {"Types": {"Add": ["TTPs"]}, "Confidence": 5}},
            {
                "id": "zeta",
                "order": 600,
                "mode": "observe",
                "terminal": True,
                "override": True,
                "ceiling": "CRITICAL",
                "starts": 1790812800.0,
                "ends": 1806537600.0,
                "match": {"AwsAccountId": {"in-list": "accounts"}},
                "when": {"==": [{"var": "RecordState"}, "ARCHIVED"]},
                "lists": ["accounts"],
                "update": {"Severity": {"AtMost": "LOW"}, "Note": {"Text": "Until {rule.expires}."}},
                "owner": "me",
                "ticket": "T-1",
                "description": "The last one.",
                "expires": "2027-03-31",
            },
        ],
    }
    assert len(document["hash"]) == 16
    json.dumps(document)


def test_the_engine_loads_the_document(folder):
    document = compile_ruleset(folder(RULES), revision=None)
    assert [rule.id for rule in load_ruleset(json.loads(json.dumps(document))).rules] == [
        "alpha",
        "beta",
        "zeta",
    ]


def test_the_same_rules_give_the_same_document_however_they_are_spread_over_files(folder, tmp_path):
    head, *rules = RULES.split("  - id: ")
    one = compile_ruleset(folder(RULES), revision=None)
    spread = {f"deep/{n}.yaml": "rules:\n  - id: " + rule for n, rule in enumerate(reversed(rules))}
    lists = {"a.yaml": head.replace("rules:\n", "")}
    assert compile_ruleset(folder({**lists, **spread}), revision=None) == one


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("order: 600", "order: 601", id="an order"),
        pytest.param("111122223333", "444455556666", id="a list"),
        pytest.param("{Id: x}", "{Id: z}", id="a condition"),
        pytest.param("ticket: T-1", "ticket: T-2", id="a ticket"),
        pytest.param('mode: "off"', "mode: hold", id="a rule that was off"),
    ],
)
def test_the_hash_tells_a_change_of(folder, old, new):
    before = compile_ruleset(folder(RULES), revision="1")["hash"]
    assert compile_ruleset(folder(RULES.replace(old, new)), revision="1")["hash"] != before


def test_the_hash_tells_a_change_of_an_account_and_of_nothing_that_is_not_deployed(folder):
    accounts = 'accounts: {"111122223333": {environment: prod}}\n'
    before = compile_ruleset(folder({"a.yaml": RULES, "accounts.yaml": accounts}), revision="1")
    changed = compile_ruleset(folder({"accounts.yaml": accounts.replace("prod", "dev")}), revision="1")
    assert changed["hash"] != before["hash"]
    text = RULES.replace("tests: [{name: never", "tests: [{name: ever") + "# a comment\n"
    same = compile_ruleset(folder({"a.yaml": text, "accounts.yaml": accounts}), revision="2")
    assert same["hash"] == before["hash"]


def test_a_rule_set_that_needs_regular_expressions_says_so(folder):
    plain = compile_ruleset(folder(RULES), revision=None)
    assert "regex" not in plain
    text = RULES.replace(
        'when: {"==": [{var: RecordState}, ARCHIVED]}',
        'when: {and: [true, {"!": [{regex: [{var: Id}, "^a+$"]}]}]}',
    )
    assert compile_ruleset(folder(text), revision=None)["regex"] is True


def test_all_errors_are_raised_together(folder):
    bad = "rules:\n  - id: B\n    when: true\n    update: {Confidence: 500}\n"
    with pytest.raises(RuleErrors) as error:
        compile_ruleset(folder({"a.yaml": RULES, "b.yaml": bad, "c.yaml": "["}), revision=None)
    assert [problem.code for problem in error.value.problems] == ["E106", "E105", "E002"]
    assert "rules/b.yaml:4:26: E105 500 is above 100" in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        RULES.split("  - id: zeta")[0].replace("rules:\n", ""),
        'rules: [{id: a, mode: "off", when: true, terminal: true}]\n',
    ],
)
def test_a_folder_without_a_rule_in_force_needs_leave(folder, text):
    path = folder(text)
    with pytest.raises(
        RuleErrors, match="E403 no rule is in force: everything that triage did would be taken back"
    ):
        compile_ruleset(path, revision=None)
    assert compile_ruleset(path, revision=None, allow_empty=True)["rules"] == []


def git(*arguments):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *identity, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_revision_is_the_commit_and_says_whether_the_files_differ_from_it(folder, tmp_path):
    path = folder(RULES)
    assert git_revision(path) is None
    git("init", "--quiet")
    assert git_revision(path) is None
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    commit = git("rev-parse", "--short=12", "HEAD")
    assert git_revision(path) == commit
    (tmp_path / "elsewhere").write_text("x")
    assert git_revision(path) == commit
    (path / "a.yaml").write_text(RULES + "# changed\n")
    assert git_revision(path) == f"{commit}+dirty"


def test_a_thousand_rules_are_loaded_and_compiled_within_two_seconds(folder):
    head, body = RULES.split("  - id: zeta")
    body = body.split("  - id: beta")[0]
    text = head + "".join(f"  - id: rule-{number}{body}" for number in range(1000))
    path = folder(text)
    assert any(_seconds(path) <= 2 for _attempt in range(3))  # the machine may be busy


def _seconds(path):
    start = time.process_time()
    assert len(compile_ruleset(path, revision=None)["rules"]) == 1000
    return time.process_time() - start
