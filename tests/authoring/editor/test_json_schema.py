"""The schema for editors: an error stands where it is, and keys and operators are described."""

import json
import shutil
import subprocess

import pytest
from jsonschema import Draft7Validator

from hubtriage.authoring.editor.json_schema import rules_schema
from hubtriage.engine.jsonlogic.compiler import ALL_OPERATORS
from tests.support.paths import ROOT

CHECKED_IN = ROOT / "schema" / "rules.schema.json"
SCHEMA = rules_schema()
VALIDATOR = Draft7Validator(SCHEMA)


def errors(value):
    return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in VALIDATOR.iter_errors(value)]


def test_what_is_checked_in_is_what_is_made():
    assert json.loads(CHECKED_IN.read_text(encoding="utf-8")) == SCHEMA, "write it again: make schema"
    Draft7Validator.check_schema(SCHEMA)


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
        ('{"update": {}}', []),
        ('{"update": {"Workflow": {"Status": "SUPPRESSED"}}}', ["update"]),
        ('{"update": {"Severity": {"AtMost": "LOW"}}}', ["update"]),
        ('{"update": {"Note": {"Text": "see {rule.ticket}"}}}', []),
        ('{"update": {"Note": {"Text": "see {ticket}"}}}', ["update", "Note", "Text"]),
        ('{"update": {"Note": {"Text": "see { rule.id}"}}}', ["update", "Note", "Text"]),
        ('{"update": {"Types": {}}}', ["update", "Types"]),
        ('{"update": {"Severity": {"Label": "CRITICAL", "AtLeast": "LOW"}}}', ["update", "Severity"]),
        (
            '{"update": {"Severity": {"AtMost": "LOW", "AtLeast": "HIGH"}, "Note": {"Text": "x"}}}',
            ["update", "Severity", "AtMost"],
        ),
        (
            '{"update": {"Severity": {"Label": "CRITICAL", "Normalized": 70}}}',
            ["update", "Severity", "Normalized"],
        ),
        ('{"expires": "1999-12-31"}', ["expires"]),
        ('{"during": {"days": ["sat"], "from": "22:00"}}', ["during"]),
        ('{"when": {"==": ["Severity.Label", "LOW"]}}', ["when"]),
        ('{"when": {"==": [{"var": "Severity.Label"}, "low"]}}', ["when"]),
        ('{"when": {"in": [{"var": "Region"}, ["eu-*"]]}}', ["when"]),
        ('{"when": {">=": [{"var": "Severity.Label"}, "LOW"]}}', ["when"]),
        ('{"when": {"!=": [{"var": "Resources.Type"}, "AwsEc2Instance"]}}', ["when"]),
        ('{"match": {"Region": ["eu-*"]}}', ["match", "Region"]),
        ('{"match": {"AwsAccountId": ["1234"]}}', ["match", "AwsAccountId"]),
        ('{"match": {"Confidence": [150]}}', ["match", "Confidence"]),
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


def patterns(schema):
    """Every regular expression of a schema."""
    if isinstance(schema, list):
        return [one for inner in schema for one in patterns(inner)]
    if not isinstance(schema, dict):
        return []
    here = [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
    return here + [one for inner in schema.values() for one in patterns(inner)]


@pytest.mark.skipif(shutil.which("node") is None, reason="without node, the expressions are not tried")
def test_editors_can_read_the_regular_expressions():
    """Editors read them as JavaScript does, with the flag `u`, which allows no needless backslash."""
    script = "for (const one of JSON.parse(require('fs').readFileSync(0))) new RegExp(one, 'u')"
    found = patterns(SCHEMA)
    assert len(found) > 100
    run = ["node", "-e", script]
    subprocess.run(run, input=json.dumps(found), text=True, check=True)
