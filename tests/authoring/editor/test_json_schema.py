"""The schema for editors: it takes and refuses what the loader does, with reasons where not."""

import json
import re

import pytest
from jsonschema import Draft7Validator

from hubtriage.authoring.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.editor.json_schema import rules_schema
from hubtriage.authoring.loader import ACCOUNTS_FILE, load_rules
from hubtriage.authoring.problems import CODES
from hubtriage.authoring.yaml.reader import parse
from hubtriage.authoring.yaml.scalars import AmbiguousScalar
from hubtriage.engine.jsonlogic.compiler import ALL_OPERATORS
from tests.support.paths import ROOT

CHECKED_IN = ROOT / "schema" / "rules.schema.json"
SCHEMA = rules_schema()
VALIDATOR = Draft7Validator(SCHEMA)

# What no schema can say, or an editor cannot see, by the code of what the loader says.
ACCEPTED = {
    "E001": "a file that cannot be read has no content to check",
    "E003": "keys that appear twice are one key by the time a schema sees them; editors tell by themselves",
    "E005": "a schema sees one document",
    "E006": "depth is not something that a schema counts",
    "E007": "merge keys, tags and keys that are no text are gone once YAML is read",
    "E004": "what an unquoted word means is decided before a schema sees it",
    "E106": "calendars, types of findings and product ARNs are parsed, not described",
    "E107": "two values that must agree are in two places",
    "E103": "a value without text is null, which a test's finding and a comparison may hold",
    "E102": "what a rule does depends on several keys together",
    "E105": "lengths after filling in are calculated",
    "E201": "operands of patterns are parsed: networks, bounds in the right order, wildcards",
    "E202": "operands of operators are parsed: networks, expressions, names of parts",
    "E203": "lists may stand in any file of the folder",
    "E206": "the account directory is another file",
    "E207": "paths in `when` and in placeholders are part of a text",
    "E208": "paths in `when` and in placeholders are part of a text",
    "E209": "whether an operation is the same for every finding is calculated",
    "E210": "which texts look like patterns depends on their fields",
    "E211": "forms of values are parsed: ARNs, Regions, types, control ids",
    "E212": "what a path in `when` leads to is not described",
    "E213": "what a path in `when` leads to is not described",
    "E214": "whether a test leaves anything out is calculated",
    "E215": "values of one field are described by their type",
    "E216": "values of one field are described by their type",
    "E306": "whether a rule hides depends on several keys together",
    "E307": "which severities a rule asks for is calculated",
    "E302": "placeholders are part of a text",
    "E303": "placeholders name another key of the rule",
    "E401": "ids are unique over all files",
    "E402": "lists are unique over all files",
}
# What the loader takes and lint warns of: a finding has no such path, or never such a value there.
REFUSED = {"W101", "W103"}


def readable(value):
    """A value as an editor's YAML reader has it: doubtful words are text."""
    if isinstance(value, dict):
        return {key: readable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [readable(inner) for inner in value]
    return value.text if isinstance(value, AmbiguousScalar) else value


def errors(value):
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in VALIDATOR.iter_errors(value)]


