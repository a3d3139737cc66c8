"""`lint --fix`: what it writes for each kind of slip, and that nothing else of a file changes."""

import json
import random
import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.authoring.fixing import fixed_files, with_fixes
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import ChangeKind, ContentChange, Fix, Position
from hubtriage.authoring.yaml.reader import parse
from tests.authoring.slips import (
    Case,
    Rule,
    constant_when,
    correct_rules,
    impossible_value,
    misspelt_path,
    pattern_in_a_value,
)
from tests.support.examples import examples
from tests.support.paths import ROOT

HEAD = "rules:\n  - id: a\n    match: {Id: [x]}\n"


def fixed(text: str | bytes, *, unsafe: bool = False, others: dict[str, str] | None = None) -> bytes:
    """A file after its fixes."""
    content = text if isinstance(text, bytes) else text.encode()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.yaml").write_bytes(content)
        for other, said in (others or {}).items():
            (folder / other).write_text(said, encoding="utf-8")
        files = fixed_files(folder, unsafe=unsafe)
        for file in files:
            assert file.before != file.after
            assert file.fixes
            file.path.write_bytes(file.after)
        assert fixed_files(folder, unsafe=unsafe) == ()  # once is enough
        assert files == () or (folder / "a.yaml").read_bytes() == files[0].after or others
        return (folder / "a.yaml").read_bytes()


