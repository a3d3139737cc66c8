"""Rule files over which the schema and the loader have to agree: every one of the project, good and bad.

They are the rules of folders and documents, the flaws that the loader has to name, whatever tests write into
a folder, correct rules in their other forms, and correct rules with a slip.
"""

import ast
import json
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hubtriage.authoring.loader import ACCOUNTS_FILE
from hubtriage.authoring.yaml.scalars import AmbiguousScalar
from tests.authoring.slips import SLIPS, correct_rules
from tests.support.paths import ROOT

Texts = Iterator[tuple[str, str]]

HERE = Path(__file__).parent
_HOLDS_RULES = re.compile(r"^(rules|lists|defaults):", re.MULTILINE)
_BARE, _CONDITION = "rules:\n  - id: a\n", "    match: {Id: [x]}\n"
_UPDATE = "    update: {Workflow: {Status: NOTIFIED}}\n"
_FLAWS = {
    "rule-keys": (_BARE + _CONDITION + _UPDATE, ""),
    "updates": (_BARE + "    when: true\n", ""),
    "conditions": (_BARE, _UPDATE),
    "deceptions": (_BARE, _UPDATE),
}
_REAL_NAMES = {"A": "Title", "B": "Description", "C": "ProductName"}
SEED = 31

# What no other rule of the project shows.
_MORE = {
    "a network that is none": 'match: {Title: [x], ProductFields: {ip: [{cidr: "300.0.0.0/8"}]}}',
    "a network that is one address": 'match: {ProductFields: {ip: [{cidr: "10.0.0.1/32"}]}}',
    "a wildcard with two stars": 'match: {Title: [{wildcard: "a**"}]}',
    **{
        f"numbers {test}": f"match: {{Confidence: [{{numeric: {test}}}]}}"
        for test in (
            *('[">", 5, "<", 3]', '["<", 5, ">", 3]', '[">", 5]', '[">", 5, "<=", 9]', '["=", 5, "<", 9]'),
            *('[">"]', '["=", "5"]', "[5, 9]", '[">", 5, "<"]', '["!=", 5]', "5"),
        )
    },
    **{
        f"texts {test}": f"lists: {{some: [a]}}\nrules:\n  - id: a\n    match: {{Title: [{test}]}}"
        for test in (
            *("{prefix: a}", "{prefix: 5}", "{prefix: [a]}", "{suffix: {equals-ignore-case: a}}"),
            *("{prefix: {in-list: some}}", "{suffix: {in-list: some}}", "{wildcard: {in-list: some}}"),
            *("{prefix: {equals-ignore-case: {in-list: some}}}", "{equals-ignore-case: {in-list: some}}"),
            *("{prefix: {prefix: a}}", "{wildcard: {prefix: a}}", "{exists: yes}", "{exists: true}"),
            *("{anything-but: a}", "{anything-but: [a, b]}", "{anything-but: [a, 5]}", "{anything-but: []}"),
            *("{anything-but: {in-list: some}}", "{anything-but: [a, {in-list: some}]}"),
            *(
                "{anything-but: {prefix: a}}",
                "{anything-but: {prefix: [a, b]}}",
                '{anything-but: {prefix: ""}}',
            ),
            *("{anything-but: {prefix: {in-list: some}}}", "{anything-but: {suffix: [a, {in-list: some}]}}"),
            *(
                "{anything-but: {wildcard: a*b}}",
                "{anything-but: {cidr: 10.0.0.0/8}}",
                "{anything-but: null}",
            ),
            *("{anything-but: true}", "{anything-but: {exists: true}}", "{anything-but: {prefix: []}}"),
            *("{in-list: some}", "{in-list: [some]}", '{in-list: "a b"}', "{prefix: a, suffix: b}", "{}"),
            *("{anything-but: [{prefix: a}]}", "{anything-but: {equals-ignore-case: [a, b]}}"),
        )
    },
    "an expression that cannot be read": 'when: {regex: [{var: Title}, "("]}',
    "a part that ARNs lack": 'when: {"==": [{arn: [{var: Resources.0.Id}, owner]}, x]}',
    "a long note": f'match: {{Title: [x]}}\n    update: {{Note: {{Text: "{"x" * 600}"}}}}',
    "an account attribute that no account has": 'when: {"==": [{account: enviroment}, prod]}',
    "an owner by account": "when: true\n    owner: {account: environment}",
    "an owner by no attribute": "when: true\n    owner: {account: ''}",
    "an owner by a misspelt attribute": "when: true\n    owner: {account: enviroment}",
    "an owner with a misspelt key": "when: true\n    owner: {acount: environment}",
    "a list of owners": "when: true\n    owner: [a]",
    **{
        f"the text {text}": f"when: true\n    update: {{UserDefinedFields: {{of: '{text}'}}}}"
        for text in ("{account.environment}", "{account.enviroment}", "{account.}", "{account. }")
    },
    **{
        f"the text {text!r}": f"when: true\n    update: {{UserDefinedFields: {{of: '{text}'}}}}"
        for text in ("{ account.environment}", "{account.environment }", "{account}", "{acount.environment}")
    },
    "a lower severity without a note": (
        "match: {Severity: {Label: [HIGH, MEDIUM]}}\n    update: {Severity: {AtMost: LOW}}"
    ),
    "a value that may be new": 'match: {Vulnerabilities: {FixAvailable: ["SOON"]}}',
    "no window between start and end": (
        "when: true\n    starts: 2027-01-04\n    expires: 2027-01-05\n    during: {days: [sat]}"
    ),
}