def rule_texts():
    """Every YAML rule file of the project's rules, documents and flaws."""
    for path in sorted((ROOT / "rules").glob("*.yaml")):
        if path.name != ACCOUNTS_FILE:
            yield pytest.param(path.read_text(encoding="utf-8"), id=path.name)
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        blocks = re.findall(
            r"^```yaml\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
        for index, block in enumerate(blocks):
            if re.search(r"^(rules|lists):", block, re.MULTILINE) and "\n-- " not in block:
                yield pytest.param(block, id=f"{path.relative_to(ROOT)} {index + 1}")
    yield from flawed_texts()


def flawed_texts():
    flaws = ROOT / "tests" / "authoring" / "flaws"
    bare, condition = "rules:\n  - id: a\n", "    match: {Id: [x]}\n"
    update = "    update: {Workflow: {Status: NOTIFIED}}\n"
    for name, head, tail in (
        ("rule-keys", bare + condition + update, ""),
        ("updates", bare + "    when: true\n", ""),
        ("conditions", bare, update),
        ("deceptions", bare, update),
    ):
        for found in re.findall(
            r"((?:^## .*\n)+)", (flaws / f"{name}.txt").read_text(encoding="utf-8"), re.MULTILINE
        ):
            lines = [f"    {line}" for line in re.sub("^## ", "", found, flags=re.MULTILINE).splitlines()]
            yield pytest.param(head + "\n".join(lines) + "\n" + tail, id=f"{name}: {' '.join(lines)[:80]}")


def test_what_is_checked_in_is_what_is_made():
    assert json.loads(CHECKED_IN.read_text(encoding="utf-8")) == SCHEMA, "write it again: make schema"
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", list(rule_texts()))
def test_the_schema_agrees_with_the_loader_or_says_why_not(text, folder):
    document, _problems = parse("a.yaml", text.encode())
    if document is None:
        return
    loaded = load_rules(folder({"a.yaml": text, "accounts.yaml": 'accounts: {"111122223333": {a: b}}\n'}))
    found = {problem.code for problem in (*loaded.errors, *warnings(loaded, SAMPLE_NOW))}
    told = errors(readable(document.value))
    if told:
        assert {code for code in found if code.startswith("E")} or found & REFUSED, told
    else:
        assert {code for code in found if code.startswith("E")} <= set(ACCEPTED)


def test_every_reason_is_about_a_code_that_there_is():
    assert set(ACCEPTED) | REFUSED <= set(CODES)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ('{"expire": "2027-03-31"}', []),
        ('{"mode": "enfore"}', ["mode"]),
        ('{"order": 1001}', ["order"]),
        ('{"id": "Bad Id"}', ["id"]),
        ('{"match": {"severity": {}}}', ["match"]),
        ('{"match": {"Severity": {"Label": ["Hihg"]}}}', ["match", "Severity", "Label"]),
        ('{"match": {"Title": [{"prefx": "x"}]}}', ["match", "Title"]),
        ('{"match": {"$or": [{"Titel": ["x"]}, {"Id": ["x"]}]}}', ["match", "$or", 0]),
        ('{"when": {"equals": [1, 2]}}', ["when"]),
        ('{"when": {"==": [1]}}', ["when"]),
        ('{"when": null}', ["when"]),
        ('{"when": [{"==": [{"var": "Region"}, "eu-west-1"]}]}', ["when"]),
        ('{"when": "Severity.Label"}', ["when"]),
        ('{"when": false}', ["when"]),
        ('{"update": {"Workflow": {"Status": "SUPRESSED"}}}', ["update", "Workflow", "Status"]),
        ('{"update": {"Confidence": 101}}', ["update", "Confidence"]),
        ('{"tests": [{"name": "x", "expect": "nothing"}]}', ["tests", 0, "expect"]),
        ('{"tests": [{"name": "x", "sample": "guardduti", "expect": "no change"}]}', ["tests", 0, "sample"]),
        (
            '{"tests": [{"name": "x", "expect": "no change", "finding": {"Titel": "x"}}]}',
            ["tests", 0, "finding"],
        ),
        (
            '{"tests": [{"name": "x", "expect": "no change", "finding": {"Severity": {"Label": "Hihg"}}}]}',
            ["tests", 0, "finding", "Severity", "Label"],
        ),
        (
            '{"tests": [{"name": "x", "expect": "no change", "finding": {"Confidence": "70"}}]}',
            ["tests", 0, "finding", "Confidence"],
        ),
        ('{"lint": {"ignore": {"W999": "x"}}}', ["lint", "ignore"]),
    ],
)
def test_an_error_shows_where_it_is(change, place):
    good = {"id": "a", "match": {"Id": ["x"]}, "update": {"Workflow": {"Status": "NOTIFIED"}}}
    assert errors({"rules": [good]}) == []
    found = list(VALIDATOR.iter_errors({"rules": [{**good, **json.loads(change)}]}))
    assert [list(error.absolute_path) for error in found] == [["rules", 0, *place]]


def test_keys_and_operators_are_described():
    rule = SCHEMA["definitions"]["Rule"]["properties"]
    assert [name for name, schema in rule.items() if "description" not in schema] == []
    operators = SCHEMA["definitions"]["operation"]["properties"]
    assert set(operators) == set(ALL_OPERATORS)
    assert all(schema["description"] for schema in operators.values())
    assert "Compliance.SecurityControlId" in operators["var"]["anyOf"][-1]["enum"]
