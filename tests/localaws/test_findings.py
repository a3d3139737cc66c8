"""The generator: valid for the API, within the service's limits, natural, and reproducible."""

import json
import re
from collections import Counter
from itertools import islice

import pytest
import yaml
from botocore.session import Session
from botocore.validate import ParamValidator

from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.localaws.findings import LARGE, NOW, PRODUCERS, SMALL, generate
from hubtriage.localaws.organization import ACCOUNTS, SCANNERS, account_directory
from hubtriage.localaws.producers.growth import size_of
from tests.support.paths import ROOT

SEVERITIES = {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"}
NORMALIZED_BANDS = {
    "INFORMATIONAL": (0, 0),
    "LOW": (1, 39),
    "MEDIUM": (40, 69),
    "HIGH": (70, 89),
    "CRITICAL": (90, 100),
}
WORKFLOW = {"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"}
NAMESPACES = (
    "Software and Configuration Checks",
    "TTPs",
    "Effects",
    "Unusual Behaviors",
    "Sensitive Data Identifications",
)
PRODUCT_NAMES = {
    "Security Hub",
    "GuardDuty",
    "Inspector",
    "Macie",
    "IAM Access Analyzer",
    "Config",
    "Health",
    "Prowler",
    "Default",
}


@pytest.fixture(scope="module")
def findings():
    return list(generate(3_000, seed=7))


@pytest.fixture(scope="module")
def import_shape():
    model = Session().get_service_model("securityhub")
    return model.operation_model("BatchImportFindings").input_shape


@pytest.mark.parametrize("size", [None, SMALL, LARGE], ids=["as produced", "4 KB", "20 KB"])
def test_findings_are_valid_for_batch_import_findings(import_shape, size):
    for finding in generate(400, seed=3, size=size):
        report = ParamValidator().validate({"Findings": [finding]}, import_shape)
        assert not report.has_errors(), report.generate_report()


def test_botocore_would_notice_a_misspelt_member(import_shape):
    finding = next(generate(1)) | {"Worflow": {"Status": "NEW"}}
    assert ParamValidator().validate({"Findings": [finding]}, import_shape).has_errors()


def _fits(text, limit):
    return 1 <= len(text) <= limit


def _map_fits(pairs, key_limit, value_limit):
    return len(pairs) <= 50 and all(_fits(k, key_limit) and _fits(v, value_limit) for k, v in pairs.items())


LIMITS = {
    "Id": lambda f: _fits(f["Id"], 512),
    "GeneratorId": lambda f: _fits(f["GeneratorId"], 512),
    "ProductArn": lambda f: 12 <= len(f["ProductArn"]) <= 2048,
    "ProductName": lambda f: _fits(f["ProductName"], 128),
    "Title": lambda f: _fits(f["Title"], 256),
    "Description": lambda f: _fits(f["Description"], 1024),
    "AwsAccountId": lambda f: re.fullmatch(r"\d{12}", f["AwsAccountId"]),
    "AwsAccountName": lambda f: _fits(f["AwsAccountName"], 50),
    "number of Types": lambda f: 1 <= len(f["Types"]) <= 50,
    "namespace of Types": lambda f: all(kind.split("/")[0] in NAMESPACES for kind in f["Types"]),
    "ProductFields": lambda f: _map_fits(f["ProductFields"], 128, 2048),
    "UserDefinedFields": lambda f: _map_fits(f.get("UserDefinedFields", {}), 128, 1024),
    "number of Resources": lambda f: 1 <= len(f["Resources"]) <= 32,
    "Resource.Type": lambda f: all(_fits(item["Type"], 256) for item in f["Resources"]),
    "Resource.Region": lambda f: all(_fits(item.get("Region", "-"), 16) for item in f["Resources"]),
    "Note": lambda f: "Note" not in f or _fits(f["Note"]["Text"], 512),
    "Severity.Original": lambda f: _fits(f["Severity"].get("Original", "-"), 64),
    "size": lambda f: size_of(f) <= 240 * 1024,
}


@pytest.mark.parametrize("size", [None, LARGE], ids=["as produced", "20 KB"])
@pytest.mark.parametrize("limit", LIMITS)
def test_findings_keep_the_limits_of_the_finding_format(limit, size):
    assert all(LIMITS[limit](finding) for finding in generate(400, seed=5, size=size))


def test_severity_labels_agree_with_their_numbers(findings):
    for finding in findings:
        severity = finding["Severity"]
        low, high = NORMALIZED_BANDS[severity["Label"]]
        assert low <= severity["Normalized"] <= high


def test_enumerations_hold_only_known_values(findings):
    assert {f["Severity"]["Label"] for f in findings} == SEVERITIES
    assert {f["Workflow"]["Status"] for f in findings if "Workflow" in f} == WORKFLOW
    assert {f["RecordState"] for f in findings} == {"ACTIVE", "ARCHIVED"}
    statuses = {f["Compliance"]["Status"] for f in findings if "Compliance" in f}
    assert statuses == {"PASSED", "FAILED", "WARNING", "NOT_AVAILABLE"}


def test_timestamps_are_in_order_and_before_the_present(findings):
    for finding in findings:
        created, updated = parse_timestamp(finding["CreatedAt"]), parse_timestamp(finding["UpdatedAt"])
        assert created is not None
        assert updated is not None
        assert created <= updated <= NOW


def test_the_present_moves_every_timestamp():
    then, later = next(generate(1, now=NOW)), next(generate(1, now=NOW + 86_400))
    moved = parse_timestamp(later["CreatedAt"]) - parse_timestamp(then["CreatedAt"])
    assert moved == pytest.approx(86_400, abs=0.01)


def test_identifiers_are_unique(findings):
    assert len({(f["ProductArn"], f["Id"]) for f in findings}) == len(findings)


def test_the_finding_id_field_joins_product_arn_and_id(findings):
    for finding in findings:
        joined = f"{finding['ProductArn']}/{finding['Id']}"
        assert finding["ProductFields"]["aws/securityhub/FindingId"] == joined


def test_all_producers_take_part(findings):
    assert {f["ProductName"] for f in findings} == PRODUCT_NAMES
    assert len(PRODUCERS) == len(PRODUCT_NAMES)


@pytest.mark.parametrize("producer", PRODUCERS)
def test_one_producer_can_be_asked_for_alone(producer):
    assert len({f["ProductName"] for f in generate(50, producers=(producer,))}) == 1


def test_an_unknown_producer_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="unknown producer 'guard-duty'; one of security-hub, inspector"):
        list(generate(1, producers=("guard-duty",)))


