"""The table of a finding's fields: as the client library's model has it, and what is found in it."""

import pytest

from hubtriage.authoring.asff.fields import AsffField, UnknownPath, look_up, table
from hubtriage.authoring.asff.table import LISTS, derived, lists_in, lists_module
from hubtriage.engine.index import asff_lists


def test_the_table_is_what_the_installed_library_says():
    assert table() == derived(), "write it again: make asff"


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
    ("path", "step", "meant"),
    [
        pytest.param("severity.label", 0, "Severity.Label", id="wrong case"),
        pytest.param("Severity.Lable", 1, "Severity.Label", id="a slip"),
        pytest.param("Resource.Tpye", 0, "Resources.Type", id="two slips"),
        pytest.param("SecurityControlId", 0, "Compliance.SecurityControlId", id="its holder is missing"),
        pytest.param("Id.Type", 1, "", id="a text has no members"),
        pytest.param("Severity.!", 1, "", id="the table's own mark is no field"),
        pytest.param("Xyzzy", 0, "", id="nothing like it"),
    ],
)
def test_a_path_that_no_finding_has(path, step, meant):
    assert look_up(tuple(path.split("."))) == UnknownPath(step, meant)