@cache
def rule_texts() -> tuple[tuple[str, str], ...]:
    """(name, text) of every rule file as it is written."""
    return tuple(_rule_texts())


def _rule_texts() -> Texts:
    for path in sorted((ROOT / "rules").glob("*.yaml")):
        if path.name != ACCOUNTS_FILE:
            yield path.name, path.read_text(encoding="utf-8")
    yield from _documents()
    yield from _flaws()
    yield from _of_tests()
    for name, lines in _MORE.items():
        head = "" if "rules:" in lines else f"{_BARE}    "
        yield name, f"{head}{lines}\n" + ("" if "update:" in lines else _UPDATE)


def _documents() -> Texts:
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        for index, block in enumerate(re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)):
            if _HOLDS_RULES.search(block) and "\n-- " not in block:
                yield f"{path.relative_to(ROOT)} {index + 1}", block


def _flaws() -> Texts:
    for name, (head, tail) in _FLAWS.items():
        text = (ROOT / "tests" / "authoring" / "flaws" / f"{name}.txt").read_text(encoding="utf-8")
        for found in re.findall(r"((?:^## .*\n)+)", text, re.MULTILINE):
            lines = re.sub("^## ", "    ", found, flags=re.MULTILINE)
            yield f"{name}: {lines[:80]}", f"{head}{lines}{tail}"
            renamed = re.sub(r"\b[ABC]\b", lambda one: _REAL_NAMES[one[0]], lines)
            yield f"{name}, with real names: {lines[:80]}", f"{head}{renamed}{tail}"


def _of_tests() -> Texts:
    """Yield what is a rule file among the texts and files of tests."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value
    for path in sorted((ROOT / "tests").rglob("*.yaml")):
        if path.name != ACCOUNTS_FILE:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def correct_texts() -> Texts:
    """Yield (name, text) of correct rules, in the forms that an import or logic gives them."""
    for case in correct_rules():
        yield case.name, _file(case.rule, case.lists)


def slipped_texts(each: int | None) -> Texts:
    """Yield (name, text) of correct rules with a slip: all of them, or so many of each kind."""
    for slip in SLIPS:
        rules = [(case, bad) for case in correct_rules() for bad in slip(case.rule)]
        drawn = rules if each is None else random.Random(SEED).sample(rules, min(each, len(rules)))  # noqa: S311
        for case, bad in drawn:
            yield f"{slip.__name__}: {case.name}", _file(bad, case.lists)


def _file(rule: dict[str, Any], lists: dict[str, Any]) -> str:
    file = {"lists": lists, "rules": [rule]} if lists else {"rules": [rule]}
    return yaml.safe_dump(json.loads(json.dumps(file)), sort_keys=False)


def readable(value: Any) -> Any:
    """Return a value as an editor's YAML reader has it: doubtful words are text."""
    if isinstance(value, dict):
        return {key: readable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [readable(inner) for inner in value]
    return value.text if isinstance(value, AmbiguousScalar) else value