def test_the_same_seed_gives_the_same_findings_in_the_same_bytes():
    assert json.dumps(list(generate(200, seed=11))) == json.dumps(list(generate(200, seed=11)))


def test_another_seed_gives_other_findings():
    ids = [{f["Id"] for f in generate(200, seed=seed)} for seed in (1, 2)]
    assert not ids[0] & ids[1]


def test_a_longer_run_starts_with_a_shorter_one():
    assert list(islice(generate(1_000, seed=4), 100)) == list(generate(100, seed=4))


def test_findings_share_no_objects(findings):
    first, second = generate(2, producers=("config",))
    untouched = json.dumps(second)
    first["Resources"][0].clear()
    first["Types"].append("changed")
    first["FindingProviderFields"]["Types"].append("changed")
    assert json.dumps(second) == untouched
    assert first["Types"] != list(findings[0]["Types"])


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["4 KB", "20 KB"])
def test_the_size_asked_for_is_met(size):
    sizes = sorted(size_of(finding) for finding in generate(300, seed=2, size=size))
    assert sizes[0] >= size * 0.95
    assert sizes[len(sizes) // 2] <= size * 1.05
    assert sizes[-1] <= max(size * 1.05, 8_192)


def _touched(finding):
    foreign = finding.get("UserDefinedFields") or finding.get("Note")
    return bool(foreign) or "Workflow" not in finding


def test_at_least_one_in_twenty_carries_traces_of_people_or_other_tools(findings):
    assert sum(map(_touched, findings)) / len(findings) >= 0.05
    assert any("Note" in f for f in findings)
    assert any("UserDefinedFields" in f for f in findings)
    assert any("Workflow" not in f for f in findings)


def test_traces_can_be_left_out():
    assert not any(map(_touched, generate(500, touched=0)))


def test_a_severity_set_by_hand_leaves_the_providers_in_place(findings):
    changed = [
        f for f in findings if f["Severity"]["Label"] != f["FindingProviderFields"]["Severity"]["Label"]
    ]
    assert 0 < len(changed) < len(findings) * 0.05


@pytest.mark.parametrize("field", ["AwsAccountId", "Region", "GeneratorId"])
def test_frequencies_fall_off_as_in_nature(findings, field):
    counts = sorted(Counter(f[field] for f in findings).values(), reverse=True)
    assert counts[0] >= 2 * counts[min(2, len(counts) - 1)]
    assert counts[0] < len(findings) * 0.6


def test_every_account_has_findings_and_is_in_the_directory(findings):
    assert {f["AwsAccountId"] for f in findings} == {a.id for a in ACCOUNTS} == set(account_directory())
    assert len(ACCOUNTS) == 20


def test_one_resource_has_the_same_tags_in_all_its_findings(findings):
    tags = {}
    for finding in findings:
        for item in finding["Resources"]:
            key = (item["Id"], finding["Region"], item["Type"])
            assert tags.setdefault(key, item.get("Tags")) == item.get("Tags")


def test_guardduty_sees_the_organisations_own_scanners():
    addresses = [json.dumps(f["Action"]) for f in generate(300, producers=("guardduty",))]
    own = [text for text in addresses if any(scanner in text for scanner in SCANNERS)]
    assert 0 < len(own) < len(addresses) / 2


def test_inspector_tells_fixes_exploits_and_probabilities():
    found = [f["Vulnerabilities"][0] for f in generate(300, producers=("inspector",))]
    assert {v["FixAvailable"] for v in found} == {"YES", "NO"}
    assert {v["ExploitAvailable"] for v in found} == {"YES", "NO"}
    assert all(0 <= v["EpssScore"] <= 1 and 0 < v["Cvss"][0]["BaseScore"] <= 10 for v in found)


def test_only_failed_controls_keep_their_severity():
    for finding in generate(300, producers=("security-hub",), touched=0):
        failed = finding["Compliance"]["Status"] == "FAILED"
        assert (finding["Severity"]["Label"] != "INFORMATIONAL") is failed


def test_passed_controls_are_resolved_by_the_service():
    passed = [
        f
        for f in generate(300, producers=("security-hub",), touched=0)
        if f["Compliance"]["Status"] == "PASSED"
    ]
    assert passed
    assert {f["Workflow"]["Status"] for f in passed} == {"RESOLVED"}


def test_the_accounts_are_those_of_the_starter_rules():
    rules = ROOT / "rules" / "accounts.yaml"
    named = yaml.safe_load(rules.read_text(encoding="utf-8"))["accounts"]
    common = ("name", "environment", "ou", "owner")
    assert {
        number: {key: account[key] for key in common} for number, account in named.items()
    } == account_directory()


@pytest.mark.parametrize(
    ("kind", "direction"),
    [("SSHBruteForce", "INBOUND"), ("Portscan", "OUTBOUND")],
    ids=["brute force comes in", "a portscan goes out"],
)
def test_connections_have_the_direction_of_their_threat(kind, direction):
    found = [f for f in generate(400, producers=("guardduty",)) if f["Types"][0].endswith(kind)]
    assert {f["Action"]["NetworkConnectionAction"]["ConnectionDirection"] for f in found} == {direction}
