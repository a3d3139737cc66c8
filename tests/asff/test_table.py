"""The table of a finding's fields: as the client library's model has it, and what is found in it."""

import json

import pytest

from hubtriage.asff.fields import AsffField, UnknownPath, lists_passed, look_up, table
from hubtriage.asff.table import (
    LISTS,
    PARTITIONS,
    derived,
    derived_partitions,
    lists_in,
    lists_module,
)
from hubtriage.engine.index import asff_lists


def test_the_table_is_what_the_installed_library_says():
    assert table() == derived(), "write it again: make asff"


def test_the_partitions_are_those_of_the_installed_library():
    assert json.loads(PARTITIONS.read_text(encoding="utf-8")) == derived_partitions(), (
        "write them again: make asff"
    )


def test_the_lists_that_the_engine_knows_are_those_of_the_installed_library():
    assert frozenset(lists_in(derived())) == asff_lists.LISTS, "write them again: make asff"
    assert LISTS.read_text(encoding="utf-8") == lists_module(derived())
    assert {
        ("Resources",),
        ("Vulnerabilities", "Cvss"),
        ("FindingProviderFields", "Types"),
    } < asff_lists.LISTS


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("AwsAccountId", AsffField("text")),
        ("Compliance", AsffField("object", optional=True)),
        ("Compliance.SecurityControlId", AsffField("text", optional=True)),
        ("Confidence", AsffField("number", optional=True)),
        ("Sample", AsffField("boolean", optional=True)),
        ("Types", AsffField("text", in_list=True, optional=True)),
        ("Resources.Type", AsffField("text", in_list=True)),
        ("Resources.0.Type", AsffField("text", optional=True)),
        ("Resources.Tags.any name", AsffField("text", in_list=True, optional=True)),
        ("ProductFields.aws/securityhub/FindingId", AsffField("text", optional=True)),
        ("RecordState", AsffField("text", ("ACTIVE", "ARCHIVED"), optional=True)),
        ("Workflow.Status", AsffField("text", ("NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"))),
    ],
)
def test_a_path_of_a_finding(path, field):
    assert look_up(tuple(path.split("."))) == field


@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        pytest.param(
            "severity.label",
            UnknownPath(0, "Severity.Label", misspelt=True, only="Severity"),
            id="wrong case",
        ),
        pytest.param(
            "Severity.Lable", UnknownPath(1, "Severity.Label", misspelt=True, only="Label"), id="a slip"
        ),
        pytest.param(
            "Resource.Tpye", UnknownPath(0, "Resources.Type", misspelt=True, only="Resources"), id="two slips"
        ),
        pytest.param(
            "SecurityControlId", UnknownPath(0, "Compliance.SecurityControlId"), id="its holder is missing"
        ),
        pytest.param("Id.Type", UnknownPath(1, below=True), id="a text has no members"),
        pytest.param("Severity.!", UnknownPath(1), id="the table's own mark is no field"),
        pytest.param("Xyzzy", UnknownPath(0), id="nothing like it"),
        pytest.param("RiskAssessment.Score", UnknownPath(0), id="what AWS may have added"),
    ],
)
def test_a_path_that_the_model_does_not_have(path, unknown):
    assert look_up(tuple(path.split("."))) == unknown


@pytest.mark.parametrize(
    ("path", "lengths"),
    [
        ("Severity.Label", ()),
        ("Resources", (1,)),
        ("Resources.Type", (1,)),
        ("Resources.0.Type", ()),
        ("Resources.Tags.env", (1,)),
        ("Vulnerabilities.Cvss.BaseScore", (1, 2)),
        ("Vulnerabilities.0.Cvss.BaseScore", (3,)),
        ("ProductFields.7", ()),
    ],
)
def test_the_lists_that_a_path_passes_without_a_position(path, lengths):
    assert lists_passed(tuple(path.split("."))) == lengths
