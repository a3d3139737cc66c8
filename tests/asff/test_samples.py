"""Sample findings, and findings given in part laid over them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.asff.samples import SAMPLE_NOW, SAMPLES, complete, sample, sample_for
from hubtriage.engine.text.timestamps import parse_timestamp

REQUIRED = {  # AWS: members that every finding has
    *("SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt"),
    *("Title", "Description", "Resources"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_a_new_finding_that_nobody_has_touched(name):
    finding = sample(name)
    assert finding.keys() >= REQUIRED
    assert finding["Workflow"] == {"Status": "NEW"}
    assert finding["RecordState"] == "ACTIVE"
    assert not finding.keys() & {
        "Note",
        "UserDefinedFields",
        "VerificationState",
        "Confidence",
        "Criticality",
    }
    provided = finding["FindingProviderFields"]
    assert provided["Severity"]["Label"] == finding["Severity"]["Label"]
    assert provided["Types"] == finding["Types"]
    assert not any("Tags" in resource for resource in finding["Resources"])
    assert parse_timestamp(finding["CreatedAt"]) < parse_timestamp(finding["UpdatedAt"]) < SAMPLE_NOW


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_found_by_what_tells_its_producer(name):
    finding = sample(name)
    assert sample_for({"ProductArn": finding["ProductArn"]}) == name
    assert sample_for({"ProductName": finding["ProductName"]}) == name


def test_what_tells_no_producer_is_a_control():
    assert (
        sample_for({}) == sample_for({"ProductName": "X"}) == sample_for({"ProductArn": 5}) == "security-hub"
    )


@pytest.mark.parametrize(
    ("partial", "path", "value"),
    [
        pytest.param({"Title": "x"}, "Title", "x", id="a text replaces"),
        pytest.param({"Compliance": None}, "Compliance", None, id="null takes away"),
        pytest.param(
            {"Compliance": {"Status": None}}, "Compliance.Status", None, id="null inside takes away"
        ),
        pytest.param(
            {"Compliance": {"Status": "PASSED"}},
            "Compliance.SecurityControlId",
            "S3.8",
            id="mappings are merged",
        ),
        pytest.param({"Types": ["TTPs"]}, "Types", ["TTPs"], id="a list of texts replaces"),
        pytest.param(
            {"Resources": [{"Tags": {"a": "b"}}]},
            "Resources.0.Type",
            "AwsS3Bucket",
            id="an element is laid over the sample's",
        ),
        pytest.param(
            {"Resources": {"Tags": {"a": "b"}}},
            "Resources.0.Tags.a",
            "b",
            id="a mapping is laid over the first element",
        ),
        pytest.param(
            {"Resources": [{}, {"Id": "x"}]},
            "Resources.1.Type",
            "AwsS3Bucket",
            id="one more element is complete too",
        ),
        pytest.param({"Resources": []}, "Resources", [], id="an empty list replaces"),
        pytest.param({"Resources": ["x"]}, "Resources", ["x"], id="what is no element is taken as it is"),
        pytest.param({"New": {"a": {"b": None, "c": 1}}}, "New", {"a": {"c": 1}}, id="a new member"),
        pytest.param(
            {"AwsAccountId": "444455556666"},
            "Id",
            "arn:aws:securityhub:eu-west-1:444455556666:",
            id="the account is everywhere",
        ),
        pytest.param(
            {"Region": "us-east-1"},
            "ProductArn",
            "arn:aws:securityhub:us-east-1::product/aws/securityhub",
            id="the Region is everywhere",
        ),
        pytest.param(
            {"Compliance": {"SecurityControlId": "IAM.6"}},
            "GeneratorId",
            "security-control/IAM.6",
            id="the control is everywhere",
        ),
        pytest.param(
            {"Severity": {"Label": "LOW"}}, "Severity.Normalized", 1, id="a label brings its number"
        ),
        pytest.param(
            {"Severity": {"Label": "LOW"}},
            "FindingProviderFields.Severity",
            {"Label": "LOW", "Original": "LOW"},
            id="the provider says the severity",
        ),
        pytest.param(
            {"Severity": {"Label": ["LOW"]}}, "Severity.Label", ["LOW"], id="a label that is no text"
        ),
        pytest.param(
            {"Severity": None}, "FindingProviderFields.Severity", None, id="the provider says no severity"
        ),
        pytest.param(
            {"Confidence": 5}, "FindingProviderFields.Confidence", 5, id="the provider says the confidence"
        ),
        pytest.param(
            {"Severity": {"Label": "LOW"}, "FindingProviderFields": {"Severity": {"Label": "HIGH"}}},
            "FindingProviderFields.Severity.Label",
            "HIGH",
            id="unless the test says what the provider says",
        ),
        pytest.param(
            {"FindingProviderFields": None, "Severity": {"Label": "LOW"}},
            "FindingProviderFields",
            None,
            id="a finding without the provider's fields",
        ),
    ],
)
def test_what_a_partial_finding_stands_for(partial, path, value):
    found = complete(partial)
    for step in path.split("."):
        found = found[int(step)] if isinstance(found, list) else found.get(step)
    assert found == value or (isinstance(value, str) and str(found).startswith(value))


def test_the_sample_stays_as_it_is():
    before = sample("security-hub")
    complete({"Resources": [{"Tags": {"a": "b"}}], "Compliance": {"Status": "PASSED"}})
    assert sample("security-hub") == before


def test_times_lie_before_the_time_of_the_test_unless_they_are_given():
    finding = complete({"UpdatedAt": "2020-01-01T00:00:00Z"}, now=SAMPLE_NOW + 86_400)
    assert finding["CreatedAt"] == "2026-10-26T08:00:00.000Z"
    assert finding["UpdatedAt"] == "2020-01-01T00:00:00Z"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["LOW", "NEW", "S3.8"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Label", "Status", "Types", "Tags", "Severity"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@given(
    partial=st.dictionaries(
        st.sampled_from([*sample("guardduty"), "Compliance", "Note", "X"]), JSON, max_size=5
    ),
    name=st.sampled_from([None, *SAMPLES]),
)
def test_whatever_a_test_gives_is_completed(partial, name):
    finding = complete(partial, name=name)
    assert {key for key, value in partial.items() if value is None}.isdisjoint(finding)
    assert partial.keys() - finding.keys() == {key for key, value in partial.items() if value is None}