KINDS = [
    # quotes
    pytest.param(
        "match: {AwsAccountId: [011122223333]}", 'match: {AwsAccountId: ["011122223333"]}', id="octal"
    ),
    pytest.param(
        "match: {AwsAccountId: 111122223333 }", 'match: {AwsAccountId: "111122223333" }', id="account"
    ),
    pytest.param(
        "match: {ProductFields: {x: [no, 'on']}}", "match: {ProductFields: {x: [\"no\", 'on']}}", id="no"
    ),
    pytest.param(
        "match: {Title: [2026-10-01]}", 'match: {Title: ["2026-10-01"]}', id="a date in a condition"
    ),
    pytest.param("match: {Title: [1.10]}", 'match: {Title: ["1.10"]}', id="a version"),
    pytest.param("match: {Title: [5]}", 'match: {Title: ["5"]}', id="a number for a text"),
    pytest.param('match: {Confidence: ["90"]}', "match: {Confidence: [90]}", id="a text for a number"),
    pytest.param("mode: off  # for now", 'mode: "off"  # for now', id="off"),
    pytest.param("owner: 5", 'owner: "5"', id="an owner that is a number"),
    pytest.param("terminal: yes", "terminal: true", id="yes"),
    pytest.param("terminal: 'false'", "terminal: false", id="a boolean in quotes"),
    pytest.param('order: "7"', "order: 7", id="a number in quotes"),
    pytest.param("update: {Confidence: '5'}", "update: {Confidence: 5}", id="a score in quotes"),
    pytest.param(
        "update: {UserDefinedFields: {on: a, b: 1}}",
        'update: {UserDefinedFields: {"on": a, b: "1"}}',
        id="a key",
    ),
    pytest.param(
        "tests: [{name: n, finding: {AwsAccountId: 111122223333}, expect: no change}]",
        'tests: [{name: n, finding: {AwsAccountId: "111122223333"}, expect: no change}]',
        id="the finding of a test",
    ),
    # names
    pytest.param("ownr: me", "owner: me", id="a key of a rule"),
    pytest.param("'ownr' : me", "'owner' : me", id="a key in quotes"),
    pytest.param("Mode: enforce", "mode: enforce", id="a key in capitals"),
    pytest.param(
        "update: {Workflow: {Statsu: NOTIFIED}}", "update: {Workflow: {Status: NOTIFIED}}", id="a field"
    ),
    pytest.param(
        'update: {Severity: {Label: "critical"}}',
        'update: {Severity: {Label: "CRITICAL"}}',
        id="a label, in quotes",
    ),
    pytest.param("reason: risk-acepted", "reason: risk-accepted", id="a reason"),
    pytest.param("match: {Regoin: [eu-west-1]}", "match: {Region: [eu-west-1]}", id="a field of a pattern"),
    pytest.param(
        "match: {compliance: {Stauts: [FALIED]}}",
        "match: {Compliance: {Status: [FAILED]}}",
        id="three in one place",
    ),
    pytest.param(
        "match: {Region: ['EU-west-1']}", "match: {Region: ['eu-west-1']}", id="a Region in capitals"
    ),
    pytest.param("match: {Id: [{prefx: x}]}", "match: {Id: [{prefix: x}]}", id="an operator of a pattern"),
    pytest.param(
        'when: {stars_with: [{var: "Titel"}, a]}',
        'when: {starts_with: [{var: "Title"}, a]}',
        id="an operator, a path",
    ),
    pytest.param(
        "when: {some: [{var: Resources}, {'==': [{var: Tpye}, AwsS3Bucket]}]}",
        "when: {some: [{var: Resources}, {'==': [{var: Type}, AwsS3Bucket]}]}",
        id="a path in a loop",
    ),
    pytest.param("when: {missing: [Titel]}", "when: {missing: [Title]}", id="a path that is asked for"),
    pytest.param(
        "tests: [{name: n, finding: {Severty: {Label: LOW}}, expect: no change}]",
        "tests: [{name: n, finding: {Severity: {Label: LOW}}, expect: no change}]",
        id="a member of a test's finding",
    ),
    pytest.param(
        "match: {Region: [\u201ceu-west-1\u201d]}", "match: {Region: [eu-west-1]}", id="typographic quotes"
    ),
    # brackets
    pytest.param("update: {Types: TTPs}", "update: {Types: [TTPs]}", id="a list of one"),
    pytest.param("update: {Types: 'a, b'}", "update: {Types: ['a, b']}", id="a list of one in quotes"),
    pytest.param(
        "update:\n      Types: TTPs/{x}",
        'update:\n      Types: ["TTPs/{x}"]',
        id="one that needs quotes there",
    ),
    pytest.param("during: {days: sat}", "during: {days: [sat]}", id="a day"),
    pytest.param("update: {Workflow: NOTIFIED}", "update: {Workflow: {Status: NOTIFIED}}", id="a status"),
    pytest.param(
        "tests:\n      name: n\n      # why\n      expect: no change",
        "tests:\n      - name: n\n        # why\n        expect: no change",
        id="one test without its dash",
    ),
    # and
    pytest.param(
        'when: [{"==": [{var: Region}, a-1]}, {var: Title}]',
        'when: {and: [{"==": [{var: Region}, a-1]}, {var: Title}]}',
        id="a list of conditions",
    ),
    pytest.param("when: [{var: Title}]", "when: {var: Title}", id="one condition in a list"),
    pytest.param("when: [ {var: Title}, ]", "when: {and: [ {var: Title}, ]}", id="one, and a comma"),
    pytest.param(
        'when:\n      - {var: Title}   # a\n      # b\n      - "!!": [{var: Note}]',
        'when:\n      and:\n      - {var: Title}   # a\n      # b\n      - "!!": [{var: Note}]',
        id="a list of lines",
    ),
    pytest.param(
        'when:\n    - {var: Title}   # a\n\n    # b\n    - "!!": [{var: Note}]',
        'when:\n      and:\n      - {var: Title}   # a\n\n      # b\n      - "!!": [{var: Note}]',
        id="a list of lines without indent",
    ),
    pytest.param(
        "when:\n    - in:\n      - a\n      - {var: Title}",
        "when:\n      in:\n      - a\n      - {var: Title}",
        id="one condition on lines",
    ),
    pytest.param(
        'when: {var: Title, "!!": [{var: Note}]}',
        'when: {and: [{var: Title}, {"!!": [{var: Note}]}]}',
        id="several operators",
    ),
    pytest.param(
        'when:\n      in:   # a\n        - a\n        - {var: Title}\n      "!!": [{var: Note}]',
        "when:\n      and:\n        - in:   # a\n            - a\n            - {var: Title}\n        "
        '- "!!": [{var: Note}]',
        id="several operators on lines",
    ),
]
STARS = [
    pytest.param("match: {Region: [eu-*]}", "match: {Region: [{wildcard: eu-*}]}", id="a star"),
    pytest.param("match: {Region: 'eu-*'}", "match: {Region: [{wildcard: 'eu-*'}]}", id="without brackets"),
    pytest.param(
        'match: {Region: [us-east-1, "eu-*"]}',
        'match: {Region: [us-east-1, {wildcard: "eu-*"}]}',
        id="among others",
    ),
    pytest.param(
        "match:\n      Region:\n      - eu-*",
        "match:\n      Region:\n      - {wildcard: eu-*}",
        id="in lines",
    ),
    pytest.param(
        'when: {"==": [{var: Region}, "eu-*"]}',
        'when: {"glob": [{var: Region}, "eu-*"]}',
        id="in a comparison",
    ),
]
LEFT = [
    pytest.param("match: {Region: ['^eu-.*$']}", id="a regular expression"),
    pytest.param("match: {Region: ['eu-**']}", id="two stars"),
    pytest.param("match: {Region: [{anything-but: 'eu-*'}]}", id="a star in what is excluded"),
    pytest.param("update:\n      Types: TTPs, Effects", id="what may be several values"),
    pytest.param("colour: red", id="a key that is like none"),
    pytest.param("when: Severity.Label == LOW", id="a text for a condition"),
    pytest.param("expires: tomorrow", id="a date that is none"),
    pytest.param("owner: &x 5", id="a value with an anchor"),
    pytest.param("owner: !!int 5", id="a value with a tag"),
    pytest.param("ownr: me\n    owner: you", id="a key that there would be twice"),
    pytest.param("match: {Region: ['eu-west-1', 5], Region: [6]}", id="a key that is there twice"),
]


