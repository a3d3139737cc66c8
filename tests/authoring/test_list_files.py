"""Lists whose values stand in a file beside the rules, and lists that many rules share."""

import json
from pathlib import Path

import pytest

from hubtriage.authoring.compiler import compile_ruleset, ruleset_document
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.ruleset.ruleset import load_ruleset

RULES = """\
lists:
  accounts: {from: FROM}
rules:
  - id: a
    match: {AwsAccountId: [{in-list: accounts}]}
    update: {Workflow: {Status: NOTIFIED}}
"""
CSV = 'account,name\n111122223333,shop\n 444455556666 ,"bank, main"\n111122223333,shop again\n,no account\n'


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "accounts.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "rules" / "lines.txt").write_text("\ufeff# ours\n111122223333\n\n 444455556666 \r\n", "utf-8")
    (tmp_path / "rules" / "twice.txt").write_text(
        "111122223333\n444455556666\n111122223333\n", encoding="utf-8"
    )
    (tmp_path / "rules" / "none.txt").write_text("# none yet\n", encoding="utf-8")
    (tmp_path / "rules" / "latin.txt").write_bytes(b"stra\xdfe\n")
    (tmp_path / "rules" / "broken.csv").write_text('account\n"1111\n', encoding="utf-8")
    (tmp_path / "outside.txt").write_text("secret\n", encoding="utf-8")
    (tmp_path / "rules" / "link.txt").symlink_to(tmp_path / "outside.txt")
    return tmp_path / "rules"


def written(rules: Path, source: str) -> Path:
    (rules / "a.yaml").write_text(RULES.replace("FROM", source), encoding="utf-8")
    return rules


@pytest.mark.parametrize("source", ["accounts.csv#account", "lines.txt", "./lines.txt"])
def test_the_values_of_a_file_are_those_of_the_list(rules: Path, source: str) -> None:
    loaded = load_rules(written(rules, source))
    assert loaded.problems == ()
    assert loaded.lists["accounts"] == ["111122223333", "444455556666"]
    match = load_ruleset(compile_ruleset(rules, revision=None)).rules[0].matches
    assert match({"AwsAccountId": "444455556666"}, 0.0)
    assert not match({"AwsAccountId": "777788889999"}, 0.0)


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("accounts.csv", "E104", "the column is missing"),
        ("accounts.csv#acount", "E104", "no column 'acount'"),
        ("lines.txt#account", "E104", "no columns"),
        ("none.txt", "E103", "no value in none.txt"),
        ("absent.txt", "E001", "absent.txt cannot be read"),
        ("latin.txt", "E001", "not UTF-8"),
        ("broken.csv#account", "E104", "is not CSV"),
        ("../outside.txt", "E001", "not in the folder of the rules"),
        ("link.txt", "E001", "not in the folder of the rules"),
        (".", "E001", "cannot be read"),
        ("[lines.txt]", "E103", "a file are wanted, not a list"),
        ("lines.txt, to: x", "E103", "other keys"),
        ("twice.txt", "E107", "'111122223333' appears twice (first on line 1)"),
    ],
)
def test_a_file_that_gives_no_list(rules: Path, source: str, code: str, words: str) -> None:
    (problem,) = load_rules(written(rules, source)).problems
    assert (problem.code, words in problem.message) == (code, True), problem.render()


def test_a_problem_in_a_file_names_its_line(rules: Path) -> None:
    (problem,) = load_rules(written(rules, "twice.txt")).problems
    assert problem.render().startswith(f"{rules.as_posix()}/twice.txt:3:1: E107")


SHARING = """\
lists: {many: [a, b, c], nets: ["10.0.0.0/8"]}
rules:
  - {id: one, match: {Title: [{in-list: many}]}, update: {Confidence: 1}}
  - {id: two, match: {Title: [{in-list: many}], Id: [x]}, update: {Confidence: 1}}
  - {id: mixed, match: {Title: [{in-list: many}, z]}, update: {Confidence: 1}}
  - {id: again, match: {Id: [{in-list: many}, z]}, update: {Confidence: 1}}
  - {id: part, match: {Title: [{prefix: {in-list: many}}, {suffix: y}]}, update: {Confidence: 1}}
  - {id: but, match: {Title: [{anything-but: {in-list: many}}]}, update: {Confidence: 1}}
  - {id: logic, when: {in_list: [{var: Title}, many]}, update: {Confidence: 1}}
  - {id: none, match: {Title: [a]}, update: {Confidence: 1}}
"""


def test_each_list_stands_once_in_the_rule_set_and_in_memory(folder) -> None:
    document = compile_ruleset(folder(SHARING), revision=None)
    text = json.dumps(document)
    assert text.count('["a", "b", "c"]') == 1
    assert {name: len(values) for name, values in document["lists"].items()} == {
        "many": 3,
        '[{"in-list": "many"}, "z"]': 4,
        '[{"prefix": {"in-list": "many"}}, {"suffix": "y"}]': 4,
    }
    rules = load_ruleset(json.loads(text)).by_id
    values = rules["one"].source["match"]["Title"]
    assert values is rules["two"].source["match"]["Title"]
    assert values is rules["but"].source["match"]["Title"][0]["anything-but"]
    assert values is rules["logic"].source["when"]["in_list"][1]
    assert rules["mixed"].source["match"]["Title"] is rules["again"].source["match"]["Id"]


@pytest.mark.parametrize("title", ["a", "az", "z", "zy", "d", 1, None])
def test_a_list_means_the_values_that_it_has(folder, title: object) -> None:
    lists = load_ruleset(json.loads(json.dumps(compile_ruleset(folder(SHARING), revision=None))))
    finding = {"Title": title, "Id": "x"}
    matching = {rule.id for rule in lists.match(finding, 0.0)[0]}
    named = title in ("a", "b", "c")
    assert matching == {
        *(("one", "two", "logic") if named else ("but",)),
        *(("mixed",) if named or title == "z" else ()),
        *(("part",) if isinstance(title, str) and (title[0] in "abc" or title.endswith("y")) else ()),
        *(("none",) if title == "a" else ()),
    }


def test_the_work_for_a_list_does_not_grow_with_the_rules_that_name_it(folder, monkeypatch) -> None:
    values = ", ".join(f'"{number:012}"' for number in range(2000))
    rules = "".join(
        f"  - {{id: r{number}, match: {{AwsAccountId: [{{in-list: many}}], Title: [t{number}]}}, "
        "update: {Confidence: 1}}\n"
        for number in range(50)
    )
    loaded = load_rules(folder(f"lists: {{many: [{values}]}}\nrules:\n{rules}"))
    document = ruleset_document(loaded, revision=None)
    assert len(json.dumps(document)) < 2000 * 16 + 50 * 200
    ruleset = load_ruleset(document)
    assert len({id(rule.source["match"]["AwsAccountId"]) for rule in ruleset.rules}) == 1
    (found,) = ruleset.match({"AwsAccountId": "000000001999", "Title": "t7"}, 0.0)[0]
    assert found.id == "r7"
