"""Which condition keys IAM sees of a Security Hub request."""

import json

import pytest

from hubtriage.localaws.ministack.condition_keys import condition_keys

UPDATE = "securityhub:BatchUpdateFindings"


@pytest.mark.parametrize(
    ("member", "keys"),
    [
        pytest.param({"Workflow": {"Status": "NEW"}}, {"Workflow.Status": "NEW"}, id="a leaf by its path"),
        pytest.param(
            {"Note": {"Text": "a", "UpdatedBy": "b"}},
            {"Note.Text": "a", "Note.UpdatedBy": "b"},
            id="each leaf of an object",
        ),
        pytest.param({"Confidence": 5}, {"Confidence": "5"}, id="a number as text"),
        pytest.param({"Types": ["a", "b"]}, {"Types": ["a", "b"]}, id="a list as its values"),
        pytest.param(
            {"UserDefinedFields": {"k/1": "v"}},
            {"UserDefinedFields.key": ["k/1"], "UserDefinedFields.value": ["v"]},
            id="user fields by key and value",
        ),
        pytest.param({"FindingIdentifiers": [{"Id": "x"}]}, {}, id="which findings is no condition"),
    ],
)
def test_an_update_has(member, keys):
    prefixed = {f"securityhub:ASFFSyntaxPath/{path}": value for path, value in keys.items()}
    assert condition_keys(UPDATE, json.dumps(member).encode()) == prefixed


@pytest.mark.parametrize(
    ("action", "body"),
    [
        pytest.param("securityhub:GetFindings", b'{"Workflow": {"Status": "NEW"}}', id="another operation"),
        pytest.param(UPDATE, b"{", id="a body that is no JSON"),
        pytest.param(UPDATE, b"[]", id="a body that is no object"),
    ],
)
def test_nothing_is_seen_of(action, body):
    assert condition_keys(action, body) == {}