def rule_with(line: str) -> str:
    """A rule with a line; whatever it lacks otherwise has no fix."""
    rest = [
        f"    {one}\n"
        for name, one in (("match", "match: {Id: [x]}"), ("update", "update: {Confidence: 5}"))
        if not line.startswith((name, "when") if name == "match" else name)
    ]
    return f"# head\nrules:\n  - id: a   # ä\n    {line}\n{''.join(rest)}# tail\n"


@pytest.mark.parametrize(("before", "after"), KINDS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_slip_is_mended_and_nothing_else_changes(before: str, after: str, newline: str) -> None:
    told = fixed(rule_with(before).replace("\n", newline).encode())
    assert told.decode() == rule_with(after).replace("\n", newline)


@pytest.mark.parametrize(("before", "after"), STARS)
def test_a_star_becomes_a_wildcard_only_on_request(before: str, after: str) -> None:
    text = rule_with(before)
    assert fixed(text).decode() == text
    assert fixed(text, unsafe=True).decode() == rule_with(after)


@pytest.mark.parametrize("line", LEFT)
def test_what_could_have_been_meant_in_several_ways_is_left(line: str) -> None:
    text = rule_with(line)
    if "Region: [6]" in line:  # the first of the two keys is the one that is read
        assert fixed(text).decode() == text.replace("'eu-west-1', 5", "'eu-west-1', \"5\"")
    else:
        assert fixed(text, unsafe=True).decode() == text


FILES = [
    pytest.param("rule:\n  - id: a\n", "rules:\n  - id: a\n", id="a key of the file"),
    pytest.param("lists: {l: x}\n", "lists: {l: [x]}\n", id="a list of one"),
    pytest.param(
        "lists:\n  l:\n  - 0123\n  - no # x\n", 'lists:\n  l:\n  - "0123"\n  - "no" # x\n', id="a list"
    ),
    pytest.param("defaults: {ownr: 5}\n" + HEAD, 'defaults: {owner: "5"}\n' + HEAD, id="defaults"),
    pytest.param(
        "lists: {accounts: [a]}\n" + HEAD.replace("[x]", "[{in-list: acounts}]"),
        "lists: {accounts: [a]}\n" + HEAD.replace("[x]", "[{in-list: accounts}]"),
        id="the name of a list",
    ),
    pytest.param(
        "\ufeff" + HEAD.replace("x", "007"),
        "\ufeff" + HEAD.replace("x", '"007"'),
        id="the mark at the beginning",
    ),
    pytest.param(
        "---\n" + HEAD.replace("x", "007"), "---\n" + HEAD.replace("x", '"007"'), id="a document's begin"
    ),
    pytest.param(
        "%YAML 1.1\n---\n" + HEAD.replace("x", "007") + "...\n",
        "%YAML 1.1\n---\n" + HEAD.replace("x", '"007"') + "...\n",
        id="a directive, and a document's end",
    ),
    pytest.param(
        HEAD.replace("{Id: [x]}", "&m {Id: [007]}") + "  - id: b\n    match: *m\n",
        HEAD.replace("{Id: [x]}", '&m {Id: ["007"]}') + "  - id: b\n    match: *m\n",
        id="a slip that an alias shares",
    ),
    pytest.param(
        "lists: {l: [&n 90, b]}\n" + HEAD.replace("{Id: [x]}", "{Title: [*n]}"),
        "lists: {l: [&n 90, b]}\n" + HEAD.replace("{Id: [x]}", '{Title: ["90"]}'),
        id="an alias of what is right at its anchor",
    ),
    pytest.param(
        "lists: {l: [x]}\n" + HEAD.replace("{Id: [x]}", "{\tId:\t[007\t]\t}"),
        "lists: {l: [x]}\n" + HEAD.replace("{Id: [x]}", '{\tId:\t["007"\t]\t}'),
        id="tabs",
    ),
    pytest.param(
        HEAD.replace("x", "\U0001f600é, 007, é\u2028x"),
        HEAD.replace("x", '\U0001f600é, "007", é\u2028x'),
        id="characters of all planes",
    ),
]


@pytest.mark.parametrize(("before", "after"), FILES)
def test_a_slip_somewhere_in_a_file(before: str, after: str) -> None:
    assert fixed(before).decode() == after


SHARED = [
    pytest.param(
        "rules:\n  - id: a\n    match: &m {Confidence: ['90']}\n    update: {UserDefinedFields: *m}\n",
        id="right in one place and wrong in the other",
    ),
    pytest.param("rules: [a: {b: c}\n", id="no YAML"),
    pytest.param("- &a [*a]\n", id="an alias in its own anchor"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize("text", SHARED)
def test_a_file_in_which_a_fix_would_change_more_stays(text: str) -> None:
    assert fixed(text, unsafe=True).decode() == text


def test_the_account_directory_is_mended_too() -> None:
    others = {"accounts.yaml": "accounts:\n  111122223333: {environment: no}  # x\n"}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "accounts.yaml")
        path.write_text(others["accounts.yaml"])
        (file,) = fixed_files(Path(name), unsafe=False)
    assert file.after == b'accounts:\n  "111122223333": {environment: "no"}  # x\n'


def test_the_index_of_the_checks_says_which_have_a_fix() -> None:
    index = (ROOT / "docs" / "checks" / "README.md").read_text(encoding="utf-8")
    marked = set(
        re.findall(r"^\| \[([EW][0-9]{3})\]\(.*?\) \| [a-z-]+ \| (yes|unsafe) \|", index, re.MULTILINE)
    )
    texts = [rule_with(str(one.values[0])) for one in (*KINDS, *STARS)]
    texts += [str(one.values[0]) for one in FILES]
    found = set()
    with tempfile.TemporaryDirectory() as name:
        for text in texts:
            Path(name, "a.yaml").write_text(text, encoding="utf-8")
            problems = load_rules(Path(name)).problems
            found |= {(one.code, "unsafe" if one.fix.unsafe else "yes") for one in problems if one.fix}
    assert found == marked


# What is applied is held against what it says.

TEXT = b"a: 1\nb: [2, 3]  # c\n"


def _fix(start: tuple[int, int], end: tuple[int, int], text: str, *changes: ContentChange) -> Fix:
    return Fix(Position(*start), Position(*end), text, "", changes)


SET = ContentChange(ChangeKind.SET, ("a",), "1")
GOOD = _fix((1, 4), (1, 5), '"1"', SET)
SECOND = _fix((2, 5), (2, 6), '"2"', ContentChange(ChangeKind.SET, ("b", 0), "2"))


@pytest.mark.parametrize(
    ("fixes", "after"),
    [
        pytest.param([GOOD], b'a: "1"\nb: [2, 3]  # c\n', id="one"),
        pytest.param([SECOND, GOOD, GOOD], b'a: "1"\nb: ["2", 3]  # c\n', id="two, in any order, each once"),
        pytest.param(
            [_fix((1, 4), (1, 5), "'1'", SET), GOOD], b"a: '1'\nb: [2, 3]  # c\n", id="two in one place"
        ),
        pytest.param(
            [_fix((1, 4), (1, 5), "2", SET)], TEXT, id="one that writes something else than it says"
        ),
        pytest.param([_fix((1, 4), (1, 5), '"1"')], TEXT, id="one that changes more than it says"),
        pytest.param([_fix((1, 4), (1, 5), '"1', SET)], TEXT, id="one that breaks the file"),
        pytest.param([_fix((1, 4), (2, 3), '"1"', SET)], TEXT, id="one that swallows a key"),
        pytest.param(
            [_fix((1, 4), (1, 5), "true", ContentChange(ChangeKind.SET, ("a",), 1))], TEXT, id="true for 1"
        ),
        pytest.param(
            [_fix((1, 1), (1, 2), "b", ContentChange(ChangeKind.RENAME, ("a",), "b"))], TEXT, id="a key twice"
        ),
        pytest.param(
            [GOOD, _fix((2, 5), (2, 6), "5", ContentChange(ChangeKind.SET, ("b", 0), "2"))],
            b'a: "1"\nb: [2, 3]  # c\n',
            id="a bad one keeps no good one back",
        ),
        pytest.param([], TEXT, id="none"),
    ],
)
def test_only_fixes_that_do_what_they_say_are_made(fixes: list[Fix], after: bytes) -> None:
    assert with_fixes("a.yaml", TEXT, fixes)[0] == after


# Laws: a correct rule with one slip is the correct rule again, or as it was.


def _unlisted(rule: Rule) -> Iterator[Rule]:
    types = rule.get("update", {}).get("Types")
    if isinstance(types, list) and len(types) == 1:
        yield {**rule, "update": {**rule["update"], "Types": types[0]}}
    if "Workflow" in rule.get("update", {}):
        yield {**rule, "update": {**rule["update"], "Workflow": rule["update"]["Workflow"]["Status"]}}


def _misspelt_key(rule: Rule) -> Iterator[Rule]:
    for name in ("owner", "ticket", "update", "match", "when", "expires"):
        if name in rule:
            yield {(name[:-2] + name[-1] if key == name else key): value for key, value in rule.items()}


def _misspelt_status(rule: Rule) -> Iterator[Rule]:
    status = rule.get("update", {}).get("Workflow", {}).get("Status", "")
    if status:
        for slip in (status.lower(), status[:3] + status[4:]):
            yield {**rule, "update": {**rule["update"], "Workflow": {"Status": slip}}}


def _listed(rule: Rule) -> Iterator[Rule]:
    yield from (bad for bad in constant_when(rule) if "when" in rule and isinstance(bad["when"], list))
    when = rule.get("when")
    if isinstance(when, dict) and list(when) == ["and"] and isinstance(when["and"], list):
        yield {**rule, "when": when["and"]}


def _impossible(rule: Rule) -> Iterator[Rule]:
    yield from (bad for bad in impossible_value(rule) if bad.get("when") == rule.get("when"))


PLANTED = (_unlisted, _misspelt_key, _misspelt_status, _listed, misspelt_path, _impossible)


@cache
def _bad_rules() -> tuple[tuple[Case, str, Rule], ...]:
    return tuple(
        (case, slip.__name__, bad) for case in correct_rules() for slip in PLANTED for bad in slip(case.rule)
    )


def _text(case: Case, rule: Rule, *, is_flow: bool) -> str:
    """A rule file, with a comment on each line where it has several."""
    file = {"lists": case.lists, "rules": [rule]} if case.lists else {"rules": [rule]}
    text = yaml.safe_dump(
        file, sort_keys=False, default_flow_style=is_flow, width=10**6, allow_unicode=True, indent=2
    )
    lines = text.splitlines()
    is_plain = not is_flow and not any(re.search(r"[>|][-+]?$|^\s*$", line) for line in lines)
    return "".join(f"{line}  # c{n} ä\n" if is_plain else f"{line}\n" for n, line in enumerate(lines))


def _content(text: bytes) -> Any:
    document, problems = parse("a.yaml", text)
    assert document is not None
    assert not problems
    return document.value


@examples(200)
@given(st.randoms(use_true_random=False), st.booleans(), st.booleans())
def test_a_planted_slip_is_mended_or_left(drawn: random.Random, is_flow: bool, is_crlf: bool) -> None:
    case, kind, bad = drawn.choice(_bad_rules())
    newline = "\r\n" if is_crlf else "\n"
    text = _text(case, bad, is_flow=is_flow).replace("\n", newline).encode()
    after = fixed(text)
    right = json.loads(json.dumps({"lists": case.lists, "rules": [case.rule]}))["rules"]
    if after != text:
        assert json.loads(json.dumps(_content(after)["rules"], default=str)) == right, kind
    assert re.findall(rb"#.*", after) == re.findall(rb"#.*", text)
    assert after.count(b"\r") == text.count(b"\r") or is_crlf
    assert after.count(b"\n") - after.count(b"\r\n") == (0 if is_crlf else after.count(b"\n"))


@pytest.mark.parametrize("slip", PLANTED, ids=lambda slip: slip.__name__)
def test_most_planted_slips_are_mended(slip: Any) -> None:
    rules = [(case, bad) for case in correct_rules() for bad in slip(case.rule)]
    assert len(rules) >= 5
    some = random.Random(1).sample(rules, min(25, len(rules)))  # noqa: S311 - not for secrets
    texts = [_text(case, bad, is_flow=False).encode() for case, bad in some]
    mended = [text for text in texts if fixed(text) != text]
    assert len(mended) >= len(texts) / (4 if slip is _impossible else 2)


def test_stars_are_mended_on_request_only() -> None:
    rules = [(case, bad) for case in correct_rules()[:80] for bad in pattern_in_a_value(case.rule)]
    some = random.Random(1).sample(rules, 20)  # noqa: S311 - not for secrets
    texts = [_text(case, bad, is_flow=False).encode() for case, bad in some]
    assert [fixed(text) for text in texts] == texts
    assert len([text for text in texts if fixed(text, unsafe=True) != text]) >= 5


def test_unquoted_texts_get_their_quotes_back() -> None:
    """Every text of a file that needs its quotes loses them, one at a time."""
    count = 0
    for case in correct_rules()[:60]:
        text = _text(case, case.rule, is_flow=False)
        for found in re.finditer(r"(['\"])([0-9]{12}|[0-9.-]+|no|on|off|yes)\1", text):
            bad = text[: found.start()] + found[2] + text[found.end() :]
            after = fixed(bad).decode()
            assert after in (bad, text, text[: found.start()] + f'"{found[2]}"' + text[found.end() :])
            count += after != bad
    assert count >= 20


def test_a_file_of_many_slips_is_mended_in_one_go(folder: Any) -> None:
    rule = "  - id: r{}\n    ownr: me  # c\n    match: {{AwsAccountId: [111122223333]}}\n"
    rule += "    update: {{Workflow: NOTIFIED}}\n"
    path = folder("rules:\n" + "".join(rule.format(n) for n in range(300)))
    (file,) = fixed_files(path, unsafe=False)
    assert len(file.fixes) == 900
    (path / "a.yaml").write_bytes(file.after)
    assert load_rules(path).problems == ()
